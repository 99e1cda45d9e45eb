/** ConvNeXts. */
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { GlobalAveragePooling2D } from "../layers/global-average-pooling2d.ts";
import { LayerNormalization } from "../layers/layer-normalization.ts";
import { Normalization } from "../layers/normalization.ts";
import { Sequential } from "../models/index.ts";
import * as ops from "../ops/index.ts";
import { type Application, type ApplicationSettings, type Architecture, defineApplication, pooled } from "./application.ts";
import { LayerScale } from "./layer-scale.ts";

/** Options that ConvNeXt has beside the common ones. */
export interface ConvNeXtOptions {
  /** Whether the network normalises images from 0 to 255 itself. Default true. */
  readonly includePreprocessing: boolean;
}

/** What distinguishes the networks. */
interface Size {
  /** Blocks of the four stages. */
  readonly depths: readonly [number, number, number, number];
  /** Channels of the first stage; each next one has twice as many. */
  readonly width: number;
  /** Digests of the published weights, with and without the classifier. */
  readonly digests: readonly [string, string];
}

function normalization(name: string | null): LayerNormalization {
  return LayerNormalization({ epsilon: 1e-6, name });
}

/** 7x7 per channel, normalisation, four times as many channels and back, scaled, added. */
function block(input: Tensor, filters: number, name: string): Tensor {
  let x = Conv2D({ filters, kernelSize: 7, padding: "same", groups: filters, name: `${name}_depthwise_conv` })(input);
  x = normalization(`${name}_layernorm`)(x);
  x = Dense({ units: 4 * filters, name: `${name}_pointwise_conv_1` })(x);
  x = Activation({ activation: "gelu", name: `${name}_gelu` })(x);
  x = Dense({ units: filters, name: `${name}_pointwise_conv_2` })(x);
  x = LayerScale({ initValues: 1e-6, projectionDim: filters, name: `${name}_layer_scale` })(x);
  return ops.add(input, Activation({ activation: "linear", name: `${name}_identity` })(x));
}

/** What stands before a stage: patches of 4x4 pixels before the first, halving before the others. */
function downsampling(stage: number, filters: number, name: string): Sequential {
  if (stage === 0)
    return new Sequential({
      layers: [Conv2D({ filters, kernelSize: 4, strides: 4, name: `${name}_stem_conv` }), normalization(`${name}_stem_layernorm`)],
      name: `${name}_stem`,
    });
  const place = stage - 1;
  return new Sequential({
    layers: [
      normalization(`${name}_downsampling_layernorm_${place}`),
      Conv2D({ filters, kernelSize: 2, strides: 2, name: `${name}_downsampling_conv_${place}` }),
    ],
    name: `${name}_downsampling_block_${place}`,
  });
}

function preprocessed(image: Tensor, name: string): Tensor {
  return Normalization({
    mean: [0.485, 0.456, 0.406].map((value) => value * 255),
    variance: [0.229, 0.224, 0.225].map((deviation) => (deviation * 255) ** 2),
    name: `${name}_prestem_normalization`,
  })(image);
}

function features(image: Tensor, { depths, width }: Size, name: string): Tensor {
  const stages = depths.map((count, stage) => {
    const filters = width * 2 ** stage;
    return { count, filters, before: downsampling(stage, filters, name) };
  });
  let x = image;
  stages.forEach(({ count, filters, before }, stage) => {
    x = before(x);
    for (let i = 0; i < count; i++) x = block(x, filters, `${name}_stage_${stage}_block_${i}`);
  });
  return x;
}

function network(image: Tensor, settings: ApplicationSettings & ConvNeXtOptions, size: Size, name: string): Tensor {
  const { includeTop, includePreprocessing, classes: units, classifierActivation: activation } = settings;
  const x = features(includePreprocessing && image.shape[3] === 3 ? preprocessed(image, name) : image, size, name);
  if (!includeTop) return normalization(null)(pooled(x, settings));
  const mean = GlobalAveragePooling2D({ name: `${name}_head_gap` })(x);
  return Dense({ units, activation, name: `${name}_head_dense` })(normalization(`${name}_head_layernorm`)(mean));
}

function convnext(suffix: string, size: Size): Architecture<ConvNeXtOptions, Tensor> {
  const modelName = `convnext_${suffix.toLowerCase()}`;
  return {
    className: `ConvNeXt${suffix}`,
    modelName,
    defaultSize: 224,
    minSize: 32,
    extras: { includePreprocessing: true },
    checkpoint: ({ includeTop }) => {
      const file = `${modelName}${includeTop ? "" : "_notop"}.h5`;
      return {
        file,
        url: `https://storage.googleapis.com/tensorflow/keras-applications/convnext/${file}`,
        checksum: `sha256:${size.digests[includeTop ? 0 : 1]}`,
      };
    },
    // The layers are called after the model.
    build: (image, settings) => network(image, settings, size, settings.name ?? modelName),
  };
}

/**
 * ConvNeXt-T: 28,589,128 parameters. Liu, Mao, Wu, Feichtenhofer, Darrell, Xie, "A ConvNet for the 2020s", 2022. Images: from
 * 0 to 255, as they are; the network normalises them itself unless `includePreprocessing` is false.
 */
export const ConvNeXtTiny: Application<ConvNeXtOptions> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ convnext("Tiny", {
    depths: [3, 3, 9, 3],
    width: 96,
    digests: [
      "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
      "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ],
  }),
);

/** ConvNeXt-S: 50,223,688 parameters; see {@link ConvNeXtTiny}. */
export const ConvNeXtSmall: Application<ConvNeXtOptions> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ convnext("Small", {
    depths: [3, 3, 27, 3],
    width: 96,
    digests: [
      "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
      "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ],
  }),
);

/** ConvNeXt-B: 88,591,464 parameters; see {@link ConvNeXtTiny}. */
export const ConvNeXtBase: Application<ConvNeXtOptions> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ convnext("Base", {
    depths: [3, 3, 27, 3],
    width: 128,
    digests: [
      "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
      "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ],
  }),
);

/** ConvNeXt-L: 197,767,336 parameters; see {@link ConvNeXtTiny}. */
export const ConvNeXtLarge: Application<ConvNeXtOptions> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ convnext("Large", {
    depths: [3, 3, 27, 3],
    width: 192,
    digests: [
      "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
      "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ],
  }),
);

/** ConvNeXt-XL: 350,196,968 parameters; see {@link ConvNeXtTiny}. */
export const ConvNeXtXLarge: Application<ConvNeXtOptions> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ convnext("XLarge", {
    depths: [3, 3, 27, 3],
    width: 256,
    digests: [
      "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
      "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ],
  }),
);
