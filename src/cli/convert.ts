/** `nabla convert`: from one format to another. */
import { stat } from "node:fs/promises";
import { saving, type Tensor } from "../index.ts";
import { readArrays } from "./array-files.ts";
import { type Command, command, UsageError } from "./command.ts";
import { kindOf, readModel, writeModel } from "./model-source.ts";

async function convertArrays(arrays: ReadonlyMap<string, Tensor>, to: string): Promise<void> {
  const tensors = Object.fromEntries(arrays);
  if (kindOf(to) === "npz") return await saving.saveNpz(to, tensors);
  if (kindOf(to) === "safetensors") return await saving.saveSafetensors(to, tensors);
  if (arrays.size === 1 && kindOf(to) === "npy") return await saving.saveNpy(to, [...arrays.values()][0]!);
  throw new UsageError(`the file holds arrays and no model: they go to .npz, .safetensors, or, where there is one, .npy: not to ${to}`);
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
    const arrays = await readArrays(from!);
    if (arrays !== null) await convertArrays(arrays, to!);
    else await writeModel(await readModel(from!), to!);
    return { from: from!, to: to!, bytes: (await stat(to!)).size };
  },
  print: ({ from, to, bytes }) => `${from} -> ${to} (${bytes.toLocaleString("en-US")} bytes)`,
});
