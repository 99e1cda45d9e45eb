import { describe, expect, it } from "vitest";
import { applications, type Model, modelFromJSON, ops, setBackend, tensor } from "../index.ts";
import { resetAutoNames } from "../layers/auto-names.ts";
import { LayerScale } from "./layer-scale.ts";
import { StochasticDepth } from "./stochastic-depth.ts";

await setBackend("reference");

/** Parameters and layers (without operations) of Keras's networks. */
const published: readonly (readonly [Exclude<keyof typeof applications, "registerApplications">, number, number])[] = [
  ["MobileNet", 4_253_864, 91],
  ["MobileNetV3Small", 2_554_968, 164],
  ["MobileNetV3Large", 5_507_432, 194],
  ["NASNetMobile", 5_326_716, 771],
  ["NASNetLarge", 88_949_818, 1041],
  ["EfficientNetV2B0", 7_200_312, 273],
  ["EfficientNetV2B1", 8_212_124, 337],
  ["EfficientNetV2B2", 10_178_374, 352],
  ["EfficientNetV2B3", 14_467_622, 412],
  ["EfficientNetV2S", 21_612_360, 516],
  ["EfficientNetV2M", 54_431_388, 743],
  ["EfficientNetV2L", 119_027_848, 1031],
  ["ConvNeXtTiny", 28_589_128, 135],
  ["ConvNeXtSmall", 50_223_688, 261],
  ["ConvNeXtBase", 88_591_464, 261],
  ["ConvNeXtLarge", 197_767_336, 261],
  ["ConvNeXtXLarge", 350_196_968, 261],
];

const known = new Map<string, Model>();

/** A network with names counted from the beginning; one of each kind is built. */
function made(name: string, options: object = {}): Model {
  const key = name + JSON.stringify(options);
  if (!known.has(key)) {
    resetAutoNames();
    known.set(key, (applications as unknown as Record<string, (options: object) => Model>)[name]!({ weights: null, ...options }));
  }
  return known.get(key)!;
}

const namesOf = (model: Model): string[] => model.layers.map(({ name }) => name);

