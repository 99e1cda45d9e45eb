/**
 * What a primitive tells the compiler: a description as data, no back-end's.
 * The compiler (compiler/passes/) turns these into kernels.
 */
import type { Attributes, TensorType } from "./tensor.ts";

/**
 * The closed set of scalar operations. Every code generator has a total table over it.
 * Comparison results are bool. `and or xor not` are bitwise on int32 and logical on bool.
 * Integer division truncates; x/0 is 0 (and rem 0), MIN/-1 is MIN. NaN converts to 0, out of range saturates.
 * `round` is half to even. `max`/`min` give NaN if either operand is NaN.
 */
export type ScalarOp =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "remainder"
  | "power"
  | "maximum"
  | "minimum"
  | "atan2"
  | "negate"
  | "abs"
  | "sign"
  | "floor"
  | "ceil"
  | "round"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sqrt"
  | "rsqrt"
  | "tanh"
  | "sigmoid"
  | "erf"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "equal"
  | "notEqual"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual"
  | "and"
  | "or"
  | "xor"
  | "not"
  | "shiftLeft"
  | "shiftRightLogical"
  | "shiftRightArithmetic"
  | "select"
  | "convert"
  | "bitcast"
  | "isFinite";

/** `constant + sum of coefficients[axis] * axis` over the axes of an iteration space. */
export interface Affine {
  readonly constant: number;
  readonly coefficients: readonly number[];
}

/** How a view reads its one operand: per operand axis an affine index over the output's axes. */
export interface View {
  readonly indices: readonly Affine[];
  /**
   * Operand axes whose index may leave [0, extent): there the view reads `fill` instead (0, 1, -1, or a second
   * operand of rank 0 when "operand").
   */
  readonly guarded: readonly number[];
  readonly fill: number | "operand";
  /** Per operand axis: the index is the affine value divided by this; only exact quotients read, others fill (interior padding). */
  readonly divisors?: readonly number[];
}

/** Role of an axis of a contraction. `batch` stands in both operands and the output, `m` in lhs and output, `n` in rhs and output, `k` is summed. */
export type ContractRole = "batch" | "m" | "n" | "k";

/** Index of one axis of an operand of a contraction. */
export interface ContractIndex extends Affine {
  /** The index is the affine value / divisor where that is exact; other points read zero (dilated operands). Default 1. */
  readonly divisor?: number;
  /** Whether the index can leave [0, extent): points outside read zero (padding). */
  readonly guarded?: boolean;
}

/** out[...] = sum over k axes of lhs[...] * rhs[...]. Each operand axis is an index over all `axes`. */
export interface Contraction {
  readonly axes: readonly { readonly extent: number; readonly role: ContractRole; readonly name: string }[];
  readonly lhs: readonly ContractIndex[];
  readonly rhs: readonly ContractIndex[];
  /**
   * Every axis that is not summed, in row-major order of the output's elements: the output seen as an array of those
   * extents. Usually axis i of the output is `out[i]`; with groups, the batch axis and the n axis (in this order,
   * adjacent) stand for one output axis of features.
   */
  readonly out: readonly number[];
}

/** How elements of a reduction combine. `argmax`/`argmin` give the (first) int32 position along the one reduced axis. */
export type Reducer = "sum" | "max" | "min" | "prod" | "any" | "all" | "argmax" | "argmin";

/** Sliding window geometry, one entry per operand axis (1/1/[0,0] where the window does not slide). */
export interface WindowGeometry {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
}

