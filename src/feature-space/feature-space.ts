/** Tables of numbers and texts as vectors. */
import { Dataset } from "../data/index.ts";
import type { Element } from "../data/index.ts";
import { nearestNames, StateError, UnknownNameError, ValueError } from "../errors.ts";
import { isStringData, isText, StringTensor, stringTensor, Tensor } from "../graph/index.ts";
import { CategoryEncoding, HashedCrossing, Input, type Layer, Normalization, TextVectorization } from "../layers/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, CallableInstance, checkOptions } from "../serialization/index.ts";
import {
  type Cross,
  cross,
  type Feature,
  feature,
  type FeatureKind,
  float,
  floatDiscretized,
  floatNormalized,
  floatRescaled,
  integerCategorical,
  integerHashed,
  stringCategorical,
  stringHashed,
} from "./feature.ts";

/** Options of FeatureSpace. */
export interface FeatureSpaceOptions {
  /** What each column is: a name, or what `FeatureSpace.float(...)` and its like give. */
  readonly features: Readonly<Record<string, FeatureKind | Feature>>;
  /** One vector ("concat", default), or one tensor per column ("dict"). */
  readonly outputMode?: "concat" | "dict";
  /** Lists of columns that are hashed together, or what `FeatureSpace.cross` gives. */
  readonly crosses?: readonly (readonly string[] | Cross)[] | null;
  /** Places for each combination. Default 32. */
  readonly crossingDim?: number;
  /** Places for hashed features. Default 32. */
  readonly hashingDim?: number;
  /** Intervals for discretized features. Default 32. */
  readonly numDiscretizationBins?: number;
  readonly name?: string | null;
}

/** A table: an array per column. */
export type FeatureData = Readonly<Record<string, TensorLike | StringTensor | string | readonly string[] | readonly (readonly string[])[]>>;

type Column = Tensor | StringTensor;

/**
 * Turns the columns of a table into vectors that a model takes: numbers are scaled, categories indexed or hashed and
 * one-hot encoded, combinations hashed; in the order of the names, combinations last. `adapt` learns what there is to
 * learn; calling it (awaited) prepares data; `getInputs` and `getEncodedFeatures` make it the beginning of a model.
 *
 * @example
 * const space = new utils.FeatureSpace({ features: { age: "float_normalized", city: "string_categorical" } });
 * await space.adapt({ age: [20, 30, 40], city: ["Rome", "Oslo", "Rome"] });
 * await (await space({ age: [25], city: ["Oslo"] })).array();
 */
export class FeatureSpaceClass extends CallableInstance {
  static readonly className: string = "FeatureSpace";
  static readonly feature: typeof feature = feature;
  static readonly cross: typeof cross = cross;
  static readonly float: typeof float = float;
  static readonly floatRescaled: typeof floatRescaled = floatRescaled;
  static readonly floatNormalized: typeof floatNormalized = floatNormalized;
  static readonly floatDiscretized: typeof floatDiscretized = floatDiscretized;
  static readonly integerCategorical: typeof integerCategorical = integerCategorical;
  static readonly stringCategorical: typeof stringCategorical = stringCategorical;
  static readonly integerHashed: typeof integerHashed = integerHashed;
  static readonly stringHashed: typeof stringHashed = stringHashed;

  readonly features: Readonly<Record<string, Feature>>;
  readonly crosses: readonly Cross[];
  readonly outputMode: "concat" | "dict";
  /** The layer of each column. */
  readonly preprocessors: Readonly<Record<string, Layer>>;
  /** The layer of each combination, by the names joined with `_X_`. */
  readonly crossers: Readonly<Record<string, Layer>>;
  readonly #encoders = new Map<string, Layer>();
  #adapted: boolean;
  #inputs: Readonly<Record<string, Tensor>> | null = null;

  constructor(options: FeatureSpaceOptions) {
    super();
    const where = "FeatureSpace";
    checkOptions(where, options, ["features", "outputMode", "crosses", "crossingDim", "hashingDim", "numDiscretizationBins", "name"]);
    const { crossingDim = 32, hashingDim = 32, numDiscretizationBins = 32 } = options;
    const given = options.features as FeatureSpaceOptions["features"] | undefined;
    if (given === undefined || Object.keys(given).length === 0)
      throw new ValueError({ where, problem: "there are no features", expected: '{ features: { age: "float" } }', received: "none" });
    const made = (name: string, kind: FeatureKind | Feature): Feature =>
      typeof kind === "object"
        ? kind
        : featureOf(kind, { name, numBins: kind === "float_discretized" ? numDiscretizationBins : hashingDim });
    this.features = Object.fromEntries(Object.entries(given).map(([name, kind]) => [name, made(name, kind)]));
    this.crosses = (options.crosses ?? []).map((entry) => {
      const all = "featureNames" in entry ? entry : cross(entry, crossingDim);
      const unknown = all.featureNames.find((name) => !Object.hasOwn(this.features, name));
      if (unknown === undefined) return all;
      throw unknownFeature(where, unknown, Object.keys(this.features));
    });
    this.outputMode = options.outputMode ?? "concat";
    if (!["concat", "dict"].includes(this.outputMode))
      throw new ValueError({
        where,
        problem: "there is no such outputMode",
        expected: "concat, dict",
        received: JSON.stringify(this.outputMode),
      });
    this.preprocessors = Object.fromEntries(Object.entries(this.features).map(([name, { preprocessor }]) => [name, preprocessor]));
    this.crossers = Object.fromEntries(
      this.crosses.map(({ name, crossingDim: numBins }) => [name, HashedCrossing({ numBins, name: name.replaceAll("/", "_") })]),
    );
    this.#adapted = this.#learning().length === 0;
  }

