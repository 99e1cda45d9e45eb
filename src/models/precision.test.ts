import { afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  DTypePolicy,
  dtypePolicy,
  Layer,
  layers,
  modelFromJSON,
  ops,
  optimizers,
  Sequential,
  setBackend,
  setDtypePolicy,
  setRandomSeed,
  tensor,
  type Tensor,
  type TensorLike,
  type Variable,
} from "../index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});
afterEach(() => setDtypePolicy(null));
const { Dense } = layers;
const quiet = { verbose: 0 } as const;
const x = tensor(
  Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * 1.7)),
  { shape: [20, 2] },
);
const y = tensor(
  Float32Array.from({ length: 20 }, (_, i) => Math.sin(2 * i * 1.7) - Math.sin((2 * i + 1) * 1.7) / 2),
  { shape: [20, 1] },
);
/** Whether a number has at most `bits` bits of fraction. */
const isShort = (value: number, bits: number): boolean => {
  const scaled = value / 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - bits);
  return scaled === Math.round(scaled);
};
const bits = { mixed_bfloat16: 7, mixed_float16: 10 } as const;

describe.each(["mixed_bfloat16", "mixed_float16"] as const)("the policy %s", (name) => {
  it("keeps weights in float32 and rounds what goes in and out", async () => {
    const layer = Dense({ units: 3, dtype: name });
    const output = layer(x);
    const kernel = await layer.weights[0]!.data();
    expect(layer.weights.map(({ dtype }) => dtype)).toEqual(["float32", "float32"]);
    expect(kernel.some((value) => !isShort(value, bits[name]))).toBe(true);
    const got = await output.data();
    expect(got.every((value) => isShort(value, bits[name]))).toBe(true);
    expect(output.dtype).toBe(name.slice(6));
    // The arithmetic between is that of the rounded inputs and weights.
    const plain = Dense({ units: 3 });
    plain.build([null, 2]);
    const short = async (t: Tensor): Promise<Tensor> =>
      tensor(await layers.Activation({ activation: "linear", dtype: name })(t).data(), { shape: t.shape as number[] });
    await plain.setWeights([await short(layer.weights[0]!.read()), layer.weights[1]!.read()]);
    const exact = await plain(await short(x)).data();
    got.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(Math.abs(exact[i]!) * 2 ** -(bits[name] + 1) + 1e-7));
  });

  it("is written and read as Keras does, and is the default where it is set", () => {
    const layer = Dense({ units: 3, dtype: name });
    expect(layer.getConfig().dtype).toEqual({ module: "keras", class_name: "DTypePolicy", config: { name }, registered_name: null });
    expect(layers.deserialize(JSON.parse(JSON.stringify(layer)) as object).dtypePolicy.name).toBe(name);
    setDtypePolicy(name);
    expect([dtypePolicy().name, Dense({ units: 1 }).dtypePolicy.name, Dense({ units: 1, dtype: "float32" }).dtypePolicy.name]).toEqual([
      name,
      name,
      "float32",
    ]);
    expect([dtypePolicy().variableDtype, dtypePolicy().computeDtype]).toEqual(["float32", name.slice(6)]);
  });

  it("trains, close to float32", async () => {
    const train = async (policy: "float32" | typeof name): Promise<{ loss: number[]; model: Sequential }> => {
      setDtypePolicy(policy);
      setRandomSeed(5);
      const model = new Sequential([
        Dense({ units: 8, activation: "tanh", inputDim: 2 }),
        layers.BatchNormalization(),
        Dense({ units: 1, dtype: "float32" }),
      ]);
      model.compile({ optimizer: optimizers.Adam({ learningRate: 0.05 }), loss: "mse" });
      const { history } = await model.fit(x, y, { ...quiet, epochs: 15, batchSize: 10 });
      return { loss: history.loss!, model };
    };
    const [full, { loss, model }] = [await train("float32"), await train(name)];
    expect(loss.at(-1)!).toBeLessThan(loss[0]! / 2);
    expect(Math.abs(loss.at(-1)! - full.loss.at(-1)!)).toBeLessThan(0.05);
    expect(loss).not.toEqual(full.loss);
    const again = modelFromJSON(JSON.stringify(model));
    expect(again.layers.map((layer) => layer.dtypePolicy.name)).toEqual([name, name, "float32"]);
  });
});

