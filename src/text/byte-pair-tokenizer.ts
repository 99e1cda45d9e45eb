/** Texts as numbers of subwords, and back. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { byteCharacters, fromByteCharacters, splitWords, toByteCharacters } from "./byte-level.ts";
import { type Merge, trainMerges } from "./byte-pair-training.ts";
import { encodeBatch, type EncodeBatchOptions } from "./encode-batch.ts";

/** Options of `BytePairTokenizer.train`. */
export interface BytePairTrainingOptions {
  /** Entries of the vocabulary: special tokens, 256 bytes, and merges. */
  readonly vocabularySize: number;
  /** Tokens that stand for themselves, numbered from 0 on. Default "[PAD]", "[START]", "[END]". */
  readonly specialTokens?: readonly string[];
  /** How often a pair must occur to be merged. Default 2. */
  readonly minFrequency?: number;
}

/** The part of Hugging Face's `tokenizer.json` that says what this tokenizer does. */
export interface TokenizerJson {
  readonly version: "1.0";
  readonly added_tokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly special: true;
    readonly single_word: false;
    readonly lstrip: false;
    readonly rstrip: false;
    readonly normalized: false;
  }[];
  readonly normalizer: null;
  readonly pre_tokenizer: {
    readonly type: "ByteLevel";
    readonly add_prefix_space: false;
    readonly trim_offsets: true;
    readonly use_regex: true;
  };
  readonly post_processor: null;
  readonly decoder: { readonly type: "ByteLevel"; readonly add_prefix_space: false; readonly trim_offsets: true; readonly use_regex: true };
  readonly model: {
    readonly type: "BPE";
    readonly dropout: null;
    readonly unk_token: null;
    readonly continuing_subword_prefix: null;
    readonly end_of_word_suffix: null;
    readonly fuse_unk: false;
    readonly byte_fallback: false;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | Merge)[];
  };
}

/**
 * Byte-level byte-pair encoding: every text can be written, and comes back as it was. `toJSON` and `fromJSON` write and
 * read Hugging Face's `tokenizer.json`.
 *
 * @example
 * const tokenizer = text.BytePairTokenizer.train(sentences, { vocabularySize: 8000 });
 * tokenizer.decode(tokenizer.encode("the cat")); // "the cat"
 */
export class BytePairTokenizer {
  /** Token of each number. */
  readonly vocabulary: readonly string[];
  readonly specialTokens: readonly string[];
  readonly merges: readonly Merge[];
  readonly #idOf: ReadonlyMap<string, number>;
  readonly #rank: ReadonlyMap<string, number>;
  readonly #special: RegExp | null;
  /** Words met before: texts repeat themselves. */
  readonly #words = new Map<string, readonly number[]>();

  constructor(vocabulary: readonly string[], merges: readonly Merge[], specialTokens: readonly string[]) {
    this.vocabulary = vocabulary;
    this.merges = merges;
    this.specialTokens = specialTokens;
    this.#idOf = new Map(vocabulary.map((token, id) => [token, id]));
    this.#rank = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
    const escaped = [...specialTokens].sort((a, b) => b.length - a.length).map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    this.#special = escaped.length === 0 ? null : new RegExp(`(${escaped.join("|")})`);
  }

  /** Learns which bytes belong together from texts. Throws ValueError for a vocabulary without room for the bytes. */
  static train(texts: Iterable<string>, options: BytePairTrainingOptions): BytePairTokenizer {
    const where = "BytePairTokenizer.train";
    checkOptions(where, options, ["vocabularySize", "specialTokens", "minFrequency"]);
    const { vocabularySize, specialTokens = ["[PAD]", "[START]", "[END]"], minFrequency = 2 } = options;
    const room = vocabularySize - specialTokens.length - byteCharacters.length;
    if (!Number.isInteger(room) || room < 0)
      throw new ValueError({
        where,
        problem: "the vocabulary has no room for every byte",
        expected: `vocabularySize of at least ${specialTokens.length + byteCharacters.length}`,
        received: String(vocabularySize),
      });
    const words = new Map<string, number>();
    for (const text of texts) {
      for (const word of splitWords(text)) {
        const characters = toByteCharacters(word);
        words.set(characters, (words.get(characters) ?? 0) + 1);
      }
    }
    const alphabet = [...byteCharacters].sort();
    const merges = trainMerges(words, alphabet, room, minFrequency);
    const vocabulary = new Set([...specialTokens, ...alphabet, ...merges.map(([left, right]) => left + right)]);
    return new BytePairTokenizer([...vocabulary], merges, specialTokens);
  }

