import { beforeAll, describe, expect, it } from "vitest";
import { Input, layers, Model, modelFromJSON, ops, Sequential, setBackend, type Tensor } from "../index.ts";

beforeAll(() => setBackend("reference"));

type Json = { config: { layers: { inbound_nodes: { kwargs: Record<string, unknown> }[] }[] } };
const x = ops.ones([4, 50]);
const drops = async (y: Tensor): Promise<boolean> => (await y.data()).includes(0);
/** A dropout in a model in a model, the inner one called with a flag of its own or none. */
const nested = (options: object): Model => {
  const [inner, outer] = [Input({ shape: [50] }), Input({ shape: [50] })];
  const model = new Model({ inputs: inner, outputs: layers.Dropout({ rate: 0.5 })(inner) });
  return new Model({ inputs: outer, outputs: model(outer, options) });
};
const direct = (options: object): Model => {
  const input = Input({ shape: [50] });
  return new Model({ inputs: input, outputs: layers.Dropout({ rate: 0.5 })(input, options) });
};

describe("the training flag of a model's call", () => {
  it.each([
    ["no flag", {}, false],
    ["training: true", { training: true }, true],
    ["training: false", { training: false }, false],
  ])("goes before that of the calls it was made of; without it that of the calls holds: %s", async (_, options, byItself) => {
    for (const made of [direct(options), nested(options)]) {
      for (const model of [made, modelFromJSON(JSON.stringify(made))]) {
        expect(await drops(model(x))).toBe(byItself);
        expect(await drops(model(x, { training: true }))).toBe(true);
        expect(await drops(model(x, { training: false }))).toBe(false);
        expect(await drops(await model.predict(x, { verbose: 0 }))).toBe(false);
      }
    }
  });

  it("is written with calls of layers that Keras has a default for", () => {
    const sequences = Input({ shape: [5, 50] });
    const model = new Model({ inputs: sequences, outputs: layers.GRU({ units: 2 })(layers.GaussianNoise({ stddev: 1 })(sequences)) });
    const { layers: written } = (JSON.parse(JSON.stringify(model)) as Json).config;
    expect(written.map(({ inbound_nodes: calls }) => calls[0]?.kwargs)).toEqual([
      undefined,
      { training: false },
      { training: false, mask: null },
    ]);
  });

  it("stands beside a mask where one argument holds tensors, with the mask in its structure", () => {
    const [x, h] = [Input({ shape: [5, 3] }), Input({ shape: [4] })];
    const written = (inputs: Tensor | Tensor[], outputs: unknown): unknown => {
      const { layers: all } = (JSON.parse(JSON.stringify(new Model({ inputs, outputs: outputs as Tensor }))) as Json).config;
      return all.at(-1)!.inbound_nodes[0]!.kwargs;
    };
    expect(written(x, layers.Attention()([x, x]))).toEqual({ training: false, mask: [null, null] });
    expect(written(x, layers.LSTM({ units: 4 })(x))).toEqual({ training: false, mask: null });
    const begun = written([x, h], layers.LSTM({ units: 4 })(x, { initialState: [h, h] }));
    expect(begun).toEqual({ training: false, initial_state: [expect.anything(), expect.anything()] });
    const mha = layers.MultiHeadAttention({ numHeads: 2, keyDim: 2 });
    expect(written(x, mha(x, x))).toEqual({ query_mask: null, value_mask: null });
    const again = modelFromJSON(JSON.stringify(new Model({ inputs: x, outputs: layers.Attention()([x, x]) })));
    expect(again(ops.ones([2, 5, 3])).shape).toEqual([2, 5, 3]);
  });

  it("is true by itself for layers that change images at random, and false in predict and evaluate, as in Keras", async () => {
    const images = ops.reshape(ops.arange(4 * 6 * 6, { dtype: "float32" }), [4, 6, 6, 1]);
    const isSame = async (y: Tensor): Promise<boolean> => String(await y.data()) === String(await images.data());
    const flip = layers.RandomFlip({ seed: 3 });
    expect(await isSame(flip(images))).toBe(false);
    expect(await isSame(flip(images, { training: false }))).toBe(true);
    expect(await isSame(layers.Pipeline({ layers: [flip] })(images) as Tensor)).toBe(false);
    const input = Input({ shape: [6, 6, 1] });
    const made = new Model({ inputs: input, outputs: layers.RandomFlip({ seed: 3 })(input) });
    const written = JSON.stringify(made);
    expect((JSON.parse(written) as Json).config.layers[1]!.inbound_nodes[0]!.kwargs).toEqual({ training: true });
    for (const model of [made, modelFromJSON(written), new Sequential([Input({ shape: [6, 6, 1] }), layers.RandomFlip({ seed: 3 })])]) {
      expect(await isSame(model(images))).toBe(false);
      expect(await isSame(model(images, { training: false }))).toBe(true);
      expect(await isSame(await model.predict(images, { verbose: 0 }))).toBe(true);
    }
  });
});
