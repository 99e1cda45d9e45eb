/** Few atoms of a dictionary that make up a signal. */
import { ValueError } from "../../errors.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import { type Matrix, readMatrix } from "../../data/samples.ts";
import { coordinateDescent } from "./coordinate-descent.ts";
import { gramOf, largestEigenvalue } from "./gram.ts";

/** Options of `sparseEncode`. */
export interface SparseEncodeOptions {
  /** Weight of the codes' sizes. Default 1. */
  readonly alpha?: number;
  /** Default "fista". */
  readonly algorithm?: "ista" | "fista" | "coordinateDescent";
  /** Steps at most. Default 1000. */
  readonly maxIter?: number;
  /** Ends where no code changes by more than this share of the largest. Default 1e-5. */
  readonly tol?: number;
  /** Whether codes are at least 0. Default false. */
  readonly positive?: boolean;
}

/** Options with their defaults, checked. */
export type CompleteSparseEncodeOptions = Required<SparseEncodeOptions>;

const algorithms = ["ista", "fista", "coordinateDescent"];

/** Checks options and fills in defaults. */
export function sparseEncodeOptions(where: string, options: SparseEncodeOptions): CompleteSparseEncodeOptions {
  checkOptions(where, options, ["alpha", "algorithm", "maxIter", "tol", "positive"]);
  const complete: CompleteSparseEncodeOptions = { alpha: 1, algorithm: "fista", maxIter: 1000, tol: 1e-5, positive: false, ...options };
  const { alpha, algorithm, maxIter, tol } = complete;
  const wrong = (name: string, expected: string, received: unknown): ValueError =>
    new ValueError({ where, problem: `${name} does not make sense`, expected, received: String(received) });
  if (!(alpha > 0 && Number.isFinite(alpha))) throw wrong("alpha", "a number above 0", alpha);
  if (!algorithms.includes(algorithm)) throw wrong("algorithm", algorithms.map((name) => JSON.stringify(name)).join(", "), algorithm);
  if (!(Number.isInteger(maxIter) && maxIter > 0)) throw wrong("maxIter", "a whole number from 1", maxIter);
  if (!(tol > 0)) throw wrong("tol", "a number above 0", tol);
  return complete;
}

/**
 * Codes z that minimize `1/2 |x - z D|^2 + alpha |z|_1`, row by row. Shapes: x [n, features], dictionary [atoms, features]
 * -> [n, atoms]. "ista": gradient steps and soft thresholds; "fista": the same with momentum, O(1/k^2) (A. Beck, M.
 * Teboulle, "A fast iterative shrinkage-thresholding algorithm", 2009), restarted where it would go uphill (B.
 * O'Donoghue, E. Candès, 2015); both are one loop on the device over all rows. "coordinateDescent": one code after another, in
 * float64 on the host.
 *
 * @example
 * const codes = await sparseEncode(patches, dictionary, { alpha: 0.1 });
 */
export async function sparseEncode(x: TensorLike, dictionary: TensorLike, options: SparseEncodeOptions = {}): Promise<Tensor> {
  const where = "sparseEncode";
  const complete = sparseEncodeOptions(where, options);
  const atoms = await readMatrix(where, dictionary);
  return await encodeRows(await readMatrix(where, x, atoms.columns), atoms, complete);
}

/** The codes of checked data. */
export async function encodeRows(samples: Matrix, atoms: Matrix, options: CompleteSparseEncodeOptions): Promise<Tensor> {
  const { algorithm } = options;
  if (algorithm === "coordinateDescent") {
    const codes = await coordinateDescent(samples, atoms, options);
    return dataTensor(Float32Array.from(codes), [samples.rows, atoms.rows], "float32");
  }
  return await shrinkageThresholding(samples, atoms, options);
}

/** `1/2 |x - z D|^2 + alpha |z|_1`, summed over the rows, in float64. Shapes: x [n, features], codes [n, atoms], dictionary [atoms, features]. */
export async function sparseObjective(x: TensorLike, codes: TensorLike, dictionary: TensorLike, alpha: number = 1): Promise<number> {
  const where = "sparseObjective";
  const atoms = await readMatrix(where, dictionary);
  const samples = await readMatrix(where, x, atoms.columns);
  const z = await readMatrix(where, codes, atoms.rows);
  let total = 0;
  const rest = new Float64Array(atoms.columns);
  for (let row = 0; row < samples.rows; row++) {
    rest.set(samples.values.subarray(row * atoms.columns, (row + 1) * atoms.columns));
    for (let k = 0; k < atoms.rows; k++) {
      const code = z.values[row * atoms.rows + k]!;
      if (code === 0) continue;
      total += alpha * Math.abs(code);
      for (let j = 0; j < atoms.columns; j++) rest[j]! -= code * atoms.values[k * atoms.columns + j]!;
    }
    total += 0.5 * rest.reduce((sum, value) => sum + value * value, 0);
  }
  return total;
}

/** ISTA or FISTA, the whole loop one program. */
async function shrinkageThresholding(samples: Matrix, atoms: Matrix, options: CompleteSparseEncodeOptions): Promise<Tensor> {
  const { algorithm, alpha, maxIter, tol, positive } = options;
  const gram = gramOf(atoms);
  const step = 1 / largestEigenvalue(gram, atoms.rows);
  const float = ({ rows, columns, values }: Matrix): Tensor => dataTensor(Float32Array.from(values), [rows, columns], "float32");
  const d = float(atoms);
  const products = ops.multiply(ops.matmul(float(samples), ops.transpose(d)), step);
  const scaledGram = dataTensor(
    Float32Array.from(gram, (value) => value * step),
    [atoms.rows, atoms.rows],
    "float32",
  );
  const threshold = alpha * step;
  const shrink = (z: Tensor): Tensor =>
    positive
      ? ops.relu(ops.subtract(z, threshold))
      : ops.subtract(ops.relu(ops.subtract(z, threshold)), ops.relu(ops.subtract(ops.negative(z), threshold)));
  const start = ops.zeros([samples.rows, atoms.rows]);
  const momentum = algorithm === "fista";
  const [codes] = ops.whileLoop(
    (_z: Tensor, _ahead: Tensor, _t: Tensor, change: Tensor, round: Tensor) =>
      ops.logicalAnd(ops.greater(change, tol), ops.less(round, maxIter)),
    (z: Tensor, ahead: Tensor, t: Tensor, _change: Tensor, round: Tensor) => {
      const next = shrink(ops.add(ops.subtract(ahead, ops.matmul(ahead, scaledGram)), products));
      const moved = ops.subtract(next, z);
      const change = ops.divide(ops.max(ops.abs(moved)), ops.maximum(ops.max(ops.abs(next)), 1e-12));
      if (!momentum) return [next, next, t, change, ops.add(round, 1)];
      // Momentum that points uphill is dropped.
      const isUphill = ops.greater(ops.sum(ops.multiply(ops.subtract(ahead, next), moved)), 0);
      const before = ops.where(isUphill, 1, t);
      const after = ops.divide(ops.add(1, ops.sqrt(ops.add(1, ops.multiply(4, ops.square(before))))), 2);
      const further = ops.add(next, ops.multiply(ops.divide(ops.subtract(before, 1), after), moved));
      return [next, further, after, change, ops.add(round, 1)];
    },
    [start, start, ops.ones([]), ops.full([], 1e30), ops.zeros([])],
  ) as unknown as [Tensor];
  // Read once, so that the loop is run now and the codes are plain data.
  return dataTensor(await codes.data(), [samples.rows, atoms.rows], "float32");
}
