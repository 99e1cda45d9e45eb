/** `nabla evaluate`: loss and metrics of a model over data. */
import { type Command, command, numberOption, requiredOption, textOption } from "./command.ts";
import { readLabelled } from "./data-source.ts";
import { readModel } from "./model-source.ts";
import { compileBy, dataOptions } from "./training-options.ts";

/** The command. */
export const evaluate: Command = command<Record<string, number>>({
  summary: "loss and metrics of a model over data",
  positionals: ["MODEL"],
  options: dataOptions,
  examples: [
    "nabla evaluate model.keras --data test.npz",
    "nabla evaluate lenet.keras --data digits --loss sparse_categorical_crossentropy --metrics accuracy",
  ],
  run: async ([file], values) => {
    const model = await readModel(file!);
    compileBy(model, values);
    const { x, y } = await readLabelled(requiredOption(values, "data"), textOption(values, "labels"), "test");
    const verbose = values["json"] === true || process.stdout.isTTY !== true ? 0 : 1;
    return await model.evaluate(x as never, y, { batchSize: numberOption(values, "batch-size") ?? 32, verbose });
  },
  print: (logs) =>
    Object.entries(logs)
      .map(([name, value]) => `${name}: ${value.toPrecision(6)}`)
      .join("\n"),
});
