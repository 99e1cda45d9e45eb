import { beforeAll, expect, it } from "vitest";
import { Input, layers, Model, modelFromJSON, ops, setBackend, tensor } from "../index.ts";

beforeAll(() => setBackend("reference"));

const tensorAt = (name: string, shape: (number | null)[], dtype = "float32"): object => ({
  class_name: "__keras_tensor__",
  config: { shape, dtype, keras_history: [name, 0, 0] },
});
/** As newer versions of Keras write a model with a mask: its comparison is a call of its own, and an argument of the LSTM. */
const masked = (className = "NotEqual"): object => {
  const x = Input({ shape: [null], name: "words" });
  const embedded = layers.Embedding({ inputDim: 5, outputDim: 3, maskZero: true, name: "embedding" })(x);
  const model = new Model({ inputs: x, outputs: layers.LSTM({ units: 2, name: "lstm" })(embedded) });
  const json = JSON.parse(JSON.stringify(model)) as { config: { layers: Record<string, unknown>[] } };
  const lstm = json.config.layers.at(-1) as { inbound_nodes: { kwargs: object }[] };
  lstm.inbound_nodes[0]!.kwargs = { mask: tensorAt("not_equal", [null, null], "bool") };
  json.config.layers.splice(1, 0, {
    module: "keras.src.ops.numpy",
    class_name: className,
    config: { name: "not_equal", dtype: "float32" },
    registered_name: className,
    name: "not_equal",
    inbound_nodes: [{ args: [tensorAt("words", [null, null]), 0], kwargs: {} }],
  });
  return json;
};

it("models with operations between their layers are read: a mask that stands in the configuration masks", async () => {
  const model = modelFromJSON(masked());
  const words = tensor([[1, 2, 0, 0], [3, 0, 0, 0]]); // prettier-ignore
  const y = await model.predict(words);
  const short = (await model.predict(tensor([[1, 2], [3, 0]]))); // prettier-ignore
  expect(await y.array()).toEqual(await short.array());
  expect(model.weights.length).toBe(4);
});

it("operations on two operands are written as Keras writes them, and read again", async () => {
  const x = Input({ shape: [2], name: "x" });
  const y = ops.multiply(layers.ReLU({ name: "relu" })(ops.add(x, 3)), ops.subtract(1, x));
  const model = new Model({ inputs: x, outputs: y });
  const json = JSON.parse(JSON.stringify(model)) as { config: { layers: Record<string, unknown>[] } };
  const add = json.config.layers.find(({ class_name: className }) => className === "Add")!;
  expect(add).toMatchObject({ module: "keras.src.ops.numpy", registered_name: "Add", config: { name: add.name } });
  expect(add.inbound_nodes).toEqual([{ args: [tensorAt("x", [null, 2]), 3], kwargs: {} }]);
  const given = tensor([[1, -5]]);
  expect(await (await modelFromJSON(json).predict(given)).array()).toEqual([[0, 0]]);
  expect(await (await modelFromJSON(json).predict(tensor([[2, -1]]))).array()).toEqual([[-5, 4]]);
});

it("operations with options, indices, constants and operands after options are written as Keras writes them, and read again", async () => {
  const x = Input({ shape: [3, 2], name: "x" });
  const part = ops.getItem(x, [null, "...", { start: 0, stop: 2 }, "newaxis"]);
  const moved = ops.transpose(ops.concatenate([x, ops.add(x, tensor([[1, 2], [3, 4], [5, 6]]))], { axis: 1 }), [0, 2, 1]); // prettier-ignore
  const joined = ops.einsum("bij,bik->bjk", ops.reshape(part, [-1, 2, 3]), ops.clip(moved, -1, 4));
  const model = new Model({ inputs: x, outputs: ops.mean(joined, { axis: -1, keepdims: true }) });
  const json = JSON.parse(model.toJson()) as {
    config: { layers: { class_name: string; config: object; inbound_nodes: { args: unknown[] }[] }[] };
  };
  const entry = (className: string): (typeof json.config.layers)[number] =>
    json.config.layers.find((layer) => layer.class_name === className)!;
  expect(entry("Mean").config).toMatchObject({ axis: -1, keepdims: true });
  expect(entry("Transpose").config).toMatchObject({ axes: [0, 2, 1] });
  expect(entry("Clip").config).toMatchObject({ x_min: -1, x_max: 4 });
  expect(entry("Einsum")).toMatchObject({ module: "keras.src.ops.numpy", config: { subscripts: "bij,bik->bjk" } });
  expect(entry("GetItem").inbound_nodes[0]!.args[1]).toEqual([
    { class_name: "__slice__", config: { start: null, stop: null, step: null } },
    { class_name: "__ellipsis__", config: {} },
    { class_name: "__slice__", config: { start: 0, stop: 2, step: null } },
    null,
  ]);
  expect(entry("Add").inbound_nodes[0]!.args[1]).toEqual({ class_name: "__tensor__", config: { value: [[1, 2], [3, 4], [5, 6]], dtype: "float32" } }); // prettier-ignore
  const given = tensor([[[1, -2], [3, 0.5], [2, 2]]]); // prettier-ignore
  const again = modelFromJSON(JSON.parse(JSON.stringify(json)) as object);
  expect(await (await again.predict(given)).array()).toEqual(await (await model.predict(given)).array());
});

it("an operation that Keras does not have is refused when the model is written", () => {
  const x = Input({ shape: [4, 4, 3] });
  const own = new Model({ inputs: x, outputs: ops.localResponseNormalization(x) });
  expect(() => JSON.stringify(own)).toThrow(/stands in the model as it is/);
});

it("an operation that does not exist is refused by name", () => {
  expect(() => modelFromJSON(masked("NotEqul"))).toThrow(/notEqual/);
});

it("Bidirectional takes weights for both directions", async () => {
  const plain = layers.Bidirectional({ layer: layers.SimpleRNN({ units: 2 }) });
  plain.build([null, 3, 2]);
  const given = plain.weights.map((weight, i) => ops.add(ops.zeros(weight.shape), i + 1));
  const layer = layers.Bidirectional({ layer: layers.SimpleRNN({ units: 2 }), weights: given });
  layer.build([null, 3, 2]);
  for (const [i, weight] of layer.weights.entries()) expect(Array.from(await weight.data()).every((value) => value === i + 1)).toBe(true);
  const wrong = layers.Bidirectional({ layer: layers.SimpleRNN({ units: 2 }), weights: given.slice(1) });
  expect(() => wrong.build([null, 3, 2])).toThrow(/array per weight/);
});

it("operations keep the names of a file, beside layers of the same class", async () => {
  const x = Input({ shape: [2], name: "x" });
  const sum = layers.Add({ name: "add" })([ops.add(x, 1), x]);
  const model = new Model({ inputs: x, outputs: ops.add(sum, x) });
  const json = JSON.parse(model.toJson().replaceAll(/"add_\d+"/g, (name) => name.replace("add", "sum"))) as {
    config: { layers: { name: string }[] };
  };
  const rename = { ...json, config: { ...json.config } };
  const names = rename.config.layers.map(({ name }) => name);
  const again = modelFromJSON(rename);
  expect((JSON.parse(again.toJson()) as typeof json).config.layers.map(({ name }) => name)).toEqual(names);
  expect(await (await again.predict(tensor([[1, 2]]))).array()).toEqual([[4, 7]]);
});
