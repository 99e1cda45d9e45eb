/** `nabla predict`: outputs of a model for an array. */
import type { Tensor } from "../index.ts";
import { saving } from "../index.ts";
import { flattenStructure } from "../layers/structure.ts";
import { type Command, command, numberOption, requiredOption, textOption } from "./command.ts";
import { readArray } from "./data-source.ts";
import { readModel } from "./model-source.ts";

interface Prediction {
  readonly shapes: readonly (readonly number[])[];
  /** Null: they were written to a file. */
  readonly outputs: readonly unknown[] | null;
  readonly file: string | null;
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
      description: "inputs: .npy, FILE.npz:NAME, .json, or .csv of numbers; several are separated by commas",
    },
    output: {
      type: "string",
      short: "o",
      value: "FILE",
      description: "where to write the outputs (.npy; .npz for several); default: print them",
    },
    "batch-size": { type: "string", value: "N", description: "rows per step (default 32)" },
  },
  examples: ["nabla predict model.keras --input x.npy --output y.npy", "nabla predict model.onnx -i data.npz:x --json"],
  run: async ([file], values) => {
    const model = await readModel(file!);
    const inputs = await Promise.all(requiredOption(values, "input").split(",").map(readArray));
    const batchSize = numberOption(values, "batch-size") ?? 32;
    const result: unknown = await model.predict((inputs.length === 1 ? inputs[0]! : inputs) as never, { batchSize, verbose: 0 });
    const outputs = flattenStructure(result) as Tensor[];
    const shapes = outputs.map(({ shape }) => shape as readonly number[]);
    const target = textOption(values, "output");
    if (target === undefined) return { shapes, outputs: await Promise.all(outputs.map((output) => output.array())), file: null };
    if (outputs.length === 1 && !target.endsWith(".npz")) await saving.saveNpy(target, outputs[0]!);
    else await saving.saveNpz(target, Object.fromEntries(outputs.map((output, i) => [`output_${i + 1}`, output])));
    return { shapes, outputs: null, file: target };
  },
  print: ({ shapes, outputs, file }) =>
    outputs === null
      ? `${shapes.map((shape) => `[${shape.join(", ")}]`).join(" ")} -> ${file!}`
      : outputs.map((output) => JSON.stringify(output)).join("\n"),
});