  /** Names of the columns whose layers learn. */
  #learning(): string[] {
    return Object.keys(this.preprocessors).filter((name) => {
      const layer = this.preprocessors[name]!;
      if (layer instanceof Normalization && (layer as { mean?: unknown }).mean !== null && (layer as { mean?: unknown }).mean !== undefined)
        return false;
      const own = layer as { adapt?: unknown; vocabulary?: unknown; binBoundaries?: unknown };
      return typeof own.adapt === "function" && (own.vocabulary ?? null) === null && (own.binBoundaries ?? null) === null;
    });
  }

  /** Learns vocabularies, means and intervals from a table, or from a Dataset of rows or batches. Throws UnknownNameError where a column is missing. */
  async adapt(data: FeatureData | Dataset): Promise<void> {
    for (const name of this.#learning()) {
      const layer = this.preprocessors[name] as unknown as { adapt(data: unknown): Promise<void> };
      const column = (row: unknown): Column => asColumn("FeatureSpace.adapt", name, row as FeatureData, this.features[name]!);
      if (!(data instanceof Dataset)) {
        await layer.adapt(column(data));
        continue;
      }
      // One column, as one array: rows one below the other.
      const texts: string[] = [];
      const numbers: number[] = [];
      for await (const row of data as AsyncIterable<Element>) {
        const part = column(row);
        if (part instanceof StringTensor) texts.push(...(await part.data()));
        else numbers.push(...(await part.data()));
      }
      await layer.adapt(
        this.features[name]!.dtype === "string"
          ? new StringTensor(texts, [texts.length, 1])
          : ops.reshape(asTensor(numbers, this.features[name]!.dtype === "int32" ? "int32" : "float32"), [numbers.length, 1]),
      );
    }
    this.#adapted = true;
  }

  /** The columns of a table as vectors. A row (a value per column) gives a vector without batch. */
  override async call(data: FeatureData): Promise<Tensor | Record<string, Tensor>> {
    this.#check("FeatureSpace");
    const columns: Record<string, Column> = {};
    let single = true;
    for (const [name, spec] of Object.entries(this.features)) {
      const given = data[name];
      single &&=
        typeof given === "number" ||
        typeof given === "string" ||
        ((given instanceof Tensor || given instanceof StringTensor) && given.rank === 0);
      columns[name] = asColumn("FeatureSpace", name, data, spec);
    }
    const encoded = await this.#encoded(columns);
    const row = (x: Tensor): Tensor => (single ? ops.squeeze(x, 0) : x);
    return encoded instanceof Tensor ? row(encoded) : Object.fromEntries(Object.entries(encoded).map(([name, x]) => [name, row(x)]));
  }

  /** Inputs for a model, one per column. */
  getInputs(): Readonly<Record<string, Tensor>> {
    this.#check("FeatureSpace.getInputs");
    return (this.#inputs ??= Object.fromEntries(
      Object.entries(this.features).map(([name, { dtype }]) => [name, Input({ shape: [1], dtype, name })]),
    ));
  }

  /** What the inputs become, for the layers of a model. */
  getEncodedFeatures(): Tensor | Record<string, Tensor> {
    return this.#joined(this.#prepared(this.getInputs()));
  }

  #check(where: string): void {
    if (this.#adapted) return;
    throw new StateError({
      where,
      problem: "the features are not known yet",
      expected: `await space.adapt(data), for ${this.#learning().join(", ")}`,
    });
  }

  #prepared(columns: Readonly<Record<string, Column>>): Record<string, Column> {
    const prepared = Object.fromEntries(
      Object.keys(this.features).map((name) => [name, called(this.preprocessors[name]!, columns[name]!)]),
    );
    return this.#crossed(prepared);
  }

  async #encoded(columns: Readonly<Record<string, Column>>): Promise<Tensor | Record<string, Tensor>> {
    const prepared = Object.fromEntries(
      Object.keys(this.features).map((name) => [name, called(this.preprocessors[name]!, columns[name]!)]),
    );
    // Combinations are hashed by value.
    for (const name of new Set(this.crosses.flatMap(({ featureNames }) => featureNames))) await prepared[name]!.data();
    return this.#joined(this.#crossed(prepared));
  }

  #crossed(prepared: Record<string, Column>): Record<string, Column> {
    for (const { name, featureNames } of this.crosses)
      prepared[name] = called(
        this.crossers[name]!,
        featureNames.map((part) => prepared[part]!),
      );
    return prepared;
  }

  #joined(prepared: Readonly<Record<string, Column>>): Tensor | Record<string, Tensor> {
    const names = [...Object.keys(this.features).sort(), ...this.crosses.map(({ name }) => name).sort()];
    const encoded = names.map((name): [string, Tensor] => {
      const spec = this.features[name] ?? this.crosses.find((entry) => entry.name === name)!;
      const x = prepared[name]! as Tensor;
      return [name, spec.outputMode === "one_hot" ? (called(this.#encoder(name), x) as Tensor) : x];
    });
    if (this.outputMode === "dict") return Object.fromEntries(encoded);
    for (const [name, x] of encoded) {
      if (!isText(x) && (x.dtype === "float32" || x.dtype === "float64")) continue;
      throw new ValueError({
        where: "FeatureSpace",
        problem: `the feature "${name}" is not encoded, and cannot stand in a vector`,
        expected: 'outputMode "one_hot" or "float"',
        received: x.dtype,
        advice: 'use outputMode: "dict"',
      });
    }
    const tensors = encoded.map(([, x]) => x);
    return tensors.length === 1 ? tensors[0]! : ops.concatenate(tensors, -1);
  }

  #encoder(name: string): Layer {
    const known = this.#encoders.get(name);
    if (known !== undefined) return known;
    const layer = (this.preprocessors[name] ?? this.crossers[name])! as {
      vocabularySize?: () => number;
      numTokens?: number;
      numBins?: number | null;
      binBoundaries?: readonly number[] | null;
    } & Layer;
    const size =
      layer instanceof TextVectorization
        ? null
        : (layer.vocabularySize?.() ??
          layer.numTokens ??
          layer.numBins ??
          (layer.binBoundaries == null ? null : layer.binBoundaries.length + 1));
    if (size === null)
      throw new ValueError({
        where: "FeatureSpace",
        problem: `the number of values of "${name}" is not known`,
        expected: "a layer that gives indices: a lookup, Discretization or Hashing",
        received: layer.label,
        advice: 'use outputMode "int" or "float" for it',
      });
    const made = CategoryEncoding({ numTokens: size, outputMode: "multi_hot" });
    this.#encoders.set(name, made);
    return made;
  }
}

