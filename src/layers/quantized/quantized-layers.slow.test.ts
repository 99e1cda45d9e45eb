import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import {
  dtypePolicies,
  errors,
  gradients,
  layers,
  Model,
  Input,
  ops,
  quantizers,
  Sequential,
  setBackend,
  tensor,
  type HostData,
  type Tensor,
} from "../../index.ts";

interface Case {
  readonly layer: { readonly config: Record<string, unknown> };
  readonly shape: readonly (number | null)[];
  readonly floats: readonly HostData[];
  readonly mode: quantizers.QuantizationMode;
  readonly x: HostData;
  readonly y: HostData;
  readonly weights: readonly { readonly name: string; readonly dtype: string; readonly value: HostData }[];
  readonly gradient?: HostData;
  readonly reverse?: readonly [x: HostData, y: HostData];
}

const path = new URL("../../../test/fixtures/keras/quantized.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(path)).toString()) as { cases: Record<string, Case> };

/** A layer that can be quantized, called on a tensor. */
type Quantizable = ((x: Tensor, options?: object) => Tensor) & layers.Layer & { quantizationConfig: quantizers.QuantizationConfig | null };

const made = (json: unknown): Quantizable => layers.deserialize(json as object) as unknown as Quantizable;

async function expectNear(found: Tensor, expected: HostData, tolerance: number): Promise<void> {
  const [a, b] = [await found.data(), await tensor(expected, { dtype: "float32" }).data()];
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(b[i]!))));
}

beforeAll(async () => {
  await setBackend("reference");
});

