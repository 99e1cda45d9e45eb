/** `nabla train`: trains a model, or a new one of an application's architecture. */
import { readdir } from "node:fs/promises";
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
import { fitting, type FolderReading, isFolder, type LabelledArrays, readArray, readFolder, readLabelled } from "./data-source.ts";
import { type ApplicationChoice, canWrite, isApplication, readModelOrApplication, writeModel } from "./model-source.ts";
import { compileBy, dataOptions, lossOfClasses, takesRows } from "./training-options.ts";

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
  classes: number("classes of a new application's classifier (default: those of the data)"),
  "input-shape": {
    type: "string",
    value: "H,W,C",
    description: "images of a new application, to which arrays of others are resized (default: those of the data, or its own)",
  },
  weights: { type: "string", value: "FILE", description: "weights a new application begins with: a file, or imagenet (default: random)" },
  optimizer: {
    type: "string",
    value: "NAME",
    description: "the optimizer, or Keras's JSON of it, where the model is not compiled (default adam)",
  },
  "learning-rate": number("the learning rate"),
  epochs: number("passes over the data (default 1)"),
  "validation-split": number("share of the rows at the end that is kept for validation"),
  "validation-data": { type: "string", value: "DATA", description: "what is given to --data, of other rows" },
  "no-shuffle": { type: "boolean", description: "leaves the rows in their order" },
  "initial-epoch": number("epoch to begin with"),
  "steps-per-epoch": number("batches per epoch"),
  "validation-steps": number("batches per validation"),
  "validation-batch-size": number("rows per step of validation"),
  "validation-freq": number("epochs between validations"),
  "class-weight": { type: "string", value: "JSON", description: 'weights of classes: {"0": 1, "1": 5}' },
  "early-stopping": number("stops when val_loss (or loss) has not improved for so many epochs"),
  "csv-log": { type: "string", value: "FILE", description: "writes losses and metrics per epoch" },
  checkpoint: {
    type: "string",
    value: "FILE",
    description: "writes the model after every epoch; the name may hold {epoch} and values: m-{epoch:02d}-{val_loss:.2f}.keras",
  },
  backup: { type: "string", value: "FOLDER", description: "keeps the run there, so that the same command goes on where it was broken off" },
  tensorboard: { type: "string", value: "FOLDER", description: "writes event files for TensorBoard" },
  verbose: {
    type: "string",
    value: "0|1|2",
    description: "nothing, a bar, or a line per epoch (default: a bar in a terminal, else lines)",
  },
  seed: number("seed of everything random"),
};

/** Options of `fit` that need neither model nor data: what is wrong with them is said before anything is read. */
async function fitOptions(values: OptionValues): Promise<FitOptions> {
  const given = Object.entries(numbers).map(([name, key]) => [key, numberOption(values, name)] as const);
  const weights = jsonOption(values, "class-weight");
  if (weights !== undefined && (typeof weights !== "object" || weights === null || Array.isArray(weights)))
    throw new UsageError("--class-weight takes an object of numbers");
  const verbose = textOption(values, "verbose");
  if (verbose !== undefined && !/^[012]$/.test(verbose)) throw new UsageError(`--verbose takes 0, 1 or 2, not ${JSON.stringify(verbose)}`);
  const sampleWeight = textOption(values, "sample-weight");
  const patience = numberOption(values, "early-stopping");
  const validated = values["validation-data"] !== undefined || values["validation-split"] !== undefined;
  const [log, checkpoint, backup, board] = ["csv-log", "checkpoint", "backup", "tensorboard"].map((name) => textOption(values, name));
  return {
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    ...(values["no-shuffle"] === true ? { shuffle: false } : {}),
    ...(weights === undefined ? {} : { classWeight: weights as Record<number, number> }),
    ...(sampleWeight === undefined ? {} : { sampleWeight: await readArray(sampleWeight) }),
    callbacks: [
      ...(patience === undefined
        ? []
        : [callbacks.EarlyStopping({ monitor: validated ? "val_loss" : "loss", patience, restoreBestWeights: true })]),
      ...(log === undefined ? [] : [callbacks.CSVLogger({ filename: log })]),
      ...(checkpoint === undefined ? [] : [callbacks.ModelCheckpoint({ filepath: checkpoint })]),
      ...(board === undefined ? [] : [callbacks.TensorBoard({ logDir: board })]),
      ...(backup === undefined ? [] : [callbacks.BackupAndRestore({ backupDir: backup })]),
    ],
    verbose: values["json"] === true ? 0 : verbose === undefined ? (process.stdout.isTTY === true ? 1 : 2) : (Number(verbose) as 0 | 1 | 2),
  };
}

