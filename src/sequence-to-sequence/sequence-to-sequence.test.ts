import { beforeAll, describe, expect, it } from "vitest";
import { type Model, jit, layers, loadModel, losses, ops, optimizers, setBackend, tensor, type Tensor, text } from "../index.ts";
import { dataTensor } from "../graph/index.ts";
import { decodingOf } from "./index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const vocabularies = { sourceVocabularySize: 11, targetVocabularySize: 9 };
const kinds: Readonly<Record<string, () => Model>> = {
  "transformer, normalised before": () =>
    text.transformerTranslator({ ...vocabularies, width: 8, intermediateDim: 12, numHeads: 2, encoderLayers: 2, decoderLayers: 2 }),
  "transformer, normalised after, learnt positions, weights not tied": () =>
    text.transformerTranslator({
      ...vocabularies,
      width: 8,
      intermediateDim: 12,
      numHeads: 2,
      encoderLayers: 1,
      decoderLayers: 1,
      sequenceLength: 9,
      normalizeFirst: false,
      positions: "learnt",
      tieWeights: false,
    }),
  "recurrent, with attention": () => text.attentionTranslator({ ...vocabularies, embeddingDim: 6, units: 5 }),
};

const ids = (rows: readonly (readonly number[])[]): Tensor => tensor(rows, { dtype: "int32" });
const sources = [[4, 5, 6, 2], [7, 2], [3, 9, 2]]; // prettier-ignore
const targets = [[1, 4, 5], [1, 8, 7, 3, 6], [1, 3]]; // prettier-ignore
const filled = (rows: readonly (readonly number[])[], length: number): number[][] =>
  rows.map((row) => [...row, ...new Array<number>(length - row.length).fill(0)]);

async function logitsOf(model: Model, source: readonly number[][], target: readonly number[][]): Promise<number[][][]> {
  const logits = await model.predictOnBatch([ids(source), ids(target)] as never);
  return (await logits.array()) as number[][][];
}

function expectClose(a: readonly number[], b: readonly number[], within = 2e-5): void {
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(within));
}

describe.each(Object.entries(kinds))("%s", (_name, make) => {
  it("gives a padded batch the values of its sentences alone", async () => {
    const model = make();
    const together = await logitsOf(model, filled(sources, 7), filled(targets, 6));
    for (const [i, source] of sources.entries()) {
      const [alone] = await logitsOf(model, [source], [targets[i]!]);
      alone!.forEach((row, place) => expectClose(together[i]![place]!, row));
    }
  });

  it("does not see what comes later", async () => {
    const model = make();
    const [[...one], [...other]] = await logitsOf(model, [sources[0]!, sources[0]!], [[1, 4, 5, 6], [1, 4, 3, 8]]) as [number[][], number[][]]; // prettier-ignore
    expectClose(one[0]!, other[0]!);
    expectClose(one[1]!, other[1]!);
    expect(one[2]).not.toEqual(other[2]);
  });

  it("gives step by step the values of one pass, for several rows of a sentence", async () => {
    const model = make();
    const decoding = decodingOf(model);
    const [width, length] = [2, 5];
    // Two translations of every sentence.
    const rows = [[1, 4, 5, 3, 6], [1, 2, 7, 7, 3], [1, 8, 7, 3, 6], [1, 1, 1, 1, 1], [1, 3, 2, 4, 4], [1, 5, 8, 2, 3]]; // prettier-ignore
    const expected = await logitsOf(
      model,
      filled(sources, 6).flatMap((source) => [source, source]),
      rows,
    );
    const step = jit((encoded: never, tokens: Tensor, position: Tensor, state: never) => decoding.step(encoded, tokens, position, state));
    const encoded = decoding.encode(ids(filled(sources, 6)));
    let state = decoding.begin(encoded, width, length);
    for (let position = 0; position < length; position++) {
      const tokens = tensor(
        rows.map((row) => row[position]!),
        { dtype: "int32" },
      );
      const said = step(encoded as never, tokens, dataTensor(Int32Array.of(position), [], "int32"), state as never);
      const logits = (await said.logits.array()) as number[][];
      logits.forEach((row, i) => expectClose(row, expected[i]![position]!));
      state = said.state;
    }
  });

  it("comes back from a .keras file, and trains in it", async () => {
    const model = make();
    model.compile({
      optimizer: optimizers.Adam({ learningRate: text.InverseSquareRootDecay({ peakLearningRate: 0.01, warmupSteps: 5 }) }),
      loss: text.SequenceCrossentropy({ labelSmoothing: 0.1 }),
    });
    const path = `${process.env.TMPDIR ?? "/tmp"}/translator-${process.pid}-${Math.random().toString(36).slice(2)}.keras`;
    await model.save(path);
    const again = await loadModel(path);
    const { unlink } = await import("node:fs/promises");
    await unlink(path);
    const before = await logitsOf(model, filled(sources, 4), filled(targets, 5));
    const after = await logitsOf(again, filled(sources, 4), filled(targets, 5));
    expect(after).toEqual(before);
    const labels = ids(filled([[4, 5, 2], [8, 7, 3, 6, 2], [3, 2]], 5)); // prettier-ignore
    const x = [ids(filled(sources, 4)), ids(filled(targets, 5))] as never;
    const first = (await again.trainOnBatch(x, labels)).loss!;
    for (let i = 0; i < 8; i++) await again.trainOnBatch(x, labels);
    again.resetMetrics();
    expect((await again.testOnBatch(x, labels)).loss!).toBeLessThan(first);
  });

  it("says how much every token of the target looks at the source: shares, none for padding", async () => {
    const decoding = decodingOf(make());
    const weights = (await decoding.attention(ids(filled(sources, 6)), ids(filled(targets, 5))).array()) as number[][][];
    expect([weights.length, weights[0]!.length, weights[0]![0]!.length]).toEqual([3, 5, 6]);
    weights.forEach((rows, i) =>
      rows.slice(0, targets[i]!.length).forEach((row) => {
        expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        expect(Math.max(...row.slice(sources[i]!.length), 0)).toBe(0);
      }),
    );
  });
});

