/** What a primitive is: one object that holds every rule about one operation. */
import type { DType, TypedArray } from "../dtype/index.ts";
import type { Lowering } from "./lowering.ts";
import type { ConcreteShape } from "./shape.ts";
import type { Subgraph } from "./subgraph.ts";
import type { Attributes, Tensor, TensorType } from "./tensor.ts";

/** A host array with its shape: what the reference meaning works on. */
export interface NdArray {
  readonly shape: ConcreteShape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** What a gradient rule sees. */
export interface GradientContext {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Attributes;
  /** One per output; undefined where nothing flows back. At least one is defined. */
  readonly cotangents: readonly (Tensor | undefined)[];
  /** Per input: whether anybody wants its gradient. Rules may skip the others. */
  readonly needed: readonly boolean[];
  /**
   * Gradients of another graph (the body of a loop), for rules of control flow: `xs` may be any nodes; null where no
   * cotangent arrives. Given by autodiff, so that primitives need not know it.
   */
  readonly differentiate: (
    ys: readonly Tensor[],
    xs: readonly Tensor[],
    cotangents: readonly (Tensor | undefined)[],
  ) => readonly (Tensor | null)[];
}

/** Cotangents of the inputs, as a graph of primitives; null where the derivative is zero or not wanted. */
export type GradientRule = (context: GradientContext) => readonly (Tensor | null)[];

/** One test case of a primitive, run by the conformance suite on every back-end and against finite differences. */
export interface Sample {
  readonly inputs: readonly NdArray[];
  readonly attributes?: Attributes;
  /** False where the point is a corner or a tie, where finite differences mean nothing. */
  readonly differentiable?: boolean;
}

/** An operation of the graph. */
export interface Primitive {
  readonly name: string;
  /** Types of the outputs. Throws ShapeError / DTypeError, naming the current scope, where inputs do not fit. */
  infer(inputs: readonly TensorType[], attributes: Attributes): readonly TensorType[];
  /** How cotangents flow back. `null`: the operation has no derivative (its inputs receive zeros). */
  readonly gradient: GradientRule | null;
  /** Meaning in plain TypeScript: reductions accumulate in float64; the result is rounded to the output dtype. */
  reference(
    inputs: readonly NdArray[],
    attributes: Attributes,
    types: readonly TensorType[],
    /** Runs a loop body (scan, while, cond). */
    run: (body: Subgraph, args: readonly NdArray[]) => readonly NdArray[],
  ): readonly NdArray[];
  /** What the compiler makes of it. */
  readonly lowering: Lowering;
  /** Cases for the conformance suite. */
  readonly samples: () => readonly Sample[];
  /** What takes its place in a node whose inputs were dropped, where its rules hold tensors of one use. */
  readonly severed?: Primitive;
}
