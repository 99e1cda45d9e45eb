/** What an operator's meaning is, and what it is given. */
import type { DType } from "../../../dtype/index.ts";
import { ValueError } from "../../../errors.ts";
import { broadcastShapes, concreteShape, type NdArray, type Tensor } from "../../../graph/index.ts";
import * as P from "../../../primitives/index.ts";
import type { AttributeProto, GraphProto, TensorProto } from "../schema.ts";

/** The graph around a body: its values can be seen from inside. */
export interface Surroundings {
  /** Runs a body on the values of its inputs; gives those of its outputs. */
  run(graph: GraphProto, inputs: readonly Tensor[]): Tensor[];
}

/** One application of an operator. */
export class NodeContext {
  /** `Conv "conv_1"`, for errors. */
  readonly where: string;
  /** Inputs in order; null where one is left out. */
  readonly inputs: readonly (Tensor | null)[];
  /** How many outputs are asked for. */
  readonly outputs: number;
  /** Version of the operators. */
  readonly opset: number;
  readonly surroundings: Surroundings;
  readonly readTensor: (tensor: TensorProto) => Tensor;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;
  readonly #known: (tensor: Tensor) => NdArray | undefined;

  constructor(options: {
    readonly where: string;
    readonly inputs: readonly (Tensor | null)[];
    readonly outputs: number;
    readonly opset: number;
    readonly surroundings: Surroundings;
    readonly attributes: ReadonlyMap<string, AttributeProto>;
    readonly known: (tensor: Tensor) => NdArray | undefined;
    readonly readTensor: (tensor: TensorProto) => Tensor;
  }) {
    this.where = options.where;
    this.inputs = options.inputs;
    this.outputs = options.outputs;
    this.opset = options.opset;
    this.surroundings = options.surroundings;
    this.readTensor = options.readTensor;
    this.#attributes = options.attributes;
    this.#known = options.known;
  }

  /** An error of this node. */
  error(problem: string, expected?: string, received?: string, advice?: string): ValueError {
    return new ValueError({
      where: this.where,
      problem,
      ...(expected === undefined ? {} : { expected }),
      ...(received === undefined ? {} : { received }),
      ...(advice === undefined ? {} : { advice }),
    });
  }

  /** An input that must be there. */
  input(index: number): Tensor {
    const tensor = this.inputs[index] ?? null;
    if (tensor !== null) return tensor;
    throw this.error(`input ${index} is missing`);
  }

  /** An input that may be left out. */
  optional(index: number): Tensor | null {
    return this.inputs[index] ?? null;
  }

  /** Elements of an input that must not depend on the model's inputs; null where it is left out. */
  constant(index: number): number[] | null {
    const tensor = this.inputs[index] ?? null;
    if (tensor === null) return null;
    const known = this.knownOf(tensor);
    if (known !== undefined) return Array.from(known.data);
    throw this.error(
      `input ${index} depends on the values of the model's inputs`,
      "a constant, or something computed from shapes",
      tensor.toString(),
      "shapes of a program are fixed before it runs: export the model with constant shapes, or simplify it first",
    );
  }

  /** Elements of a tensor that are known before anything runs. */
  knownOf(tensor: Tensor): NdArray | undefined {
    return this.#known(tensor);
  }

  /** An attribute, as the file holds it. */
  attribute(name: string): AttributeProto | undefined {
    return this.#attributes.get(name);
  }

  int(name: string, fallback: number): number {
    return this.#attributes.get(name)?.i ?? fallback;
  }

  float(name: string, fallback: number): number {
    return this.#attributes.get(name)?.f ?? fallback;
  }

  ints(name: string): number[] | null {
    return this.#attributes.get(name)?.ints ?? null;
  }

  floats(name: string): number[] | null {
    return this.#attributes.get(name)?.floats ?? null;
  }

  text(name: string, fallback: string): string {
    const bytes = this.#attributes.get(name)?.s;
    return bytes === undefined ? fallback : new TextDecoder().decode(bytes);
  }

  texts(name: string): string[] | null {
    return this.#attributes.get(name)?.strings.map((bytes) => new TextDecoder().decode(bytes)) ?? null;
  }

  /** A body. */
  graph(name: string): GraphProto {
    const graph = this.#attributes.get(name)?.g;
    if (graph !== undefined) return graph;
    throw this.error(`the attribute ${name} is missing`);
  }

  /** Axes from input `index`, or before they were an input from the attribute; null where there are none. */
  axes(index: number, name = "axes"): number[] | null {
    return this.constant(index) ?? this.ints(name);
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(counted) && counted >= 0 && counted < rank) return counted;
    throw this.error("the axis does not exist", `an integer from ${-rank} to ${rank - 1}`, String(axis));
  }
}

/** The meaning of an operator: its outputs. */
export type Operator = (context: NodeContext) => readonly Tensor[];

/** Shape of a tensor inside a call, where all extents are known. */
export function shapeOf(tensor: Tensor): readonly number[] {
  return concreteShape(tensor);
}

/** Tensors broadcast to one shape. */
export function spread(where: string, tensors: readonly Tensor[]): Tensor[] {
  const shape = broadcastShapes(where, ...tensors.map(shapeOf));
  return tensors.map((tensor) => spreadTo(tensor, shape));
}

/** A tensor broadcast to a shape, axes aligned at the end. */
export function spreadTo(tensor: Tensor, shape: readonly number[]): Tensor {
  const lead = shape.length - tensor.rank;
  return P.broadcastInDim(
    tensor,
    shape,
    Array.from({ length: tensor.rank }, (_, axis) => axis + lead),
  );
}

/** A number in the dtype of a tensor, broadcast to its shape. */
export function like(tensor: Tensor, value: number): Tensor {
  return P.fullLike(tensor, value);
}

/** Host numbers as a tensor of dtype. */
export type NumberArray = { readonly values: readonly number[]; readonly shape: readonly number[]; readonly dtype: DType };
