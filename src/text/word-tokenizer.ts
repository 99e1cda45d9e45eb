/** Texts as numbers of words, and back: for small vocabularies, as those of captions. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { encodeBatch, type EncodeBatchOptions } from "./encode-batch.ts";

/** Options of `WordTokenizer.train`. */
export interface WordTrainingOptions {
  /** Most entries of the vocabulary, special tokens included. Default: no limit. */
  readonly vocabularySize?: number | null;
  /** How often a word must occur. Default 1. */
  readonly minFrequency?: number;
  /** What stands for a word that is not in the vocabulary; null: such a word is an error. Default "[UNK]". */
  readonly unknownToken?: string | null;
  /** Tokens that stand for themselves, numbered from 0 on; the unknown token follows. Default "[PAD]", "[START]", "[END]". */
  readonly specialTokens?: readonly string[];
}

/** A word tokenizer as JSON. */
export interface WordTokenizerJson {
  readonly type: "WordTokenizer";
  readonly vocabulary: readonly string[];
  readonly specialTokens: readonly string[];
  readonly unknownToken: string | null;
}

/**
 * Words in small letters, without punctuation, numbered by how often they occur (ties by the alphabet), after the special
 * tokens.
 *
 * @example
 * const tokenizer = text.WordTokenizer.train(["A dog runs.", "A cat sleeps."]);
 * tokenizer.decode(tokenizer.encode("a dog sleeps")); // "a dog sleeps"
 */
export class WordTokenizer {
  /** Token of each number. */
  readonly vocabulary: readonly string[];
  readonly specialTokens: readonly string[];
  readonly unknownToken: string | null;
  readonly #idOf: ReadonlyMap<string, number>;

  constructor(vocabulary: readonly string[], specialTokens: readonly string[], unknownToken: string | null) {
    this.vocabulary = vocabulary;
    this.specialTokens = specialTokens;
    this.unknownToken = unknownToken;
    this.#idOf = new Map(vocabulary.map((token, id) => [token, id]));
    const missing = [...specialTokens, ...(unknownToken === null ? [] : [unknownToken])].find((token) => !this.#idOf.has(token));
    if (missing !== undefined || this.#idOf.size !== vocabulary.length)
      throw new ValueError({
        where: "WordTokenizer",
        problem: "the vocabulary does not hold every token once",
        expected: `${specialTokens.join(", ")} and words, each once`,
        received: missing === undefined ? `${vocabulary.length} entries, ${this.#idOf.size} different ones` : `none that is ${missing}`,
      });
  }

  /** The words of texts. Throws ValueError where there are none. */
  static train(texts: Iterable<string>, options: WordTrainingOptions = {}): WordTokenizer {
    const where = "WordTokenizer.train";
    checkOptions(where, options, ["vocabularySize", "minFrequency", "unknownToken", "specialTokens"]);
    const { vocabularySize = null, minFrequency = 1, unknownToken = "[UNK]", specialTokens = ["[PAD]", "[START]", "[END]"] } = options;
    const counts = new Map<string, number>();
    for (const text of texts) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const special = unknownToken === null ? [...specialTokens] : [...specialTokens, unknownToken];
    const words = [...counts]
      .filter(([, count]) => count >= minFrequency)
      .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
      .map(([word]) => word)
      .slice(0, vocabularySize === null ? undefined : Math.max(0, vocabularySize - special.length));
    if (words.length === 0)
      throw new ValueError({
        where,
        problem: "no word is left for the vocabulary",
        expected: "texts with words, and room for them",
        received: `${counts.size} words, minFrequency ${minFrequency}, vocabularySize ${vocabularySize ?? "without limit"}`,
      });
    return new WordTokenizer([...special, ...words], specialTokens, unknownToken);
  }

  /** What `toJSON` gave. Throws ValueError for something else. */
  static fromJSON(json: WordTokenizerJson): WordTokenizer {
    if (json.type !== "WordTokenizer" || !Array.isArray(json.vocabulary) || !Array.isArray(json.specialTokens))
      throw new ValueError({
        where: "WordTokenizer.fromJSON",
        problem: "this is no word tokenizer",
        expected: '{ type: "WordTokenizer", vocabulary, specialTokens, unknownToken }',
        received: JSON.stringify(json).slice(0, 120),
      });
    return new WordTokenizer(json.vocabulary, json.specialTokens, json.unknownToken);
  }

  toJSON(): WordTokenizerJson {
    const { vocabulary, specialTokens, unknownToken } = this;
    return { type: "WordTokenizer", vocabulary, specialTokens, unknownToken };
  }

  /** Number of tokens. */
  get vocabularySize(): number {
    return this.vocabulary.length;
  }

  /** Number of a token. Throws ValueError where there is none. */
  tokenToId(token: string): number {
    const id = this.#idOf.get(token);
    if (id !== undefined) return id;
    throw new ValueError({
      where: "WordTokenizer",
      problem: `there is no token ${JSON.stringify(token)}`,
      expected: `a word of the vocabulary, or one of ${this.specialTokens.join(", ")}`,
      received: token,
    });
  }

  /** The text as it comes back: words in small letters, one blank between them. */
  normalize(text: string): string {
    return wordsOf(text).join(" ");
  }

  /** Numbers of a text's words. Throws ValueError for an unknown word where there is no unknown token. */
  encode(text: string): number[] {
    const unknown = this.unknownToken === null ? undefined : this.#idOf.get(this.unknownToken);
    return wordsOf(text).map((word) => {
      const id = this.#idOf.get(word) ?? unknown;
      if (id !== undefined) return id;
      throw new ValueError({
        where: "WordTokenizer.encode",
        problem: `the word ${JSON.stringify(word)} is not in the vocabulary`,
        expected: `one of ${this.vocabulary.length - this.specialTokens.length} words${nearest(word, this.vocabulary)}`,
        received: JSON.stringify(text),
        advice: "train the tokenizer on this text too, or give it an unknownToken",
      });
    });
  }

  /** Texts as the rows of one array. Shapes: n texts -> int32 [n, length]. */
  encodeBatch(texts: readonly string[], options: EncodeBatchOptions = {}): Tensor {
    return encodeBatch("WordTokenizer.encodeBatch", this, texts, options);
  }

  /** The words of numbers. Special tokens are left out unless `skipSpecialTokens` is false. Throws ValueError for unknown numbers. */
  decode(ids: Iterable<number>, options: { readonly skipSpecialTokens?: boolean } = {}): string {
    checkOptions("WordTokenizer.decode", options, ["skipSpecialTokens"]);
    const words: string[] = [];
    for (const id of ids) {
      const token = this.vocabulary[id];
      if (token === undefined)
        throw new ValueError({
          where: "WordTokenizer.decode",
          problem: "there is no such token",
          expected: `0 to ${this.vocabulary.length - 1}`,
          received: String(id),
        });
      if (options.skipSpecialTokens === false || !this.specialTokens.includes(token)) words.push(token);
    }
    return words.join(" ");
  }
}

/** Words of a text: runs of letters and digits, with apostrophes and hyphens inside. */
function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
}

function nearest(word: string, vocabulary: readonly string[]): string {
  const near = vocabulary.filter((known) => known.length > 2 && (known.startsWith(word.slice(0, 3)) || word.startsWith(known))).slice(0, 3);
  return near.length === 0 ? "" : `, such as ${near.map((known) => JSON.stringify(known)).join(", ")}`;
}
