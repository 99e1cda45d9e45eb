/** What StringLookup and IntegerLookup share: options, vocabularies, adapting, encoding. */
import { ValueError } from "../errors.ts";
import type { StringTensor, Tensor, Variable } from "../graph/index.ts";
import { concreteShape, type Shape } from "../graph/index.ts";
import type { Salt } from "../hashing/index.ts";
import * as ops from "../ops/index.ts";
import type { Config } from "../serialization/index.ts";
import { type AdaptBatch, adaptBatches, type AdaptData, type AdaptOptions } from "./adapt-data.ts";
import { encodeCategories, type OutputMode } from "./encode-categories.ts";
import { IndexTable } from "./index-table.ts";
import type { InputShape } from "./layer.ts";
import { describe, type LayerOptions, type OptionDefaults } from "./layer-options.ts";
import { encodedShape, lookupOutputMode, noSparse, saltOf } from "./lookup-options.ts";
import { type TextInput, TextLayer } from "./text-layer.ts";
import type { StoredArray } from "./stored-variables.ts";
import { storeIdf, takeIdf, vocabularyFile, vocabularyLines, vocabularyText } from "./vocabulary-file.ts";

/** Options of StringLookup and IntegerLookup. */
export interface IndexLookupOptions<T extends string | number> extends LayerOptions {
  /** Largest number of indices, special ones included. Default: no limit. */
  readonly maxTokens?: number | null;
  /** Number of indices for terms that are not in the vocabulary. With more than one they are chosen by hash. Default 1. */
  readonly numOovIndices?: number;
  /** Term that becomes 0 ("int") or nothing. Default: none. */
  readonly maskToken?: T | null;
  /** What indices that stand for no term give when `invert` is true. */
  readonly oovToken?: T | null;
  /** Terms; special ones may be left out. */
  readonly vocabulary?: readonly T[] | null;
  /** Weight per term for "tf_idf". */
  readonly idfWeights?: readonly number[] | null;
  /** Indices to terms. Default false. */
  readonly invert?: boolean;
  /** Default "int". */
  readonly outputMode?: OutputMode | "tf_idf";
  /** Whether encoded outputs have `maxTokens` columns. Default false. */
  readonly padToMaxTokens?: boolean;
  /** Only false: there are no sparse tensors. */
  readonly sparse?: false;
  /** Key of SipHash for several out-of-vocabulary indices; FarmHash64 without one. */
  readonly salt?: number | Salt | null;
}

/** Options that Keras 3.4 does not know: written only where they are used. */
const newer = ["oov_method", "salt"];

