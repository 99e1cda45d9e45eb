/** Texts to sequences of integers, or to vectors of term weights. */
import { ShapeError, ValueError } from "../errors.ts";
import type { StringTensor, Tensor, Variable } from "../graph/index.ts";
import { dataTensor, formatShape, type Shape } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { type AdaptBatch, adaptBatches, type AdaptData, type AdaptOptions } from "./adapt-data.ts";
import { encodeCategories, type OutputMode } from "./encode-categories.ts";
import { nothingToLearn, rowsOf } from "./index-lookup.ts";
import { IndexTable } from "./index-table.ts";
import type { InputShape } from "./layer.ts";
import { describe, type LayerOptions, oneOf } from "./layer-options.ts";
import { encodedShape, lookupOutputMode, noSparse } from "./lookup-options.ts";
import { expectUtf8, textTerms } from "./string-lookup.ts";
import { type TextInput, TextLayer } from "./text-layer.ts";
import type { StoredArray } from "./stored-variables.ts";
import { storeIdf, takeIdf, vocabularyFile, vocabularyLines, vocabularyText } from "./vocabulary-file.ts";

/** How texts are made alike before they are split. */
export type Standardize = "lower_and_strip_punctuation" | "lower" | "strip_punctuation";
/** How texts are split into tokens. */
export type Split = "whitespace" | "character";

/** Options of TextVectorization. */
export interface TextVectorizationOptions extends LayerOptions {
  /** Largest size of the vocabulary, special terms included. Default: no limit. */
  readonly maxTokens?: number | null;
  /** A name, a function of one text, or null for none. Default "lower_and_strip_punctuation". */
  readonly standardize?: Standardize | ((text: string) => string) | null;
  /** A name, a function of one text, or null for none: each text is one token. Default "whitespace". */
  readonly split?: Split | ((text: string) => readonly string[]) | null;
  /** Tokens joined to n-grams: of up to this length, or of these lengths. Default: single tokens. */
  readonly ngrams?: number | readonly number[] | null;
  /** Default "int". */
  readonly outputMode?: OutputMode | "tf_idf";
  /** Length of the sequences ("int"); shorter ones are filled with 0. Default: that of the longest. */
  readonly outputSequenceLength?: number | null;
  /** Whether vectors have `maxTokens` columns. Default false. */
  readonly padToMaxTokens?: boolean;
  /** Terms, without special ones or with "" and "[UNK]" in front. */
  readonly vocabulary?: readonly string[] | null;
  /** Weight per term for "tf_idf". */
  readonly idfWeights?: readonly number[] | null;
  /** Only false: there are no sparse tensors. */
  readonly sparse?: false;
  /** Only false: there are no ragged tensors. */
  readonly ragged?: false;
  /** Only "utf-8". */
  readonly encoding?: "utf-8";
}

const punctuation = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;
const oovToken = "[UNK]";

/**
 * Texts standardized, split into tokens, joined to n-grams, and looked up in a vocabulary that is given or learned by
 * `adapt`: index 0 is padding, 1 an unknown term ("int"); vectors begin with the unknown term.
 *
 * Shapes: x texts `[batch]` or `[batch, 1]` -> int32 `[batch, tokens]`, or `[batch, vocabulary]`. With `split: null` x holds
 * tokens: `[batch, tokens]`, or `[tokens]`, one sequence without a batch.
 *
 * @example
 * const vectorize = layers.TextVectorization({ outputSequenceLength: 4 });
 * await vectorize.adapt(["the cat sat", "the dog"]);
 * await vectorize(["the bird sat"]).array();
 */