describe.each(["bfloat16", "float16"] as const)("the policy %s", (name) => {
  it("keeps weights in two bytes and computes in float32 between, in layers of every kind", async () => {
    setDtypePolicy(name);
    setRandomSeed(3);
    const sequence = layers.LSTM({ units: 3 });
    const attention = layers.MultiHeadAttention({ numHeads: 2, keyDim: 3 });
    const given = ops.reshape(x, [2, 10, 2]);
    const outputs = [
      sequence(given),
      attention(given, given),
      layers.LayerNormalization()(given),
      layers.Conv1D({ filters: 2, kernelSize: 3 })(given),
    ];
    expect(outputs.map((output) => output.dtype)).toEqual(new Array<string>(4).fill(name));
    expect([...sequence.weights, ...attention.weights].every(({ dtype }) => dtype === name)).toBe(true);
    for (const output of outputs) expect((await output.data()).every(Number.isFinite)).toBe(true);
  });

  it("trains", async () => {
    setDtypePolicy(name);
    setRandomSeed(5);
    const model = new Sequential([Dense({ units: 8, activation: "tanh", inputDim: 2 }), layers.BatchNormalization(), Dense({ units: 1 })]);
    model.compile({ optimizer: optimizers.SGD({ learningRate: 0.1, momentum: 0.9 }), loss: "mse" });
    const { history } = await model.fit(x, y, { ...quiet, epochs: 10, batchSize: 10 });
    expect(history.loss!.at(-1)!).toBeLessThan(history.loss![0]! / 2);
    expect(model.optimizer).toBeInstanceOf(optimizers.SGD);
    expect((await model.weights[0]!.data()).every((value) => isShort(value, bits[`mixed_${name}`]))).toBe(true);
  });
});

describe("loss scaling", () => {
  it("is automatic with mixed_float16: a gradient below float16's range arrives", async () => {
    setDtypePolicy("mixed_float16");
    const make = (autoScaleLoss: boolean): Sequential => {
      const model = new Sequential([Dense({ units: 1, useBias: false, kernelInitializer: "ones", inputDim: 1 })]);
      model.compile({
        optimizer: optimizers.SGD({ learningRate: 1e6 }),
        loss: (t: TensorLike, p: TensorLike) => ops.multiply(ops.subtract(t, p), 1e-8),
        autoScaleLoss,
      });
      return model;
    };
    const step = async (model: Sequential): Promise<number> => {
      await model.trainOnBatch([[1]], [[0]]);
      return (await model.weights[0]!.data())[0]!;
    };
    expect(await step(make(false))).toBe(1);
    const scaled = make(true);
    expect(scaled.optimizer).toBeInstanceOf(optimizers.LossScaleOptimizer);
    expect(await step(scaled)).toBeCloseTo(1 + 1e-8 * 1e6, 4);
    // Files hold the optimizer that was given.
    expect((scaled.toJSON().compile_config as { optimizer: { class_name: string } }).optimizer.class_name).toBe("SGD");
  });
});

describe("layers of one's own under a mixed policy", () => {
  class Scale extends Layer {
    static override readonly className: string = "Scale";
    factor!: Variable;
    kept!: Variable;
    override build(_inputShape: unknown): void {
      this.factor = this.addWeight({ name: "factor", shape: [], initializer: "ones" });
      this.kept = this.addWeight({ name: "kept", shape: [], initializer: "ones", autocast: false, trainable: false });
    }
    override call(x: Tensor, { other }: { other?: Tensor } = {}): Tensor[] {
      return [ops.multiply(x, this.factor), this.kept.read(), ops.cast(x, "float32"), other ?? x];
    }
  }
  class Wide extends Scale {
    static override readonly className: string = "Wide";
    static override readonly computesInFormat: boolean = false;
  }

  it("compute in the format: inputs, options and weights are rounded, but for those without autocast; outputs stay what they are", () => {
    const layer = new Scale({ dtype: "mixed_bfloat16" });
    const found = layer(ops.ones([2], "float32"), { other: ops.ones([2], "float32") });
    expect(found.map(({ dtype }) => dtype)).toEqual(["bfloat16", "float32", "float32", "bfloat16"]);
    expect([layer.dtype, layer.computeDtype, layer.factor.dtype]).toEqual(["float32", "bfloat16", "float32"]);
  });

  it("compute in float32 where their class says so, with weights as they are; what goes in and comes out is rounded", async () => {
    const layer = new Wide({ dtype: "mixed_float16" });
    layer.build([2]);
    layer.factor.assign(tensor(1 + 2 ** -20));
    const found = layer(tensor([1 + 2 ** -12, 4096]));
    expect(found.map(({ dtype }) => dtype)).toEqual(["float16", "float16", "float16", "float16"]);
    expect(await found[0]!.array()).toEqual([1, 4096]);
    const norm = layers.LayerNormalization({ dtype: "mixed_bfloat16", center: false });
    norm.build([null, 3]);
    // 1 + 2^-8 is no bfloat16: a rounded gamma would be 1, and the output 1.4140625.
    await norm.setWeights([[1, 1, 1 + 2 ** -8]]);
    expect((await norm(tensor([[0, 0, 3]])).data())[2]).toBe(1.421875);
    expect(norm(tensor([[0, 0, 3]])).dtype).toBe("bfloat16");
  });
});

it("a policy that does not exist is refused with what to write", () => {
  expect(() => new DTypePolicy("mixed_floot16" as "mixed_float16")).toThrow(/mixed_float16/);
  expect(() => Dense({ units: 1, dtype: "half" as "float32" })).toThrow(/"mixed_float16", which keeps float32 weights/);
});
