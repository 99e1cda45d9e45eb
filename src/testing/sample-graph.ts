/** Samples of primitives as graphs. */
import { roundedTo, type ShortFloat } from "../dtype/index.ts";
import {
  apply,
  type Attribute,
  type NdArray,
  parameterTensor,
  type Primitive,
  type Sample,
  Subgraph,
  type TensorType,
  typeOf,
} from "../graph/index.ts";
import { inFloat64, widen } from "./in-float64.ts";

/** One sample of a primitive as a graph with its arguments. */
export interface SampleGraph {
  /** `reduceSum #3 float32[2, 3] {"axes":[1]}` */
  readonly name: string;
  readonly graph: Subgraph;
  readonly args: readonly NdArray[];
  readonly differentiable: boolean;
}

/** The graph that applies `primitive` to parameters with the sample's types. */
export function sampleGraph(primitive: Primitive, sample: Sample, position: number): SampleGraph {
  const parameters = sample.inputs.map(({ shape, dtype }) => parameterTensor(shape, dtype));
  const graph = new Subgraph(parameters, apply(primitive, parameters, sample.attributes ?? {}));
  const types = sample.inputs.map(({ shape, dtype }) => `${dtype}[${shape.join(", ")}]`).join(" ");
  return {
    name: `${primitive.name} #${position} ${types}`,
    graph,
    args: sample.inputs,
    differentiable: sample.differentiable ?? true,
  };
}

/** All samples of a primitive. */
export function sampleGraphs(primitive: Primitive): SampleGraph[] {
  return primitive.samples().map((sample, i) => sampleGraph(primitive, sample, i));
}

/** The same sample with float64 for float32. */
export function widenSample(sample: SampleGraph): SampleGraph {
  return { ...sample, name: `${sample.name} in float64`, graph: inFloat64(sample.graph), args: sample.args.map(widen) };
}

/** The same sample with float16 or bfloat16 for float32; its numbers are rounded. */
export function shortenSample(sample: SampleGraph, format: ShortFloat): SampleGraph {
  const shortened = (value: Attribute): Attribute => (value === "float32" ? format : value);
  const typed = <T extends TensorType>(type: T): T => (type.dtype === "float32" ? { ...type, dtype: format } : type);
  const [node] = sample.graph.results.map((result) => result.node);
  const parameters = sample.graph.parameters.map((parameter) => {
    const { shape, dtype } = typed(typeOf(parameter));
    return parameterTensor(shape, dtype);
  });
  const inputs = node!.inputs.map((input) => parameters[sample.graph.parameters.findIndex((parameter) => parameter.node === input.node)]!);
  const attributes = Object.fromEntries(Object.entries(node!.attributes).map(([key, value]) => [key, shortened(value)]));
  return {
    ...sample,
    name: `${sample.name} in ${format}`,
    graph: new Subgraph(parameters, apply(node!.primitive, inputs, attributes)),
    args: sample.args.map((array) =>
      array.dtype === "float32" ? { ...typed(array), data: Float32Array.from(array.data, (value) => roundedTo(format, value)) } : array,
    ),
  };
}
