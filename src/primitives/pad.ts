import { ShapeError } from "../errors.ts";
import { applyOne, concreteShape, formatShape, type Primitive, stridesOf, type Tensor } from "../graph/index.ts";
import { constant } from "./constant.ts";
import { definePrimitive, emptyNd, expectSameDType, nd, numbers, whereOf } from "./define.ts";
import { full, zerosLike } from "./full.ts";
import { eachIndex } from "./indices.ts";
import { reduceSum } from "./reduce-sum.ts";
import { select } from "./select.ts";
import { slice } from "./slice.ts";

/**
 * Surrounds and spreads x with `fill`: per axis `low` and `high` elements outside (negative ones crop) and `interior`
 * elements between neighbours. Output extent: `low + max(0, extent + (extent - 1) interior) + high`.
 */
export const padPrimitive: Primitive = definePrimitive({
  name: "pad",
  infer: (inputs, attributes) => {
    const x = inputs[0]!;
    const low = numbers(attributes, "low");
    const high = numbers(attributes, "high");
    const interior = numbers(attributes, "interior");
    expectSameDType("pad", inputs);
    const spread = x.shape.map((extent, i) => (extent === 0 ? 0 : extent + (extent - 1) * (interior[i] ?? 0)));
    const shape = spread.map((extent, i) => extent + (low[i] ?? 0) + (high[i] ?? 0));
    const fits =
      inputs[1]!.shape.length === 0 &&
      [low, high, interior].every((list) => list.length === x.shape.length && list.every(Number.isInteger)) &&
      interior.every((count) => count >= 0) &&
      shape.every((extent) => extent >= 0);
    if (!fits) {
      throw new ShapeError({
        where: whereOf("pad"),
        problem: "the padding does not fit the tensor",
        expected: `a fill of rank 0 and per axis of ${formatShape(x.shape)} low, high and interior >= 0, cropping no more than there is`,
        received: `fill ${formatShape(inputs[1]!.shape)}, low ${formatShape(low)}, high ${formatShape(high)}, interior ${formatShape(interior)}`,
        advice: "give one number per axis; negative low and high crop",
      });
    }
    return [{ shape, dtype: x.dtype }];
  },
  gradient: ({ inputs, attributes, cotangents, needed }) => {
    const cotangent = cotangents[0]!;
    const low = numbers(attributes, "low");
    const high = numbers(attributes, "high");
    const interior = numbers(attributes, "interior");
    let first: Tensor | null = null;
    if (needed[0]) {
      // Undo the outer padding (cropped elements get zeros), then take every (interior + 1)-th element.
      const spread = pad(
        cotangent,
        constant(0, cotangent.dtype),
        low.map((count) => 0 - count),
        high.map((count) => 0 - count),
        low.map(() => 0),
      );
      first = slice(
        spread,
        low.map(() => 0),
        concreteShape(spread),
        interior.map((count) => count + 1),
      );
    }
    let second: Tensor | null = null;
    if (needed[1]) {
      const isFill = pad(full(concreteShape(inputs[0]!), 0, "bool"), constant(1, "bool"), low, high, interior);
      second = reduceSum(
        select(isFill, cotangent, zerosLike(cotangent)),
        low.map((_, axis) => axis),
      );
    }
    return [first, second];
  },
  reference: ([x, fill], attributes, types) => {
    const out = emptyNd(types[0]!);
    out.data.fill(fill!.data[0]!);
    const low = numbers(attributes, "low");
    const steps = numbers(attributes, "interior").map((count) => count + 1);
    const strides = stridesOf(out.shape);
    eachIndex(x!.shape, (index, position) => {
      let to = 0;
      for (let axis = 0; axis < index.length; axis++) {
        const at = index[axis]! * steps[axis]! + low[axis]!;
        if (at < 0 || at >= out.shape[axis]!) return;
        to += at * strides[axis]!;
      }
      out.data[to] = x!.data[position]!;
    });
    return [out];
  },
  lowering: {
    kind: "view",
    view: (input, _output, attributes) => {
      const low = numbers(attributes, "low");
      const high = numbers(attributes, "high");
      const interior = numbers(attributes, "interior");
      return {
        indices: input.shape.map((_, axis) => ({
          constant: 0 - low[axis]!,
          coefficients: input.shape.map((_, i) => (i === axis ? 1 : 0)),
        })),
        guarded: input.shape.map((_, axis) => axis).filter((axis) => low[axis]! > 0 || high[axis]! > 0 || input.shape[axis] === 0),
        fill: "operand",
        ...(interior.some((count) => count > 0) ? { divisors: interior.map((count) => count + 1) } : {}),
      };
    },
  },
  samples: () => {
    const fill = nd([0.5], []);
    const six = [1, 2, 3, 4, 5, 6];
    return [
      { inputs: [nd([1, 2, 3]), fill], attributes: { low: [2], high: [1], interior: [0] } },
      { inputs: [nd(six, [2, 3]), fill], attributes: { low: [1, 0], high: [0, 2], interior: [0, 1] } },
      { inputs: [nd(six, [2, 3]), fill], attributes: { low: [-1, 1], high: [1, -2], interior: [0, 0] } },
      { inputs: [nd(six, [6]), fill], attributes: { low: [-2], high: [-3], interior: [2] } },
      { inputs: [nd([1], [1]), fill], attributes: { low: [-1], high: [2], interior: [0] } },
      { inputs: [nd([7], []), fill], attributes: { low: [], high: [], interior: [] } },
      { inputs: [nd([], [0, 2]), fill], attributes: { low: [1, 0], high: [1, 1], interior: [3, 0] } },
      { inputs: [nd([1, 2, 3], [3], "int32"), nd([-7], [], "int32")], attributes: { low: [1], high: [1], interior: [1] } },
      { inputs: [nd([1, 0, 1], [3], "bool"), nd([1], [], "bool")], attributes: { low: [1], high: [1], interior: [1] } },
    ];
  },
});

/**
 * x with `fill` (rank 0, the same dtype) around and between its elements. Throws ShapeError where the lists do not have
 * one number per axis or crop more than there is, DTypeError where the dtypes differ.
 */
export function pad(
  x: Tensor,
  fill: Tensor,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[] = low.map(() => 0),
): Tensor {
  if ([low, high, interior].every((list) => list.length === x.rank && list.every((count) => count === 0))) return x;
  return applyOne(padPrimitive, [x, fill], { low, high, interior });
}
