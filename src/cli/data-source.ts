/** Arrays and data sets by the names of their files, or of data sets. */
import { readFile } from "node:fs/promises";
import type { StringTensor } from "../index.ts";
import { datasets, errors, saving, Tensor, tensor } from "../index.ts";
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
  const text = await readFile(path, "utf8");
  if (kindOf(path) === "json") return tensor(JSON.parse(text) as number[]);
  const rows = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(",").map(Number));
  if (!rows.every((row) => row.every(Number.isFinite)))
    throw new errors.ValueError({
      where: "nabla",
      problem: "the file holds something that is no number",
      expected: ".npy, .npz:NAME, .json, or .csv of numbers without a header",
      received: path,
    });
  return tensor(rows);
}

/** Inputs and targets from a .npz with x and y, from two files, or from a data set by name. */
export async function readLabelled(data: string, labels: string | undefined, part: "train" | "test"): Promise<LabelledArrays> {
  if (labels !== undefined) return { x: await readArray(data), y: await readArray(labels) };
  if (kindOf(data) === "npz") {
    const { x, y } = await saving.loadNpz(data);
    return { x: numbersOnly(data, x, "x"), y: y === undefined ? null : numbersOnly(data, y, "y") };
  }
  const known = datasets as Readonly<Record<string, unknown>>;
  const set = Object.hasOwn(known, data) ? known[data] : undefined;
  if (typeof set === "object" && set !== null && "loadData" in set) {
    const [train, test] = await (set as { loadData: () => Promise<readonly (readonly [Tensor, Tensor])[]> }).loadData();
    const [x, y] = (part === "train" ? train : test)!;
    return { x, y };
  }
  const near = errors.nearestNames(data, Object.keys(known));
  throw new errors.ValueError({
    where: "nabla",
    problem: "the data is not understood",
    expected: "x.npy with --labels y.npy, a .npz with x and y, or the name of a data set",
    received: data,
    ...(near.length > 0 ? { advice: `perhaps ${near.join(" or ")}` } : {}),
  });
}
