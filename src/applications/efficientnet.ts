/** EfficientNets. */
import type { Tensor } from "../graph/index.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { DepthwiseConv2D } from "../layers/depthwise-conv2d.ts";
import { Normalization } from "../layers/normalization.ts";
import { Rescaling } from "../layers/rescaling.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import { type Application, type ApplicationSettings, type Architecture, defineApplication } from "./application.ts";
import { divisibleWidth, paddingForStride2 } from "./convolution-padding.ts";
import {
  activated,
  type Block,
  blocksOf,
  classified,
  convolution,
  convolutionInitializer,
  excited,
  residual,
} from "./efficientnet-blocks.ts";

/** How a network is scaled from the smallest one: width, depth, resolution, dropout of the classifier. */
interface Scaling {
  readonly width: number;
  readonly depth: number;
  readonly size: number;
  readonly dropout: number;
  /** Digests of the published weights, with and without the classifier. */
  readonly digests: readonly [string, string];
}

/** The seven stages of B0, table 1. */
const stages = [
  { kernelSize: 3, repeats: 1, from: 32, to: 16, expansion: 1, strides: 1 },
  { kernelSize: 3, repeats: 2, from: 16, to: 24, expansion: 6, strides: 2 },
  { kernelSize: 5, repeats: 2, from: 24, to: 40, expansion: 6, strides: 2 },
  { kernelSize: 3, repeats: 3, from: 40, to: 80, expansion: 6, strides: 2 },
  { kernelSize: 5, repeats: 3, from: 80, to: 112, expansion: 6, strides: 1 },
  { kernelSize: 5, repeats: 4, from: 112, to: 192, expansion: 6, strides: 2 },
  { kernelSize: 3, repeats: 1, from: 192, to: 320, expansion: 6, strides: 1 },
] as const;

/** Keras's normalisation here keeps 0.99 of what it knew. */
const momentum = 0.99;

/** Inverted residual block with excitation and, in training, a chance to be left out for a sample. */
function invertedResidual(input: Tensor, { kernelSize, from, to, expansion, strides, dropRate, prefix }: Block): Tensor {
  let x = input;
  if (expansion !== 1) {
    x = convolution(x, from * expansion, 1, 1, `${prefix}expand_conv`);
    x = activated(x, `${prefix}expand_`, momentum);
  }
  if (strides === 2) x = ZeroPadding2D({ padding: paddingForStride2(x, kernelSize), name: `${prefix}dwconv_pad` })(x);
  x = DepthwiseConv2D({
    kernelSize,
    strides,
    padding: strides === 2 ? "valid" : "same",
    useBias: false,
    depthwiseInitializer: convolutionInitializer(),
    name: `${prefix}dwconv`,
  })(x);
  x = activated(x, prefix, momentum);
  x = excited(x, Math.max(1, Math.trunc(from / 4)), prefix);
  x = convolution(x, to, 1, 1, `${prefix}project_conv`);
  x = BatchNormalization({ axis: 3, momentum, name: `${prefix}project_bn` })(x);
  return strides === 1 && from === to ? residual(x, input, dropRate, prefix) : x;
}

function features(image: Tensor, scaling: Scaling, { weights }: ApplicationSettings): Tensor {
  const width = (filters: number): number => divisibleWidth(filters * scaling.width);
  const depth = (repeats: number): number => Math.ceil(scaling.depth * repeats);
  let x = Rescaling({ scale: 1 / 255 })(image);
  x = Normalization({ axis: 3 })(x);
  // The published weights were trained on images divided by the variance: Keras divides by the deviation once more.
  if (weights === "imagenet") x = Rescaling({ scale: [0.229, 0.224, 0.225].map((deviation) => 1 / Math.sqrt(deviation)) })(x);
  x = ZeroPadding2D({ padding: paddingForStride2(x, 3), name: "stem_conv_pad" })(x);
  x = Conv2D({
    filters: width(32),
    kernelSize: 3,
    strides: 2,
    padding: "valid",
    useBias: false,
    kernelInitializer: convolutionInitializer(),
    name: "stem_conv",
  })(x);
  x = activated(x, "stem_", momentum);
  const blocks = stages.reduce((count, { repeats }) => count + depth(repeats), 0);
  for (const block of blocksOf(stages, { width, depth, blocks })) x = invertedResidual(x, block);
  x = convolution(x, width(1280), 1, 1, "top_conv");
  return activated(x, "top_", momentum);
}

function efficientnet(className: string, scaling: Scaling): Architecture<object, Tensor> {
  return {
    className,
    modelName: className.toLowerCase(),
    defaultSize: scaling.size,
    minSize: 32,
    extras: {},
    checkpoint: ({ includeTop }) => {
      const file = `${className.toLowerCase()}${includeTop ? "" : "_notop"}.h5`;
      const digest = scaling.digests[includeTop ? 0 : 1];
      return { file, url: `https://storage.googleapis.com/keras-applications/${file}`, checksum: `md5:${digest}` };
    },
    build: (image, settings) => classified(features(image, scaling, settings), settings, scaling.dropout),
  };
}

/**
 * EfficientNet-B0: 5,330,571 parameters. Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
 * Networks", 2019, table 1. Images: from 0 to 255, as they are; the network scales them itself.
 */
export const EfficientNetB0: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnet("EfficientNetB0", {
    width: 1,
    depth: 1,
    size: 224,
    dropout: 0.2,
    digests: ["902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"],
  }),
);
/** Wider and deeper; see {@link EfficientNetB0}. */
export const EfficientNetB1: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnet("EfficientNetB1", {
    width: 1,
    depth: 1.1,
    size: 240,
    dropout: 0.2,
    digests: ["1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"],
  }),
);
/** Wider and deeper; see {@link EfficientNetB0}. */
export const EfficientNetB2: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnet("EfficientNetB2", {
    width: 1.1,
    depth: 1.2,
    size: 260,
    dropout: 0.3,
    digests: ["b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"],
  }),
);
/** Wider and deeper; see {@link EfficientNetB0}. */
export const EfficientNetB3: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnet("EfficientNetB3", {
    width: 1.2,
    depth: 1.4,
    size: 300,
    dropout: 0.3,
    digests: ["ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"],
  }),
);
/** Wider and deeper; see {@link EfficientNetB0}. */
export const EfficientNetB4: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnet("EfficientNetB4", {
    width: 1.4,
    depth: 1.8,
    size: 380,
    dropout: 0.4,
    digests: ["18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"],
  }),
);
/** Wider and deeper; see {@link EfficientNetB0}. */
export const EfficientNetB5: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnet("EfficientNetB5", {
    width: 1.6,
    depth: 2.2,
    size: 456,
    dropout: 0.4,
    digests: ["ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"],
  }),
);
/** Wider and deeper; see {@link EfficientNetB0}. */
export const EfficientNetB6: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnet("EfficientNetB6", {
    width: 1.8,
    depth: 2.6,
    size: 528,
    dropout: 0.5,
    digests: ["165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"],
  }),
);
/** Wider and deeper; see {@link EfficientNetB0}. */
export const EfficientNetB7: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnet("EfficientNetB7", {
    width: 2,
    depth: 3.1,
    size: 600,
    dropout: 0.5,
    digests: ["8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"],
  }),
);