/** What a primitive becomes. */
export type Lowering =
  /** Leaves: given values, arguments, states of variables. */
  | { readonly kind: "leaf" }
  /** Rank-0 constant `attributes.value`; 0, 1, -1 are structure, others are run-time parameters. */
  | { readonly kind: "constant" }
  /** Position along `attributes.axis`. */
  | { readonly kind: "iota" }
  /** Elementwise: all inputs have the output's shape. `select` takes (condition, x, y). */
  | { readonly kind: "scalar"; readonly op: ScalarOp }
  /** The first input, unchanged (stopGradient, customGradient; further inputs matter to gradients only). */
  | { readonly kind: "identity" }
  /** Same elements in row-major order under another shape. */
  | { readonly kind: "reshape" }
  | { readonly kind: "view"; readonly view: (input: TensorType, output: TensorType, attributes: Attributes) => View }
  /** Inputs one after another along `attributes.axis`. */
  | { readonly kind: "concatenate" }
  /** Over `attributes.axes` (removed from the shape). */
  | { readonly kind: "reduce"; readonly reducer: Reducer }
  /** Inclusive scan along `attributes.axis`, from the end where `attributes.reverse`. */
  | { readonly kind: "cumulative"; readonly reducer: "sum" | "prod" | "max" | "min" }
  /**
   * Stable sort along `attributes.axis`, from the largest where `attributes.descending`: two outputs, the sorted elements
   * and the int32 position that each had. NaN counts as the largest, equal elements keep their order.
   */
  | { readonly kind: "sort" }
  | {
      readonly kind: "contract";
      readonly contraction: (inputs: readonly TensorType[], output: TensorType, attributes: Attributes) => Contraction;
    }
  /** Sum over windows. Geometry in attributes (`window strides padding`). */
  | { readonly kind: "windowSum"; readonly geometry: (attributes: Attributes) => WindowGeometry }
  /** Position (row-major inside the window, int32) of the first maximum of each window; padding never wins. */
  | { readonly kind: "windowArgmax"; readonly geometry: (attributes: Attributes) => WindowGeometry }
  /** Maximum of each window: the compiler's name for windowGather(x, windowArgmax(x)). */
  | { readonly kind: "windowMax"; readonly geometry: (attributes: Attributes) => WindowGeometry }
  /** inputs (operand, positions): the operand's element at each window's position. */
  | { readonly kind: "windowGather"; readonly geometry: (attributes: Attributes) => WindowGeometry }
  /** inputs (values, positions): adds each value to the place its position names, in an output of `attributes.shape`. */
  | { readonly kind: "windowScatter"; readonly geometry: (attributes: Attributes) => WindowGeometry }
  /**
   * inputs (operand, indices int32): out[o...] = operand[at...]. Per operand axis the index is an affine of the output's
   * axes plus (for `dynamic` axes) an element of `indices`, itself read at `indexAt` (affine over the output's axes).
   * mode "check": out of range is an IndexError that names the operation; "clamp": moved inside.
   */
  | { readonly kind: "gather"; readonly gather: (inputs: readonly TensorType[], output: TensorType, attributes: Attributes) => GatherPlan }
  /**
   * inputs (operand, indices, updates): the operand with updates added (or written) at places; several updates of one
   * place are applied in order of their row-major position. Same index form, over the axes of `updates`.
   */
  | {
      readonly kind: "scatter";
      readonly mode: "add" | "set";
      readonly scatter: (inputs: readonly TensorType[], output: TensorType, attributes: Attributes) => GatherPlan;
    }
  /** Threefry-2x32: input key (int32 [2]); output int32 of `attributes.shape`; see rng-bits.ts. */
  | { readonly kind: "rngBits" }
  /** Structured control flow over Subgraph attributes; see scan.ts, while.ts, cond.ts. */
  | { readonly kind: "scan" }
  | { readonly kind: "while" }
  | { readonly kind: "cond" };

/** Index form of gather and scatter: one entry per axis of the operand. */
export interface GatherPlan {
  /** Per operand axis: static part of the index, affine over the axes of the output (gather) or updates (scatter). */
  readonly base: readonly Affine[];
  /** Operand axes that add a data-dependent index: where in `indices` (per axis of `indices`, affine over the same axes) it stands. */
  readonly dynamic: readonly {
    readonly axis: number;
    readonly indexAt: readonly Affine[];
    /**
     * Given (dynamicSlice): the value read must by itself lie in [0, limit), before the static part is added. Otherwise
     * static part + value must lie in [0, extent of the operand's axis).
     */
    readonly limit?: number;
  }[];
  readonly mode: "check" | "clamp";
}
