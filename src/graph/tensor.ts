/** Tensors are nodes of an immutable computational graph; nothing here computes. */
import type { DType, TypedArray } from "../dtype/index.ts";
import { InternalError, ShapeError, ValueError } from "../errors.ts";
import { printsAsText } from "./inspect.ts";
import type { Primitive } from "./primitive.ts";
import { currentScope } from "./scope.ts";
import { type ConcreteShape, formatShape, type Shape, sizeOf } from "./shape.ts";
import type { Subgraph } from "./subgraph.ts";

/** Shape and dtype of one value. */
export interface TensorType {
  readonly shape: ConcreteShape;
  readonly dtype: DType;
}

/** A static argument of a primitive. Plain data, so that structure has a text form; a Subgraph is the body of a loop. */
export type Attribute =
  number | string | boolean | null | undefined | Subgraph | readonly Attribute[] | { readonly [key: string]: Attribute };

/** Static arguments of a primitive, by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

let nextId = 0;

/** One application of a primitive. Immutable, but for `values` (what was read) and the cut of chains that grow too long. */
export class Node {
  readonly id: number;
  primitive: Primitive;
  readonly attributes: Attributes;
  /** Outputs of other nodes. Emptied when a long chain of read values is cut (see `cut`). */
  inputs: readonly Tensor[];
  readonly types: readonly TensorType[];
  /** Layer or operation the user wrote, for errors: `lenet/Dense "head"`. */
  readonly scope: string;
  /** Host values of outputs that have been read, or are given (leaf `data`). A node with a value is a leaf for running. */
  readonly values: (TypedArray | undefined)[];
  /** True once the inputs were dropped: gradients cannot pass. */
  cut = false;
  /** For symbolic outputs (unknown extents): the call that made them, recorded by `ops/symbolic.ts`. */
  origin: unknown;

  constructor(
    primitive: Primitive,
    inputs: readonly Tensor[],
    attributes: Attributes,
    types: readonly TensorType[],
    scope: string = currentScope(),
  ) {
    this.id = nextId++;
    this.primitive = primitive;
    this.inputs = inputs;
    this.attributes = attributes;
    this.types = types;
    this.scope = scope;
    this.values = [];
  }

  /** Drops the inputs and whatever else leads to them. */
  sever(): void {
    this.cut = true;
    this.inputs = [];
    this.primitive = this.primitive.severed ?? this.primitive;
  }
}

/** What reads tensors; the runtime registers itself, so that the graph knows no back-end. */
export interface Evaluator {
  /** Runs what `tensor` needs and returns its elements, a copy that the caller owns. */
  read(tensor: Tensor): Promise<TypedArray>;
  /** Drops the value of a tensor that was read, so that its memory is free at once. */
  release(tensor: Tensor): void;
}

let evaluator: Evaluator | undefined;

/** Registers what reads tensors. Called once by `runtime/`. */
export function setEvaluator(e: Evaluator): void {
  evaluator = e;
}

function theEvaluator(): Evaluator {
  if (evaluator === undefined) throw new InternalError("Tensor", "no runtime is registered");
  return evaluator;
}

/** Nested JavaScript arrays, or a number for rank 0. */
export type NestedArray = number | boolean | NestedArray[];

/**
 * One output of a node of the computational graph. Operations build further nodes; `await t.data()` runs what is needed.
 * Methods for common operations (`t.add(u)`) are installed by `ops/tensor-methods.ts`.
 */
export class Tensor {
  readonly node: Node;
  /** Which output of the node. */
  readonly index: number;
  readonly dtype: DType;
  /** Extents; `null` is an unknown extent of a symbolic tensor (`Input`). */
  readonly shape: Shape;

