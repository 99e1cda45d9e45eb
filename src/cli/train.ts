/** `nabla train`: trains a model, or a new one of an application's architecture. */
import { callbacks, type FitOptions, setRandomSeed, type Tensor } from "../index.ts";
import {
  type Command,
  command,
  jsonOption,
  numberOption,
  type OptionSpec,
  type OptionValues,
  requiredOption,
  textOption,
  UsageError,
} from "./command.ts";
import { readArray, readLabelled } from "./data-source.ts";
import { readModelOrApplication, writeModel } from "./model-source.ts";
import { compileBy, dataOptions } from "./training-options.ts";

const number = (description: string): OptionSpec => ({ type: "string", value: "N", description });

/** Options of `fit` that are numbers, with their names there. */
const numbers: Readonly<Record<string, string>> = {
  "batch-size": "batchSize",
  epochs: "epochs",
  "validation-split": "validationSplit",
  "initial-epoch": "initialEpoch",
  "steps-per-epoch": "stepsPerEpoch",
  "validation-steps": "validationSteps",
  "validation-batch-size": "validationBatchSize",
  "validation-freq": "validationFreq",
};

const options: Readonly<Record<string, OptionSpec>> = {
  ...dataOptions,
  output: { type: "string", short: "o", value: "FILE", description: "where to write the trained model (any format)" },
  optimizer: { type: "string", value: "NAME", description: "the optimizer, where the model is not compiled (default adam)" },
  "learning-rate": number("the learning rate"),
  epochs: number("passes over the data (default 1)"),
  "validation-split": number("share of the rows at the end that is kept for validation"),
  "validation-data": { type: "string", value: "FILE", description: "a .npz with x and y" },
  "no-shuffle": { type: "boolean", description: "leaves the rows in their order" },
  "initial-epoch": number("epoch to begin with"),
  "steps-per-epoch": number("batches per epoch"),
  "validation-steps": number("batches per validation"),
  "validation-batch-size": number("rows per step of validation"),
  "validation-freq": number("epochs between validations"),
  "class-weight": { type: "string", value: "JSON", description: 'weights of classes: {"0": 1, "1": 5}' },
  "sample-weight": { type: "string", value: "FILE", description: "weights of rows" },
  "early-stopping": number("stops when val_loss (or loss) has not improved for so many epochs"),
  "csv-log": { type: "string", value: "FILE", description: "writes losses and metrics per epoch" },
  checkpoint: { type: "string", value: "FILE", description: "writes the model after every epoch" },
  seed: number("seed of everything random"),
};

async function fitOptions(values: OptionValues): Promise<FitOptions> {
  const given = Object.entries(numbers).map(([name, key]) => [key, numberOption(values, name)] as const);
  const weights = jsonOption(values, "class-weight");
  if (weights !== undefined && (typeof weights !== "object" || weights === null || Array.isArray(weights)))
    throw new UsageError("--class-weight takes an object of numbers");
  const sampleWeight = textOption(values, "sample-weight");
  const validation = textOption(values, "validation-data");
  const patience = numberOption(values, "early-stopping");
  const validated = validation !== undefined || values["validation-split"] !== undefined;
  const [log, checkpoint] = ["csv-log", "checkpoint"].map((name) => textOption(values, name));
  const pair = validation === undefined ? undefined : await readLabelled(validation, undefined, "test");
  return {
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    ...(values["no-shuffle"] === true ? { shuffle: false } : {}),
    ...(weights === undefined ? {} : { classWeight: weights as Record<number, number> }),
    ...(sampleWeight === undefined ? {} : { sampleWeight: await readArray(sampleWeight) }),
    ...(pair === undefined ? {} : { validationData: [pair.x, pair.y] as [Tensor, Tensor | null] }),
    callbacks: [
      ...(patience === undefined
        ? []
        : [callbacks.EarlyStopping({ monitor: validated ? "val_loss" : "loss", patience, restoreBestWeights: true })]),
      ...(log === undefined ? [] : [callbacks.CSVLogger({ filename: log })]),
      ...(checkpoint === undefined ? [] : [callbacks.ModelCheckpoint({ filepath: checkpoint })]),
    ],
    verbose: values["json"] === true ? 0 : process.stdout.isTTY === true ? 1 : 2,
  };
}

/** The command. */
export const train: Command = command<{ history: Readonly<Record<string, readonly number[]>>; output: string | null }>({
  summary: "trains a model of a file, or a new one of an application's architecture",
  positionals: ["MODEL|APPLICATION"],
  options,
  examples: [
    "nabla train model.keras --data train.npz --epochs 5 --output trained.keras",
    "nabla train model.json --data x.npy --labels y.npy --loss mse --validation-split 0.2 --early-stopping 3 -o best.keras",
    "nabla train LeNet5 --data mnist --loss sparse_categorical_crossentropy --metrics accuracy -o lenet.keras",
  ],
  run: async ([name], values) => {
    const seed = numberOption(values, "seed");
    if (seed !== undefined) setRandomSeed(seed);
    const model = await readModelOrApplication(name!);
    compileBy(model, values);
    const { x, y } = await readLabelled(requiredOption(values, "data"), textOption(values, "labels"), "train");
    const { history } = await model.fit(x as never, y, await fitOptions(values));
    const output = textOption(values, "output") ?? null;
    if (output !== null) await writeModel(model, output);
    return { history, output };
  },
  print: ({ history, output }) => {
    const last = Object.entries(history).map(([key, list]) => `${key}: ${list.at(-1)!.toPrecision(6)}`);
    return `${last.join("  ")}${output === null ? "\nNot written: give --output FILE" : `\n-> ${output}`}`;
  },
});
