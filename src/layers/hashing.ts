/** Texts and integers to buckets, by hash. */
import { ValueError } from "../errors.ts";
import type { DType } from "../dtype/index.ts";
import { dataTensor, type Shape, StringTensor, type Tensor } from "../graph/index.ts";
import { bucketOf, integerBuckets, type Salt } from "../hashing/index.ts";
import * as ops from "../ops/index.ts";
import { constantLike } from "../ops/promote.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { encodeCategories, type OutputMode } from "./encode-categories.ts";
import type { InputShape } from "./layer.ts";
import { describe, type LayerOptions, oneOf, positiveInteger, required } from "./layer-options.ts";
import { encodedShape, namesInt64, noSparse, saltOf } from "./lookup-options.ts";
import { type TextInput, TextLayer } from "./text-layer.ts";

/** Options of Hashing. */
export interface HashingOptions extends LayerOptions {
  /** Number of buckets. */
  readonly numBins: number;
  /** What goes into bucket 0, alone. Default: none. */
  readonly maskValue?: string | number | null;
  /** Key of SipHash, one integer or two. Default: none, FarmHash64. */
  readonly salt?: number | Salt | null;
  /** Default "int". */
  readonly outputMode?: OutputMode;
  /** Only false: there are no sparse tensors. */
  readonly sparse?: false;
}

/**
 * `hash(x) mod numBins`, with TensorFlow's hashes: the same bucket in every run and on every machine. Integers are
 * hashed as their decimal text, and as part of programs.
 *
 * Shapes: x `[batch, n]` -> int32 `[batch, n]`; `[batch, numBins]` for "multi_hot" and "count".
 *
 * @example
 * await layers.Hashing({ numBins: 3 })([["A"], ["B"]]).array(); // [[1], [0]]
 */
export class HashingLayer extends TextLayer<HashingOptions> {
  static override readonly className: string = "Hashing";
  declare numBins: number;
  declare salt: Salt | null;
  declare maskValue: string | number | null;
  declare outputMode: OutputMode;
  declare sparse: false;
  readonly #wide: boolean;

  constructor(options: HashingOptions) {
    super(options, { numBins: required, salt: null, maskValue: null, outputMode: "int", sparse: false });
    positiveInteger(this.label, "numBins", this.numBins);
    oneOf(this.label, "outputMode", this.outputMode, ["int", "one_hot", "multi_hot", "count"]);
    noSparse(this.label, this.sparse);
    this.salt = saltOf(this.label, this.salt);
    const dtype: unknown = options.dtype ?? null;
    this.#wide = this.outputMode === "int" && (dtype === null || namesInt64(dtype));
    if (this.#wide) this.dtype = "int32";
    if (this.outputMode === "int" && this.dtype !== "int32") {
      throw new ValueError({
        where: this.label,
        problem: 'buckets are integers in outputMode "int"',
        expected: 'dtype: "int32" or "int64"',
        received: describe(this.dtype),
      });
    }
  }

  protected override get inputDType(): DType {
    return "int32";
  }

  override build(): void {
    // Nothing depends on the shape of the input.
  }

  override call(input: TextInput): Tensor {
    const bins = this.maskValue !== null && this.numBins > 1 ? this.numBins - 1 : this.numBins;
    const masked = bins < this.numBins;
    const indices = input instanceof StringTensor ? this.#texts(input, bins, masked) : this.#integers(this.toIntegers(input), bins, masked);
    return encodeCategories(indices, this.outputMode, this.numBins, this.dtype);
  }

  #texts(texts: StringTensor, bins: number, masked: boolean): Tensor {
    const mask = String(this.maskValue);
    const bucket = (text: string): number => {
      if (masked && text === mask) return 0;
      return bucketOf(text, bins, this.salt) + (masked ? 1 : 0);
    };
    return dataTensor(Int32Array.from(texts.values, bucket), texts.shape, "int32");
  }

  #integers(x: Tensor, bins: number, masked: boolean): Tensor {
    const buckets = integerBuckets(x, bins, this.salt);
    if (!masked) return buckets;
    return ops.where(ops.equal(x, Number(this.maskValue)), constantLike(0, x), ops.add(buckets, 1));
  }

  override computeOutputShape(inputShape: InputShape): Shape {
    return encodedShape(inputShape as Shape, this.outputMode, this.numBins);
  }

  override getConfig(): Config {
    const config = super.getConfig();
    if (this.#wide) config.dtype = { module: "keras", class_name: "DTypePolicy", config: { name: "int64" }, registered_name: null };
    return config;
  }
}

/** Texts and integers to buckets; see {@link HashingLayer}. */
export const Hashing: CallableClass<typeof HashingLayer> = /* @__PURE__ */ callableClass(HashingLayer);
export type Hashing = HashingLayer;