describe("Translator", () => {
  const german = ["ein Hund rennt", "eine Katze schläft", "ein Hund schläft"];
  const english = ["a dog runs", "a cat sleeps", "a dog sleeps"];
  const tokenizer = (texts: readonly string[]): text.BytePairTokenizer => text.BytePairTokenizer.train(texts, { vocabularySize: 275 });
  const [sourceTokenizer, targetTokenizer] = [tokenizer(german), tokenizer(english)];
  const translatorOf = (sequenceLength = 24): text.Translator =>
    new text.Translator({
      model: text.transformerTranslator({
        sourceVocabularySize: sourceTokenizer.vocabularySize,
        targetVocabularySize: targetTokenizer.vocabularySize,
        sequenceLength,
        width: 8,
        intermediateDim: 8,
        numHeads: 2,
        encoderLayers: 1,
        decoderLayers: 1,
      }),
      sourceTokenizer,
      targetTokenizer,
    });

  it("gives every sentence what it gives it alone, greedy what greedy search gives, and scores as one pass gives them", async () => {
    const translator = translatorOf();
    const options = { maxTokens: () => 6, lengthPenalty: 0 };
    const together = await translator.search(german, { ...options, beamWidth: 3 });
    for (const [i, sentence] of german.entries()) {
      const [alone] = await translator.search([sentence], { ...options, beamWidth: 3 });
      expect(together[i]!.map(({ tokens }) => [...tokens])).toEqual(alone!.map(({ tokens }) => [...tokens]));
      const [greedy] = (await translator.search([sentence], { ...options, beamWidth: 1 }))[0]!;
      expect(together[i]![0]!.score).toBeGreaterThanOrEqual(greedy!.score - 1e-5);
      // The sum of log probabilities, by teacher forcing.
      const source = [...sourceTokenizer.encode(sentence), 2];
      const said = [...together[i]![0]!.tokens];
      const [rows] = await logitsOf(translator.model, [source], [[1, ...said]]);
      const ended = said.length < 7;
      const score = [...said, ...(ended ? [2] : [])].reduce((sum, token, place) => {
        const row = rows![place]!;
        const most = Math.max(...row);
        return sum + row[token]! - most - Math.log(row.reduce((total, value) => total + Math.exp(value - most), 0));
      }, 0);
      expect(together[i]![0]!.score).toBeCloseTo(score, 3);
    }
  });

  it("shows the tokens that its attention is about", async () => {
    const { source, target, weights } = await translatorOf().attention("ein Hund rennt", "a dog runs");
    expect(source.join("")).toBe("ein Hund rennt[END]");
    expect(target.join("")).toBe("a dog runs[END]");
    expect([weights.length, weights[0]!.length]).toEqual([target.length, source.length]);
  });

  it("says what is wrong with a sentence or a model", async () => {
    const translator = translatorOf(4);
    await expect(translator.translate([""])).rejects.toThrow(/sentence 0 is empty/);
    await expect(translator.translate(["ein", "qqqqqqqqqq"])).rejects.toThrow(/sentence 1 is longer than the model can read/);
    await expect(translator.translate(["ein"], { beamwidth: 3 } as never)).rejects.toThrow(/beamWidth/);
    const { model } = translator;
    expect(() => new text.Translator({ model, sourceTokenizer, targetTokenizer, endToken: "</s>" })).toThrow(/no token "<\/s>"/);
    const x = layers.Input({ shape: [3] });
    const other = layers.Dense({ units: 2 })(x);
    const { Model: ModelClass } = await import("../index.ts");
    const plain = new ModelClass({ inputs: x, outputs: other });
    expect(() => new text.Translator({ model: plain, sourceTokenizer, targetTokenizer })).toThrow(/no translator/);
  });
});

