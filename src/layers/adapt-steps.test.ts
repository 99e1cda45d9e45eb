/** Layers that learn from data step by step, as `adapt` does at once. */
import { beforeAll, describe, expect, it } from "vitest";
import { layers, setBackend, tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

describe("resetState, updateState and finalizeState", () => {
  it("learn the vocabulary that adapt learns", async () => {
    const texts = ["a b b", "c b a", "b d"];
    const [whole, steps] = [layers.TextVectorization(), layers.TextVectorization()];
    await whole.adapt(texts);
    await steps.updateState(["left over"]);
    steps.resetState();
    await steps.updateState(texts.slice(0, 2));
    await steps.updateState(texts.slice(2));
    steps.finalizeState();
    expect(steps.getVocabulary()).toEqual(whole.getVocabulary());
    expect(steps.getVocabulary().slice(2)).toEqual(["b", "a", "d", "c"]);
  });

  it("count the terms of tables", async () => {
    const lookup = layers.StringLookup();
    lookup.resetState();
    await lookup.updateState([["x"], ["y"]]);
    await lookup.updateState([["y"]]);
    lookup.finalizeState();
    expect(lookup.getVocabulary()).toEqual(["[UNK]", "y", "x"]);
    const integers = layers.IntegerLookup();
    await integers.updateState(tensor([[7], [7], [3]], { dtype: "int32" }));
    integers.finalizeState();
    expect(integers.getVocabulary()).toEqual([-1, 7, 3]);
  });

  it("summarize numbers", async () => {
    const bins = layers.Discretization({ numBins: 2 });
    await bins.updateState(tensor([100, 200]));
    bins.resetState();
    expect(() => bins.finalizeState()).toThrow(/there is no data/);
    await bins.updateState(tensor([0, 1]));
    await bins.updateState(tensor([2, 3]));
    bins.finalizeState();
    const whole = layers.Discretization({ numBins: 2 });
    await whole.adapt([tensor([0, 1]), tensor([2, 3])]);
    expect(bins.binBoundaries).toEqual(whole.binBoundaries);
  });

  it("refuse where everything was given", async () => {
    await expect(layers.StringLookup({ vocabulary: ["a"] }).updateState(["a"])).rejects.toThrow(/nothing to learn/);
    await expect(layers.TextVectorization({ vocabulary: ["a"] }).updateState(["a"])).rejects.toThrow(/nothing to learn/);
    await expect(layers.Discretization({ binBoundaries: [1] }).updateState(tensor([1]))).rejects.toThrow(/nothing to learn/);
  });
});

it("stateful layers show the states that they keep", async () => {
  const layer = layers.LSTM({ units: 2, stateful: true });
  const x = tensor([[[1], [2]]]);
  expect(layer.states).toBeNull();
  layer(x);
  const [h] = layer.states!;
  expect((await h!.array()) as number[][]).not.toEqual([[0, 0]]);
  expect(layers.LSTM({ units: 2 })(x, { initialState: layer.states! }).shape).toEqual([1, 2]);
  layer.resetStates();
  expect(await layer.states![0]!.array()).toEqual([[0, 0]]);
});
