/** Combinations of categories to buckets, by hash. */
import { ShapeError, ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { dataTensor, formatShape, sameShape, type Shape, StringTensor } from "../graph/index.ts";
import { concatenateFingerprints, farmHash64 } from "../hashing/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { encodeCategories } from "./encode-categories.ts";
import { knownValues } from "./index-lookup.ts";
import type { InputShape } from "./layer.ts";
import { describe, type LayerOptions, oneOf, positiveInteger, required } from "./layer-options.ts";
import { encodedShape, namesInt64, noSparse } from "./lookup-options.ts";
import { TextLayer } from "./text-layer.ts";

/** Options of HashedCrossing. */
export interface HashedCrossingOptions extends LayerOptions {
  /** Number of buckets. */
  readonly numBins: number;
  /** Default "int". */
  readonly outputMode?: "int" | "one_hot";
  /** Only false: there are no sparse tensors. */
  readonly sparse?: false;
}

/** TensorFlow's default key of crossings. */
const hashKey = 0xdecafcaffen;

/**
 * The bucket of each combination of features: their fingerprints, joined in order, modulo `numBins`. Features are texts
 * or integers of known value (the layer is called before a program begins).
 *
 * Shapes: features `[batch]` or `[batch, 1]` each -> int32 of the same shape, or `[batch, numBins]` for "one_hot".
 *
 * @example
 * const cross = layers.HashedCrossing({ numBins: 5 });
 * await cross([tensor(["A", "B"], { dtype: "string" }), tensor(["d", "e"], { dtype: "string" })]).array(); // [2, 4]
 */
export class HashedCrossingLayer extends TextLayer<HashedCrossingOptions> {
  static override readonly className: string = "HashedCrossing";
  declare numBins: number;
  declare outputMode: "int" | "one_hot";
  declare sparse: false;
  readonly #wide: boolean;

  constructor(options: HashedCrossingOptions) {
    super(options, { numBins: required, outputMode: "int", sparse: false });
    positiveInteger(this.label, "numBins", this.numBins);
    oneOf(this.label, "outputMode", this.outputMode, ["int", "one_hot"]);
    noSparse(this.label, this.sparse);
    const dtype: unknown = options.dtype ?? null;
    this.#wide = this.outputMode === "int" && (dtype === null || namesInt64(dtype));
    if (this.#wide) this.dtype = "int32";
  }

  /** The list of features stays a list. */
  protected override wrapArrays(value: unknown): unknown {
    return Array.isArray(value) ? value.map((part) => super.wrapArrays(part)) : value;
  }

  override get runsOnHost(): boolean {
    return true;
  }

  override build(): void {
    // Nothing depends on the shape of the input.
  }

  override call(inputs: readonly (Tensor | StringTensor)[]): Tensor {
    if (!Array.isArray(inputs) || inputs.length < 2) {
      throw new ValueError({
        where: this.label,
        problem: "the layer takes a list of at least two features",
        expected: "[a, b]",
        received: Array.isArray(inputs) ? `a list of ${inputs.length}` : describe(inputs),
      });
    }
    const features = inputs as readonly (Tensor | StringTensor)[];
    const shape = features[0]!.shape as number[];
    for (const feature of features) {
      if (shape.length <= 2 && (shape.length < 2 || shape[1] === 1) && sameShape(feature.shape, shape)) continue;
      throw new ShapeError({
        where: this.label,
        problem: "features are vectors of one length",
        expected: "[batch] or [batch, 1] each, all the same",
        received: features.map((each) => formatShape(each.shape)).join(" and "),
      });
    }
    const fingerprints = features.map((feature) => this.#fingerprints(feature));
    const size = shape.reduce((product, extent) => product * extent, 1);
    const buckets = Int32Array.from({ length: size }, (_, row) => {
      const joined = fingerprints.reduce((hash, feature) => concatenateFingerprints(hash, feature[row]!), hashKey);
      return Number(joined % BigInt(this.numBins));
    });
    return encodeCategories(dataTensor(buckets, shape, "int32"), this.outputMode, this.numBins, this.dtype);
  }

  #fingerprints(feature: Tensor | StringTensor): bigint[] {
    if (feature instanceof StringTensor) {
      const encoder = new TextEncoder();
      return feature.values.map((text) => farmHash64(encoder.encode(text)));
    }
    const known = feature.dtype === "float32" || feature.dtype === "float64" ? null : knownValues(feature);
    if (known !== null) return Array.from(known, (value) => BigInt.asUintN(64, BigInt(value)));
    throw new ValueError({
      where: this.label,
      problem: "features are texts, or integers whose values are known",
      expected: 'tensor(["a"], { dtype: "string" }) or tensor([1], { dtype: "int32" })',
      received: feature.toString(),
      advice: "cross the features before the model; read computed ones first: await x.data()",
    });
  }

  override computeOutputShape(inputShape: InputShape): Shape {
    return encodedShape((inputShape as readonly Shape[])[0]!, this.outputMode, this.numBins);
  }

  override getConfig(): Config {
    const { num_bins, output_mode, sparse, name } = super.getConfig();
    return { num_bins, output_mode, sparse, name, dtype: this.#wide ? "int64" : this.dtype };
  }
}

/** Combinations of categories to buckets; see {@link HashedCrossingLayer}. */
export const HashedCrossing: CallableClass<typeof HashedCrossingLayer> = /* @__PURE__ */ callableClass(HashedCrossingLayer);
export type HashedCrossing = HashedCrossingLayer;
