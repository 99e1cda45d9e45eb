import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { callbacks, config, dtypePolicies, layers, losses, mixedPrecision, ops, random, Sequential, setBackend, tensor } from "../index.ts";

beforeAll(() => setBackend("reference"));
afterEach(() => {
  config.setFloatx("float32");
  config.setEpsilon(1e-7);
  config.setImageDataFormat("channels_last");
  config.setMaxEpochs(null);
  config.setMaxStepsPerEpoch(null);
});

describe("config", () => {
  it("floatx is the dtype of numbers, new tensors and weights; what has a dtype keeps it", () => {
    expect(config.floatx()).toBe("float32");
    config.setFloatx("float64");
    expect([tensor([1]), ops.zeros([1]), ops.full([1], 2), random.uniform([1]), ops.oneHot([0], 1)].map(({ dtype }) => dtype)).toEqual(
      new Array<string>(5).fill("float64"),
    );
    expect(ops.add(tensor(Float32Array.of(1)), 2).dtype).toBe("float32");
    expect(ops.mean(tensor(Int32Array.of(1))).dtype).toBe("float64");
    const layer = layers.Dense({ units: 1 });
    expect([layer(ops.ones([1, 2])).dtype, layer.kernel.dtype, layer.dtypePolicy.name]).toEqual(["float64", "float64", "float64"]);
    expect(() => config.setFloatx("int32" as never)).toThrow(/"float16", "bfloat16", "float32"/);
  });

  it("imageDataFormat is that of layers and operations that are not told", () => {
    config.setImageDataFormat("channels_first");
    const images = ops.ones([2, 3, 8, 6]);
    expect(layers.Conv2D({ filters: 5, kernelSize: 3 })(images).shape).toEqual([2, 5, 6, 4]);
    expect(layers.ConvLSTM1D({ filters: 5, kernelSize: 3 })(images).shape).toEqual([2, 5, 4]);
    expect(ops.maxPool(images, 2, { strides: 2 }).shape).toEqual([2, 3, 4, 3]);
    expect(ops.image.resize(images, [4, 4]).shape).toEqual([2, 3, 4, 4]);
    expect(layers.GlobalAveragePooling2D()(images).shape).toEqual([2, 3]);
    expect(layers.MaxPooling2D({ dataFormat: "channels_last" })(images).shape).toEqual([2, 1, 4, 6]);
    expect(() => config.setImageDataFormat("nchw" as never)).toThrow(/no such format/);
  });

  it("epsilon bounds what losses divide by", async () => {
    config.setEpsilon(0.5);
    expect(await losses.meanAbsolutePercentageError([[0, 0]], [[1, 1]]).array()).toEqual([200]);
    expect(() => config.setEpsilon(0)).toThrow(/small number/);
  });

  it("maxEpochs and maxStepsPerEpoch cut training short", async () => {
    config.setMaxEpochs(2);
    config.setMaxStepsPerEpoch(3);
    let steps = 0;
    const model = new Sequential({ layers: [layers.Dense({ units: 1, inputDim: 1 })] });
    model.compile({ loss: "mse" });
    const count = callbacks.LambdaCallback({ onTrainBatchEnd: () => void steps++ });
    const { history } = await model.fit(ops.ones([10, 1]), ops.ones([10, 1]), { batchSize: 1, epochs: 5, verbose: 0, callbacks: [count] });
    expect([history.loss!.length, steps]).toEqual([2, 6]);
    expect(() => config.setMaxEpochs(-1)).toThrow(/no limit/);
  });

  it("without interactive logging the bar is one line per epoch", () => {
    const written: string[] = [];
    const bar = new callbacks.ProgressBar({ terminal: true, write: (text) => void written.push(text) });
    bar.setParameters({ verbose: 1, epochs: 1, steps: 1 });
    config.disableInteractiveLogging();
    bar.onTrainBegin();
    bar.onEpochBegin(0);
    bar.onTrainBatchEnd(0, { loss: 1 });
    bar.onEpochEnd(0, { loss: 1 });
    config.enableInteractiveLogging();
    expect(written.length).toBe(1);
    expect(written[0]).toMatch(/^1\/1 - .*loss: 1\.0000\n$/);
  });

  it("knows policies by Keras's names and JSON, and says what is wrong with others", () => {
    const json = dtypePolicies.serialize(new dtypePolicies.DTypePolicy("mixed_bfloat16"));
    expect(dtypePolicies.deserialize(json).name).toBe("mixed_bfloat16");
    expect(dtypePolicies.get("float64").variableDtype).toBe("float64");
    expect(mixedPrecision.globalPolicy().name).toBe("float32");
    const dense = (className: string): layers.Layer =>
      layers.deserialize({ class_name: "Dense", config: { units: 1, dtype: { class_name: className, config: { mode: "int8" } } } });
    expect(dtypePolicies.get("int8_from_float32").quantizationMode).toBe("int8");
    expect(dense("QuantizedDTypePolicy").dtypePolicy.name).toBe("int8_from_float32");
    expect(dtypePolicies.get("gptq/4/128_from_float32")).toBeInstanceOf(dtypePolicies.GPTQDTypePolicy);
    expect(dtypePolicies.get("awq/4/-1_from_mixed_bfloat16").name).toBe("awq/4/-1_from_mixed_bfloat16");
    expect(() => dense("GPTQDTypePolicy")).toThrow(/another form/);
    expect(() => new dtypePolicies.AWQDTypePolicy("awq/8/64")).toThrow(/with 4 bits/);
    for (const json of [{ class_name: "QuantizedDTypePolicy" }, { class_name: "DTypePolicyMap", config: { policy_map: null } }])
      expect(() => layers.deserialize({ class_name: "Dense", config: { units: 1, dtype: json } })).toThrow(/no configuration of/);
  });

  it("takes no patterns of paths that could be matched for ever, or are none", () => {
    const map = (pattern: string): dtypePolicies.DTypePolicyMap =>
      new dtypePolicies.DTypePolicyMap({ policyMap: { [pattern]: "float64" } });
    expect(map("(.*/)?a\\+b/[*+]").get("x/a+b/*").name).toBe("float64");
    for (const pattern of ["((a+)b)+", "(a|a)*c", "a*a*a*a*c"]) expect(() => map(pattern)).toThrow(/too long/);
    expect(() => map("(a")).toThrow(/no regular expression/);
    expect(() => layers.deserialize({ class_name: "TorchModuleWrapper", config: {} })).toThrow(/another framework/);
  });
});
