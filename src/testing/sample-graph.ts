/** Samples of primitives as graphs. */
import { apply, type NdArray, parameterTensor, type Primitive, type Sample, Subgraph } from "../graph/index.ts";
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
