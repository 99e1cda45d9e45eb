/** Gradients kept small. */
import type { Tensor } from "../graph/index.ts";
import { add, divide, greater, maximum, minimum, multiply, where } from "../ops/numpy/arithmetic.ts";
import { isfinite, sqrt, square } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";

/** A gradient scaled down to a norm. A zero gradient stays zero. */
export function clipByNorm(gradient: Tensor, limit: number): Tensor {
  const squares = sum(square(gradient));
  const positive = greater(squares, 0);
  const norm = where(positive, sqrt(where(positive, squares, 1)), squares);
  return divide(multiply(gradient, limit), maximum(norm, limit));
}

/** Gradients scaled down together, so that the norm of all is at most `limit`; NaN where it is not finite. */
export function clipByGlobalNorm(gradients: readonly Tensor[], limit: number): Tensor[] {
  const norm = sqrt(gradients.map((g) => sum(square(g))).reduce((a, b) => add(a, b)));
  const scale = where(isfinite(norm), multiply(limit, minimum(divide(1, norm), 1 / limit)), NaN);
  return gradients.map((g) => multiply(g, scale));
}