/** Data for validation, of any kind that --data takes. */
async function readValidation(source: string, column: string | undefined, reading: Omit<FolderReading, "shuffle">): Promise<never> {
  if (await isFolder(source)) return (await readFolder(source, { ...reading, shuffle: false }))[0] as never;
  const { x, y } = await readLabelled(source, undefined, "test", column);
  return [fitting(x, reading.shape, true), y] as never;
}

/** What a new application is made with: the options, else what the data says. */
async function applicationChoice(values: OptionValues, folder: string | null, arrays: LabelledArrays | null): Promise<ApplicationChoice> {
  const shape = textOption(values, "input-shape")?.split(",").map(Number);
  if (shape !== undefined && !(shape.length === 3 && shape.every((extent) => Number.isInteger(extent) && extent > 0)))
    throw new UsageError("--input-shape takes height, width and channels: 224,224,3");
  const weights = textOption(values, "weights");
  const own = arrays === null ? undefined : [...arrays.x.shape.slice(1), ...(arrays.x.rank === 3 ? [1] : [])];
  const inputShape = shape ?? (own?.length === 3 ? (own as number[]) : undefined);
  const classes = numberOption(values, "classes") ?? (await classesOf(folder, arrays?.y ?? null));
  return {
    ...(inputShape === undefined ? {} : { inputShape }),
    ...(classes === undefined ? {} : { classes }),
    ...(weights === undefined ? {} : { weights }),
  };
}

async function classesOf(folder: string | null, y: Tensor | null): Promise<number | undefined> {
  if (folder !== null) return (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).length;
  if (y === null) return undefined;
  if (y.rank === 2 && y.shape[1] !== 1) return y.shape[1]!;
  let most = 0;
  for (const label of await y.data()) most = Math.max(most, label);
  return most + 1;
}

/** The command. */
export const train: Command = command<{ history: Readonly<Record<string, readonly number[]>>; output: string | null }>({
  summary: "trains a model of a file, or a new one of an application's architecture",
  positionals: ["MODEL|APPLICATION"],
  options,
  examples: [
    "nabla train model.keras --data train.npz --epochs 5 --output trained.keras",
    "nabla train model.json --data x.npy --labels y.npy --loss mse --validation-split 0.2 --early-stopping 3 -o best.keras",
    "nabla train ResNet20 --data cifar10 --epochs 20 --backup run -o resnet.keras",
    "nabla train MobileNetV2 --data flowers/train --validation-split 0.2 --input-shape 96,96,3 -o flowers.keras",
  ],
  run: async ([name], values) => {
    const source = requiredOption(values, "data");
    const target = textOption(values, "output") ?? null;
    if (target !== null && !canWrite(target)) throw new UsageError(`--output: the name ${target} tells no format of a model`);
    const seed = numberOption(values, "seed");
    const options = await fitOptions(values);
    if (seed !== undefined) setRandomSeed(seed);
    const folder = (await isFolder(source)) ? source : null;
    const [labels, column] = [textOption(values, "labels"), textOption(values, "target")];
    const arrays = folder === null ? await readLabelled(source, labels, "train", column) : null;
    const isNew = isApplication(name!);
    const model = await readModelOrApplication(name!, isNew ? await applicationChoice(values, folder, arrays) : {});
    compileBy(model, values, isNew ? lossOfClasses(arrays?.y ?? null) : undefined);
    const shape = model.inputSlots?.[0]?.shape ?? null;
    const { batchSize: _size, validationSplit, ...streamed } = options;
    const reading = {
      shape,
      batchSize: options.batchSize ?? 32,
      categorical: takesRows(model, values),
      seed: seed ?? 0,
      verbose: options.verbose !== 0,
    };
    const validation = textOption(values, "validation-data");
    const validationData = validation === undefined ? {} : { validationData: await readValidation(validation, column, reading) };
    let history: Readonly<Record<string, readonly number[]>>;
    if (folder !== null) {
      const shuffle = values["no-shuffle"] !== true;
      const [images, held] = await readFolder(folder, { ...reading, shuffle, validationSplit });
      const kept = held === null ? validationData : { validationData: held as never };
      ({ history } = await model.fit(images as never, null, { ...streamed, ...kept }));
    } else {
      const { x, y } = arrays!;
      ({ history } = await model.fit(fitting(x, shape, values["input-shape"] !== undefined) as never, y, {
        ...options,
        ...validationData,
      }));
    }
    if (target !== null) await writeModel(model, target);
    return { history, output: target };
  },
  print: ({ history, output }) => {
    const last = Object.entries(history).map(([key, list]) => `${key}: ${list.at(-1)!.toPrecision(6)}`);
    const where = output === null ? "The trained model was not written: give --output FILE" : `-> ${output}`;
    return [...(last.length > 0 ? [last.join("  ")] : ["Nothing was left to train"]), where].join("\n");
  },
});