export class TextVectorizationLayer extends TextLayer<TextVectorizationOptions> {
  static override readonly className: string = "TextVectorization";
  static override readonly weightlessParts: readonly string[] = ["_lookup_layer"];
  declare maxTokens: number | null;
  declare standardize: Standardize | ((text: string) => string) | null;
  declare split: Split | ((text: string) => readonly string[]) | null;
  declare ngrams: number | readonly number[] | null;
  declare outputMode: OutputMode | "tf_idf";
  declare outputSequenceLength: number | null;
  declare padToMaxTokens: boolean;
  declare vocabulary: readonly string[] | null;
  declare idfWeights: readonly number[] | null;
  declare sparse: false;
  declare ragged: false;
  declare encoding: "utf-8";
  readonly #table: IndexTable<string>;
  /** The size that a configuration told; the terms that were learned do not stand in it. */
  readonly #frozenSize: number | null;
  /** Weights per term of a file, until its vocabulary is read. */
  #storedIdf: readonly number[] | null = null;

  constructor(options: TextVectorizationOptions = {}) {
    super(options, {
      maxTokens: null,
      standardize: "lower_and_strip_punctuation",
      split: "whitespace",
      ngrams: null,
      outputMode: "int",
      outputSequenceLength: null,
      padToMaxTokens: false,
      sparse: false,
      ragged: false,
      vocabulary: null,
      idfWeights: null,
      encoding: "utf-8",
      vocabularySize: null,
    });
    const own = this as { vocabularySize?: unknown };
    this.#frozenSize = typeof own.vocabularySize === "number" ? own.vocabularySize : null;
    delete own.vocabularySize;
    this.outputMode = lookupOutputMode(this.label, this.outputMode);
    this.#check();
    this.#table = new IndexTable<string>(this.label, {
      maxTokens: this.maxTokens,
      numOovIndices: 1,
      maskToken: "",
      oovToken,
      outputMode: this.outputMode,
      invert: false,
      padToMaxTokens: this.padToMaxTokens,
    });
    this.#table.toldSize = this.#frozenSize;
    if (this.vocabulary !== null) {
      this.vocabulary = textTerms(this.label, this.vocabulary);
      this.#table.setVocabulary(this.vocabulary, this.idfWeights);
    }
  }

  #check(): void {
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where: this.label, problem, expected, received: describe(received) });
    const whole = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
    if (typeof this.standardize !== "function" && this.standardize !== null)
      oneOf(this.label, "standardize", this.standardize, ["lower_and_strip_punctuation", "lower", "strip_punctuation"]);
    if (typeof this.split !== "function" && this.split !== null) oneOf(this.label, "split", this.split, ["whitespace", "character"]);
    const { maxTokens, ngrams, outputSequenceLength: length } = this;
    if (maxTokens !== null && !(whole(maxTokens) && maxTokens > 1))
      throw wrong("maxTokens is too small or no whole number", "2, 3, ... or null", maxTokens);
    if (this.padToMaxTokens && maxTokens === null) throw wrong("padToMaxTokens needs maxTokens", "maxTokens: a number", maxTokens);
    if (ngrams !== null && !(Array.isArray(ngrams) ? ngrams.length > 0 && ngrams.every(whole) : whole(ngrams)))
      throw wrong("ngrams is a length or a list of lengths", "2, [1, 3] or null", ngrams);
    if (length !== null && !whole(length)) throw wrong("outputSequenceLength is a length", "1, 2, 3, ... or null", length);
    if (length !== null && this.outputMode !== "int")
      throw wrong('outputSequenceLength goes with outputMode "int" only', 'outputMode: "int"', this.outputMode);
    if (this.idfWeights !== null && this.outputMode !== "tf_idf")
      throw wrong("idfWeights belong to one output mode only", 'outputMode: "tf_idf"', this.outputMode);
    noSparse(this.label, this.sparse);
    if ((this.ragged as boolean) === true) throw wrong("there are no ragged tensors", "ragged: false", true);
    expectUtf8(this.label, this.encoding);
  }

  override build(): void {
    // Nothing depends on the shape of the input.
  }

  /** Learns the vocabulary: terms by how often they occur. Throws ValueError where a vocabulary was given. */
  async adapt(data: AdaptData, options: AdaptOptions = {}): Promise<void> {
    if (this.vocabulary !== null) throw nothingToLearn(`${this.label}.adapt`, this.vocabulary.length);
    this.#table.reset();
    for await (const { batch, whole } of adaptBatches(this.label, data, options)) await this.#count(batch, whole);
    this.#table.finish();
  }

  /** Forgets what was counted: the first of the steps that `adapt` takes. Nothing where the vocabulary was given. */
  resetState(): void {
    if (this.vocabulary === null) this.#table.reset();
  }

  /** Counts the terms of one batch of texts. Throws ValueError where a vocabulary was given. */
  async updateState(data: AdaptBatch): Promise<void> {
    if (this.vocabulary !== null) throw nothingToLearn(`${this.label}.updateState`, this.vocabulary.length);
    for await (const { batch } of adaptBatches(this.label, data)) await this.#count(batch, true);
  }

  /** Makes the vocabulary of what was counted: the last of the steps that `adapt` takes. Nothing where it was given. */
  finalizeState(): void {
    if (this.vocabulary === null) this.#table.finish();
  }

  async #count(batch: Tensor | StringTensor, whole: boolean): Promise<void> {
    const texts = this.expectTexts(batch);
    await texts.data();
    // A list of texts is a list of samples, also where a call would take it for the tokens of one.
    this.#table.count(this.tokenize(whole && texts.rank === 1 ? texts.reshape([texts.values.length, 1]) : texts));
  }

  /** Sets the terms (and, for "tf_idf", their weights). */
  setVocabulary(vocabulary: readonly string[], { idfWeights = null }: { readonly idfWeights?: readonly number[] | null } = {}): void {
    this.#table.setVocabulary(textTerms(this.label, vocabulary), idfWeights);
  }

  /** Terms by index; without special terms, the order of the vocabulary. */
  getVocabulary({ includeSpecialTokens = true }: { readonly includeSpecialTokens?: boolean } = {}): string[] {
    return this.#table.vocabulary(includeSpecialTokens);
  }

  /** Number of indices, special ones included. */
  vocabularySize(): number {
    return this.#table.size;
  }

  /**
   * The tokens of each text; where nothing is split, those of each row, and a vector is one row. Throws ShapeError for texts
   * to split that are no vector.
   */
  tokenize(texts: StringTensor): string[][] {
    const { shape, values } = texts;
    if (this.split !== null && shape.length > 1 && shape.at(-1) !== 1) {
      throw new ShapeError({
        where: this.label,
        problem: "texts that are split form a vector",
        expected: "[batch] or [batch, 1]",
        received: formatShape(shape),
        advice: "reshape them, or set split to null where each text is one token already",
      });
    }
    const standardized = values.map((text) => this.#standardize(text));
    const rows =
      this.split === null
        ? rowsOf(standardized, shape.length === 1 ? [1, shape[0]!] : shape)
        : standardized.map((text) => this.#split(text));
    return rows.map((tokens) => this.#ngrams(tokens));
  }

  #standardize(text: string): string {
    const { standardize } = this;
    if (standardize === null) return text;
    if (typeof standardize === "function") return standardize(text);
    // TensorFlow lowers the letters of ASCII only.
    const cased = standardize === "strip_punctuation" ? text : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    return standardize === "lower" ? cased : cased.replace(punctuation, "");
  }

  #split(text: string): string[] {
    const { split } = this;
    if (typeof split === "function") return [...split(text)];
    return split === "character" ? Array.from(text) : text.split(/[ \t\n\v\f\r]+/).filter((token) => token !== "");
  }

  #ngrams(tokens: string[]): string[] {
    const { ngrams } = this;
    if (ngrams === null) return tokens;
    const widths = typeof ngrams === "number" ? Array.from({ length: ngrams }, (_, i) => i + 1) : ngrams;
    return widths.flatMap((width) =>
      Array.from({ length: Math.max(0, tokens.length - width + 1) }, (_, start) => tokens.slice(start, start + width).join(" ")),
    );
  }

  override saveOwnVariables(store: Map<string, Variable | Tensor>): void {
    super.saveOwnVariables(store);
    storeIdf(this.#table.idfWeights, store);
  }

  override loadOwnVariables(store: ReadonlyMap<string, StoredArray>): void {
    const { idfWeights, rest } = takeIdf(store);
    this.#storedIdf = idfWeights;
    super.loadOwnVariables(rest);
  }

  /** The vocabulary that was learned, for the layer and for the StringLookup that Keras has in it. */
  override saveAssets(store: Map<string, string>): void {
    const text = this.vocabulary === null ? vocabularyText(this.#table) : null;
    if (text === null) return;
    store.set(vocabularyFile, text);
    store.set(`_lookup_layer/${vocabularyFile}`, text);
  }

  override loadAssets(store: ReadonlyMap<string, string>): void {
    const lines = this.vocabulary === null ? vocabularyLines(store.get(vocabularyFile), this.#table) : null;
    if (lines !== null) this.#table.setVocabulary(lines, this.#storedIdf);
  }

  override call(input: TextInput): Tensor {
    const texts = this.expectTexts(input);
    const encoded = this.#encode(this.tokenize(texts).map((tokens) => tokens.map((token) => this.#indexOf(token))));
    if (texts.rank === 0 || (texts.rank === 1 && this.split === null)) return ops.squeeze(encoded, 0);
    const alike = this.outputMode === "int" && this.split === null && this.ngrams === null && this.outputSequenceLength === null;
    return alike ? ops.reshape(encoded, texts.shape) : encoded;
  }

  #encode(rows: readonly (readonly number[])[]): Tensor {
    const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
    if (this.outputMode === "int") return padded(rows, this.outputSequenceLength ?? longest, 0);
    // -1 is in no column.
    const indices = padded(rows, Math.max(1, longest), -1);
    const depth = this.#table.depth;
    if (this.outputMode !== "tf_idf") return encodeCategories(indices, this.outputMode, depth, "int32");
    return ops.multiply(encodeCategories(indices, "count", depth, "float32"), ops.convertToTensor(this.#table.columnWeights, "float32"));
  }

  #indexOf(token: string): number {
    if (token === "") return this.outputMode === "int" ? 0 : -1;
    return this.#table.indexOf(token) ?? this.#table.oovStart;
  }

  override computeOutputShape(inputShape: InputShape): Shape {
    const shape = inputShape as Shape;
    if (this.outputMode === "int") return [shape[0]!, this.outputSequenceLength];
    const rows = this.split === null ? (shape.length <= 1 ? [...shape, 1] : shape) : [...shape.slice(0, 1), null];
    return encodedShape(rows, this.outputMode === "tf_idf" ? "count" : this.outputMode, this.#table.depth);
  }

  override getConfig(): Config {
    for (const key of ["standardize", "split"] as const) {
      if (typeof this[key] !== "function") continue;
      throw new ValueError({
        where: `${this.label}.getConfig`,
        problem: `${key} is a function, which no configuration can hold`,
        expected: "a name, or null",
        received: "a function",
        advice: "standardize and split the texts before the layer",
      });
    }
    return {
      ...super.getConfig(),
      vocabulary: this.vocabulary,
      vocabulary_size: this.#table.known ? this.#table.size : (this.#frozenSize ?? this.#table.size),
    };
  }
}

/** Rows of indices as one tensor of a width. */
function padded(rows: readonly (readonly number[])[], width: number, fill: number): Tensor {
  const data = new Int32Array(rows.length * width).fill(fill);
  rows.forEach((row, index) => data.set(row.slice(0, width), index * width));
  return dataTensor(data, [rows.length, width], "int32");
}

/** Texts to integers or vectors; see {@link TextVectorizationLayer}. */
export const TextVectorization: CallableClass<typeof TextVectorizationLayer> = /* @__PURE__ */ callableClass(TextVectorizationLayer);
export type TextVectorization = TextVectorizationLayer;
