/** The lasso, one coordinate after another. */
import type { Matrix } from "../../data/samples.ts";
import { platform } from "../../platform/index.ts";
import { gramOf } from "./gram.ts";
import type { CompleteSparseEncodeOptions } from "./sparse-encode.ts";

/** Time between two turns of the event loop. */
const longestMs = 40;

/**
 * Codes by cyclic coordinate descent: each coordinate in turn takes its best value, with the inner products kept up to
 * date (J. Friedman, T. Hastie, R. Tibshirani, "Regularization paths via coordinate descent", 2010, covariance updates).
 * After a pass over all, only the coordinates that are not zero are visited until they settle. `start`: codes to start from.
 */
export async function coordinateDescent(
  { rows, columns, values }: Matrix,
  atoms: Matrix,
  { alpha, maxIter, tol, positive }: Pick<CompleteSparseEncodeOptions, "alpha" | "maxIter" | "tol" | "positive">,
): Promise<Float64Array> {
  const count = atoms.rows;
  const gram = gramOf(atoms);
  const codes = new Float64Array(rows * count);
  const slopes = new Float64Array(count);
  let last = performance.now();
  for (let row = 0; row < rows; row++) {
    if (performance.now() - last > longestMs) {
      await platform.macrotask();
      last = performance.now();
    }
    const z = codes.subarray(row * count, (row + 1) * count);
    // slope_k = (x - z D) d_k
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += values[row * columns + j]! * atoms.values[k * columns + j]!;
      slopes[k] = sum;
    }
    let isOverAll = true;
    for (let round = 0; round < maxIter; round++) {
      let change = 0;
      let size = 0;
      for (let k = 0; k < count; k++) {
        const curvature = gram[k * count + k]!;
        if (curvature === 0 || (!isOverAll && z[k] === 0)) continue;
        const target = slopes[k]! + curvature * z[k]!;
        const next = target > alpha ? (target - alpha) / curvature : !positive && target < -alpha ? (target + alpha) / curvature : 0;
        const move = next - z[k]!;
        if (move !== 0) {
          z[k] = next;
          for (let other = 0; other < count; other++) slopes[other]! -= move * gram[k * count + other]!;
        }
        change = Math.max(change, Math.abs(move));
        size = Math.max(size, Math.abs(next));
      }
      const isSettled = change <= tol * Math.max(size, 1e-12);
      if (isSettled && isOverAll) break;
      isOverAll = isSettled;
    }
  }
  return codes;
}
