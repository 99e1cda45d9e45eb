/** Integer categories as indicator vectors or counts. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { formatShape, sameShape } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { encodeCategories } from "./encode-categories.ts";
import type { CallOptions } from "./layer.ts";
import { describe, type LayerOptions, oneOf, positiveInteger, required } from "./layer-options.ts";
import { noSparse } from "./lookup-options.ts";
import { checkedIndices } from "./sorted-search.ts";
import { type TextInput, TextLayer } from "./text-layer.ts";

/** Options of CategoryEncoding. */
export interface CategoryEncodingOptions extends LayerOptions {
  /** Number of categories; they are 0 to numTokens - 1. */
  readonly numTokens: number;
  /** Default "multi_hot". */
  readonly outputMode?: "one_hot" | "multi_hot" | "count";
  /** Only false: there are no sparse tensors. */
  readonly sparse?: false;
}

/** Options of a call of CategoryEncoding. */
export interface CategoryEncodingCallOptions extends CallOptions {
  /** What each occurrence counts for, in mode "count". Shape of the input. Default: 1. */
  readonly countWeights?: TensorLike | null;
}

/**
 * Categories encoded: an indicator vector per category ("one_hot"), per sample ("multi_hot"), or how often each occurs
 * ("count"). A program that meets a category outside [0, numTokens) fails with IndexError.
 *
 * Shapes: x int `[batch, n]` -> `[batch, numTokens]`; "one_hot": `[batch, n, numTokens]`, or `[batch, numTokens]` for n = 1.
 *
 * @example
 * await layers.CategoryEncoding({ numTokens: 4 })([[0, 1], [3, 3]]).array(); // [[1, 1, 0, 0], [0, 0, 0, 1]]
 */
export class CategoryEncodingLayer extends TextLayer<CategoryEncodingOptions> {
  static override readonly className: string = "CategoryEncoding";
  declare numTokens: number;
  declare outputMode: "one_hot" | "multi_hot" | "count";
  declare sparse?: false;

  constructor(options: CategoryEncodingOptions) {
    const { sparse, ...others } = { sparse: false, ...options };
    super(others, { numTokens: required, outputMode: "multi_hot" });
    positiveInteger(this.label, "numTokens", this.numTokens);
    if ((this.outputMode as string) === "binary") this.outputMode = "multi_hot";
    oneOf(this.label, "outputMode", this.outputMode, ["one_hot", "multi_hot", "count"]);
    noSparse(this.label, sparse);
  }

  protected override get inputDType(): "int32" {
    return "int32";
  }

  override call(input: TextInput, { countWeights = null }: CategoryEncodingCallOptions = {}): Tensor {
    const indices = checkedIndices(this.toIntegers(input), this.numTokens);
    if (countWeights === null) return encodeCategories(indices, this.outputMode, this.numTokens, this.dtype);
    if (this.outputMode !== "count") {
      throw new ValueError({
        where: this.label,
        problem: "countWeights go with one output mode only",
        expected: 'outputMode: "count"',
        received: describe(this.outputMode),
      });
    }
    const weights = asTensor(countWeights, this.computeDtype);
    if (!sameShape(weights.shape, indices.shape)) {
      throw new ValueError({
        where: this.label,
        problem: "countWeights have the shape of the input",
        expected: formatShape(indices.shape),
        received: formatShape(weights.shape),
      });
    }
    return encodeCategories(indices, "count", this.numTokens, this.dtype, weights);
  }
}

/** Integer categories as vectors; see {@link CategoryEncodingLayer}. */
export const CategoryEncoding: CallableClass<typeof CategoryEncodingLayer> = /* @__PURE__ */ callableClass(CategoryEncodingLayer);
export type CategoryEncoding = CategoryEncodingLayer;
