/** Options that preprocessing layers of categories share, and the shapes of what they give. */
import { ValueError } from "../errors.ts";
import type { Shape } from "../graph/index.ts";
import type { Salt } from "../hashing/index.ts";
import type { OutputMode } from "./encode-categories.ts";
import { describe, oneOf } from "./layer-options.ts";

/** An output mode; Keras's old names are understood. */
export function lookupOutputMode(where: string, mode: unknown): OutputMode | "tf_idf" {
  if (mode === "binary") return "multi_hot";
  if (mode === "tf-idf") return "tf_idf";
  return oneOf(where, "outputMode", mode, ["int", "one_hot", "multi_hot", "count", "tf_idf"]);
}

/** Throws ValueError where sparse outputs are asked for. */
export function noSparse(where: string, sparse: unknown): void {
  if (sparse === false || sparse === null || sparse === undefined) return;
  throw new ValueError({
    where,
    problem: "there are no sparse tensors",
    expected: "sparse: false",
    received: describe(sparse),
    advice: "dense indicators cost memory only where the vocabulary is large: then use output mode int and an Embedding",
  });
}

/** A key of SipHash: one integer stands for both. */
export function saltOf(where: string, salt: unknown): Salt | null {
  if (salt === null || salt === undefined) return null;
  const pair: readonly unknown[] = Array.isArray(salt) ? salt : [salt, salt];
  if (pair.length === 2 && pair.every(Number.isSafeInteger)) return [pair[0] as number, pair[1] as number];
  throw new ValueError({ where, problem: "salt is no key", expected: "a whole number, or a list of two", received: describe(salt) });
}

/** Shape of encoded indices. */
export function encodedShape(shape: Shape, mode: OutputMode, depth: number): Shape {
  if (mode === "int") return shape;
  if (shape.length === 0) return [depth];
  if (mode === "one_hot") return shape.length > 1 && shape.at(-1) === 1 ? [...shape.slice(0, -1), depth] : [...shape, depth];
  return shape.length === 1 ? [depth] : [shape[0]!, ...shape.slice(2), depth];
}

/** Whether Keras's JSON of a dtype means int64, which is int32 here but is written as it was read. */
export function namesInt64(dtype: unknown): boolean {
  if (typeof dtype !== "object" || dtype === null) return dtype === "int64";
  return (dtype as { config?: { name?: unknown } }).config?.name === "int64";
}
