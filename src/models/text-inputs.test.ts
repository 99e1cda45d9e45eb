import { beforeAll, describe, expect, it } from "vitest";
import { data, Input, layers, Model, modelFromJSON, ops, Sequential, setBackend, setRandomSeed, StringTensor, tensor } from "../index.ts";
import type { Tensor } from "../index.ts";

beforeAll(() => setBackend("reference"));

const texts = ["good film", "bad film", "very good", "very bad", "good", "bad"];
const labels = [[1], [0], [1], [0], [1], [0]];
const vectorize = (options: object = {}): InstanceType<typeof layers.TextVectorization> =>
  layers.TextVectorization({ vocabulary: ["good", "bad", "film", "very"], outputSequenceLength: 3, ...options });

function classifier(layer = vectorize()): Model {
  setRandomSeed(4);
  const inputs = Input({ shape: [1], dtype: "string", name: "review" });
  const embedded = layers.Embedding({ inputDim: 8, outputDim: 4 })(layer(inputs));
  const outputs = layers.Dense({ units: 1, activation: "sigmoid" })(layers.GlobalAveragePooling1D()(embedded));
  const model = new Model({ inputs, outputs });
  model.compile({ optimizer: "adam", loss: "binary_crossentropy", metrics: ["accuracy"] });
  return model;
}
/** The same model on the numbers that the texts become. */
function plain(): Model {
  setRandomSeed(4);
  const inputs = Input({ shape: [3], dtype: "int32" });
  const embedded = layers.Embedding({ inputDim: 8, outputDim: 4 })(inputs);
  const outputs = layers.Dense({ units: 1, activation: "sigmoid" })(layers.GlobalAveragePooling1D()(embedded));
  const model = new Model({ inputs, outputs });
  model.compile({ optimizer: "adam", loss: "binary_crossentropy", metrics: ["accuracy"] });
  return model;
}

