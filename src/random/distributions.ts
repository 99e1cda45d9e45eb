/** Random tensors, from the counter-based generator Threefry: the same bits for the same seed on every back-end and thread count. */
import { floatx } from "../config/index.ts";
import { ValueError } from "../errors.ts";
import type { DType } from "../dtype/index.ts";
import { type ConcreteShape, concreteShape, currentScope, type Shape, type Tensor } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import { options } from "../ops/arguments.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { knownShape } from "../ops/known-shape.ts";
import { erfinv } from "../ops/numpy/elementwise.ts";
import { broadcast, castTo, constantLike, toDType, toFloat } from "../ops/promote.ts";
import { drawKey, type Seed } from "./seed-generator.ts";

/** 24 random bits per element as float32 in [0, 1). */
export function unit(key: Tensor, shape: ConcreteShape): Tensor {
  const bits = P.rngBits(key, shape);
  const high = P.shiftRightLogical(bits, constantLike(8, bits));
  const value = P.convert(high, "float32");
  return P.multiply(value, constantLike(2 ** -24, value));
}

/** `scale * x + shift`. */
function affine(x: Tensor, scale: TensorLike, shift: TensorLike): Tensor {
  const shape = concreteShape(x);
  const product = scale === 1 ? x : P.multiply(x, broadcast(toDType(scale, x.dtype), shape));
  return shift === 0 ? product : P.add(product, broadcast(toDType(shift, x.dtype), shape));
}

/** Options of `uniform`. */
export interface UniformOptions {
  minval?: TensorLike;
  maxval?: TensorLike;
  dtype?: DType | null;
  seed?: Seed;
}
/** Uniform on [minval, maxval). Default [0, 1). */
export const uniform: (
  shape: Shape,
  minval?: TensorLike | UniformOptions,
  maxval?: TensorLike,
  dtype?: DType | null,
  seed?: Seed,
) => Tensor = defineOp("random.uniform", (given: Shape, ...rest: [(TensorLike | UniformOptions)?, TensorLike?, (DType | null)?, Seed?]) => {
  const { minval = 0, maxval = 1, dtype = null, seed = null } = options<UniformOptions>(["minval", "maxval", "dtype", "seed"], rest);
  const u = unit(drawKey(seed), knownShape(given));
  const width = typeof minval === "number" && typeof maxval === "number" ? maxval - minval : P.subtract(toFloat(maxval), toFloat(minval));
  return castTo(affine(u, width, minval), dtype ?? floatx());
});

/** Options of `normal` and `truncatedNormal`. */
export interface NormalOptions {
  mean?: TensorLike;
  stddev?: TensorLike;
  dtype?: DType | null;
  seed?: Seed;
}
type NormalRest = [(TensorLike | NormalOptions)?, TensorLike?, (DType | null)?, Seed?];
type NormalOp = (shape: Shape, mean?: TensorLike | NormalOptions, stddev?: TensorLike, dtype?: DType | null, seed?: Seed) => Tensor;

/** Normal with a mean (default 0) and standard deviation (default 1), by Box and Muller's method (1958). */
export const normal: NormalOp = defineOp("random.normal", (given: Shape, ...rest: NormalRest) => {
  const shape = knownShape(given);
  const { mean = 0, stddev = 1, dtype = null, seed = null } = options<NormalOptions>(["mean", "stddev", "dtype", "seed"], rest);
  const u = unit(drawKey(seed), [2, ...shape]);
  const part = (i: number): Tensor =>
    P.reshape(P.slice(u, [i, ...shape.map(() => 0)], [i + 1, ...shape], [1, ...shape.map(() => 1)]), shape);
  const [first, second] = [part(0), part(1)];
  // 1 - u is in (0, 1]: its logarithm is finite.
  const radius = P.sqrt(P.multiply(constantLike(-2, first), P.log(P.subtract(constantLike(1, first), first))));
  const z = P.multiply(radius, P.cos(P.multiply(constantLike(2 * Math.PI, second), second)));
  return castTo(affine(z, stddev, mean), dtype ?? floatx());
});

/** Phi(-2), the share of a normal distribution below minus two standard deviations. */
const tail = 0.022750131948179195;