/** Terms to indices or back. */
export abstract class IndexLookupLayer<T extends string | number, Options extends IndexLookupOptions<T>> extends TextLayer<Options> {
  declare maxTokens: number | null;
  declare numOovIndices: number;
  declare maskToken: T | null;
  declare oovToken: T | null;
  declare vocabulary: readonly T[] | null;
  declare idfWeights: readonly number[] | null;
  declare invert: boolean;
  declare outputMode: OutputMode | "tf_idf";
  declare padToMaxTokens: boolean;
  declare sparse: false;
  declare salt: Salt | null;
  protected readonly table: IndexTable<T>;
  #frozenSize: number | null;
  /** Weights per term of a file, until its vocabulary is read. */
  #storedIdf: readonly number[] | null = null;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, defaults);
    const own = this as unknown as { vocabularySize?: unknown };
    this.#frozenSize = typeof own.vocabularySize === "number" ? own.vocabularySize : null;
    delete own.vocabularySize;
    this.outputMode = lookupOutputMode(this.label, this.outputMode);
    noSparse(this.label, this.sparse);
    this.salt = saltOf(this.label, this.salt);
    this.#check();
    this.table = new IndexTable<T>(this.label, this);
    this.table.toldSize = this.#frozenSize;
    if (this.vocabulary !== null) {
      this.vocabulary = this.terms(this.vocabulary);
      this.#set(this.vocabulary, this.idfWeights);
    }
  }

  #check(): void {
    const { maxTokens, numOovIndices } = this;
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where: this.label, problem, expected, received: describe(received) });
    if (maxTokens !== null && !(Number.isInteger(maxTokens) && maxTokens > 1))
      throw wrong("maxTokens is too small or no whole number", "2, 3, ... or null", maxTokens);
    if (!Number.isInteger(numOovIndices) || numOovIndices < 0)
      throw wrong("numOovIndices is no whole number", "0, 1, 2, ...", numOovIndices);
    if (this.padToMaxTokens && maxTokens === null) throw wrong("padToMaxTokens needs maxTokens", "maxTokens: a number", maxTokens);
    if (this.invert && this.outputMode !== "int")
      throw wrong("invert gives terms: it goes with one output mode only", 'outputMode: "int"', this.outputMode);
    if (this.idfWeights !== null && this.outputMode !== "tf_idf")
      throw wrong("idfWeights belong to one output mode only", 'outputMode: "tf_idf"', this.outputMode);
  }

  /** A vocabulary as an array of terms. Throws ValueError for what is none. */
  protected abstract terms(vocabulary: unknown): T[];

  /** The term that a line of a vocabulary's file holds. */
  protected abstract termOf(line: string): T;

  /** The terms of a batch, in rows. */
  protected abstract rows(batch: Tensor | StringTensor): Promise<T[][]>;

  /** Indices of terms; -1 stands for the mask where it has no index. */
  protected abstract lookUp(input: TextInput): Tensor;

  /** Terms of indices. */
  protected abstract lookUpTerms(input: TextInput): Tensor | StringTensor;

  override build(): void {
    // Nothing depends on the shape of the input.
  }

  /** Learns the vocabulary: terms by how often they occur. Throws ValueError where a vocabulary was given. */
  async adapt(data: AdaptData, options: AdaptOptions = {}): Promise<void> {
    this.#expectLearning("adapt");
    this.table.reset();
    for await (const { batch, whole } of adaptBatches(this.label, data, options)) await this.#count(batch, whole);
    this.finalizeState();
  }

  /** Forgets what was counted: the first of the steps that `adapt` takes. Nothing where the vocabulary was given. */
  resetState(): void {
    if (this.vocabulary === null) this.table.reset();
  }

  /** Counts the terms of one batch; a vector is one document. Throws ValueError where a vocabulary was given. */
  async updateState(data: AdaptBatch): Promise<void> {
    this.#expectLearning("updateState");
    for await (const { batch } of adaptBatches(this.label, data)) await this.#count(batch, false);
  }

  /** Makes the vocabulary of what was counted: the last of the steps that `adapt` takes. Nothing where it was given. */
  finalizeState(): void {
    if (this.vocabulary !== null) return;
    this.table.finish();
    this.#frozenSize = this.table.size;
  }

  async #count(batch: Tensor | StringTensor, whole: boolean): Promise<void> {
    const rows = await this.rows(batch);
    // A vector that is given at once is a list of documents; as one of several batches it is one document.
    this.table.count(batch.rank === 1 && !whole ? [rows.flat()] : rows);
  }

  #expectLearning(method: string): void {
    if (this.vocabulary !== null) throw nothingToLearn(`${this.label}.${method}`, this.vocabulary.length);
  }

  /** Sets the terms (and, for "tf_idf", their weights). */
  setVocabulary(vocabulary: readonly T[], { idfWeights = null }: { readonly idfWeights?: readonly number[] | null } = {}): void {
    this.#set(this.terms(vocabulary), idfWeights);
  }

  #set(terms: readonly T[], idfWeights: readonly number[] | null): void {
    this.table.setVocabulary(terms, idfWeights);
    this.#frozenSize = this.table.size;
  }

  /** Terms by index; without special terms, the order of the vocabulary. */
  getVocabulary({ includeSpecialTokens = true }: { readonly includeSpecialTokens?: boolean } = {}): T[] {
    return this.table.vocabulary(includeSpecialTokens);
  }

  /** Number of indices, special ones included. */
  vocabularySize(): number {
    return this.table.size;
  }

  override saveOwnVariables(store: Map<string, Variable | Tensor>): void {
    super.saveOwnVariables(store);
    storeIdf(this.table.idfWeights, store);
  }

  override loadOwnVariables(store: ReadonlyMap<string, StoredArray>): void {
    const { idfWeights, rest } = takeIdf(store);
    this.#storedIdf = idfWeights;
    super.loadOwnVariables(rest);
  }

  /** The vocabulary that was learned; one that was given stands in the configuration. */
  override saveAssets(store: Map<string, string>): void {
    const text = this.vocabulary === null ? vocabularyText(this.table) : null;
    if (text !== null) store.set(vocabularyFile, text);
  }

  override loadAssets(store: ReadonlyMap<string, string>): void {
    const lines = this.vocabulary === null ? vocabularyLines(store.get(vocabularyFile), this.table as never) : null;
    if (lines !== null) this.#set(this.terms(lines.map((line) => this.termOf(line))), this.#storedIdf);
  }

  override call(input: TextInput): Tensor | StringTensor {
    if (this.invert) return this.lookUpTerms(input);
    const indices = this.lookUp(input);
    if (this.outputMode === "int") return indices;
    const depth = this.table.depth;
    if (this.outputMode !== "tf_idf") return encodeCategories(indices, this.outputMode, depth, "int32");
    const counts = encodeCategories(indices, "count", depth, "float32");
    return ops.multiply(counts, ops.convertToTensor(this.table.columnWeights, "float32"));
  }

  override computeOutputShape(inputShape: InputShape): Shape {
    const mode = this.outputMode === "tf_idf" ? "count" : this.outputMode;
    return encodedShape(inputShape as Shape, mode, mode === "int" ? 0 : this.table.depth);
  }

  override getConfig(): Config {
    const config = super.getConfig();
    config.vocabulary = this.vocabulary;
    config.vocabulary_size = this.#frozenSize;
    for (const key of newer) if (config[key] === null || config[key] === "floormod") delete config[key];
    return config;
  }
}

/** The error of learning a vocabulary that was given. */
export function nothingToLearn(where: string, terms: number): ValueError {
  return new ValueError({
    where,
    problem: "the vocabulary was given: there is nothing to learn",
    expected: "a layer without the option vocabulary",
    received: `${terms} terms`,
  });
}

/** The rows (all axes but the last) of a flat array. */
export function rowsOf<T>(flat: readonly T[], shape: readonly number[]): T[][] {
  const width = shape.length < 2 ? 1 : shape.at(-1)!;
  if (width === 0) return [];
  return Array.from({ length: flat.length / width }, (_, row) => flat.slice(row * width, (row + 1) * width));
}

/** Elements of a tensor where they are known already, without running anything. */
export function knownValues(x: Tensor): ArrayLike<number> | null {
  concreteShape(x);
  return x.node.values[x.index] ?? null;
}
