/** `nabla predict`: outputs of a model for an array. */
import type { Tensor } from "../index.ts";
import { saving } from "../index.ts";
import { flattenStructure } from "../layers/structure.ts";
import { type Command, command, numberOption, requiredOption, textOption, UsageError } from "./command.ts";
import { readInput } from "./data-source.ts";
import { readModel, writeText } from "./model-source.ts";

interface Prediction {
  readonly shapes: readonly (readonly number[])[];
  /** Null: they were written to a file. */
  readonly outputs: readonly unknown[] | null;
  readonly file: string | null;
}

/** Numbers as people read them: as many digits as float32 has. */
function short(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(short);
  return typeof value === "number" ? Number(value.toPrecision(7)) : value;
}

async function write(target: string, outputs: readonly Tensor[]): Promise<void> {
  if (/\.npz$/i.test(target))
    return await saving.saveNpz(target, Object.fromEntries(outputs.map((output, i) => [`output_${i + 1}`, output])));
  if (/\.json$/i.test(target)) {
    const arrays = await Promise.all(outputs.map((output) => output.array()));
    return await writeText(target, `${JSON.stringify(arrays.length === 1 ? arrays[0] : arrays)}\n`);
  }
  if (outputs.length > 1) throw new UsageError(`the model has ${outputs.length} outputs, which go to a .npz or .json file`);
  if (/\.npy$/i.test(target)) return await saving.saveNpy(target, outputs[0]!);
  const rows = (await outputs[0]!.array()) as unknown[];
  await writeText(target, rows.map((row) => `${(Array.isArray(row) ? row.flat(Infinity) : [row]).join(",")}\n`).join(""));
}

/** The command. */
export const predict: Command = command<Prediction>({
  summary: "outputs of a model for an array",
  positionals: ["MODEL"],
  options: {
    input: {
      type: "string",
      short: "i",
      value: "FILE",
      description: "inputs: .npy, FILE.npz:NAME, .json, .csv of numbers, or an image; several are separated by commas",
    },
    output: {
      type: "string",
      short: "o",
      value: "FILE",
      description: "where to write the outputs: .npy, .npz, .json or .csv; default: print them",
    },
    "batch-size": { type: "string", value: "N", description: "rows per step (default 32)" },
  },
  examples: [
    "nabla predict model.keras --input x.npy --output y.npy",
    "nabla predict model.onnx -i data.npz:x --json",
    "nabla predict flowers.keras -i rose.jpg",
  ],
  run: async ([file], values) => {
    const target = textOption(values, "output");
    if (target !== undefined && !/\.(npy|npz|json|csv)$/i.test(target))
      throw new UsageError(`--output takes a name that ends in .npy, .npz, .json or .csv, not ${target}`);
    const batchSize = numberOption(values, "batch-size") ?? 32;
    const paths = requiredOption(values, "input").split(",");
    const model = await readModel(file!);
    const slots = model.inputSlots;
    const inputs = await Promise.all(paths.map((path, index) => readInput(path, slots?.[index]?.shape ?? null)));
    const verbose = values["json"] === true || process.stdout.isTTY !== true ? 0 : 1;
    const result: unknown = await model.predict((inputs.length === 1 ? inputs[0]! : inputs) as never, { batchSize, verbose });
    const outputs = flattenStructure(result) as Tensor[];
    const shapes = outputs.map(({ shape }) => shape as readonly number[]);
    if (target === undefined) return { shapes, outputs: await Promise.all(outputs.map((output) => output.array())), file: null };
    await write(target, outputs);
    return { shapes, outputs: null, file: target };
  },
  print: ({ shapes, outputs, file }) =>
    outputs === null
      ? `${shapes.map((shape) => `[${shape.join(", ")}]`).join(" ")} -> ${file!}`
      : outputs
          .map((output) => (Array.isArray(output) ? output.map((row) => JSON.stringify(short(row))).join("\n") : String(output)))
          .join("\n\n"),
});
