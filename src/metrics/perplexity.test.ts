import { beforeAll, describe, expect, it } from "vitest";
import { layers, losses, metrics, ops, Sequential, setBackend, tensor, type Tensor, text } from "../index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

const probabilities = [
  [[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]],
  [[0.9, 0.05, 0.05], [0.3, 0.3, 0.4], [0.125, 0.75, 0.125]],
]; // prettier-ignore
const labels = [[1, 1, 2], [2, 0, 0]]; // prettier-ignore
const of = (entries: readonly (readonly [sequence: number, place: number])[]): number =>
  Math.exp(
    -entries.reduce((sum, [i, j]) => sum + Math.log(probabilities[i]![j]![labels[i]![j]!]!), 0) / entries.length, // prettier-ignore
  );
const value = async (metric: metrics.Metric): Promise<number> => await (metric.result() as Tensor).item();
const all = [0, 1].flatMap((i) => [0, 1, 2].map((j) => [i, j] as const));

describe("Perplexity", () => {
  it("is the exponential of the mean cross-entropy of all tokens, over batches of any size", async () => {
    const metric = metrics.Perplexity();
    metric.updateState([labels[0]!], [probabilities[0]!]);
    metric.updateState([labels[1]!], [probabilities[1]!]);
    expect(await value(metric)).toBeCloseTo(of(all), 4);
    metric.resetState();
    expect(await value(metric)).toBe(0);
    const chance = metrics.Perplexity({ fromLogits: true });
    chance.updateState([[0, 3, 6]], [Array.from({ length: 3 }, () => new Array<number>(7).fill(1.5))]);
    expect(await value(chance)).toBeCloseTo(7, 4);
  });

  it("leaves out the masked token, the mask, and what weighs nothing, whatever was predicted there", async () => {
    const without0 = metrics.Perplexity({ maskTokenId: 0 });
    without0.updateState(labels, probabilities);
    const counted = all.filter(([i, j]) => labels[i]![j] !== 0);
    expect(await value(without0)).toBeCloseTo(of(counted), 4);
    const masked = metrics.Perplexity();
    masked.updateState(labels, probabilities, { mask: [[true, false, true], [true, false, false]] }); // prettier-ignore
    expect(await value(masked)).toBeCloseTo(of([[0, 0], [0, 2], [1, 0]]), 4); // prettier-ignore
    const bySample = metrics.Perplexity();
    bySample.updateState(labels, probabilities, { sampleWeight: [1, 0] });
    expect(await value(bySample)).toBeCloseTo(of(all.slice(0, 3)), 4);
    const outside = metrics.Perplexity({ fromLogits: true, maskTokenId: -1 });
    outside.updateState([[-1, 1]], [[[0, NaN, 0], [2, 2, 2]]]); // prettier-ignore
    expect(await value(outside)).toBeCloseTo(3, 4);
  });

  it("takes the mask that a model's layers attach, and is what text.perplexity says of the log probabilities", async () => {
    const model = new Sequential([
      layers.Input({ shape: [4], dtype: "int32" }),
      layers.Embedding({ inputDim: 5, outputDim: 3, maskZero: true }),
      layers.GRU({ units: 4, returnSequences: true }),
      layers.Dense({ units: 5 }),
    ]);
    model.compile({
      loss: losses.SparseCategoricalCrossentropy({ fromLogits: true }),
      metrics: [metrics.Perplexity({ fromLogits: true })],
    });
    const [x, y] = [tensor([[1, 2, 3, 0], [4, 0, 0, 0]], { dtype: "int32" }), tensor([[2, 3, 1, 0], [1, 0, 0, 0]], { dtype: "int32" })]; // prettier-ignore
    const logs = await model.evaluate(x, y, { verbose: 0 });
    expect(Math.log(logs.perplexity!)).toBeCloseTo(logs.loss!, 5);
    const logProbabilities = (await ops.logSoftmax(await model.predict(x, { verbose: 0 })).array()) as number[][][];
    const said = [[[2, 3, 1]], [[1]]].map(([tokens], i) => tokens!.map((token, j) => logProbabilities[i]![j]![token]!));
    expect(text.perplexity(said)).toBeCloseTo(logs.perplexity!, 4);
  });

  it("is found by name, written and read, and refuses what it does not know", () => {
    const metric = metrics.Perplexity({ fromLogits: true, maskTokenId: 0, name: "words" });
    const json = metrics.serialize(metric);
    expect(metrics.deserialize(json)).toMatchObject({ fromLogits: true, maskTokenId: 0, name: "words" });
    expect(metrics.deserialize({ ...json, registered_name: "keras_hub>Perplexity" })).toBeInstanceOf(metrics.PerplexityMetric);
    expect(metrics.get("perplexity").name).toBe("perplexity");
    expect(() => metrics.Perplexity({ maskToken: 0 } as never)).toThrow(/maskTokenId/);
    expect(text.perplexity([[Math.log(0.5)], [Math.log(0.125)]])).toBeCloseTo(4, 12);
    expect(() => text.perplexity([[]])).toThrow(/no tokens/);
    expect(() => text.perplexity([[0.5]])).toThrow(/no log probability/);
  });
});