describe("teacherForcedPairs", () => {
  const lengths = Array.from({ length: 40 }, (_, i) => 1 + ((i * 7) % 13));
  const source = lengths.map((length, i) => Array.from({ length }, () => 3 + i));
  const target = lengths.map((length, i) => Array.from({ length: 1 + ((length * 5) % 11) }, (_, k) => 50 + i + k));
  const options = { startToken: 1, endToken: 2, tokensPerBatch: 64, seed: 3 };

  it("gives every pair once in every pass, in another order, the target moved on by one", async () => {
    const pairs = text.teacherForcedPairs(source, target, options);
    const orders: string[] = [];
    for (let pass = 0; pass < 2; pass++) {
      const seen: number[] = [];
      for await (const batch of pairs) {
        const [[s, t], labels] = batch as unknown as [[Tensor, Tensor], Tensor];
        expect(s.shape).toEqual(labels.shape);
        expect(s.dim(0) * s.dim(1)).toBeLessThanOrEqual(64);
        const [from, read, said] = [await s.array(), await t.array(), await labels.array()] as [number[][], number[][], number[][]];
        from.forEach((row, i) => {
          const which = row[0]! - 3;
          seen.push(which);
          const pad = (tokens: number[]): number[] => [...tokens, ...new Array<number>(row.length - tokens.length).fill(0)];
          expect(row).toEqual(pad([...source[which]!, 2]));
          expect(read[i]).toEqual(pad([1, ...target[which]!]));
          expect(said[i]).toEqual(pad([...target[which]!, 2]));
        });
      }
      expect([...seen].sort((a, b) => a - b)).toEqual([...lengths.keys()]);
      orders.push(seen.join());
    }
    expect(orders[0]).not.toBe(orders[1]);
  });

  it("uses few lengths", async () => {
    const found = new Set<number>();
    for await (const batch of text.teacherForcedPairs(source, target, options))
      found.add((batch as unknown as [unknown, Tensor])[1].dim(1));
    expect(found.size).toBeLessThanOrEqual(6);
  });

  it("says what is wrong with the pairs", () => {
    expect(() => text.teacherForcedPairs([[3]], [], options)).toThrow(/1 sources, 0 targets/);
    expect(() => text.teacherForcedPairs([[3], []], [[4], [5]], options)).toThrow(/source of pair 1 is empty/);
    expect(() => text.teacherForcedPairs(source, target, { ...options, bucketLengths: [6] })).toThrow(/longer than the largest bucket/);
  });
});

describe("SequenceCrossentropy", () => {
  const labels = ids([[1, 2, 0], [3, 0, 0]]); // prettier-ignore
  const logits = tensor(Array.from({ length: 2 }, (_, i) => Array.from({ length: 3 }, (_, j) => [0.3 * i, -j, 1.5, i * j])));

  it("is the mean over the tokens that are no padding", async () => {
    const each = (await losses.sparseCategoricalCrossentropy(labels, logits, { fromLogits: true }).array()) as number[][];
    const expected = (each[0]![0]! + each[0]![1]! + each[1]![0]!) / 3;
    expect(await text.SequenceCrossentropy()(labels, logits).item()).toBeCloseTo(expected, 5);
  });

  it("smooths labels as the one-hot cross-entropy does", async () => {
    const hot = ops.oneHot(labels, 4);
    const smooth = losses.CategoricalCrossentropy({ fromLogits: true, labelSmoothing: 0.2 });
    const expected = await smooth(hot, logits).item();
    expect(await text.SequenceCrossentropy({ labelSmoothing: 0.2, padToken: null })(labels, logits).item()).toBeCloseTo(expected, 5);
    expect(() => text.SequenceCrossentropy({ labelSmoothing: 1.5 })).toThrow(/labelSmoothing/);
  });
});