describe("networks of Keras", () => {
  it.each(published)("%s has %i parameters in %i layers", (name, parameters, layers) => {
    const model = made(name);
    expect([model.countParams(), model.layers.length]).toEqual([parameters, layers]);
    expect(model.outputs!.shape).toEqual([null, 1000]);
  });

  it("MobileNet's layers are called as Keras calls them, its classifier is a convolution", () => {
    const model = made("MobileNet", { inputShape: [64, 64, 3], alpha: 0.25, classes: 7 });
    expect(model.name).toBe("mobilenet_0.25_64");
    expect(namesOf(model).slice(0, 12)).toEqual([
      "input_layer",
      "conv1",
      "conv1_bn",
      "conv1_relu",
      "conv_dw_1",
      "conv_dw_1_bn",
      "conv_dw_1_relu",
      "conv_pw_1",
      "conv_pw_1_bn",
      "conv_pw_1_relu",
      "conv_pad_2",
      "conv_dw_2",
    ]);
    expect(namesOf(model).slice(-5)).toEqual(["global_average_pooling2d", "dropout", "conv_preds", "reshape_2", "predictions"]);
    expect(model.outputs!.shape).toEqual([null, 7]);
    expect(made("MobileNet", { includeTop: false, depthMultiplier: 2 }).name).toBe("mobilenet_1.00_None");
  });

  it("MobileNetV3 takes images of any size, with its classifier too", () => {
    const model = made("MobileNetV3Small");
    expect([model.name, model.inputs!.shape]).toEqual(["MobileNetV3Small", [null, null, null, 3]]);
    expect(namesOf(model).slice(0, 8)).toEqual([
      "input_layer",
      "rescaling",
      "conv",
      "conv_bn",
      "activation",
      "expanded_conv_depthwise_pad",
      "expanded_conv_depthwise",
      "expanded_conv_depthwise_bn",
    ]);
    const squeeze = namesOf(model).indexOf("expanded_conv_squeeze_excite_avg_pool");
    expect(namesOf(model).slice(squeeze, squeeze + 6)).toEqual([
      "expanded_conv_squeeze_excite_avg_pool",
      "expanded_conv_squeeze_excite_conv",
      "expanded_conv_squeeze_excite_relu",
      "expanded_conv_squeeze_excite_conv_1",
      "re_lu_1",
      "expanded_conv_squeeze_excite_mul",
    ]);
    const minimal = made("MobileNetV3Large", { minimalistic: true, includeTop: false, pooling: "max", inputShape: [32, 32, 3] });
    expect(namesOf(minimal).some((name) => name.includes("squeeze"))).toBe(false);
    expect(minimal.getLayer("expanded_conv_3_depthwise").weights[0]!.shape).toEqual([3, 3, 72, 1]);
    expect([namesOf(minimal).at(-1), minimal.outputs!.shape]).toEqual(["max_pool", [null, 960]]);
    expect(namesOf(made("MobileNetV3Small", { includePreprocessing: false, dropoutRate: 0 }))).not.toContain("rescaling");
  });

  it("NASNet's cells come in Keras's order; its weights too", () => {
    const model = made("NASNetMobile", { includeTop: false, pooling: "avg" });
    expect(model.inputs!.shape).toEqual([null, 224, 224, 3]);
    expect(namesOf(model).slice(0, 8)).toEqual([
      "input_layer",
      "stem_conv1",
      "stem_bn1",
      "activation",
      "reduction_conv_1_stem_1",
      "reduction_bn_1_stem_1",
      "activation_1",
      "activation_3",
    ]);
    const concatenated = namesOf(model).filter((name) => /_concat_/.test(name));
    expect(concatenated).toEqual(
      ["stem_1", "stem_2", 0, 1, 2, 3, "reduce_4", 5, 6, 7, 8, "reduce_8", 9, 10, 11, 12].map((id) =>
        typeof id === "number" ? `normal_concat_${id}` : `reduction_concat_${id}`,
      ),
    );
    // The cell after a reduction sees the reduction's input: half of the filters from each of two grids.
    expect(model.getLayer("adjust_conv_1_5").weights[0]!.shape).toEqual([1, 1, 264, 44]);
    // In the large network it sees what stood before.
    expect(made("NASNetLarge").getLayer("adjust_conv_1_7").weights[0]!.shape).toEqual([1, 1, 1008, 168]);
    expect(model.outputs!.shape).toEqual([null, 1056]);
    expect(() => made("NASNetMobile", { includeTop: false, inputShape: [null, null, 3] })).toThrow(/the network needs the size/);
  });

  it("EfficientNetV2 rounds widths to the nearest, fuses early blocks and normalises its images", () => {
    const model = made("EfficientNetV2B3", { includeTop: false });
    // Version 1 would take 24 here: 16 is more than a tenth below 19.2.
    expect(model.getLayer("block1a_project_conv").weights[0]!.shape).toEqual([3, 3, 40, 16]);
    expect(namesOf(model).slice(0, 4)).toEqual(["input_layer", "rescaling", "normalization", "stem_conv"]);
    expect(namesOf(model).filter((name) => name.startsWith("block1b_"))).toEqual([
      "block1b_project_conv",
      "block1b_project_bn",
      "block1b_project_activation",
      "block1b_drop",
      "block1b_add",
    ]);
    expect((model.getLayer("block1b_drop") as unknown as { rate: number }).rate).toBeCloseTo(0.2 / 21, 10);
    expect(namesOf(made("EfficientNetV2S", { inputShape: [64, 64, 3] })).slice(1, 3)).toEqual(["rescaling", "stem_conv"]);
    expect(namesOf(made("EfficientNetV2B0", { includePreprocessing: false }))[1]).toBe("stem_conv");
    expect(model.getLayer("block1a_project_bn").getConfig()).toMatchObject({ momentum: 0.9 });
  });

  it("ConvNeXt's layers are called after the model, and stand in sequences where Keras has them", () => {
    const model = made("ConvNeXtTiny", { name: "mine" });
    expect(namesOf(model).slice(0, 5)).toEqual([
      "input_layer",
      "mine_prestem_normalization",
      "mine_stem",
      "mine_stage_0_block_0_depthwise_conv",
      "mine_stage_0_block_0_layernorm",
    ]);
    expect(model.getLayer("mine_stage_0_block_0_depthwise_conv").weights[0]!.shape).toEqual([7, 7, 1, 96]);
    expect(model.getLayer("mine_downsampling_block_2").countParams()).toBe(2 * 384 + 4 * 384 * 768 + 768);
    expect(namesOf(model).slice(-3)).toEqual(["mine_head_gap", "mine_head_layernorm", "mine_head_dense"]);
    const open = made("ConvNeXtTiny", { includeTop: false, pooling: "max" });
    expect([namesOf(open).at(-1), open.outputs!.shape]).toEqual(["layer_normalization", [null, 768]]);
    expect(namesOf(made("ConvNeXtTiny", { inputShape: [64, 64, 1] }))[1]).toBe("convnext_tiny_stem");
  });

  it("those with operations between their layers come back from their JSON with the same outputs", async () => {
    const model = made("MobileNetV3Small", { alpha: 0.25, inputShape: [32, 32, 3], classes: 3, dropoutRate: 0 });
    const copy = modelFromJSON(JSON.stringify(model.toJSON()));
    await copy.setWeights(await model.getWeights());
    const x = ops.reshape(ops.arange(32 * 32 * 3), [1, 32, 32, 3]);
    const wanted = await (await model.predict(ops.mod(x, 255), { verbose: 0 })).data();
    const found = await (await copy.predict(ops.mod(x, 255), { verbose: 0 })).data();
    expect(found).toEqual(wanted);
    const convnext = made("ConvNeXtTiny");
    expect(modelFromJSON(JSON.stringify(convnext.toJSON())).countParams()).toBe(convnext.countParams());
  });

  it("say which widths have published weights", async () => {
    await expect(applications.MobileNet({ alpha: 0.3 })).rejects.toThrow(/alpha 0.25, 0.5, 0.75 or 1, depthMultiplier 1/);
    await expect(applications.MobileNetV3Small({ alpha: 0.5 })).rejects.toThrow(/alpha 0.75 or 1/);
    expect(() => applications.MobileNet({ inputShape: [100, 100, 3] })).toThrow(/\[128, 128, 3\] or \[160/);
    expect(() => made("MobileNetV3Small", { alpha: -1 })).toThrow(/alpha > 0/);
  });

  it("images are scaled as the modules say", async () => {
    const pixel = tensor([[[255, 127.5, 0]]]);
    for (const module of [applications.mobilenet, applications.nasnet])
      expect(Array.from(await module.preprocessInput(pixel).data())).toEqual([1, 0, -1]);
    for (const module of [applications.mobilenetV3, applications.efficientnetV2, applications.convnext])
      expect(module.preprocessInput(pixel)).toBe(pixel);
  });
});

describe("layers of ConvNeXt", () => {
  it("scale each channel, beginning with one value for all", async () => {
    const layer = LayerScale({ initValues: 0.5, projectionDim: 2 });
    expect(await layer(tensor([[2, 4]])).array()).toEqual([[1, 2]]);
    await layer.setWeights([[10, 100]]);
    expect(await layer(tensor([[2, 4]])).array()).toEqual([[20, 400]]);
    expect(layer.getConfig()).toMatchObject({ init_values: 0.5, projection_dim: 2 });
    expect(() => LayerScale({ initValues: 1, projectionDim: 0 })).toThrow(/projectionDim/);
  });

  it("leave out the branch of whole samples in training, and make the others larger", async () => {
    const layer = StochasticDepth({ dropPathRate: 0.5 });
    const x = ops.ones([64, 3]);
    expect(await layer(x).array()).toEqual(await x.array());
    const rows = (await layer(x, { training: true }).array()) as number[][];
    const kinds = rows.map((row) => row.join());
    expect(new Set(kinds)).toEqual(new Set(["0,0,0", "2,2,2"]));
    expect(() => StochasticDepth({ dropPathRate: 1.5 })).toThrow(/dropPathRate/);
  });
});
