/** `nabla evaluate`: loss and metrics of a model over data. */
import { type Command, command, numberOption, type OptionSpec, requiredOption, textOption } from "./command.ts";
import { fitting, isFolder, readArray, readFolder, readLabelled } from "./data-source.ts";
import { readModel } from "./model-source.ts";
import { compileBy, dataOptions, takesRows } from "./training-options.ts";

const options: Readonly<Record<string, OptionSpec>> = {
  ...dataOptions,
  steps: { type: "string", value: "N", description: "batches to take (default: all)" },
};

/** The command. */
export const evaluate: Command = command<Record<string, number>>({
  summary: "loss and metrics of a model over data",
  positionals: ["MODEL"],
  options,
  examples: [
    "nabla evaluate model.keras --data test.npz",
    "nabla evaluate flowers.keras --data flowers/test",
    "nabla evaluate lenet.keras --data digits --loss sparse_categorical_crossentropy --metrics accuracy",
  ],
  run: async ([file], values) => {
    const source = requiredOption(values, "data");
    const batchSize = numberOption(values, "batch-size") ?? 32;
    const steps = numberOption(values, "steps") ?? null;
    const weights = textOption(values, "sample-weight");
    const sampleWeight = weights === undefined ? null : await readArray(weights);
    const verbose = values["json"] === true || process.stdout.isTTY !== true ? 0 : 1;
    const model = await readModel(file!);
    compileBy(model, values);
    const shape = model.inputSlots?.[0]?.shape ?? null;
    if (await isFolder(source)) {
      const reading = { shape, batchSize, categorical: takesRows(model, values), shuffle: false, seed: 0, verbose: verbose === 1 };
      const [images] = await readFolder(source, reading);
      return await model.evaluate(images as never, null, { steps, verbose });
    }
    const { x, y } = await readLabelled(source, textOption(values, "labels"), "test", textOption(values, "target"));
    return await model.evaluate(fitting(x, shape) as never, y, { batchSize, steps, sampleWeight, verbose });
  },
  print: (logs) => {
    const width = Math.max(...Object.keys(logs).map(({ length }) => length)) + 1;
    return Object.entries(logs)
      .map(([name, value]) => `${`${name}:`.padEnd(width)} ${value.toPrecision(6)}`)
      .join("\n");
  },
});