describe("positions", () => {
  it("are sines and cosines of the place, from any start", async () => {
    const layer = text.SinePositionEncoding({ maxWavelength: 100 });
    const x = ops.zeros([2, 4, 5]);
    const [rows] = (await layer(x).array()) as number[][][];
    const at = (p: number, i: number): number => (i % 2 === 0 ? Math.sin : Math.cos)(p / 100 ** ((i - (i % 2)) / 5));
    rows!.forEach((row, p) => row.forEach((value, i) => expect(value).toBeCloseTo(at(p, i), 5)));
    const later = (await layer(x, { startIndex: 3 }).array()) as number[][][];
    expect(later[1]![2]![4]).toBeCloseTo(at(5, 4), 5);
  });

  it("are rows of a table, and there are no more than it has", async () => {
    const layer = text.PositionEmbedding({ sequenceLength: 5 });
    const x = ops.zeros([2, 3, 4]);
    const first = (await layer(x).array()) as number[][][];
    const table = (await layer.positionEmbeddings.read().array()) as number[][];
    expect(first[1]).toEqual(table.slice(0, 3));
    expect(((await layer(x, { startIndex: tensor(2, { dtype: "int32" }) }).array()) as number[][][])[0]).toEqual(table.slice(2, 5));
    expect(() => layer(ops.zeros([1, 6, 4]))).toThrow(/at most 5/);
    expect(() => layer(x, { startIndex: 3 })).toThrow(/from place 3 on/);
    const embedding = text.TokenAndPositionEmbedding({ vocabularySize: 7, sequenceLength: 4, embeddingDim: 3 });
    expect(() => embedding(ids([[1, 2, 3, 4, 5]]))).toThrow(/too long/);
    await expect(embedding(ids([[1, 7]])).data()).rejects.toThrow(/7/);
  });

  it("grow and fall with the learning rate of the transformer", async () => {
    const schedule = text.InverseSquareRootDecay({ peakLearningRate: 0.5, warmupSteps: 4 });
    const rates = await Promise.all([0, 1, 3, 15, 63].map(async (step) => await schedule(step).item()));
    [0.125, 0.25, 0.5, 0.25, 0.125].forEach((rate, i) => expect(rates[i]).toBeCloseTo(rate, 6));
  });
});

describe("transformer layers", () => {
  it("refuse heads that do not divide the width, and decoders without an encoder", () => {
    const x = ops.zeros([2, 3, 6]);
    expect(() => text.TransformerEncoder({ intermediateDim: 4, numHeads: 4 })(x)).toThrow(/heads do not divide/);
    expect(() => text.TransformerEncoder({ intermediateDim: 4, numHeads: 0 })).toThrow(/numHeads/);
    expect(() => text.TransformerEncoder({ intermediateDim: 4, numHeads: 2, normalizefirst: true } as never)).toThrow(/normalizeFirst/);
    expect(() => (text.TransformerDecoder({ intermediateDim: 4, numHeads: 2 }) as unknown as (x: Tensor) => unknown)(x)).toThrow(/encoder/);
    expect(() => (text.AttentionDecoder({ units: 4 }) as unknown as (x: Tensor, y: Tensor) => unknown)(x, x)).toThrow(/first state/);
  });

  it("compute what their parts compute", async () => {
    const x = tensor(Array.from({ length: 2 }, (_, b) => Array.from({ length: 3 }, (_, t) => Array.from({ length: 4 }, (_, i) => Math.sin(b + 2 * t + 3 * i))))); // prettier-ignore
    for (const normalizeFirst of [false, true]) {
      const layer = text.TransformerEncoder({ intermediateDim: 5, numHeads: 2, normalizeFirst, activation: "gelu" });
      const y = layer(x) as Tensor;
      const norm1 = (v: Tensor): Tensor => layer.selfAttentionNorm(v);
      const norm2 = (v: Tensor): Tensor => layer.feedforwardNorm(v);
      const attend = (v: Tensor): Tensor => layer.selfAttention(v, v);
      const dense = (v: Tensor): Tensor => layer.feedforwardOutput(layer.feedforwardIntermediate(v));
      const a = normalizeFirst ? ops.add(x, attend(norm1(x))) : norm1(ops.add(x, attend(x)));
      const expected = normalizeFirst ? ops.add(a, dense(norm2(a))) : norm2(ops.add(a, dense(a)));
      expectClose([...((await y.data()) as Float32Array)], [...((await expected.data()) as Float32Array)], 1e-6);
    }
  });
});
