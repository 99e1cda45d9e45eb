/** What the four cumulative primitives share: a running combination along one axis. */
import { isFloat } from "../dtype/index.ts";
import {
  type Attributes,
  concreteShape,
  type GradientRule,
  type NdArray,
  type Primitive,
  type Sample,
  sizeOf,
  type Tensor,
  type TensorType,
} from "../graph/index.ts";
import { constant } from "./constant.ts";
import { definePrimitive, emptyNd, expectAxes, expectDType, nd } from "./define.ts";
import { filled } from "./filled.ts";
import { pad } from "./pad.ts";
import { slice } from "./slice.ts";

/** Axis and direction of a cumulative primitive. */
export type CumulativeAttributes = {
  readonly axis: number;
  readonly reverse: boolean;
};

/** Axis and direction among the attributes of a node. */
export function directionOf(attributes: Attributes): CumulativeAttributes {
  return attributes as CumulativeAttributes;
}

/** The primitive whose running value is `combine`d with each element in turn, from the end where `reverse`. */
export function cumulativePrimitive(
  name: string,
  reducer: "sum" | "prod" | "max" | "min",
  combine: (running: number, x: number, exact: boolean) => number,
  gradient: GradientRule,
  samples: () => readonly Sample[],
): Primitive {
  return definePrimitive({
    name,
    infer: ([x], attributes) => {
      expectDType(name, x!, "number");
      expectAxes(name, [directionOf(attributes).axis], x!.shape.length);
      return [x!];
    },
    gradient,
    reference: ([x], attributes, [type]) => [running(x!, directionOf(attributes), type!, combine)],
    lowering: { kind: "cumulative", reducer },
    samples: () => [
      ...samples(),
      { inputs: [filled([7], 1)], attributes: { axis: 0, reverse: false } },
      { inputs: [filled([3, 4, 2], 2)], attributes: { axis: 1, reverse: true } },
      { inputs: [filled([3, 4], 3)], attributes: { axis: 0, reverse: false } },
      { inputs: [filled([2, 0], 3)], attributes: { axis: 1, reverse: false } },
      { inputs: [nd([3, -1, 2, 2], [4], "int32")], attributes: { axis: 0, reverse: true } },
    ],
  });
}

function running(
  x: NdArray,
  { axis, reverse }: CumulativeAttributes,
  type: TensorType,
  combine: (running: number, x: number, exact: boolean) => number,
): NdArray {
  const out = emptyNd(type);
  const extent = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const exact = isFloat(type.dtype);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let value = 0;
      for (let step = 0; step < extent; step++) {
        const at = (o * extent + (reverse ? extent - 1 - step : step)) * inner + i;
        value = step === 0 ? x.data[at]! : combine(value, x.data[at]!, exact);
        out.data[at] = value;
      }
    }
  }
  return out;
}

/** `y[i] = x[i - distance]` along `axis` (`x[i + distance]` where `reverse`), `fill` where there is no such element. */
export function shifted(x: Tensor, axis: number, distance: number, reverse: boolean, fill: number): Tensor {
  const shape = concreteShape(x);
  const amount = Math.min(distance, shape[axis]!);
  const zeros = shape.map(() => 0);
  const only = shape.map((_, i) => (i === axis ? amount : 0));
  const kept = slice(
    x,
    reverse ? only : zeros,
    shape.map((extent, i) => extent - (reverse ? 0 : only[i]!)),
  );
  return pad(kept, constant(fill, x.dtype), reverse ? zeros : only, reverse ? only : zeros);
}
