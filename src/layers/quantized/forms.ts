/** What quantized weights are to a layer: a product with stored whole numbers, or rows of them. */
import type { Tensor, Variable } from "../../graph/index.ts";
import type { StoredArray } from "../stored-variables.ts";
import type { WeightOptions } from "../weight-options.ts";

/** A layer, as far as it makes weights. */
export interface WeightMaker {
  readonly label: string;
  addWeight(options: WeightOptions): Variable;
}

/** Axes of a scale that has the rank of one operand, brought to the axes of a product's result, and back. */
export interface ScaleLayout {
  /** The scale along the result, from one that has extent 1 along summed axes. */
  align(scale: Tensor): Tensor;
  /** The inverse of `align`. */
  spread(scale: Tensor): Tensor;
}

/** A product of inputs with a kernel, as a layer computes it. */
export interface ProductForm {
  readonly kernelShape: readonly number[];
  /** Axes of the kernel that are summed over. */
  readonly kernelAxes: readonly number[];
  /** The axes of inputs that they are summed with. */
  readonly inputAxes: readonly number[];
  readonly kernelScale: ScaleLayout;
  readonly inputScale: Pick<ScaleLayout, "align">;
  /** Shape of the stored scale of a kernel. */
  readonly scaleShape: readonly number[];
  /** Whether the kernel is a matrix `[in, out]`, whose result is scaled; else numbers of 4 bits are floats again before the product. */
  readonly isMatrix: boolean;
  multiply(x: Tensor, kernel: Tensor): Tensor;
  /** The cotangent of x, from that of the product. */
  inputGradient(upstream: Tensor, kernel: Tensor): Tensor;
}

/** A table of rows. */
export interface TableForm {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  /** Whether the way back has a table of its own, `[width, rows]`; null: there is no way back. */
  readonly reverse: "tied" | "own" | null;
}

/** Weights in their stored form. */
export interface QuantizedWeight {
  /** Whether the float weight stays: `variables` are then those beside it. */
  readonly keepsWeight: boolean;
  /** Whether files hold the bias before the variables, and not behind the first of them. */
  readonly besideFirst?: boolean;
  /** In the order of Keras's files; the stored weight itself first. */
  readonly variables: readonly Variable[];
  /** What a file lacks, added, where it can be told; `beside`: how many arrays are those of other weights. */
  completed?(store: ReadonlyMap<string, StoredArray>, beside: number): ReadonlyMap<string, StoredArray>;
  /** Values of the variables for a float weight. */
  encode(weight: Tensor): readonly Tensor[];
  /** The float weight that is stored. */
  decode(): Tensor;
}

/** A quantized kernel. */
export interface QuantizedProduct extends QuantizedWeight {
  /** The product with x; `kernel` is the float weight where it stays. */
  product(x: Tensor, kernel: Tensor | null, training: boolean): Tensor;
}

/** A quantized table. */
export interface QuantizedTable extends QuantizedWeight {
  /** The stored table of the way back, where it has one of its own. */
  readonly reverseTable: Variable | null;
  /** The rows of indices. */
  lookup(indices: Tensor): Tensor;
  /** Products of vectors with all rows. */
  reverse(x: Tensor): Tensor;
  /** Values of the variables for a float table and one for the way back (null: tied). */
  encodeBoth(table: Tensor, reverse: Tensor | null): readonly Tensor[];
}
