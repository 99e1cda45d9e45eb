import { describe, expect, it } from "vitest";
import "../index.ts";
import { WordTokenizer } from "./index.ts";

const captions = ["A dog runs.", "A black dog's ball", "A dog, a well-fed cat!", "Größe zählt"];

describe("WordTokenizer", () => {
  it("numbers words by how often they occur, after the special tokens", () => {
    const tokenizer = WordTokenizer.train(captions);
    expect(tokenizer.vocabulary.slice(0, 6)).toEqual(["[PAD]", "[START]", "[END]", "[UNK]", "a", "dog"]);
    expect(tokenizer.vocabulary).toContain("dog's");
    expect(tokenizer.vocabulary).toContain("well-fed");
    for (const caption of captions) expect(tokenizer.decode(tokenizer.encode(caption))).toBe(tokenizer.normalize(caption));
    expect(tokenizer.normalize("  A dog, RUNS…")).toBe("a dog runs");
    expect(WordTokenizer.train(captions, { minFrequency: 2 }).vocabulary.slice(4)).toEqual(["a", "dog"]);
    expect(WordTokenizer.train(captions, { vocabularySize: 5 }).vocabulary.slice(4)).toEqual(["a"]);
  });

  it("makes rows of one length, with start and end", async () => {
    const tokenizer = WordTokenizer.train(["a dog runs", "a cat"]);
    const id = (token: string): number => tokenizer.tokenToId(token);
    const options = { startToken: "[START]", endToken: "[END]" };
    const rows = (await tokenizer.encodeBatch(["a dog runs", "a"], options).array()) as number[][];
    expect(rows).toEqual([[1, id("a"), id("dog"), id("runs"), 2], [1, id("a"), 2, 0, 0]]); // prettier-ignore
    const cut = (await tokenizer.encodeBatch(["a dog runs"], { ...options, sequenceLength: 4 }).array()) as number[][];
    expect(cut).toEqual([[1, id("a"), id("dog"), 2]]);
    expect(tokenizer.decode(rows[0]!, { skipSpecialTokens: false })).toBe("[START] a dog runs [END]");
  });

  it("takes an unknown word for the unknown token, or refuses it by name", () => {
    expect(WordTokenizer.train(["a dog"]).encode("a horse")).toEqual([4, 3]);
    const strict = WordTokenizer.train(["a dog"], { unknownToken: null });
    expect(() => strict.encode("a horse")).toThrow(/"horse" is not in the vocabulary/);
    expect(() => strict.encode("a dogs")).toThrow(/"dog"/);
    expect(() => strict.decode([99])).toThrow(/no such token/);
    expect(() => strict.tokenToId("[UNK]")).toThrow(/no token/);
  });

  it("is written as JSON and read again; texts without words give none", () => {
    const tokenizer = WordTokenizer.train(captions, { unknownToken: null });
    const again = WordTokenizer.fromJSON(JSON.parse(JSON.stringify(tokenizer)) as ReturnType<WordTokenizer["toJSON"]>);
    expect(again.vocabulary).toEqual(tokenizer.vocabulary);
    expect(again.encode("a cat")).toEqual(tokenizer.encode("a cat"));
    expect(() => WordTokenizer.fromJSON({ type: "BPE" } as never)).toThrow(/no word tokenizer/);
    expect(() => WordTokenizer.train(["", "... !"])).toThrow(/no word is left/);
    expect(() => new WordTokenizer(["a", "a"], [], null)).toThrow(/each once/);
  });
});
