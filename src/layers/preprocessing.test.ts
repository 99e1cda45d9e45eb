import { beforeAll, describe, expect, it } from "vitest";
import { Input, layers, Model, ops, setBackend, type Tensor, tensor } from "../index.ts";
import { bucketOf } from "../hashing/index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const array = async (x: unknown): Promise<unknown> => (x as Tensor).array();
const whole = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor => tensor(Int32Array.from(values), { shape });

describe("StringLookup", () => {
  it("puts unknown texts into several indices by hash", async () => {
    const lookup = layers.StringLookup({ vocabulary: ["a"], numOovIndices: 3, maskToken: "" });
    expect(lookup.getVocabulary()).toEqual(["", "[UNK]", "[UNK]", "[UNK]", "a"]);
    expect(await array(lookup(["", "a", "x", "y"]))).toEqual([0, 4, 1 + bucketOf("x", 3, null), 1 + bucketOf("y", 3, null)]);
    const salted = layers.StringLookup({ vocabulary: ["a"], numOovIndices: 3, salt: 7 });
    expect(await array(salted(["x"]))).toEqual([bucketOf("x", 3, [7, 7])]);
    expect(salted.getConfig().salt).toEqual([7, 7]);
    expect(lookup.getConfig()).not.toHaveProperty("salt");
  });

  it("turns indices back into texts, also ones that are not computed yet", async () => {
    const lookup = layers.StringLookup({ vocabulary: ["a", "b"], invert: true, maskToken: "" });
    const texts = lookup(ops.add(whole([0, 1, 2]), whole([0, 0, 1])));
    expect(() => texts.values).toThrow(/await/);
    expect(await texts.data()).toEqual(["", "[UNK]", "b"]);
    expect(lookup(whole([2])).values).toEqual(["a"]);
  });

  it("refuses unknown texts where they have no index", () => {
    expect(() => layers.StringLookup({ vocabulary: ["a"], numOovIndices: 0 })(["b"])).toThrow(/"b"/);
  });

  it("learns from batches, up to a number of steps, and not where a vocabulary was given", async () => {
    const lookup = layers.StringLookup();
    const batches = function* (): Generator<string[]> {
      yield ["a", "b"];
      yield ["b"];
      yield ["c", "c", "c"];
    };
    await lookup.adapt(batches(), { steps: 2 });
    expect(lookup.getVocabulary({ includeSpecialTokens: false })).toEqual(["b", "a"]);
    await expect(layers.StringLookup({ vocabulary: ["a"] }).adapt(["b"])).rejects.toThrow(/nothing to learn/);
    await expect(lookup.adapt(3n as never)).rejects.toThrow(/no data/);
  });

  it("orders ties by code points, as bytes of UTF-8 are ordered", async () => {
    const lookup = layers.StringLookup();
    await lookup.adapt(["\u{1f600}", "\uffee", "z"]);
    expect(lookup.getVocabulary({ includeSpecialTokens: false })).toEqual(["\u{1f600}", "\uffee", "z"]);
  });
});

describe("IntegerLookup", () => {
  it("is part of a model, with a mask and several indices for unknown integers", async () => {
    const lookup = layers.IntegerLookup({ vocabulary: [-5, 40, 7, 1000000], numOovIndices: 2, maskToken: 0 });
    const x = Input({ shape: [null], dtype: "int32" });
    const model = new Model({ inputs: x, outputs: lookup(x) });
    const y = await array(model(whole([7, -5, 0, 3, -3, 8, 1000000, 40], [2, 4])));
    expect(y).toEqual([
      [5, 3, 0, 2],
      [2, 1, 6, 4],
    ]);
    const hashed = layers.IntegerLookup({ vocabulary: [1], numOovIndices: 5, oovMethod: "farmhash" });
    expect(await array(hashed(whole([1, 99])))).toEqual([5, bucketOf("99", 5, null)]);
    expect(hashed.getConfig().oov_method).toBe("farmhash");
  });

  it("finds every term of a large vocabulary and nothing else", async () => {
    const terms = Array.from({ length: 777 }, (_, i) => ((i * 7919) % 5000) * 2);
    const distinct = [...new Set(terms)];
    const lookup = layers.IntegerLookup({ vocabulary: distinct });
    expect(await array(lookup(whole(distinct)))).toEqual(distinct.map((_, i) => i + 1));
    expect(await array(ops.max(lookup(whole(distinct.map((term) => term + 1)))))).toBe(0);
  });

  it("fails where an unknown integer has no index, when the program runs", async () => {
    const lookup = layers.IntegerLookup({ vocabulary: [1, 2], numOovIndices: 0, name: "ids" });
    expect(await array(lookup(whole([2, 1])))).toEqual([1, 0]);
    await expect(lookup(whole([2, 3])).data()).rejects.toThrow(/range/);
  });
});

