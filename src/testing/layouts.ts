/** The same operands in other layouts: views, and values computed on the way. */
import { hostArray, isFloat } from "../dtype/index.ts";
import { apply, type Attributes, type NdArray, parameterTensor, type Primitive, Subgraph, type Tensor } from "../graph/index.ts";
import {
  add, broadcastInDim, constant, fullLike, multiply, not, pad, padPrimitive, reverse, reversePrimitive, slice, slicePrimitive,
  transpose, transposePrimitive,
} from "../primitives/index.ts"; // prettier-ignore
import type { SampleGraph } from "./sample-graph.ts";

/** An argument, and how the operand is made of it. */
interface Operand {
  readonly argument: NdArray;
  readonly view: (argument: Tensor) => Tensor;
}

/** Makes an operand of a sample's input; null where the layout does not apply to its shape. */
type Layout = (input: NdArray) => Operand | null;

function meaning(primitive: Primitive, inputs: readonly NdArray[], attributes: Attributes): NdArray {
  const types = primitive.infer(inputs, attributes);
  return primitive.reference(inputs, attributes, types, () => [])[0]!;
}

/** Values of the operand one step before `computed` makes it. */
function before(input: NdArray): NdArray {
  const data = hostArray(input.dtype, input.data.length);
  for (let at = 0; at < data.length; at++) {
    const value = input.data[at]!;
    data[at] = isFloat(input.dtype) ? value / 2 : input.dtype === "bool" ? 1 - value : value - 1;
  }
  return { ...input, data };
}

/** One operation after the operand's load, or before the result's store. */
function computed(x: Tensor): Tensor {
  if (isFloat(x.dtype)) return multiply(x, fullLike(x, 2));
  return x.dtype === "bool" ? not(x) : add(x, fullLike(x, 1));
}

const layouts: Readonly<Record<string, Layout>> = {
  contiguous: (input) => ({ argument: input, view: (x) => x }),
  transposed: (input) => {
    const permutation = input.shape.map((_, axis) => input.shape.length - 1 - axis);
    if (permutation.length < 2) return null;
    return { argument: meaning(transposePrimitive, [input], { permutation }), view: (x) => transpose(x, permutation) };
  },
  sliced: (input) => {
    if (input.shape.length === 0 || input.data.length === 0) return null;
    const each = (value: number): number[] => input.shape.map(() => value);
    const fill: NdArray = { shape: [], dtype: input.dtype, data: hostArray(input.dtype, 1).fill(1) };
    const argument = meaning(padPrimitive, [input, fill], { low: each(1), high: each(2), interior: each(1) });
    return {
      argument,
      view: (x) =>
        slice(
          x,
          each(1),
          input.shape.map((extent) => 2 * extent),
          each(2),
        ),
    };
  },
  reversed: (input) => {
    const axes = input.shape.map((_, axis) => axis);
    return axes.length === 0 ? null : { argument: meaning(reversePrimitive, [input], { axes }), view: (x) => reverse(x, axes) };
  },
  broadcast: (input) => {
    // The first element along the last axis, repeated.
    const { shape } = input;
    if (shape.length === 0 || input.data.length === 0) return null;
    const axes = shape.map((_, axis) => axis);
    const limits = shape.map((extent, axis) => (axis === shape.length - 1 ? 1 : extent));
    const argument = meaning(slicePrimitive, [input], { starts: axes.map(() => 0), limits, strides: axes.map(() => 1) });
    return { argument, view: (x) => broadcastInDim(x, shape, axes) };
  },
  padded: (input) => {
    // All but the last along the first axis; zeros stand for it.
    const { shape } = input;
    if (shape.length === 0 || shape[0]! < 2 || input.data.length === 0) return null;
    const zeros = shape.map(() => 0);
    const limits = shape.map((extent, axis) => (axis === 0 ? extent - 1 : extent));
    const argument = meaning(slicePrimitive, [input], { starts: zeros, limits, strides: zeros.map(() => 1) });
    return {
      argument,
      view: (x) =>
        pad(
          x,
          constant(0, x.dtype),
          zeros,
          shape.map((_, axis) => (axis === 0 ? 1 : 0)),
        ),
    };
  },
  computed: (input) => ({ argument: before(input), view: computed }),
};

/** Names of the layouts. */
export const layoutNames: readonly string[] = Object.keys(layouts);

/** A sample with its operands in a layout; null where it applies to none of them. Where operands are computed, so is what is done with the results. */
export function inLayout(sample: SampleGraph, name: string): SampleGraph | null {
  const layout = layouts[name]!;
  const operands = sample.args.map((input) => layout(input));
  if (name !== "contiguous" && operands.every((operand) => operand === null)) return null;
  const made = operands.map((operand, i): Operand => operand ?? { argument: sample.args[i]!, view: (x) => x });
  const parameters = made.map(({ argument }) => parameterTensor(argument.shape, argument.dtype));
  const { primitive, attributes } = sample.graph.results[0]!.node;
  const outputs = apply(
    primitive,
    parameters.map((parameter, i) => made[i]!.view(parameter)),
    attributes,
  );
  const results = name === "computed" ? outputs.map(computed) : outputs;
  return {
    ...sample,
    name: `${sample.name} ${name}`,
    graph: new Subgraph(parameters, results),
    args: made.map(({ argument }) => argument),
  };
}
