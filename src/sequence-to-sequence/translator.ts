/** A trained model with its tokenizers: sentences in, sentences out. */
import { ShapeError, ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import type { Model } from "../models/index.ts";
import { jit } from "../runtime/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { beamSearch, type FoundSequence } from "../text/beam-search.ts";
import type { BytePairTokenizer } from "../text/byte-pair-tokenizer.ts";
import { type Decoding, decodingOf, type TensorParts } from "./decoding.ts";

/** What a Translator is made of. */
export interface TranslatorOptions {
  /** A model of `transformerTranslator` or `attentionTranslator`. */
  readonly model: Model;
  readonly sourceTokenizer: BytePairTokenizer;
  /** Knows the tokens below. */
  readonly targetTokenizer: BytePairTokenizer;
  /** Default "[START]". */
  readonly startToken?: string;
  /** Ends sources and targets. Default "[END]". */
  readonly endToken?: string;
}

/** Options of `Translator.translate` and `Translator.search`. */
export interface TranslateOptions {
  /** Sentences that are followed at a time; 1 is greedy search. Default 4. */
  readonly beamWidth?: number;
  /** alpha of the length penalty, see `beamSearch`. Default 0.6. */
  readonly lengthPenalty?: number;
  /** Sentences of a batch. Default 64. */
  readonly batchSize?: number;
  /** Tokens of a translation at most, as a function of the source's. Default `1.5 n + 10`, and what the model can. */
  readonly maxTokens?: (sourceTokens: number) => number;
}

/** Which words of the source a translation looked at. */
export interface TranslationAttention {
  /** Tokens of the source, as texts, the end among them. */
  readonly source: readonly string[];
  /** Tokens of the translation, as texts, the end among them. */
  readonly target: readonly string[];
  /** A row for every token of the target, over the tokens of the source: shares that sum to 1. */
  readonly weights: readonly (readonly number[])[];
}

/**
 * Translates with a trained model: sentences are sorted by length, read in batches, and written by a beam search that keeps
 * the decoder's state (keys and values of a transformer, the state of a recurrent decoder) from token to token.
 *
 * @example
 * const translator = new text.Translator({ model, sourceTokenizer, targetTokenizer });
 * const [english] = await translator.translate(["Ein Hund läuft durch das Gras."], { beamWidth: 4 });
 */
export class Translator {
  readonly model: Model;
  readonly sourceTokenizer: BytePairTokenizer;
  readonly targetTokenizer: BytePairTokenizer;
  readonly #decoding: Decoding<TensorParts, TensorParts>;
  readonly #start: number;
  readonly #end: number;
  readonly #sourceEnd: number;
  readonly #encode: (source: Tensor) => TensorParts;
  readonly #begin: (encoded: TensorParts, width: number, maxLength: number) => TensorParts;
  readonly #step: Decoding<TensorParts, TensorParts>["step"];
  readonly #attention: (source: Tensor, target: Tensor) => Tensor;

  constructor(options: TranslatorOptions) {
    checkOptions("Translator", options, ["model", "sourceTokenizer", "targetTokenizer", "startToken", "endToken"]);
    const { model, sourceTokenizer, targetTokenizer, startToken = "[START]", endToken = "[END]" } = options;
    this.model = model;
    this.sourceTokenizer = sourceTokenizer;
    this.targetTokenizer = targetTokenizer;
    const decoding = decodingOf(model);
    this.#decoding = decoding;
    this.#start = targetTokenizer.tokenToId(startToken);
    this.#end = targetTokenizer.tokenToId(endToken);
    this.#sourceEnd = sourceTokenizer.tokenToId(endToken);
    this.#encode = jit((source: Tensor) => decoding.encode(source));
    this.#begin = jit((encoded: TensorParts, width: number, maxLength: number) => decoding.begin(encoded, width, maxLength));
    this.#step = jit((encoded: TensorParts, tokens: Tensor, position: Tensor, state: TensorParts) =>
      decoding.step(encoded, tokens, position, state),
    );
    this.#attention = jit((source: Tensor, target: Tensor) => decoding.attention(source, target));
  }

  /** The best translation of every sentence. Throws ValueError for an empty one, ShapeError for one that the model cannot hold. */
  async translate(sentences: readonly string[], options: TranslateOptions = {}): Promise<string[]> {
    const found = await this.search(sentences, options);
    return found.map((candidates) => this.targetTokenizer.decode(candidates[0]!.tokens));
  }

  /** The translations that the beam search found for every sentence, best first. */
  async search(sentences: readonly string[], options: TranslateOptions = {}): Promise<FoundSequence[][]> {
    const where = "Translator";
    checkOptions(where, options, ["beamWidth", "lengthPenalty", "batchSize", "maxTokens"]);
    const { beamWidth = 4, lengthPenalty = 0.6, batchSize = 64, maxTokens = (n: number) => Math.ceil(1.5 * n) + 10 } = options;
    const sources = sentences.map((sentence, i) => this.#sourceTokens(sentence, i));
    // Sentences of similar lengths end at about the same step.
    const order = [...sources.keys()].sort((a, b) => sources[a]!.length - sources[b]!.length || a - b);
    const results = new Array<FoundSequence[]>(sources.length);
    for (let from = 0; from < order.length; from += batchSize) {
      const rows = order.slice(from, from + batchSize);
      const longest = sources[rows.at(-1)!]!.length;
      const most = this.#decoding.sequenceLength ?? Infinity;
      const found = await this.#searchBatch(
        rows.map((row) => sources[row]!),
        Math.min(roundedUp(longest), most),
        { beamWidth, lengthPenalty, maxLength: Math.min(roundedUp(maxTokens(longest) + 1), most) },
      );
      rows.forEach((row, i) => (results[row] = found[i]!));
    }
    return results;
  }

  async #searchBatch(
    sources: readonly (readonly number[])[],
    length: number,
    { maxLength, ...options }: { beamWidth: number; lengthPenalty: number; maxLength: number },
  ): Promise<FoundSequence[][]> {
    const batch = sources.length;
    const encoded = this.#encode(padded(sources, length));
    const next = async (tokens: Tensor, count: number, state: TensorParts): Promise<{ logits: Tensor; state: TensorParts }> => {
      const all = (await tokens.data()) as Int32Array;
      const last = Int32Array.from({ length: tokens.dim(0) }, (_, row) => all[row * maxLength + count - 1]!);
      return this.#step(encoded, dataTensor(last, [last.length], "int32"), dataTensor(Int32Array.of(count - 1), [], "int32"), state);
    };
    return await beamSearch<TensorParts>(next, {
      ...options,
      // Every sentence's rows are made at once: the search need not repeat them.
      state: this.#begin(encoded, 1, maxLength),
      batchSize: batch,
      startTokens: this.#start,
      endToken: this.#end,
      maxLength,
    });
  }

  /**
   * Which tokens of the source every token of a translation looked at while it was chosen (of a transformer the mean of the
   * heads of the last layer). `translation`: default the one that beam search finds.
   */
  async attention(sentence: string, translation?: string): Promise<TranslationAttention> {
    const source = this.#sourceTokens(sentence, 0);
    const said = this.targetTokenizer.encode(translation ?? (await this.translate([sentence]))[0]!);
    const target = [this.#start, ...said];
    const weights = (await this.#attention(padded([source], source.length), padded([target], target.length)).array()) as number[][][];
    return {
      source: source.map((id) => this.#shown(this.sourceTokenizer, id)),
      target: [...said, this.#end].map((id) => this.#shown(this.targetTokenizer, id)),
      weights: weights[0]!,
    };
  }

  #shown(tokenizer: BytePairTokenizer, id: number): string {
    return tokenizer.decode([id], { skipSpecialTokens: false });
  }

  #sourceTokens(sentence: string, index: number): number[] {
    const tokens = this.sourceTokenizer.encode(sentence);
    const most = this.#decoding.sequenceLength;
    if (tokens.length === 0)
      throw new ValueError({
        where: "Translator",
        problem: `sentence ${index} is empty`,
        expected: "at least one character",
        received: JSON.stringify(sentence),
        advice: "leave empty lines out",
      });
    if (most !== null && tokens.length + 1 > most)
      throw new ShapeError({
        where: "Translator",
        problem: `sentence ${index} is longer than the model can read`,
        expected: `at most ${most - 1} tokens`,
        received: `${tokens.length} tokens: ${JSON.stringify(sentence.slice(0, 60))}`,
        advice: "cut the sentence, or train a model with a larger sequenceLength",
      });
    return [...tokens, this.#sourceEnd];
  }
}

/** Lengths in steps of 8: few programs serve all sentences. */
function roundedUp(length: number): number {
  return 8 * Math.ceil(length / 8);
}

function padded(rows: readonly (readonly number[])[], length: number): Tensor {
  const values = new Int32Array(rows.length * length);
  rows.forEach((row, i) => values.set(row, i * length));
  return dataTensor(values, [rows.length, length], "int32");
}
