/** Arrays and data sets by the names of their files, of folders, or of data sets. */
import { readFile, stat } from "node:fs/promises";
import { data, datasets, errors, ops, saving, type Shape, StringTensor, Tensor, tensor, utils } from "../index.ts";
import { UsageError } from "./command.ts";
import { kindOf } from "./model-source.ts";

/** Inputs and targets. */
export interface LabelledArrays {
  readonly x: Tensor;
  readonly y: Tensor | null;
}

function numbersOnly(path: string, array: Tensor | StringTensor | undefined, name = ""): Tensor {
  if (array instanceof Tensor) return array;
  throw new errors.ValueError({
    where: "nabla",
    problem: array === undefined ? `the file holds no array "${name}"` : "the array holds texts",
    expected: "an array of numbers",
    received: path,
  });
}

/** One array: .npy, .csv of numbers, .json of nested lists, or `file.npz:name`. */
export async function readArray(path: string): Promise<Tensor> {
  const [, archive, name] = /^(.*\.npz):(.+)$/.exec(path) ?? [];
  if (archive !== undefined) return numbersOnly(path, (await saving.loadNpz(archive))[name!], name);
  if (kindOf(path) === "npy") return numbersOnly(path, await saving.loadNpy(path));
  if (!/\.(json|csv|txt)$/i.test(path)) throw notUnderstood(path);
  const text = await readText(path);
  if (kindOf(path) === "json") return tensor(JSON.parse(text) as number[]);
  const rows = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(",").map(Number));
  if (!rows.every((row) => row.every(Number.isFinite))) throw notUnderstood(path);
  return tensor(rows);
}

function notUnderstood(path: string): Error {
  return new errors.ValueError({
    where: "nabla",
    problem: "the file is none of numbers",
    expected: ".npy, .npz:NAME, .json, or .csv of numbers without a header",
    received: path,
  });
}

async function readText(path: string): Promise<string> {
  if ((await stat(path).catch(() => null)) !== null) return await readFile(path, "utf8");
  throw new errors.ValueError({ where: "nabla", problem: "there is no such file", received: path });
}

const images = /\.(png|jpe?g|webp|gif)$/i;

/** An input of a model: an array, or an image in the size that the model takes. */
export async function readInput(path: string, shape: Shape | null): Promise<Tensor> {
  if (!images.test(path)) return fitting(await readArray(path), shape);
  const { size, channels } = imageShape(shape);
  const colorMode = ({ 1: "grayscale", 3: "rgb", 4: "rgba" } as const)[channels];
  const image = await utils.loadImg(path, { colorMode, targetSize: size, interpolation: "bilinear" });
  return ops.expandDims(utils.imgToArray(image), 0);
}

/** Height, width and channels of the images that a model takes. */
function imageShape(shape: Shape | null): { size: [number, number] | null; channels: 1 | 3 | 4 } {
  const [, height = null, width = null, channels = null] = shape ?? [];
  if (shape?.length !== 4 || (channels !== 1 && channels !== 3 && channels !== 4))
    throw new UsageError("the model does not take images: its input is not [batch, height, width, 1, 3 or 4 channels]");
  return { size: height === null || width === null ? null : [height, width], channels };
}

/** Grey images without an axis of channels get one where the model has it; with `resized`, images get the model's size. */
export function fitting(x: Tensor, shape: Shape | null, resized = false): Tensor {
  const images = shape?.length === 4 && x.rank === 3 && shape[3] === 1 ? ops.expandDims(x, -1) : x;
  const [, height = null, width = null] = shape ?? [];
  if (!resized || images.rank !== 4 || height === null || width === null || (images.shape[1] === height && images.shape[2] === width))
    return images;
  return ops.image.resize(ops.cast(images, "float32"), [height, width]);
}

/** Whether the data is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}

/** How a folder of images is read. */
export interface FolderReading {
  /** The input of the model. */
  readonly shape: Shape | null;
  readonly batchSize: number;
  /** Whether labels are one-hot rows. */
  readonly categorical: boolean;
  readonly shuffle: boolean;
  /** Share that is kept for validation. */
  readonly validationSplit?: number | undefined;
  readonly seed: number;
  readonly verbose: boolean;
}

