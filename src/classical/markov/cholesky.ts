/** Roots of covariances. */
import { ValueError } from "../../errors.ts";

/** Lower triangular L with `L L^T = A`, row-major. Throws ValueError where A is not positive definite. */
export function cholesky(a: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i !== j) lower[i * size + j] = sum / lower[j * size + j]!;
      else if (sum > 0) lower[i * size + i] = Math.sqrt(sum);
      else
        throw new ValueError({
          where: "GaussianHMM",
          problem: "a covariance is not positive definite",
          expected: "features that do not follow from each other",
          received: `pivot ${sum} of feature ${i}`,
          advice: 'raise minCovar, or use covarianceType "diag"',
        });
    }
  }
  return lower;
}
