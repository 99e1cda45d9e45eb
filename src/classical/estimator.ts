/** What classifiers and regressors share. */
import { StateError, ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { readColumn, readLabels, readMatrix } from "../data/samples.ts";

/** Labels as positions in the sorted list of classes. */
export interface Classes {
  readonly classes: readonly number[];
  /** Position of each sample's class. */
  readonly codes: Int32Array;
}

/** The classes of labels. Throws ValueError where there is only one. */
export function classesOf(where: string, labels: Int32Array): Classes {
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  if (classes.length < 2)
    throw new ValueError({
      where,
      problem: "y holds one class only",
      expected: "at least two classes",
      received: `${classes[0]} throughout`,
    });
  const position = new Map(classes.map((label, code) => [label, code]));
  return { classes, codes: labels.map((label) => position.get(label)!) };
}

/** Throws ValueError unless `value` is a number that `isValid`. */
export function checkNumber(where: string, name: string, value: number, isValid: boolean, expected: string): void {
  if (typeof value !== "number" || !isValid)
    throw new ValueError({ where, problem: `${name} does not make sense`, expected, received: String(value) });
}

/** Throws ValueError unless `value` is one of `choices`. */
export function checkChoice(where: string, name: string, value: unknown, choices: readonly unknown[]): void {
  if (!choices.includes(value))
    throw new ValueError({
      where,
      problem: `${name} has no such choice`,
      expected: choices.map((choice) => JSON.stringify(choice)).join(", "),
      received: String(value),
    });
}

/** What was learnt. Throws StateError before `fit`. */
export function fitted<T>(where: string, state: T | null): T {
  if (state === null)
    throw new StateError({ where, problem: "nothing was learnt yet", expected: "a fitted estimator", advice: "await its `fit` first" });
  return state;
}

/** An int32 vector. */
export function labelTensor(values: Int32Array): Tensor {
  return dataTensor(values, [values.length], "int32");
}

/** A float32 tensor from float64 values. */
export function floatTensor(values: Float64Array, shape: readonly number[]): Tensor {
  return dataTensor(Float32Array.from(values), shape, "float32");
}

/** Predicts class labels. */
export abstract class Classifier {
  abstract readonly label: string;
  /** The class labels in ascending order. Throws StateError before `fit`. */
  abstract get classes(): readonly number[];
  /** Class label of each sample. Shapes: x [n, features] -> int32 [n]. */
  abstract predict(x: TensorLike): Promise<Tensor>;

  /** Share of samples whose class is predicted. Shapes: x [n, features], y [n]. */
  async score(x: TensorLike, y: TensorLike): Promise<number> {
    const predicted = await (await this.predict(x)).data();
    const labels = await readLabels(`${this.label}.score`, y, predicted.length);
    let hits = 0;
    for (let i = 0; i < labels.length; i++) if (labels[i] === predicted[i]) hits++;
    return hits / labels.length;
  }
}

/** Predicts numbers. */
export abstract class Regressor {
  abstract readonly label: string;
  /** Value of each sample. Shapes: x [n, features] -> float32 [n]. */
  abstract predict(x: TensorLike): Promise<Tensor>;

  /** Coefficient of determination, `R^2 = 1 - sum (y - prediction)^2 / sum (y - mean)^2`. Shapes: x [n, features], y [n]. */
  async score(x: TensorLike, y: TensorLike): Promise<number> {
    const predicted = await (await this.predict(x)).data();
    return determination(await readColumn(`${this.label}.score`, "y", y, predicted.length), predicted);
  }
}

/** R^2 of predictions; 0 where all targets are equal. */
export function determination(targets: Float64Array, predicted: ArrayLike<number>): number {
  const mean = targets.reduce((sum, value) => sum + value, 0) / targets.length;
  let residual = 0;
  let total = 0;
  targets.forEach((value, i) => {
    residual += (value - predicted[i]!) ** 2;
    total += (value - mean) ** 2;
  });
  return total === 0 ? 0 : 1 - residual / total;
}

/** Features and labels of `fit`. */
export async function readTraining(
  where: string,
  x: TensorLike,
  y: TensorLike,
): Promise<{ readonly matrix: Awaited<ReturnType<typeof readMatrix>>; readonly labels: Int32Array }> {
  const matrix = await readMatrix(where, x);
  return { matrix, labels: await readLabels(where, y, matrix.rows) };
}
