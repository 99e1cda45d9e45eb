import { beforeAll, describe, expect, it } from "vitest";
import { data, Input, layers, Model, ops, Sequential, setBackend, setRandomSeed, tensor, type Tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});
const { Dataset } = data;
const { Dense } = layers;
const quiet = { verbose: 0 } as const;
const count = 30;
const x = tensor(
  Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i * 2.3)),
  { shape: [count, 2] },
);
const y = tensor(
  Int32Array.from({ length: count }, (_, i) => i % 3),
  { shape: [count] },
);
const weights = tensor(Float32Array.from({ length: count }, (_, i) => (i % 4) / 2));

function classifier(): Sequential {
  setRandomSeed(7);
  const model = new Sequential([Dense({ units: 5, activation: "tanh", inputDim: 2 }), Dense({ units: 3, activation: "softmax" })]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", weightedMetrics: ["accuracy"] });
  return model;
}
async function* batches(): AsyncGenerator<unknown> {
  for await (const batch of Dataset.fromTensors([x, y, weights]).batch(8)) yield batch;
}

describe("fit on streams of batches", () => {
  it("gives the numbers of arrays: a Dataset, generator functions, generators, nested arrays", async () => {
    const options = { ...quiet, epochs: 2, validationData: [x, y] } as const;
    const { history: wanted } = await classifier().fit(x, y, { ...options, batchSize: 8, shuffle: false, sampleWeight: weights });
    const dataset = Dataset.fromTensors([x, y, weights]).batch(8);
    expect((await classifier().fit(dataset, null, options)).history).toEqual(wanted);
    expect(
      (await classifier().fit(dataset.prefetch(2), null, { ...options, validationData: Dataset.fromTensors([x, y]).batch(32) })).history,
    ).toEqual(wanted);
    expect((await classifier().fit(batches, null, options)).history).toEqual(wanted);
    expect((await classifier().fit(batches(), null, { ...options, epochs: 2, stepsPerEpoch: 2 })).history.loss!.length).toBe(2);
    const lists = await Promise.all(
      (await dataset.toArray()).map(async ([a, b, c]) => [await a.array(), await b.array(), await c.array()]),
    );
    expect((await classifier().fit(() => lists, null, options)).history).toEqual(wanted);
  });

  it("goes on over passes with stepsPerEpoch, and needs it where there is no end", async () => {
    const endless = Dataset.fromTensors([x, y]).repeat().batch(8);
    await expect(classifier().fit(endless, null, quiet)).rejects.toThrow(/stepsPerEpoch/);
    const { history } = await classifier().fit(endless, null, { ...quiet, epochs: 3, stepsPerEpoch: 5 });
    expect(history.loss!.length).toBe(3);
    // Three passes of four batches are two epochs of six.
    const { history: wrapped } = await classifier().fit(Dataset.fromTensors([x, y]).batch(8), null, {
      ...quiet,
      epochs: 2,
      stepsPerEpoch: 6,
    });
    expect(wrapped.loss!.length).toBe(2);
  });

  it("applies class weights, and stops where a generator ends", async () => {
    const options = { ...quiet, classWeight: { 0: 1, 1: 3, 2: 0.5 } };
    const { history: wanted } = await classifier().fit(x, y, { ...options, batchSize: 8, shuffle: false });
    expect((await classifier().fit(Dataset.fromTensors([x, y]).batch(8), null, options)).history).toEqual(wanted);
    const { epoch } = await classifier().fit(batches(), null, { ...quiet, epochs: 5, stepsPerEpoch: 4 });
    expect(epoch).toEqual([0]);
  });

  it("says what does not go together", async () => {
    const dataset = Dataset.fromTensors([x, y]).batch(8);
    await expect(classifier().fit(dataset, y, quiet)).rejects.toThrow(/y does not go with a stream/);
    await expect(classifier().fit(dataset, null, { ...quiet, batchSize: 4 })).rejects.toThrow(/dataset.batch/);
    await expect(classifier().fit(dataset, null, { ...quiet, validationSplit: 0.1 })).rejects.toThrow(/validationSplit/);
    await expect(classifier().fit(batches(), null, { ...quiet, epochs: 2 })).rejects.toThrow(/generator function itself/);
    await expect(classifier().fit(() => [], null, quiet)).rejects.toThrow(/empty/);
    await expect(classifier().fit(() => [[x, y, y, y]], null, quiet)).rejects.toThrow(/one to three parts/);
    await expect(classifier().fit(() => [[x, tensor(Int32Array.of(9), { shape: [1] })]], null, quiet)).rejects.toThrow(
      /numbers of samples/,
    );
  });

  it("evaluates and predicts", async () => {
    const model = classifier();
    const dataset = Dataset.fromTensors([x, y]).batch(7);
    expect(await model.evaluate(dataset, null, quiet)).toEqual(await model.evaluate(x, y, { ...quiet, batchSize: 7 }));
    expect(await model.evaluate(dataset, null, { ...quiet, steps: 1 })).not.toEqual(await model.evaluate(dataset, null, quiet));
    const wanted = await (await model.predict(x)).array();
    for (const source of [dataset, Dataset.fromTensors(x).batch(7)]) expect(await (await model.predict(source)).array()).toEqual(wanted);
    const rows = (await x.array()) as never[][];
    expect(await (await model.predict(() => [rows.slice(0, 2), rows.slice(2)])).array()).toEqual(wanted);
  });

  it("takes objects by name for several inputs and outputs, and models that are classes", async () => {
    const [a, b] = [Input({ shape: [2], name: "a" }), Input({ shape: [1], name: "b" })];
    const joined = layers.Concatenate()([a, b]);
    const model = new Model({ inputs: [a, b], outputs: [Dense({ units: 1, name: "p" })(joined), Dense({ units: 2, name: "q" })(joined)] });
    model.compile({ optimizer: "sgd", loss: { p: "mse", q: "mae" }, metrics: { p: ["mae"] } });
    const stream = Dataset.fromTensors([
      { a: x, b: weights },
      { p: weights, q: x },
    ]).batch(10);
    const { history } = await model.fit(stream, null, quiet);
    expect(Object.keys(history).sort()).toEqual(["loss", "p_mae"]);

    class Own extends Model {
      static override readonly className = "Own";
      head = Dense({ units: 3 });
      override call(inputs: Tensor): Tensor {
        return ops.softmax(this.head(inputs));
      }
    }
    const own = new Own();
    own.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    await own.fit(Dataset.fromTensors([x, y]).batch(16), null, quiet);
    expect(own.countParams()).toBe(9);
  });
});

it("a metric with one value per class is logged class by class", async () => {
  const model = new Sequential([Dense({ units: 3, activation: "softmax", inputDim: 2 })]);
  model.compile({ loss: "categorical_crossentropy", metrics: ["f1_score", "auc"] });
  const logs = await model.evaluate(x, ops.oneHot(y, 3), quiet);
  expect(Object.keys(logs).sort()).toEqual(["auc", "f1_score_0", "f1_score_1", "f1_score_2", "loss"]);
  expect(model.directionOf("val_f1_score_1")).toBe("up");
});

it("predict joins the batches of every output along its first axis, however long it is", async () => {
  const x = Input({ shape: [2] });
  const model = new Model<Tensor, Tensor[]>({
    inputs: x,
    outputs: [x, ops.expandDims(ops.sum(x, 0), 0), ops.concatenate([x, x], { axis: 0 })],
  });
  const [same, sums, twice] = await model.predict(tensor([[1, 2], [3, 4], [5, 6]]), { batchSize: 2, verbose: 0 }); // prettier-ignore
  expect(await same!.array()).toEqual([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
  expect(await sums!.array()).toEqual([[4, 6], [5, 6]]); // prettier-ignore
  expect(await twice!.array()).toEqual([[1, 2], [3, 4], [1, 2], [3, 4], [5, 6], [5, 6]]); // prettier-ignore
});