/** The images of a folder with a folder for each class: those to train on, and those for validation where a share is. */
export async function readFolder(path: string, reading: FolderReading): Promise<readonly [data.ImageDataset, data.ImageDataset | null]> {
  const { size, channels } = imageShape(reading.shape);
  const { batchSize, categorical, shuffle, validationSplit, seed, verbose } = reading;
  const options = {
    imageSize: size ?? ([224, 224] as [number, number]),
    colorMode: ({ 1: "grayscale", 3: "rgb", 4: "rgba" } as const)[channels],
    labelMode: categorical ? ("categorical" as const) : ("int" as const),
    batchSize,
    shuffle,
    seed,
    verbose,
  };
  if (validationSplit === undefined) return [await data.imageDatasetFromDirectory(path, options), null];
  return await data.imageDatasetFromDirectory(path, { ...options, validationSplit, subset: "both" });
}

/** Inputs and targets of a table: the column `target` (default: the last) and all others, which hold numbers. */
async function readTable(path: string, target: string | undefined): Promise<LabelledArrays> {
  const columns = /\.parquet$/i.test(path) ? await data.readParquet(path) : await data.readCsv(path);
  const names = Object.keys(columns);
  const name = target ?? names.at(-1)!;
  if (!Object.hasOwn(columns, name)) {
    const near = errors.nearestNames(name, names);
    throw new UsageError(`the table has no column "${name}": it has ${(near.length > 0 ? near : names.slice(0, 12)).join(", ")}`);
  }
  const features = names.filter((other) => other !== name);
  const texts = features.find((other) => columns[other] instanceof StringTensor);
  if (features.length === 0 || texts !== undefined)
    throw new errors.ValueError({
      where: "nabla",
      problem: texts === undefined ? "the table has one column only" : `the column "${texts}" holds texts`,
      expected: "columns of numbers, and one of targets (--target NAME, default the last)",
      received: path,
    });
  const x = ops.stack(
    features.map((other) => ops.cast(columns[other] as Tensor, "float32")),
    { axis: 1 },
  );
  const given = columns[name]!;
  if (given instanceof Tensor) return { x, y: given };
  // Names of classes, numbered in their order.
  const labels = (await given.data()) as readonly string[];
  const classes = [...new Set(labels)].sort();
  return { x, y: tensor(Int32Array.from(labels, (label) => classes.indexOf(label))) };
}

/** Inputs and targets from a .npz with x and y, from two files, a table, or a data set by name. */
export async function readLabelled(
  source: string,
  labels: string | undefined,
  part: "train" | "test",
  target?: string,
): Promise<LabelledArrays> {
  if (labels !== undefined) return { x: await readArray(source), y: await readArray(labels) };
  if (/\.(csv|parquet)$/i.test(source)) return await readTable(source, target);
  if (kindOf(source) === "npz") {
    const { x, y } = await saving.loadNpz(source);
    return { x: numbersOnly(source, x, "x"), y: y === undefined ? null : numbersOnly(source, y, "y") };
  }
  if (kindOf(source) === "npy") throw new UsageError(`${source} holds the inputs alone: give the targets by --labels FILE`);
  const known = datasets as Readonly<Record<string, unknown>>;
  const set = Object.hasOwn(known, source) ? known[source] : undefined;
  if (typeof set === "object" && set !== null && "loadData" in set) {
    const [train, test] = await (set as { loadData: () => Promise<readonly (readonly [Tensor, Tensor])[]> }).loadData();
    const [x, y] = (part === "train" ? train : test)!;
    return { x, y };
  }
  const near = errors.nearestNames(source, Object.keys(known));
  throw new errors.ValueError({
    where: "nabla",
    problem: "the data is not understood",
    expected:
      "x.npy with --labels y.npy, a .npz with x and y, a .csv or .parquet table, a folder of images by class, or the name of a data set",
    received: source,
    ...(near.length > 0 ? { advice: `perhaps ${near.join(" or ")}` } : {}),
  });
}
