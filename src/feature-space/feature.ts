/** What a column of a table is, and how it becomes numbers. */
import type { DType } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { Discretization, Hashing, Identity, IntegerLookup, type Layer, Normalization, Rescaling, StringLookup } from "../layers/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** What stands in the output for a feature: its number, a column per value, or the numbers as they are. */
export type FeatureMode = "int" | "one_hot" | "float";

/** A column, the layer that prepares it, and what stands for it in the output. */
export interface Feature {
  readonly dtype: DType | "string";
  readonly preprocessor: Layer;
  readonly outputMode: FeatureMode;
}

/** Columns that are hashed together. */
export interface Cross {
  readonly featureNames: readonly string[];
  readonly crossingDim: number;
  readonly outputMode: "int" | "one_hot";
  /** The names, joined by `_X_`. */
  readonly name: string;
}

/** Names of kinds of features with their usual options. */
export type FeatureKind =
  | "float"
  | "float_rescaled"
  | "float_normalized"
  | "float_discretized"
  | "integer_categorical"
  | "string_categorical"
  | "integer_hashed"
  | "string_hashed";

interface Named {
  readonly name?: string | null;
}
interface Encoded extends Named {
  /** Default "one_hot". */
  readonly outputMode?: FeatureMode;
}
/** Options of categorical features. */
export interface CategoricalOptions extends Encoded {
  readonly maxTokens?: number | null;
  /** Default 1. */
  readonly numOovIndices?: number;
}
/** Options of features that are hashed or cut into intervals. */
export interface BinnedOptions extends Encoded {
  readonly numBins: number;
  /** Borders of the intervals instead of `adapt`. */
  readonly binBoundaries?: readonly number[] | null;
}

function modeOf(where: string, mode: unknown, known: readonly string[]): FeatureMode {
  if (known.includes(mode as string)) return mode as FeatureMode;
  throw new ValueError({
    where,
    problem: "there is no such outputMode",
    expected: known.join(", "),
    received: JSON.stringify(mode) ?? typeof mode,
  });
}

function layerName({ name }: Named): { name?: string } {
  return name === null || name === undefined ? {} : { name: `${name}_preprocessor` };
}

/** A feature with a layer of one's own. */
export function feature(options: Feature): Feature {
  const where = "FeatureSpace.feature";
  checkOptions(where, options, ["dtype", "preprocessor", "outputMode"]);
  modeOf(where, options.outputMode, ["int", "one_hot", "float"]);
  return { ...options };
}

/** Columns whose combinations are hashed into `crossingDim` places. */
export function cross(
  featureNames: readonly string[],
  crossingDim: number,
  options: { readonly outputMode?: "int" | "one_hot" } = {},
): Cross {
  const where = "FeatureSpace.cross";
  checkOptions(where, options, ["outputMode"]);
  const outputMode = modeOf(where, options.outputMode ?? "one_hot", ["int", "one_hot"]) as Cross["outputMode"];
  return { featureNames: [...featureNames], crossingDim, outputMode, name: featureNames.join("_X_") };
}

/** Numbers as they are. */
export function float(options: Named = {}): Feature {
  return { dtype: "float32", preprocessor: Identity(layerName(options)), outputMode: "float" };
}

/** `x scale + offset`. */
export function floatRescaled(options: Named & { readonly scale?: number; readonly offset?: number } = {}): Feature {
  const { scale = 1, offset = 0 } = options;
  return { dtype: "float32", preprocessor: Rescaling({ scale, offset, ...layerName(options) }), outputMode: "float" };
}

/** Numbers with mean 0 and variance 1, learned by `adapt`. */
export function floatNormalized(options: Named = {}): Feature {
  return { dtype: "float32", preprocessor: Normalization({ axis: -1, ...layerName(options) }), outputMode: "float" };
}

/** The interval of a number; intervals are given, or learned by `adapt`. */
export function floatDiscretized(options: BinnedOptions): Feature {
  const { numBins, binBoundaries = null, outputMode = "one_hot" } = options;
  const bins = binBoundaries === null ? { numBins } : { binBoundaries };
  return { dtype: "float32", preprocessor: Discretization({ ...bins, ...layerName(options) }), outputMode };
}

/** The place of a whole number in a vocabulary that `adapt` learns. */
export function integerCategorical(options: CategoricalOptions = {}): Feature {
  const { maxTokens = null, numOovIndices = 1, outputMode = "one_hot" } = options;
  return { dtype: "int32", preprocessor: IntegerLookup({ maxTokens, numOovIndices, ...layerName(options) }), outputMode };
}

/** The place of a text in a vocabulary that `adapt` learns. */
export function stringCategorical(options: CategoricalOptions = {}): Feature {
  const { maxTokens = null, numOovIndices = 1, outputMode = "one_hot" } = options;
  return { dtype: "string", preprocessor: StringLookup({ maxTokens, numOovIndices, ...layerName(options) }), outputMode };
}

/** A text hashed into one of `numBins` places. */
export function stringHashed(options: BinnedOptions): Feature {
  return {
    dtype: "string",
    preprocessor: Hashing({ numBins: options.numBins, ...layerName(options) }),
    outputMode: options.outputMode ?? "one_hot",
  };
}

/** A whole number hashed into one of `numBins` places. */
export function integerHashed(options: BinnedOptions): Feature {
  return {
    dtype: "int32",
    preprocessor: Hashing({ numBins: options.numBins, ...layerName(options) }),
    outputMode: options.outputMode ?? "one_hot",
  };
}