/** Normal, redrawn beyond two standard deviations from the mean; by inverting the distribution function. */
export const truncatedNormal: NormalOp = defineOp("random.truncatedNormal", (shape: Shape, ...rest: NormalRest) => {
  const { mean = 0, stddev = 1, dtype = null, seed = null } = options<NormalOptions>(["mean", "stddev", "dtype", "seed"], rest);
  const u = unit(drawKey(seed), knownShape(shape));
  // 2 (tail + u (1 - 2 tail)) - 1 is in (-erf(sqrt 2), erf(sqrt 2)).
  const z = erfinv(affine(u, 2 * (1 - 2 * tail), 2 * tail - 1));
  const inside = P.minimum(P.maximum(P.multiply(z, constantLike(Math.SQRT2, z)), constantLike(-2, z)), constantLike(2, z));
  return castTo(affine(inside, stddev, mean), dtype ?? floatx());
});

/** Options of `randint`. */
export interface RandintOptions {
  dtype?: DType;
  seed?: Seed;
}
/** Integers on [minval, maxval), each equally likely up to (maxval - minval) / 2^31. */
export const randint: (shape: Shape, minval: number, maxval: number, dtype?: DType | RandintOptions, seed?: Seed) => Tensor = defineOp(
  "random.randint",
  (shape: Shape, minval: number, maxval: number, ...rest: [(DType | RandintOptions)?, Seed?]) => {
    const { dtype = "int32", seed = null } = options<RandintOptions>(["dtype", "seed"], rest);
    if (!(maxval > minval) || maxval - minval > 0x7fffffff) {
      throw new ValueError({
        where: currentScope(),
        problem: "the range is empty or too wide",
        expected: "minval < maxval, at most 2^31 - 1 apart",
        received: `[${minval}, ${maxval})`,
      });
    }
    const bits = P.rngBits(drawKey(seed), knownShape(shape));
    const positive = P.shiftRightLogical(bits, constantLike(1, bits));
    const rest31 = P.remainder(positive, constantLike(maxval - minval, positive));
    return castTo(P.add(rest31, constantLike(minval, rest31)), dtype);
  },
);

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Shape of the mask before broadcasting; null in it is the extent of x. Default: that of x. */
  noiseShape?: readonly (number | null)[] | null;
  seed?: Seed;
}
/** Each element zero with probability `rate`, else divided by `1 - rate`. A rate that is a tensor may change between steps. */
export const dropout: (x: TensorLike, rate: TensorLike, noiseShape?: DropoutOptions["noiseShape"] | DropoutOptions, seed?: Seed) => Tensor =
  defineOp("random.dropout", (input: TensorLike, rate: TensorLike, ...rest: [(DropoutOptions["noiseShape"] | DropoutOptions)?, Seed?]) => {
    const { noiseShape = null, seed = null } = options<DropoutOptions>(["noiseShape", "seed"], rest);
    if (typeof rate === "number" && !(rate >= 0 && rate <= 1)) {
      throw new ValueError({
        where: currentScope(),
        problem: "the rate is no probability",
        expected: "a number from 0 to 1",
        received: String(rate),
      });
    }
    const x = toFloat(input);
    const shape = concreteShape(x);
    if (rate === 0) return x;
    if (rate === 1) return constantLike(0, x);
    const maskShape = noiseShape === null ? shape : noiseShape.map((extent, axis) => extent ?? shape[axis]!);
    const keep =
      typeof rate === "number" ? P.constant(1 - rate, "float32") : P.subtract(P.constant(1, "float32"), castTo(asTensor(rate), "float32"));
    const u = unit(drawKey(seed), maskShape);
    const kept = broadcast(P.less(u, broadcast(keep, maskShape)), shape);
    const scale = P.divide(P.constant(1, x.dtype), castTo(keep, x.dtype));
    return P.select(kept, P.multiply(x, broadcast(scale, shape)), constantLike(0, x));
  });

/** Options of `categorical`. */
export interface CategoricalOptions {
  dtype?: DType;
  seed?: Seed;
}
/** Classes drawn by unnormalized log-probabilities, by the Gumbel-max trick. Shapes: logits [batch, classes] -> [batch, numSamples]. */
export const categorical: (logits: TensorLike, numSamples: number, dtype?: DType | CategoricalOptions, seed?: Seed) => Tensor = defineOp(
  "random.categorical",
  (logits: TensorLike, numSamples: number, ...rest: [(DType | CategoricalOptions)?, Seed?]) => {
    const { dtype = "int32", seed = null } = options<CategoricalOptions>(["dtype", "seed"], rest);
    const x = toFloat(logits);
    const [batch, classes] = [x.dim(0), x.dim(1)];
    const shape = [batch, numSamples, classes];
    const u = unit(drawKey(seed), shape);
    const half = affine(u, 1, 2 ** -25);
    const gumbel = P.negate(P.log(P.negate(P.log(half))));
    return castTo(P.argmax(P.add(P.broadcastInDim(castTo(x, "float32"), shape, [0, 2]), gumbel), 2), dtype);
  },
);
