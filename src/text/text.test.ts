import { Tokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import "../index.ts";
import { splitWords } from "./byte-level.ts";
import { bleu, BytePairTokenizer, characterErrorRate, editDistance, tokenize13a, wordErrorRate } from "./index.ts";

const corpus = [
  "A man in a blue shirt is standing on a ladder, cleaning a window.",
  "Ein Mann in einem blauen Hemd steht auf einer Leiter und putzt ein Fenster.",
  "Two young, White males are outside near many bushes. It's 10:30!",
  "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.",
  "the the the cat cat sat   on\n\tmats 1234 naïve 日本語 👩‍🚀",
];

describe("BytePairTokenizer", () => {
  it("merges the most frequent pairs first, ties by the older symbols", () => {
    const { merges } = BytePairTokenizer.train(["abab abab xy xy"], { vocabularySize: 3 + 256 + 3 });
    // "ab" four times; then "abab", "xy" and a blank before x twice each: x and y are the older symbols, then the blank is.
    expect(merges).toEqual([["a", "b"], ["x", "y"], ["Ġ", "xy"]]); // prettier-ignore
    expect(BytePairTokenizer.train(["ab cd"], { vocabularySize: 1000 }).merges).toEqual([]);
  });

  it("gives back every text, also one it was not trained on", () => {
    const tokenizer = BytePairTokenizer.train(corpus, { vocabularySize: 400, minFrequency: 1 });
    expect(tokenizer.vocabularySize).toBe(400);
    for (const text of [...corpus, "", " ", "żółć \u0000 \r\n ½", "unseen words: Straßenbahn"]) {
      expect(splitWords(text).join("")).toBe(text);
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
    expect(tokenizer.encode(corpus[0]!).length).toBeLessThan(corpus[0]!.length / 2);
  });

  it("gives the tokens that Hugging Face's tokenizer gives for its tokenizer.json, and reads it again", () => {
    const tokenizer = BytePairTokenizer.train(corpus, { vocabularySize: 420, minFrequency: 1 });
    const json = JSON.parse(JSON.stringify(tokenizer)) as ReturnType<BytePairTokenizer["toJSON"]>;
    const peer = new Tokenizer(json, {});
    const again = BytePairTokenizer.fromJSON(json);
    for (const text of [...corpus, "A man[END] cleans", "[START]Männer'll stand[PAD][PAD]"]) {
      const ids = tokenizer.encode(text);
      expect(ids).toEqual(peer.encode(text).ids);
      expect(again.encode(text)).toEqual(ids);
      expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(text);
    }
    expect(() => BytePairTokenizer.fromJSON({ ...json, model: { ...json.model, type: "WordPiece" as "BPE" } })).toThrow(/another way/);
  });

  it("makes batches: begun, ended, cut and filled up", async () => {
    const tokenizer = BytePairTokenizer.train([], { vocabularySize: 259, specialTokens: ["<pad>", "<s>", "</s>"] });
    const [a, b, c] = ["a", "b", "c"].map((letter) => tokenizer.tokenToId(letter));
    const options = { startToken: "<s>", endToken: "</s>" };
    expect(await tokenizer.encodeBatch(["a", "abc"], options).array()).toEqual([[1, a, 2, 0, 0], [1, a, b, c, 2]]); // prettier-ignore
    expect(await tokenizer.encodeBatch(["abc"], { ...options, sequenceLength: 4 }).array()).toEqual([[1, a, b, 2]]);
    expect(tokenizer.decode([1, a!, 2, 0])).toBe("a");
    expect(() => tokenizer.decode([300])).toThrow(/no such token/);
    expect(() => tokenizer.tokenToId("xyz")).toThrow(/no token "xyz"/);
    expect(() => BytePairTokenizer.train([], { vocabularySize: 100 })).toThrow(/at least 259/);
  });
});

describe("bleu", () => {
  const translations = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];
  const references = [
    ["The dog bit the man.", "The dog had bit the man."],
    ["It was not unexpected.", "No one was surprised."],
    ["The man bit him first.", "The man had bitten the dog."],
  ];

  it("is sacreBLEU's, in the example of its documentation", () => {
    expect(bleu(translations, references).score).toBeCloseTo(48.530827009929865, 10);
  });

  it("counts by hand, with and without smoothing", () => {
    const { score, precisions, brevityPenalty } = bleu(["a b c d"], ["a b c d e"]);
    expect(precisions).toEqual([100, 100, 100, 100]);
    expect(brevityPenalty).toBeCloseTo(Math.exp(-1 / 4), 12);
    expect(score).toBeCloseTo(100 * Math.exp(-1 / 4), 10);
    // One of four words, no longer n-gram: halved for each order, of 3, 2 and 1 n-grams.
    const smoothed = bleu(["a x y z"], ["a b c d"]);
    expect(smoothed.precisions).toEqual([25, 100 / 6, 100 / 8, 100 / 8]);
    expect(bleu(["a x y z"], ["a b c d"], { smooth: "none" }).score).toBe(0);
    expect(bleu(["x"], ["a"]).score).toBe(0);
    expect(bleu(["A B C D"], ["a b c d"], { lowercase: true }).score).toBeCloseTo(100, 10);
    // "the" seven times counts as often as it stands in a reference (Papineni's example).
    expect(bleu(["the the the the the the the"], [["the cat is on the mat", "there is a cat on the mat"]]).precisions[0]).toBeCloseTo(
      200 / 7,
      10,
    );
    expect(() => bleu(["a"], [])).toThrow(/belong together/);
  });

  it("cuts words as mteval-v13a does", () => {
    expect(tokenize13a("It's 3.5, or 1,000-2: &quot;Hello&amp;bye&quot; (co-op).")).toEqual(
      `It's 3.5 , or 1,000 - 2 : " Hello & bye " ( co-op ) .`.split(" "),
    );
  });
});

describe("error rates", () => {
  it("are edits over the references' words or characters", () => {
    expect(editDistance([..."kitten"], [..."sitting"])).toBe(3);
    expect(editDistance([], [1, 2])).toBe(2);
    expect(wordErrorRate(["the cat sit", "a b"], ["the cat sat", "a"])).toBeCloseTo(2 / 4, 12);
    expect(characterErrorRate(["sit"], ["sat"])).toBeCloseTo(1 / 3, 12);
    expect(() => wordErrorRate(["a"], [""])).toThrow(/empty/);
    expect(() => wordErrorRate([], ["a"])).toThrow(/belong together/);
  });
});
