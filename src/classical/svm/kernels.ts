/** Kernels of support vector machines, and their rows with a cache. */
import type { Matrix } from "../../data/samples.ts";

/** A kernel of one's own: symmetric and, for a unique solution, positive definite. Gets two rows of features. */
export type KernelFunction = (a: Float64Array, b: Float64Array) => number;

/** Kernels by name: x y, (gamma x y + coef0)^degree, exp(-gamma |x - y|^2), tanh(gamma x y + coef0). */
export type KernelName = "linear" | "poly" | "rbf" | "sigmoid";

/** All kernels with a name. */
export const kernelNames: readonly KernelName[] = ["linear", "poly", "rbf", "sigmoid"];

/** A kernel with its parameters. */
export interface Kernel {
  readonly kernel: KernelName | KernelFunction;
  readonly gamma: number;
  readonly coef0: number;
  readonly degree: number;
}

/** Squared length of every row. */
export function squaredLengths({ rows, columns, values }: Matrix): Float64Array {
  const lengths = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = i * columns; j < (i + 1) * columns; j++) sum += values[j]! * values[j]!;
    lengths[i] = sum;
  }
  return lengths;
}

/** Kernel values between one row (at `offset` of `row`, squared length `length`) and every row of a matrix, into `out`. */
export function kernelRow(
  { kernel, gamma, coef0, degree }: Kernel,
  row: Float64Array,
  offset: number,
  length: number,
  others: Matrix,
  lengths: Float64Array,
  out: Float32Array | Float64Array,
): void {
  const { rows, columns, values } = others;
  if (typeof kernel === "function") {
    const own = row.subarray(offset, offset + columns);
    for (let i = 0; i < rows; i++) out[i] = kernel(own, values.subarray(i * columns, (i + 1) * columns));
    return;
  }
  for (let i = 0, at = 0; i < rows; i++) {
    let product = 0;
    for (let j = 0; j < columns; j++, at++) product += row[offset + j]! * values[at]!;
    switch (kernel) {
      case "linear":
        out[i] = product;
        break;
      case "poly":
        out[i] = (gamma * product + coef0) ** degree;
        break;
      case "rbf":
        out[i] = Math.exp(-gamma * Math.max(0, length + lengths[i]! - 2 * product));
        break;
      case "sigmoid":
        out[i] = Math.tanh(gamma * product + coef0);
        break;
    }
  }
}

/**
 * Rows of the kernel matrix of the training samples. Those used last are kept, up to a number of bytes. Values are
 * float32, as in LIBSVM: relative error 6e-8, far below the tolerance that training stops at.
 */
export class KernelRows {
  readonly diagonal: Float64Array;
  readonly #kernel: Kernel;
  readonly #matrix: Matrix;
  readonly #lengths: Float64Array;
  readonly #kept = new Map<number, Float32Array>();
  readonly #most: number;

  constructor(kernel: Kernel, matrix: Matrix, cacheBytes: number) {
    this.#kernel = kernel;
    this.#matrix = matrix;
    this.#lengths = squaredLengths(matrix);
    // Two rows are in use at a time.
    this.#most = Math.max(2, Math.floor(cacheBytes / (4 * matrix.rows)));
    const { columns, values } = matrix;
    const own = new Float64Array(1);
    this.diagonal = Float64Array.from({ length: matrix.rows }, (_, i) => {
      const sample: Matrix = { rows: 1, columns, values: values.subarray(i * columns, (i + 1) * columns) };
      kernelRow(kernel, values, i * columns, this.#lengths[i]!, sample, this.#lengths.subarray(i, i + 1), own);
      return Math.fround(own[0]!);
    });
  }

  /** Kernel values between sample `i` and all samples. Valid until the row after the next is asked for. */
  row(i: number): Float32Array {
    let row = this.#kept.get(i);
    if (row !== undefined) {
      // A Map lists its keys in the order of their insertion: the oldest stand first.
      this.#kept.delete(i);
    } else {
      if (this.#kept.size >= this.#most) {
        const oldest = this.#kept.keys().next().value!;
        row = this.#kept.get(oldest)!;
        this.#kept.delete(oldest);
      }
      row ??= new Float32Array(this.#matrix.rows);
      kernelRow(this.#kernel, this.#matrix.values, i * this.#matrix.columns, this.#lengths[i]!, this.#matrix, this.#lengths, row);
    }
    this.#kept.set(i, row);
    return row;
  }
}