  /** The tokenizer of a `tokenizer.json` whose model is byte-level BPE. Throws ValueError for others. */
  static fromJSON(json: TokenizerJson): BytePairTokenizer {
    const { model, pre_tokenizer: split, added_tokens: added } = json;
    if (model?.type !== "BPE" || split?.type !== "ByteLevel" || json.normalizer !== null || split.add_prefix_space)
      throw new ValueError({
        where: "BytePairTokenizer.fromJSON",
        problem: "this tokenizer works in another way",
        expected: 'model "BPE", pre_tokenizer "ByteLevel" without prefix space, no normalizer',
        received: `model ${JSON.stringify(model?.type)}, pre_tokenizer ${JSON.stringify(split?.type)}`,
        advice: "read it with @huggingface/tokenizers",
      });
    const vocabulary: string[] = [];
    for (const [token, id] of Object.entries(model.vocab)) vocabulary[id] = token;
    for (const { id, content } of added) vocabulary[id] = content;
    const merges = model.merges.map((merge): Merge => {
      const [left = "", right = ""] = typeof merge === "string" ? merge.split(" ") : merge;
      return [left, right];
    });
    return new BytePairTokenizer(
      Array.from(vocabulary, (token) => token ?? ""),
      merges,
      added.map(({ content }) => content),
    );
  }

  /** Hugging Face's `tokenizer.json`. */
  toJSON(): TokenizerJson {
    const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true } as const;
    return {
      version: "1.0",
      added_tokens: this.specialTokens.map((content) => ({
        id: this.#idOf.get(content)!,
        content,
        special: true,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      })),
      normalizer: null,
      pre_tokenizer: bytes,
      post_processor: null,
      decoder: bytes,
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries(this.vocabulary.map((token, id) => [token, id])),
        merges: this.merges.map(([left, right]) => `${left} ${right}`),
      },
    };
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
      where: "BytePairTokenizer",
      problem: `there is no token ${JSON.stringify(token)}`,
      expected: `a token of the vocabulary, as ${this.specialTokens.join(", ")}`,
      received: token,
    });
  }

  /** Numbers of a text's tokens. Special tokens in it count as such. */
  encode(text: string): number[] {
    const ids: number[] = [];
    const pieces = this.#special === null ? [text] : text.split(this.#special);
    pieces.forEach((piece, index) => {
      if (index % 2 === 1) ids.push(this.#idOf.get(piece)!);
      else for (const word of splitWords(piece)) for (const id of this.#encodeWord(word)) ids.push(id);
    });
    return ids;
  }

  /** Texts as the rows of one array. Shapes: n texts -> int32 [n, length]. */
  encodeBatch(texts: readonly string[], options: EncodeBatchOptions = {}): Tensor {
    return encodeBatch("BytePairTokenizer.encodeBatch", this, texts, options);
  }

  /** The text of token numbers. Special tokens are left out unless `skipSpecialTokens` is false. Throws ValueError for unknown numbers. */
  decode(ids: Iterable<number>, options: { readonly skipSpecialTokens?: boolean } = {}): string {
    checkOptions("BytePairTokenizer.decode", options, ["skipSpecialTokens"]);
    const special = new Set(this.specialTokens);
    let text = "";
    let bytes = "";
    for (const id of ids) {
      const token = this.vocabulary[id];
      if (token === undefined)
        throw new ValueError({
          where: "BytePairTokenizer.decode",
          problem: "there is no such token",
          expected: `0 to ${this.vocabulary.length - 1}`,
          received: String(id),
        });
      if (!special.has(token)) {
        bytes += token;
        continue;
      }
      text += fromByteCharacters(bytes);
      bytes = "";
      if (options.skipSpecialTokens === false) text += token;
    }
    return text + fromByteCharacters(bytes);
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const symbols = Array.from(toByteCharacters(word));
    for (;;) {
      let [best, at] = [Infinity, -1];
      for (let i = 0; i + 1 < symbols.length; i++) {
        const rank = this.#rank.get(`${symbols[i]!} ${symbols[i + 1]!}`);
        if (rank !== undefined && rank < best) [best, at] = [rank, i];
      }
      if (at < 0) break;
      symbols.splice(at, 2, symbols[at]! + symbols[at + 1]!);
    }
    const ids = symbols.map((symbol) => this.#idOf.get(symbol)!);
    if (this.#words.size >= 100_000) this.#words.clear();
    this.#words.set(word, ids);
    return ids;
  }
}