describe("a model whose first layer takes texts", () => {
  it("knows the shape of what the texts become", () => {
    const inputs = Input({ shape: [1], dtype: "string" });
    expect(vectorize()(inputs).shape).toEqual([null, 3]);
    expect(vectorize({ outputSequenceLength: null })(inputs).shape).toEqual([null, null]);
    expect(layers.StringLookup({ vocabulary: ["a"], outputMode: "multi_hot" })(inputs).shape).toEqual([null, 2]);
  });

  it("trains, evaluates and predicts as the model behind it does on the numbers", async () => {
    const [model, other] = [classifier(), plain()];
    const numbers = vectorize()(texts.map((text) => [text]));
    const x = tensor(texts, { dtype: "string" });
    const options = { epochs: 3, batchSize: 4, verbose: 0 } as const;
    setRandomSeed(1);
    const { history } = await model.fit(x, labels, options);
    setRandomSeed(1);
    expect(history).toEqual((await other.fit(numbers, labels, options)).history);
    expect(await model.evaluate(x, labels, { verbose: 0 })).toEqual(await other.evaluate(numbers, labels, { verbose: 0 }));
    const wanted = await (await other.predict(numbers)).data();
    expect(await (await model.predict(texts)).data()).toEqual(wanted);
    expect(await (await model.predictOnBatch(texts.map((text) => [text]))).data()).toEqual(wanted);
    expect(await model(x as never).data()).toEqual(wanted);
    expect(await model.trainOnBatch(x, labels)).toEqual(await other.trainOnBatch(numbers, labels));
  });

  it("takes texts by name, with a validation split, and from a Dataset of batches", async () => {
    const model = classifier();
    const { history } = await model.fit({ review: texts }, labels, { validationSplit: 0.34, batchSize: 2, verbose: 0 });
    expect(Object.keys(history)).toEqual(expect.arrayContaining(["val_loss"]));
    const set = data.Dataset.fromTensors([tensor(texts, { dtype: "string" }), tensor(labels)] as never).batch(4);
    const before = (await model.evaluate(texts, labels, { verbose: 0 })).loss!;
    await model.fit(set as never, null, { epochs: 20, verbose: 0 });
    expect((await model.evaluate(set as never, null, { verbose: 0 })).loss!).toBeLessThan(before);
  });

  it("pads every batch by itself where no length is given", async () => {
    const inputs = Input({ shape: [], dtype: "string" });
    const model = new Model({ inputs, outputs: ops.cast(vectorize({ outputSequenceLength: null })(inputs), "float32") });
    const one = await model.predict(["good", "bad"], { batchSize: 2 });
    expect(one.shape).toEqual([2, 1]);
    expect(await (await model.predict(["very good film"])).array()).toEqual([[5, 2, 4]]);
  });

  it("is written and read as Keras's JSON", async () => {
    const model = classifier();
    const json = JSON.parse(JSON.stringify(model)) as { config: { layers: { config: object }[] } };
    expect(json.config.layers[0]!.config).toMatchObject({ batch_shape: [null, 1], dtype: "string" });
    const again = modelFromJSON(json);
    await again.setWeights(await model.getWeights());
    expect(await (await again.predict(texts)).data()).toEqual(await (await model.predict(texts)).data());
  });

  it("may be a Sequential, built by an Input or by the first texts, with numbers beside the texts in functional models", async () => {
    const model = new Sequential([
      vectorize(),
      layers.Embedding({ inputDim: 8, outputDim: 2 }),
      layers.Flatten(),
      layers.Dense({ units: 1 }),
    ]);
    expect((await model.predict(texts)).shape).toEqual([6, 1]);
    expect(model.inputSlots![0]).toMatchObject({ dtype: "string" });
    const stack = new Sequential([
      Input({ shape: [1], dtype: "string" }),
      layers.StringLookup({ vocabulary: texts, outputMode: "one_hot" }),
    ]);
    expect((await stack.predict(texts)).shape).toEqual([6, 7]);
    const [word, size] = [Input({ shape: [1], dtype: "string", name: "word" }), Input({ shape: [2], name: "size" })];
    const hot = layers.StringLookup({ vocabulary: ["a", "b"], outputMode: "one_hot" })(word);
    const both = new Model({ inputs: { word, size }, outputs: layers.concatenate([ops.cast(hot, "float32"), size]) });
    const y = await both.predict({ word: ["b", "c"], size: [[1, 2], [3, 4]] }); // prettier-ignore
    expect(await y.array()).toEqual([[0, 0, 1, 1, 2], [1, 0, 0, 3, 4]]); // prettier-ignore
  });

  it("crosses features, whose values must be known, before the program", async () => {
    const [word, count] = [Input({ shape: [1], dtype: "string" }), Input({ shape: [1], dtype: "int32" })];
    const crossed = layers.HashedCrossing({ numBins: 5 })([word, count]);
    const model = new Model({ inputs: [word, count], outputs: ops.add(crossed, 0) });
    const given = tensor(["a", "b"], { dtype: "string" });
    const direct = layers.HashedCrossing({ numBins: 5 })([given.reshape([2, 1]), tensor(Int32Array.of(1, 2), { shape: [2, 1] })]);
    expect(await (await model.predict([given, Int32Array.of(1, 2)] as never)).data()).toEqual(await direct.data());
  });
});

describe("texts where they do not belong", () => {
  it("are refused by layers of numbers, symbolic or not", () => {
    const inputs = Input({ shape: [1], dtype: "string" });
    expect(() => layers.Dense({ units: 1 })(inputs)).toThrow(/called on texts/);
    expect(() => layers.Dense({ units: 1 })(new StringTensor(["a"], [1, 1]) as never)).toThrow(/called on texts/);
  });

  it("are refused as outputs, before layers with weights, by classes of one's own, and numbers where texts are wanted", async () => {
    const inputs = Input({ shape: [1], dtype: "string" });
    expect(() => new Model({ inputs, outputs: inputs })).toThrow(/gives numbers/);
    const inner = classifier();
    expect(() => new Model({ inputs, outputs: inner(inputs) })).toThrow(/has weights to train/);
    const model = classifier();
    await expect(model.predict([[1]])).rejects.toThrow(/takes texts/);
    class Own extends Model {
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    await expect(new Own().predict(texts)).rejects.toThrow(/class of its own/);
  });
});
