/** Binomial distribution, and random orders. */
import { floatx } from "../config/index.ts";
import type { DType } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { type ConcreteShape, concreteShape, currentScope, normalizeAxis, type Shape, type Tensor } from "../graph/index.ts";
import { options } from "../ops/arguments.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { knownShape } from "../ops/known-shape.ts";
import { broadcast, castTo, toFloat } from "../ops/promote.ts";
import * as P from "../primitives/index.ts";
import { unit } from "./distributions.ts";
import { drawKey, type Seed } from "./seed-generator.ts";

/** Options of `binomial`. */
export interface BinomialOptions {
  dtype?: DType | null;
  seed?: Seed;
}

/**
 * How many of `counts` trials succeed, each with its probability; both broadcast to `shape`. The counts are numbers or
 * data whose values are known: one uniform number is drawn per trial.
 */
export const binomial: (
  shape: Shape,
  counts: TensorLike,
  probabilities: TensorLike,
  dtype?: DType | null | BinomialOptions,
  seed?: Seed,
) => Tensor = defineOp(
  "random.binomial",
  (givenShape: Shape, counts: TensorLike, probabilities: TensorLike, ...rest: [(DType | null | BinomialOptions)?, Seed?]) => {
    const { dtype = null, seed = null } = options<BinomialOptions>(["dtype", "seed"], rest);
    const shape = knownShape(givenShape);
    const given = asTensor(counts);
    const known = typeof counts === "number" ? [counts] : given.node.values[given.index];
    if (known === undefined) {
      throw new ValueError({
        where: currentScope(),
        problem: "the number of trials must be known when the graph is built",
        expected: "a number, or data",
        received: given.toString(),
        advice: "await counts.data() and pass the values",
      });
    }
    const most = Array.from(known).reduce((a, b) => Math.max(a, b), 0);
    const n = broadcast(castTo(given, "float32"), shape);
    const p = broadcast(castTo(toFloat(probabilities), "float32"), shape);
    const trials: ConcreteShape = [most, ...shape];
    const axes = shape.map((_, axis) => axis + 1);
    const u = unit(drawKey(seed), trials);
    const counted = P.less(P.iota(trials, 0, "float32"), P.broadcastInDim(n, trials, axes));
    const success = P.and(counted, P.less(u, P.broadcastInDim(p, trials, axes)));
    return castTo(P.reduceSum(P.convert(success, "float32"), [0]), dtype ?? floatx());
  },
);

/** A random order of 0, ..., n - 1: int32 [n]. Each is drawn a number, and they stand in the order of their numbers. */
export function permutation(n: number, seed: Seed): Tensor {
  return P.sort(P.rngBits(drawKey(seed), [n]), 0).positions;
}

/** Options of `shuffle`. */
export interface ShuffleOptions {
  axis?: number;
  seed?: Seed;
}

/** `x` with its parts along an axis (default 0) in random order. */
export const shuffle: (x: TensorLike, axis?: number | ShuffleOptions, seed?: Seed) => Tensor = defineOp(
  "random.shuffle",
  (x: TensorLike, ...rest: [(number | ShuffleOptions)?, Seed?]) => {
    const { axis = 0, seed = null } = options<ShuffleOptions>(["axis", "seed"], rest);
    const t = asTensor(x);
    const at = normalizeAxis(currentScope(), axis, t.rank);
    return P.take(t, permutation(concreteShape(t)[at]!, seed), at, "clamp");
  },
);
