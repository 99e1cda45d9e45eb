import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { errors, Input, layers, Model, ops, saving, Sequential, setBackend, setRandomSeed, type Tensor, tensor } from "../../index.ts";
import { readMutations } from "../../testing/mutate-bytes.ts";
import { modelOf, valueInfo } from "../../testing/onnx-case.ts";
import { runOnnx } from "../../testing/onnx-runtime.ts";
import { attribute, tensorProto } from "./export/graph-writer.ts";
import type { NodeProto, TensorProto } from "./schema.ts";

const { loadOnnx, encodeOnnx, exportOnnx } = saving;
const node = (opType: string, input: string[], output: string[], attributes: NodeProto["attribute"] = []): NodeProto => ({
  opType,
  input,
  output,
  name: "",
  attribute: attributes,
});
const x = valueInfo("x", [2, 3], 1);
const y = { name: "y" };

function external(location: string): TensorProto {
  const { rawData: _, ...proto } = tensorProto("w", new Float32Array(3), [3], "float32");
  return { ...proto, dataLocation: 1, externalData: [{ key: "location", value: location }] };
}

beforeAll(() => setBackend("wasm"));

describe("ONNX files", () => {
  it("carry a model that goes on training after it was read", async () => {
    setRandomSeed(1);
    const model = new Sequential([layers.Dense({ units: 8, activation: "tanh", inputShape: [2] }), layers.Dense({ units: 1 })]);
    const folder = await mkdtemp(join(tmpdir(), "nabla-onnx-"));
    await exportOnnx(model, join(folder, "m.onnx"));
    const read = await loadOnnx(join(folder, "m.onnx"));
    expect([...read.parameters.keys()].length).toBe(4);
    read.compile({ optimizer: "adam", loss: "mse" });
    const inputs = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const { history } = await read.fit(inputs, tensor([[0], [1], [1], [2]]), { epochs: 60, verbose: 0 });
    expect(history["loss"]!.at(-1)!).toBeLessThan(history["loss"]![0]! / 2);
    const again = await loadOnnx(await encodeOnnx(read as never));
    const [a, b] = (await Promise.all([read.predict(inputs), again.predict(inputs)])) as [Tensor, Tensor];
    expect([...(await a.data())].map((v) => v.toFixed(4))).toEqual([...(await b.data())].map((v) => v.toFixed(4)));
  });

  it("leave two unknown extents open", async () => {
    const inputs = Input({ shape: [null, 4] });
    const outputs = layers.Dense({ units: 3 })(layers.LSTM({ units: 5, returnSequences: true })(inputs));
    const model = new Model({ inputs, outputs });
    const bytes = await encodeOnnx(model);
    for (const [batch, time] of [
      [1, 7],
      [4, 2],
    ] as const) {
      const values = Float32Array.from({ length: batch * time * 4 }, (_, i) => Math.sin(i));
      const [result] = await runOnnx(bytes, [{ shape: [batch, time, 4], dtype: "float32", data: values }]);
      const expected = await model.predict(tensor(values, { shape: [batch, time, 4] }));
      expect(result!.shape).toEqual([batch, time, 3]);
      const wanted = await expected.data();
      result!.data.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5));
    }
  });

  it("say which extent must be fixed where the graph does not grow evenly with it", async () => {
    const inputs = Input({ shape: [null, null, 1] });
    const outputs = layers.Conv2D({ filters: 1, kernelSize: 3, strides: 2, padding: "same" })(inputs);
    await expect(encodeOnnx(new Model({ inputs, outputs }))).rejects.toThrow(/inputShapes/);
    const bytes = await encodeOnnx(new Model({ inputs, outputs }), { inputShapes: [[null, 6, 6, 1]] });
    expect((await runOnnx(bytes, [{ shape: [2, 6, 6, 1], dtype: "float32", data: new Float32Array(72) }]))[0]!.shape).toEqual([2, 3, 3, 1]);
  });

  it("are called by name, and give several outputs by name", async () => {
    const [a, b] = [Input({ shape: [2], name: "a" }), Input({ shape: [2], name: "b" })];
    const model = new Model({
      inputs: [a, b],
      outputs: [layers.Add({ name: "sum" })([a, b]), layers.Multiply({ name: "product" })([a, b])],
    });
    const read = await loadOnnx(await encodeOnnx(model as never));
    const { sum, product } = read.call({ b: tensor([[3, 4]]), a: tensor([[1, 2]]) }) as { sum: Tensor; product: Tensor };
    expect([await sum.array(), await product.array()]).toEqual([[[4, 6]], [[3, 8]]]);
    expect(() => read.call({ a: tensor([[1, 2]]) })).toThrow(/a, b/);
  });

  it("run bodies: If by a value, Loop with a condition, Scan", async () => {
    const zero = tensorProto("zero", new Float32Array(1), [], "float32");
    const branch = (opType: string): NodeProto["attribute"][number]["g"] => ({
      name: opType,
      node: [node(opType, ["x"], ["r"])],
      initializer: [],
      input: [],
      output: [{ name: "r" }],
      sparseInitializer: [],
    });
    const bytes = modelOf({
      node: [
        node("ReduceSum", ["x"], ["s"], [attribute("keepdims", 0)]),
        node("Greater", ["s", "zero"], ["c"]),
        node(
          "If",
          ["c"],
          ["y"],
          [attribute("then_branch", { graph: branch("Relu")! }), attribute("else_branch", { graph: branch("Neg")! })],
        ),
      ],
      initializer: [zero],
      input: [x],
      output: [y],
    });
    const model = await loadOnnx(bytes);
    for (const sign of [1, -1]) {
      const values = Float32Array.from([1, -2, 3, 4, -5, 6], (v) => v * sign);
      const [expected] = await runOnnx(bytes, [{ shape: [2, 3], dtype: "float32", data: values }]);
      expect([...(await (model.call(tensor(values, { shape: [2, 3] })) as Tensor).data())]).toEqual(expected!.data);
    }
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      "a circle",
      modelOf({ node: [node("Add", ["x", "b"], ["a"]), node("Neg", ["a"], ["b"]), node("Neg", ["b"], ["y"])], input: [x], output: [y] }),
      /circle/,
    ],
    ["a value that nobody makes", modelOf({ node: [node("Add", ["x", "z"], ["y"])], input: [x], output: [y] }), /nobody makes/],
    [
      "a value that is made twice",
      modelOf({ node: [node("Neg", ["x"], ["y"]), node("Abs", ["x"], ["y"])], input: [x], output: [y] }),
      /made twice/,
    ],
    ["an operator that is not there", modelOf({ node: [node("Sqroot", ["x"], ["y"])], input: [x], output: [y] }), /Sqrt[\s\S]*Sqroot/],
    ["an output that nobody makes", modelOf({ node: [], input: [x], output: [y] }), /made by nobody/],
    [
      "elements that do not fill their shape",
      modelOf({
        node: [node("Add", ["x", "w"], ["y"])],
        initializer: [{ ...tensorProto("w", new Float32Array(2), [2], "float32"), dims: [2 ** 40, 2 ** 40] }],
        input: [x],
        output: [y],
      }),
      /shape is none/,
    ],
    ["bytes that are no model", new Uint8Array([1, 2, 3, 4, 250]), /no ONNX model/],
  ])("refuse %s", async (_name, bytes, message) => {
    await expect(loadOnnx(bytes)).rejects.toThrow(message);
    await expect(loadOnnx(bytes)).rejects.toThrow(errors.NablaError);
  });

  it("sort nodes that stand in another order", async () => {
    const model = await loadOnnx(modelOf({ node: [node("Neg", ["a"], ["y"]), node("Abs", ["x"], ["a"])], input: [x], output: [y] }));
    expect(
      await (
        model.call(
          tensor([
            [1, -2, 3],
            [4, 5, 6],
          ]),
        ) as Tensor
      ).array(),
    ).toEqual([
      [-1, -2, -3],
      [-4, -5, -6],
    ]);
  });

  it("read weights from their own folder, and from nowhere else", async () => {
    const root = await mkdtemp(join(tmpdir(), "nabla-external-"));
    await mkdir(join(root, "model"));
    await writeFile(join(root, "secret.bin"), new Uint8Array(Float32Array.from([7, 7, 7]).buffer));
    await writeFile(join(root, "model", "w.bin"), new Uint8Array(Float32Array.from([1, 2, 3]).buffer));
    await symlink(join(root, "secret.bin"), join(root, "model", "link.bin"));
    const write = async (location: string): Promise<string> => {
      const path = join(root, "model", "m.onnx");
      await writeFile(
        path,
        modelOf({ node: [node("Add", ["x", "w"], ["y"])], initializer: [external(location)], input: [x], output: [y] }),
      );
      return path;
    };
    const model = await loadOnnx(await write("w.bin"));
    expect(await (model.call(ops.zeros([2, 3])) as Tensor).array()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    for (const location of [
      "../secret.bin",
      join(root, "secret.bin"),
      "link.bin",
      "a/../../secret.bin",
      "..\\secret.bin",
      "file:secret.bin",
    ])
      await expect(loadOnnx(await write(location)), location).rejects.toThrow(/outside the folder/);
    await expect(loadOnnx(await write("missing.bin"))).rejects.toThrow(/no such file/);
  });

  it("find a clear error or a reading in 150 mutations", async () => {
    const model = new Sequential([layers.Dense({ units: 3, activation: "relu", inputShape: [4] }), layers.Dense({ units: 2 })]);
    const bytes = await encodeOnnx(model);
    const read = async (broken: Uint8Array): Promise<void> => void (await loadOnnx(broken)).call(ops.zeros([2, 4]));
    const outcome = await readMutations(
      [bytes],
      150,
      read,
      (error) => error instanceof errors.NablaError && !(error instanceof errors.InternalError),
    );
    expect(outcome.surprises).toEqual([]);
  });
});
