/** The penalty that keeps a critic's slope near 1. */
import { gradients } from "../autodiff/index.ts";
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import * as random from "../random/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** Options of `gradientPenalty`. */
export interface GradientPenaltyOptions {
  /** Where the random places between real and generated images come from. */
  readonly seed?: random.Seed;
}

/**
 * `mean((|grad critic(u)| - 1)^2)` at places `u = e real + (1 - e) fake`, e even from [0, 1) for each pair; the norm is that
 * of each image's gradient. It is a graph like any other: its gradients go through the gradients of the critic. I. Gulrajani
 * et al., "Improved training of Wasserstein GANs", 2017, equation 3.
 *
 * Shapes: real and fake [n, ...], critic [n, ...] -> [n, 1]; a scalar. Throws ShapeError where real and fake differ in shape.
 *
 * @example
 * const penalty = gradientPenalty((x) => critic(x), real, fake);
 */
export function gradientPenalty(critic: (x: Tensor) => Tensor, real: Tensor, fake: Tensor, options: GradientPenaltyOptions = {}): Tensor {
  const where = "gradientPenalty";
  checkOptions(where, options, ["seed"]);
  if (formatShape(real.shape) !== formatShape(fake.shape))
    throw new ShapeError({
      where,
      problem: "real and generated images have different shapes",
      expected: formatShape(real.shape),
      received: formatShape(fake.shape),
    });
  const rank = real.rank;
  const share = random.uniform([real.dim(0), ...new Array<number>(rank - 1).fill(1)], { seed: options.seed ?? null });
  const between = ops.add(fake, ops.multiply(share, ops.subtract(real, fake)));
  const [slope] = gradients([ops.sum(critic(between))], [between]);
  const axes = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  // The root of 0 has no slope: a critic that is flat somewhere gets a large, finite one.
  const norm = ops.sqrt(ops.add(ops.sum(ops.square(slope!), axes), 1e-12));
  return ops.mean(ops.square(ops.subtract(norm, 1)));
}
