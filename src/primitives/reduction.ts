/** What the reductions share: shape rule, walk, samples. */
import type { DType } from "../dtype/index.ts";
import { type Attributes, type NdArray, type Primitive, type Reducer, type Sample, stridesOf, type TensorType } from "../graph/index.ts";
import { definePrimitive, type DTypeClass, emptyNd, expectAxes, expectDType, expectExactDType, nd, numbers } from "./define.ts";
import { eachIndex, positionOf } from "./indices.ts";

interface ReductionOptions {
  readonly name: string;
  readonly reducer: Reducer;
  readonly takes: DTypeClass | "bool";
  /** Result where nothing is reduced. */
  readonly initial: (dtype: DType) => number;
  readonly combine: (accumulated: number, x: number, dtype: DType) => number;
  readonly gradient: Primitive["gradient"];
  readonly samples: () => readonly Sample[];
}

/** A reduction over `attributes.axes`, which leave the shape. Accumulates in float64 in row-major order. */
export function reductionPrimitive(options: ReductionOptions): Primitive {
  const { name, reducer, takes, initial, combine, gradient, samples } = options;
  return definePrimitive({
    name,
    infer: (inputs, attributes) => {
      const x = inputs[0]!;
      if (takes === "bool") expectExactDType(name, x, "bool", "the operand");
      else expectDType(name, x, takes);
      const axes = numbers(attributes, "axes");
      expectAxes(name, axes, x.shape.length);
      return [{ shape: x.shape.filter((_, axis) => !axes.includes(axis)), dtype: x.dtype }];
    },
    gradient,
    reference: ([x], attributes, types) => [reduce(x!, attributes, types[0]!, initial, combine)],
    lowering: { kind: "reduce", reducer },
    samples,
  });
}

function reduce(
  x: NdArray,
  attributes: Attributes,
  type: TensorType,
  initial: (dtype: DType) => number,
  combine: (accumulated: number, x: number, dtype: DType) => number,
): NdArray {
  const out = emptyNd(type);
  const accumulated = new Float64Array(out.data.length).fill(initial(x.dtype));
  const kept = stridesOf(out.shape);
  const axes = numbers(attributes, "axes");
  let next = 0;
  const strides = x.shape.map((_, axis) => (axes.includes(axis) ? 0 : kept[next++]!));
  eachIndex(x.shape, (index, position) => {
    const to = positionOf(index, strides);
    accumulated[to] = combine(accumulated[to]!, x.data[position]!, x.dtype);
  });
  for (let i = 0; i < accumulated.length; i++) out.data[i] = accumulated[i]!;
  return out;
}

/** Cases every numeric reduction is tested on; values are distinct, so that maxima are unique. */
export function reductionSamples(): readonly Sample[] {
  const six = [1.5, -2, 0.25, 3, -0.75, 0.5];
  const many = Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) / 8 - 1.4);
  const long = Array.from({ length: 300 }, (_, i) => 1 + ((i * 131) % 300) / 4096);
  return [
    { inputs: [nd(six)], attributes: { axes: [0] } },
    { inputs: [nd(six, [2, 3])], attributes: { axes: [0] } },
    { inputs: [nd(six, [2, 3])], attributes: { axes: [1] } },
    { inputs: [nd(six, [2, 3])], attributes: { axes: [0, 1] } },
    { inputs: [nd(many, [2, 3, 4])], attributes: { axes: [0, 2] } },
    { inputs: [nd(many, [2, 3, 4])], attributes: { axes: [1] } },
    { inputs: [nd(long, [3, 100])], attributes: { axes: [1] }, differentiable: false },
    { inputs: [nd([2.5], [])], attributes: { axes: [] } },
    { inputs: [nd([2.5, 1], [1, 2])], attributes: { axes: [0] } },
    { inputs: [nd([], [0, 3])], attributes: { axes: [0] } },
    { inputs: [nd([], [3, 0])], attributes: { axes: [0] } },
    { inputs: [nd([1, NaN, 2, 3, Infinity, -1, -Infinity, 0, Infinity], [3, 3])], attributes: { axes: [1] }, differentiable: false },
    { inputs: [nd([2, 1, 2, 2], [2, 2])], attributes: { axes: [1] }, differentiable: false },
    { inputs: [nd([0, 3, 0, 2, -1, 0], [2, 3])], attributes: { axes: [1] }, differentiable: false },
    { inputs: [nd([5, -3, 2147483647, 7, 9, 1], [2, 3], "int32")], attributes: { axes: [1] } },
    { inputs: [nd([], [2, 0], "int32")], attributes: { axes: [1] } },
    { inputs: [nd([5, 200, 100, 7, 9, 1], [2, 3], "uint8")], attributes: { axes: [0] } },
    { inputs: [nd([-100, 120, -128, -7, 9, -1], [2, 3], "int8")], attributes: { axes: [0] } },
  ];
}

/** Cases of the reductions of booleans. */
export function logicalSamples(): readonly Sample[] {
  return [
    { inputs: [nd([1, 0, 0, 0, 1, 1], [2, 3], "bool")], attributes: { axes: [1] } },
    { inputs: [nd([1, 1, 0, 0, 1, 0], [3, 2], "bool")], attributes: { axes: [0] } },
    { inputs: [nd([1, 1, 1, 1], [2, 2], "bool")], attributes: { axes: [0, 1] } },
    { inputs: [nd([0, 0], [2], "bool")], attributes: { axes: [0] } },
    { inputs: [nd([1], [], "bool")], attributes: { axes: [] } },
    { inputs: [nd([], [0, 2], "bool")], attributes: { axes: [0] } },
  ];
}
