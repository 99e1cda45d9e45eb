import { dtypes } from "../dtype/index.ts";
import { applyOne, concreteShape, type Primitive, sizeOf, type Tensor } from "../graph/index.ts";
import { concatenate } from "./concatenate.ts";
import { constant } from "./constant.ts";
import { nd, numbers } from "./define.ts";
import { multiply } from "./multiply.ts";
import { pad } from "./pad.ts";
import { reductionPrimitive, reductionSamples } from "./reduction.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";
import { transpose } from "./transpose.ts";

/**
 * Product over `attributes.axes`; 1 of nothing. The gradient of an element is the product of all others, exact where
 * some are zero: x is multiplied in a binary tree, and cotangents go back down the tree without any division.
 */
export const reduceProdPrimitive: Primitive = reductionPrimitive({
  name: "reduceProd",
  reducer: "prod",
  takes: "number",
  initial: () => 1,
  combine: (product, x, dtype) => (dtypes[dtype].kind === "integer" ? Math.imul(product, x) : product * x),
  gradient: ({ inputs, attributes, cotangents }) => {
    const x = inputs[0]!;
    const shape = concreteShape(x);
    const axes = numbers(attributes, "axes");
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const permutation = [...kept, ...axes];
    const outer = sizeOf(kept.map((axis) => shape[axis]!));
    const count = sizeOf(axes.map((axis) => shape[axis]!));
    if (count === 0) return [null];
    const flat = reshape(transpose(x, permutation), [outer, count]);
    const others = cotangentsOfTree(flat, reshape(cotangents[0]!, [outer, 1]));
    const inverse = new Array<number>(permutation.length);
    permutation.forEach((axis, i) => (inverse[axis] = i));
    return [
      transpose(
        reshape(
          others,
          permutation.map((axis) => shape[axis]!),
        ),
        inverse,
      ),
    ];
  },
  samples: () => [...reductionSamples(), { inputs: [nd([0, 3, 0.5, 2, -1, 0, 0, 2], [2, 4])], attributes: { axes: [1] } }],
});

/** Cotangents of the columns of x [outer, count] for the product of each row, whose cotangent is [outer, 1]. */
function cotangentsOfTree(x: Tensor, cotangent: Tensor): Tensor {
  const [outer, count] = concreteShape(x) as [number, number];
  if (count === 1) return cotangent;
  const half = Math.ceil(count / 2);
  // An odd count gets one more factor 1 at the end.
  const even = pad(x, constant(1, x.dtype), [0, 0], [0, 2 * half - count]);
  const left = slice(even, [0, 0], [outer, half]);
  const right = slice(even, [0, half], [outer, 2 * half]);
  const pairs = cotangentsOfTree(multiply(left, right), cotangent);
  const both = concatenate([multiply(pairs, right), multiply(pairs, left)], 1);
  return slice(both, [0, 0], [outer, count]);
}

/** Product of x over `axes`; x itself where `axes` is empty. The axes leave the shape. Throws ShapeError or DTypeError where x does not fit. */
export function reduceProd(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : applyOne(reduceProdPrimitive, [x], { axes });
}