describe("quantized layers", () => {
  it.each(Object.entries(cases))("store and compute what Keras does: %s", async (name, given) => {
    const { dtype, quantization_config: config, ...rest } = given.layer.config;
    const layer = made({ ...given.layer, config: rest, build_config: null });
    layer.build(given.shape);
    await layer.setWeights(given.floats.map((values) => tensor(values)));
    const configured = made({ ...given.layer, build_config: null });
    layer.quantize(given.mode, { config: configured.quantizationConfig });
    expect(layer.weights.map((weight) => [weight.name, weight.dtype])).toEqual(given.weights.map((weight) => [weight.name, weight.dtype]));
    const weights = await layer.getWeights();
    for (const [i, weight] of given.weights.entries()) await expectNear(weights[i]!, weight.value, 1e-6);
    expect(JSON.parse(JSON.stringify(layer.getConfig()))).toMatchObject({ dtype, quantization_config: config });

    const x = tensor(given.x, { dtype: name.includes("Embedding") ? "int32" : "float32" });
    const y = layer(x);
    await expectNear(y, given.y, 1e-5);
    if (given.gradient !== undefined) {
      const [gradient] = gradients([ops.sum(ops.square(y))], [x]);
      await expectNear(gradient!, given.gradient, 1e-5);
    }
    if (given.reverse !== undefined) await expectNear(layer(tensor(given.reverse[0]), { reverse: true }), given.reverse[1], 1e-5);

    // Keras's configuration makes a layer that holds and computes the same.
    configured.build(given.shape);
    await configured.setWeights(weights);
    expect(await configured(x).data()).toEqual(await y.data());
  });

  it("hold a byte a weight, add long sums exactly, and are trained through adapters", async () => {
    const dense = layers.Dense({ units: 3 });
    dense.build([null, 5000]);
    dense.quantize("int8");
    expect([dense.kernel.dtype, dense.kernel.size, (await dense.kernel.data()).byteLength]).toEqual(["int8", 15_000, 15_000]);
    const x = ops.reshape(ops.sin(ops.arange(10_000)), [2, 5000]);
    const [q, scale] = quantizers.absMaxQuantize(x, -1);
    const [, , kernelScale] = await dense.getWeights();
    const sums = ops.cast(ops.matmul(ops.cast(q, "int32"), ops.cast(dense.kernel, "int32")), "float32");
    expect(await dense(x).data()).toEqual(await ops.divide(sums, ops.multiply(kernelScale!, scale)).data());
    dense.enableLora(2);
    expect(dense.trainableWeights.map(({ name }) => name)).toEqual(["bias", "lora_kernel_a", "lora_kernel_b"]);
    const before = await dense(x).data();
    const [, , , , b] = [...dense.weights].map((weight) => weight);
    b!.assign(ops.ones(b!.shape));
    expect(await dense(x).data()).not.toEqual(before);
  });

  it("train with floats of 8 bits: scales follow the largest values by way of the optimizer", async () => {
    const dense = layers.Dense({ units: 2, dtype: new dtypePolicies.QuantizedFloat8DTypePolicy("float8", { amaxHistoryLength: 3 }) });
    const model = new Sequential([layers.InputLayer({ shape: [4] }), dense]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const x = tensor([
      [1, -7, 3, 0.5],
      [2, 2, 2, 2],
    ]);
    await model.fit(x, ops.ones([2, 2]), { epochs: 3, batchSize: 2, verbose: 0 });
    const named = (name: string): Promise<ArrayLike<number>> => dense.weights.find((weight) => weight.name === name)!.data();
    expect(Array.from(await named("inputs_amax_history"))).toEqual([7, 7, 7]);
    expect((await named("inputs_scale"))[0]).toBeCloseTo(7 / 448, 6);
    expect((await named("outputs_grad_scale"))[0]).toBeLessThan(1);
  });

  it("are chosen among a model's by name, and written with policies that make them again", async () => {
    const inputs = Input({ shape: [4, 6] });
    const attended = layers.MultiHeadAttention({ numHeads: 2, keyDim: 3, name: "attention" })(inputs, inputs);
    const model = new Model({ inputs, outputs: layers.Dense({ units: 2, name: "head" })(attended) });
    const x = ops.reshape(ops.sin(ops.arange(24)), [1, 4, 6]);
    model.quantize("int8", { filters: "query|value" });
    expect(model.weights.filter(({ dtype }) => dtype === "int8").map(({ path }) => path)).toEqual([
      "attention/query/kernel",
      "attention/value/kernel",
    ]);
    const again = Model.fromConfig(JSON.parse(JSON.stringify(model.getConfig())) as never) as Model;
    expect(again.weights.map(({ path, dtype }) => [path, dtype])).toEqual(model.weights.map(({ path, dtype }) => [path, dtype]));
    await again.setWeights(await model.getWeights());
    expect(await (await again.predict(x, { verbose: 0 })).data()).toEqual(await (await model.predict(x, { verbose: 0 })).data());
    expect(() => model.quantize("int8", { filters: "nothing" })).toThrow(/no layer is quantized/);
  });

  it("say what is wrong: no weights, twice, another mode, a class of one's own, tables of floats", () => {
    expect(() => layers.Dense({ units: 2 }).quantize("int8")).toThrow(errors.StateError);
    const dense = layers.Dense({ units: 2, dtype: "int8_from_float32" });
    dense.build([null, 3]);
    expect(() => dense.quantize("int8")).toThrow(/are quantized/);
    const table = layers.Embedding({ inputDim: 3, outputDim: 2 });
    table.build();
    expect(() => table.quantize("float8")).toThrow(errors.ValueError);
    expect(() => table.quantize("int7" as never)).toThrow(/int8, int4, float8/);
    expect(() => table.quantize("int8", { config: quantizers.Int4QuantizationConfig() })).toThrow(/another mode/);
    expect(() => layers.Flatten().quantize("int8")).toThrow(errors.ValueError);
    class Mine extends layers.Dense {
      static override readonly className: string = "Mine";
    }
    const mine = new Mine({ units: 2 });
    mine.build([null, 3]);
    expect(() => mine.quantize("int8")).toThrow(/class of one's own/);
    mine.quantize("int8", { typeCheck: false });
    expect(mine.kernel.dtype).toBe("int8");
    expect(() => quantizers.Int4QuantizationConfig({ activationQuantizer: quantizers.AbsMaxQuantizer() })).toThrow(/blocks/);
    expect(() => new dtypePolicies.Int4DTypePolicy("int4/0")).toThrow(errors.ValueError);
    expect(() => layers.Dense({ units: 2, dtype: "int9_from_float32" as never })).toThrow(errors.UnknownNameError);
  });
});
