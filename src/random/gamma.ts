/** Gamma and beta distributions. */
import { floatx } from "../config/index.ts";
import type { DType } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { type ConcreteShape, currentScope, type Shape, type Tensor } from "../graph/index.ts";
import { options } from "../ops/arguments.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { knownShape } from "../ops/known-shape.ts";
import { broadcast, castTo, constantLike, toFloat } from "../ops/promote.ts";
import * as P from "../primitives/index.ts";
import { unit } from "./distributions.ts";
import { drawKey, type Seed } from "./seed-generator.ts";

/** Candidates per element: each is taken with probability above 0.95, so that all are refused once in 10^10. */
const candidates = 8;

/** `count` independent tensors, uniform on (0, 1): never 0, whose logarithm is none. */
function uniforms(count: number, shape: ConcreteShape, seed: Seed): Tensor[] {
  const u = unit(drawKey(seed), [count, ...shape]);
  const open = P.add(u, constantLike(2 ** -25, u));
  const ones = [1, ...shape.map(() => 1)];
  return Array.from({ length: count }, (_, i) => P.reshape(P.slice(open, [i, ...shape.map(() => 0)], [i + 1, ...shape], ones), shape));
}

/**
 * Logarithms of gamma variates of `alpha` > 0: Marsaglia and Tsang's method (2000) for alpha + 1, times U^(1 / alpha).
 * As logarithms, the variates of a small alpha do not underflow.
 */
function logGamma(shape: ConcreteShape, alpha: Tensor, seed: Seed): Tensor {
  const c = (value: number): Tensor => constantLike(value, alpha);
  const u = uniforms(3 * candidates + 1, shape, seed);
  const d = P.add(alpha, c(2 / 3));
  const spread = P.divide(c(1 / 3), P.sqrt(d));
  // Where no candidate is taken, the mode.
  let value = d;
  let open = P.equal(alpha, alpha);
  for (let i = 0; i < candidates; i++) {
    const [u1, u2, u3] = [u[3 * i]!, u[3 * i + 1]!, u[3 * i + 2]!];
    const x = P.multiply(P.sqrt(P.multiply(c(-2), P.log(u1))), P.cos(P.multiply(c(2 * Math.PI), u2)));
    const t = P.add(c(1), P.multiply(spread, x));
    const positive = P.greater(t, c(0));
    const v = P.select(positive, P.multiply(t, P.multiply(t, t)), c(1));
    const bound = P.add(P.multiply(c(0.5), P.multiply(x, x)), P.multiply(d, P.add(P.subtract(c(1), v), P.log(v))));
    const taken = P.and(open, P.and(positive, P.less(P.log(u3), bound)));
    value = P.select(taken, P.multiply(d, v), value);
    open = P.and(open, P.not(taken));
  }
  return P.add(P.log(value), P.divide(P.log(u[3 * candidates]!), alpha));
}

function parameter(value: TensorLike, shape: ConcreteShape, name: string): Tensor {
  if (typeof value === "number" && !(value > 0)) {
    throw new ValueError({
      where: currentScope(),
      problem: `${name} is not positive`,
      expected: "a number above 0",
      received: String(value),
    });
  }
  return broadcast(castTo(toFloat(value), "float32"), shape);
}

/** Options of `gamma` and `beta`. */
export interface GammaOptions {
  dtype?: DType | null;
  seed?: Seed;
}

/** Gamma variates of shape `alpha` > 0 and rate 1. `alpha` broadcasts to `shape`. */
export const gamma: (shape: Shape, alpha: TensorLike, dtype?: DType | null | GammaOptions, seed?: Seed) => Tensor = defineOp(
  "random.gamma",
  (givenShape: Shape, alpha: TensorLike, ...rest: [(DType | null | GammaOptions)?, Seed?]) => {
    const { dtype = null, seed = null } = options<GammaOptions>(["dtype", "seed"], rest);
    const shape = knownShape(givenShape);
    return castTo(P.exp(logGamma(shape, parameter(alpha, shape, "alpha"), seed)), dtype ?? floatx());
  },
);

/** Beta variates: X / (X + Y) of gamma variates of shapes `alpha` and `beta`, which broadcast to `shape`. */
export const beta: (shape: Shape, alpha: TensorLike, beta: TensorLike, dtype?: DType | null | GammaOptions, seed?: Seed) => Tensor =
  defineOp("random.beta", (givenShape: Shape, alpha: TensorLike, other: TensorLike, ...rest: [(DType | null | GammaOptions)?, Seed?]) => {
    const { dtype = null, seed = null } = options<GammaOptions>(["dtype", "seed"], rest);
    const shape = knownShape(givenShape);
    const draw = (value: TensorLike, name: string, key: Seed): Tensor => logGamma(shape, parameter(value, shape, name), key);
    // A number as seed draws the same twice: the second variate needs another one.
    const second = typeof seed === "number" ? seed ^ 0x5bd1e995 : seed;
    return castTo(P.sigmoid(P.subtract(draw(alpha, "alpha", seed), draw(other, "beta", second))), dtype ?? floatx());
  });