function called(layer: Layer, x: Column | readonly Column[]): Column {
  return layer(x) as Column;
}

function featureOf(kind: FeatureKind, options: { readonly name: string; readonly numBins: number }): Feature {
  const { name, numBins } = options;
  switch (kind) {
    case "float":
      return float({ name });
    case "float_rescaled":
      return floatRescaled({ name });
    case "float_normalized":
      return floatNormalized({ name });
    case "float_discretized":
      return floatDiscretized({ name, numBins });
    case "integer_categorical":
      return integerCategorical({ name });
    case "string_categorical":
      return stringCategorical({ name });
    case "integer_hashed":
      return integerHashed({ name, numBins });
    case "string_hashed":
      return stringHashed({ name, numBins });
    default:
      throw new UnknownNameError({
        where: "FeatureSpace",
        problem: `"${name}" is of no known kind`,
        expected: "float, float_normalized, string_categorical, ...",
        received: JSON.stringify(kind) ?? typeof kind,
      });
  }
}

function unknownFeature(where: string, name: string, known: readonly string[]): UnknownNameError {
  const near = nearestNames(name, known);
  return new UnknownNameError({
    where,
    problem: "there is no feature of this name",
    expected: known.join(", "),
    received: JSON.stringify(name),
    ...(near.length > 0 ? { advice: `perhaps "${near[0]!}"` } : {}),
  });
}

/** A column of a table as [rows, 1] or wider. */
function asColumn(where: string, name: string, data: FeatureData, { dtype }: Feature): Column {
  const given = typeof data === "object" && data !== null ? data[name] : undefined;
  if (given === undefined)
    throw new ValueError({
      where,
      problem: `the column "${name}" is missing`,
      expected: "an object with an array per column",
      received: Object.keys(data ?? {}).join(", ") || typeof data,
    });
  if (given instanceof StringTensor || isStringData(given)) {
    const texts = stringTensor(`${where}, column "${name}"`, given);
    return texts.rank < 2 ? texts.reshape([texts.size, 1]) : texts;
  }
  const numbers = asTensor(given, dtype === "string" ? "float32" : dtype);
  if (dtype === "string")
    throw new ValueError({ where, problem: `the column "${name}" holds texts`, expected: "texts", received: numbers.toString() });
  return numbers.rank < 2 ? ops.reshape(numbers, [numbers.size, 1]) : numbers;
}

/** Tables of numbers and texts as vectors; see {@link FeatureSpaceClass}. */
export const FeatureSpace: CallableClass<typeof FeatureSpaceClass> = /* @__PURE__ */ callableClass(FeatureSpaceClass);
export type FeatureSpace = FeatureSpaceClass;