describe("TextVectorization", () => {
  it("takes functions for standardizing and splitting, and lengths of n-grams", async () => {
    const vectorize = layers.TextVectorization({
      standardize: (text) => text.replaceAll("-", " "),
      split: (text) => text.split(" "),
      ngrams: [2],
      vocabulary: ["a b", "b c"],
    });
    expect(await array(vectorize(["a-b c", "b c"]))).toEqual([
      [2, 3],
      [3, 0],
    ]);
    expect(() => vectorize.getConfig()).toThrow(/function/);
  });

  it("cuts and fills sequences, takes columns, and refuses matrices of texts", async () => {
    const vectorize = layers.TextVectorization({ vocabulary: ["a", "b"], outputSequenceLength: 2 });
    expect(await array(vectorize([["a b a"], ["b"]]))).toEqual([
      [2, 3],
      [3, 0],
    ]);
    expect(vectorize.computeOutputShape([null])).toEqual([null, 2]);
    expect(() => vectorize([["a", "b"]])).toThrow(/vector/);
    const whole = layers.TextVectorization({ vocabulary: ["a", "b"], split: null });
    expect(await array(whole([["a", "B"]]))).toEqual([[2, 3]]);
  });

  it("takes a vector that is not split for one sequence of tokens", async () => {
    const of = (options: object): layers.TextVectorization => layers.TextVectorization({ vocabulary: ["a", "b"], split: null, ...options });
    const tokens = ["a", "b", "c"];
    expect(await array(of({})(tokens))).toEqual([2, 3, 1]);
    expect(await array(of({ ngrams: 2 })(tokens))).toEqual([2, 3, 1, 1, 1]);
    expect(await array(of({ outputSequenceLength: 1 })(tokens))).toEqual([2]);
    expect(await array(of({ outputSequenceLength: 4 })(tokens))).toEqual([2, 3, 1, 0]);
    expect(await array(of({ outputMode: "count", ngrams: 2 })(tokens))).toEqual([3, 1, 1]);
    expect(await array(of({ outputMode: "multi_hot" })(tokens))).toEqual([1, 1, 1]);
    expect(await array(of({ outputMode: "tf_idf", idfWeights: [1, 2] })(tokens))).toEqual([1.5, 1, 2]);
    // A list is a list of samples where a vocabulary is learned of it; a batch of an iterable is not.
    const learned = layers.TextVectorization({ split: null, outputMode: "tf_idf" });
    await learned.adapt(["a", "a", "b"]);
    const [once, twice] = [Math.log(1 + 3 / 2), Math.log(1 + 3 / 3)];
    for (const [i, value] of ((await array(learned(["a", "b"]))) as number[]).entries()) expect(value).toBeCloseTo([0, twice, once][i]!, 6);
  });

  it("weights terms by how rare they are, padded to the largest vocabulary", async () => {
    const vectorize = layers.TextVectorization({ outputMode: "tf_idf", maxTokens: 6, padToMaxTokens: true });
    await vectorize.adapt(["a b", "a c", "a a"]);
    const idf = (documents: number): number => Math.log(1 + 3 / (1 + documents));
    const weights = [idf(3), idf(1), idf(1)];
    const mean = weights.reduce((a, b) => a + b) / 3;
    const row = ((await array(vectorize(["a a c x"]))) as number[][])[0]!;
    for (const [i, wanted] of [mean, 2 * weights[0]!, weights[1]!, 0, 0, 0].entries()) expect(row[i]).toBeCloseTo(wanted, 6);
  });
});

describe("Hashing", () => {
  it("hashes integers as their decimal text, inside programs too", async () => {
    const x = [0, 1, 2, 3, 4, -17, 123456789];
    const bins = async (layer: layers.HashingLayer): Promise<unknown> => array(layer(ops.add(whole(x), whole(x.map(() => 0)))));
    expect(((await bins(layers.Hashing({ numBins: 3 }))) as number[]).slice(0, 5)).toEqual([1, 0, 1, 0, 2]);
    expect(((await bins(layers.Hashing({ numBins: 3, salt: [133, 137] }))) as number[]).slice(0, 5)).toEqual([1, 1, 2, 0, 1]);
    expect(await bins(layers.Hashing({ numBins: 100, salt: 9 }))).toEqual(x.map((n) => bucketOf(String(n), 100, [9, 9])));
    const masked = layers.Hashing({ numBins: 4, maskValue: 2 });
    expect(await bins(masked)).toEqual(x.map((n) => (n === 2 ? 0 : 1 + bucketOf(String(n), 3, null))));
  });

  it("keeps bucket 0 for the mask and encodes", async () => {
    expect(await array(layers.Hashing({ numBins: 3, maskValue: "" })(["A", "B", "", "C", "D"]))).toEqual([1, 1, 0, 2, 2]);
    expect(await array(layers.Hashing({ numBins: 3, outputMode: "count" })([["A", "C", "E"]]))).toEqual([[0, 2, 1]]);
  });
});