  constructor(node: Node, index: number, symbolicShape?: Shape) {
    const type = node.types[index];
    if (type === undefined) throw new InternalError(node.primitive.name, `has no output ${index}`);
    this.node = node;
    this.index = index;
    this.dtype = type.dtype;
    this.shape = symbolicShape ?? type.shape;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. Throws ValueError for a symbolic tensor of unknown extent. */
  get size(): number {
    return sizeOf(concreteShape(this));
  }

  /** Extent of an axis (negative counts from the end). Throws where it is unknown. */
  dim(axis: number): number {
    const position = axis < 0 ? axis + this.rank : axis;
    const extent = this.shape[position];
    if (extent === undefined) {
      throw new ShapeError({
        where: "Tensor.dim",
        problem: "the axis does not exist",
        expected: `an integer from ${-this.rank} to ${this.rank - 1}`,
        received: String(axis),
      });
    }
    if (extent === null) {
      throw new ValueError({
        where: "Tensor.dim",
        problem: `axis ${axis} of a symbolic tensor has no extent yet`,
        received: formatShape(this.shape),
        advice: "the extent is known inside a layer's call and when the model runs; use ops.shape or a reshape with -1",
      });
    }
    return extent;
  }

  /** Elements in row-major order, a copy owned by the caller. Runs what is needed. */
  async data(): Promise<TypedArray> {
    // Values that are there need no runtime: programs that import rooms without one read their results too.
    if (evaluator === undefined) {
      const known = this.node.values[this.index];
      if (known !== undefined) return known.slice();
    }
    return await theEvaluator().read(this);
  }

  /** Elements as nested arrays (booleans for dtype bool). */
  async array(): Promise<NestedArray> {
    const shape = concreteShape(this);
    const flat = await this.data();
    const convert = (v: number): number | boolean => (this.dtype === "bool" ? v !== 0 : v);
    let position = 0;
    const nest = (axis: number): NestedArray =>
      axis === shape.length ? convert(flat[position++]!) : Array.from({ length: shape[axis]! }, () => nest(axis + 1));
    return nest(0);
  }

  /** The only element of a tensor of size 1. */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new ValueError({
        where: "Tensor.item",
        problem: "needs a tensor with exactly one element",
        received: `shape ${formatShape(this.shape)}`,
        advice: "use `await t.data()` or `await t.array()`",
      });
    }
    return (await this.data())[0]!;
  }

  /** Frees the value of this tensor early; it is computed again if it is read again. Never needed for correctness. */
  dispose(): void {
    theEvaluator().release(this);
  }

  /** `using t = ...` frees the value at the end of the block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Tensors have no truth value and no number: comparing them in JavaScript is always a mistake. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new ValueError({
      where: "Tensor",
      problem: "a tensor is no number: its elements are computed when they are read",
      received: this.toString(),
      advice: "write `ops.less(t, 1)` for an elementwise comparison, or `(await t.item()) < 1`",
    });
  }

  toString(): string {
    return `Tensor(${this.dtype} ${formatShape(this.shape)})`;
  }

  static {
    printsAsText(this.prototype);
  }
}

/** The shape of a tensor that primitives may see. Throws ValueError for a symbolic tensor. */
export function concreteShape(tensor: Tensor): ConcreteShape {
  if (tensor.shape.some((extent) => extent === null)) {
    throw new ValueError({
      where: currentScope() || "graph",
      problem: "a symbolic tensor has no values and reached an operation that needs concrete extents",
      received: tensor.toString(),
      advice: "call ops.* functions or layers on it, or build a Model from it and call the model",
    });
  }
  return tensor.shape as ConcreteShape;
}

/** Shape and dtype of a concrete tensor. */
export function typeOf(tensor: Tensor): TensorType {
  return { shape: concreteShape(tensor), dtype: tensor.dtype };
}

/** Applies a primitive: checks shapes and dtypes, builds one node, returns its outputs. */
export function apply(primitive: Primitive, inputs: readonly Tensor[], attributes: Attributes = {}): Tensor[] {
  const types = primitive.infer(inputs.map(typeOf), attributes);
  const node = new Node(primitive, inputs, attributes, types);
  return types.map((_, index) => new Tensor(node, index));
}

/** `apply` for a primitive with one output. */
export function applyOne(primitive: Primitive, inputs: readonly Tensor[], attributes: Attributes = {}): Tensor {
  return apply(primitive, inputs, attributes)[0]!;
}
