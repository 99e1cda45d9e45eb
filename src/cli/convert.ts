/** `nabla convert`: from one format to another. */
import { stat } from "node:fs/promises";
import { saving, Tensor } from "../index.ts";
import { type Command, command, UsageError } from "./command.ts";
import { kindOf, readModel, writeModel } from "./model-source.ts";

const ofArrays: ReadonlySet<string> = new Set(["npy", "npz", "safetensors"]);

async function convertArrays(from: string, to: string): Promise<void> {
  const kind = kindOf(from);
  const arrays =
    kind === "safetensors"
      ? (await saving.loadSafetensors(from)).tensors
      : kind === "npz"
        ? await saving.loadNpz(from)
        : { array: await saving.loadNpy(from) };
  if (kindOf(to) === "npz") return await saving.saveNpz(to, { ...arrays });
  const tensors = Object.entries(arrays).filter((entry): entry is [string, Tensor] => entry[1] instanceof Tensor);
  if (kindOf(to) === "safetensors") return await saving.saveSafetensors(to, Object.fromEntries(tensors));
  if (tensors.length === 1 && kindOf(to) === "npy") return await saving.saveNpy(to, tensors[0]![1]);
  throw new UsageError(`arrays go to .npz, .safetensors, or, where there is one, .npy: not to ${to}`);
}

/** The command. */
export const convert: Command = command<{ from: string; to: string; bytes: number }>({
  summary: "writes a model, or arrays, in another format",
  positionals: ["IN", "OUT"],
  options: {},
  examples: [
    "nabla convert model.keras model.onnx",
    "nabla convert web/model.json model.keras",
    "nabla convert model.h5 weights.safetensors",
    "nabla convert data.npz data.safetensors",
  ],
  run: async ([from, to]) => {
    if (ofArrays.has(kindOf(from!))) await convertArrays(from!, to!);
    else await writeModel(await readModel(from!), to!);
    return { from: from!, to: to!, bytes: (await stat(to!)).size };
  },
  print: ({ from, to, bytes }) => `${from} -> ${to} (${bytes.toLocaleString("en-US")} bytes)`,
});