describe("CategoryEncoding", () => {
  it("fails on categories that do not exist, when the program runs", async () => {
    const encode = layers.CategoryEncoding({ numTokens: 3 });
    await expect(encode(whole([3], [1, 1])).data()).rejects.toThrow(/range/);
    await expect(encode(whole([-1], [1, 1])).data()).rejects.toThrow(/range/);
    expect(() => encode(whole([1], [1, 1]), { countWeights: [[1]] })).toThrow(/count/);
    const count = layers.CategoryEncoding({ numTokens: 3, outputMode: "count" });
    expect(() => count(whole([1], [1, 1]), { countWeights: [1, 2] })).toThrow(/shape/);
  });
});

describe("Discretization", () => {
  it("learns quantiles of batches", async () => {
    const layer = layers.Discretization({ numBins: 4 });
    const values = Float32Array.from({ length: 4000 }, (_, i) => ((i * 7919) % 4000) / 1000);
    await layer.adapt(
      (function* () {
        for (let i = 0; i < 4; i++) yield values.subarray(1000 * i, 1000 * (i + 1));
      })(),
    );
    for (const [i, wanted] of [1, 2, 3].entries()) expect(Math.abs(layer.binBoundaries![i]! - wanted)).toBeLessThan(0.05);
    expect(() => layers.Discretization({ numBins: 4 })([1])).toThrow(/adapt/);
    await expect(layers.Discretization({ binBoundaries: [1] }).adapt([1])).rejects.toThrow(/nothing to learn/);
    expect(await array(layers.Discretization({ binBoundaries: [0, 1] })([[0, 1, NaN, -Infinity]]))).toEqual([[1, 2, 2, 0]]);
  });
});

describe("Normalization", () => {
  it("weights batches by their size, and broadcasts what was given", async () => {
    const layer = layers.Normalization({ axis: null });
    await layer.adapt(
      (function* () {
        yield tensor([[1, 2, 3]]);
        yield tensor([
          [4, 5, 6],
          [7, 8, 9],
        ]);
      })(),
    );
    expect(await layer.adaptMean!.data()).toEqual(Float32Array.of(5));
    expect((await layer.adaptVariance!.data())[0]).toBeCloseTo(60 / 9, 5);
    const given = layers.Normalization({ axis: [1, 2], mean: [1, 2], variance: [4, 4] });
    expect(
      await given(
        tensor([
          [
            [1, 2],
            [3, 6],
          ],
        ]),
      ).array(),
    ).toEqual([
      [
        [0, 0],
        [1, 2],
      ],
    ]);
    await expect(given.adapt([1])).rejects.toThrow(/given/);
    await expect(layers.Normalization().adapt(["a"])).rejects.toThrow(/numbers/);
  });
});

describe("Normalization", () => {
  it("takes given statistics of any shape with as many numbers as the kept axes have", async () => {
    const x = ops.ones([1, 2, 1]);
    const y = layers.Normalization({ axis: 1, mean: [[[0], [1]]], variance: [[[1], [1]]] })(x);
    expect(await y.array()).toEqual([[[1], [0]]]);
    const three = layers.Normalization({ axis: 1, mean: [1, 2, 3], variance: [1, 2, 3] });
    expect(() => three(x)).toThrow(/do not fit the input/);
  });
});

describe("Resizing and CenterCrop", () => {
  it("keep bytes bytes and cut the fraction off, as TensorFlow does", async () => {
    const image = tensor(Uint8Array.of(0, 255, 255, 1), { shape: [1, 2, 2, 1] });
    const y = layers.Resizing({ height: 1, width: 1 })(image);
    expect([y.dtype, await y.item()]).toEqual(["uint8", 127]);
    expect(() => layers.Resizing({ height: 1, width: 1, cropToAspectRatio: true, padToAspectRatio: true })).toThrow(/not both/);
  });

  it("crop the middle in both data formats", async () => {
    const image = ops.reshape(ops.arange(0, 12), [1, 3, 4]);
    const y = layers.CenterCrop({ height: 1, width: 2, dataFormat: "channels_first" })(image);
    expect(await y.array()).toEqual([[[5, 6]]]);
  });
});
