/** MobileNet, second version. */
import type { Tensor } from "../graph/index.ts";
import { Add } from "../layers/add.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { DepthwiseConv2D } from "../layers/depthwise-conv2d.ts";
import { ReLU } from "../layers/relu.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import { type Application, classifierOrPooling, defineApplication } from "./application.ts";
import { divisibleWidth, paddingForStride2, widthFactor } from "./convolution-padding.ts";

/** Options that MobileNetV2 has beside the common ones. */
export interface MobileNetV2Options {
  /** Factor of the number of filters of every layer. Default 1. */
  readonly alpha: number;
}

/** [filters, strides of the first block, number of blocks], table 2. */
const stages = [
  [16, 1, 1],
  [24, 2, 2],
  [32, 2, 3],
  [64, 2, 4],
  [96, 1, 3],
  [160, 2, 3],
  [320, 1, 1],
] as const;

/** Sizes of images that there are published weights for. */
const trainedSizes = [96, 128, 160, 192, 224];

function normalized(x: Tensor, name: string): Tensor {
  return BatchNormalization({ axis: -1, epsilon: 1e-3, momentum: 0.999, name })(x);
}

function activated(x: Tensor, normalization: string, activation: string): Tensor {
  return ReLU({ maxValue: 6, name: activation })(normalized(x, normalization));
}

/** 1x1 up, 3x3 per channel, 1x1 down without activation; the sum with the input where shapes allow. */
function invertedResidual(input: Tensor, filters: number, strides: number, block: number): Tensor {
  const channels = input.dim(3);
  const prefix = block === 0 ? "expanded_conv" : `block_${block}`;
  let x = input;
  if (block > 0) {
    x = Conv2D({ filters: 6 * channels, kernelSize: 1, padding: "same", useBias: false, name: `${prefix}_expand` })(x);
    x = activated(x, `${prefix}_expand_BN`, `${prefix}_expand_relu`);
  }
  if (strides === 2) x = ZeroPadding2D({ padding: paddingForStride2(x, 3), name: `${prefix}_pad` })(x);
  const padding = strides === 1 ? "same" : "valid";
  x = DepthwiseConv2D({ kernelSize: 3, strides, padding, useBias: false, name: `${prefix}_depthwise` })(x);
  x = activated(x, `${prefix}_depthwise_BN`, `${prefix}_depthwise_relu`);
  x = Conv2D({ filters, kernelSize: 1, padding: "same", useBias: false, name: `${prefix}_project` })(x);
  x = normalized(x, `${prefix}_project_BN`);
  return channels === filters && strides === 1 ? Add({ name: `${prefix}_add` })([input, x]) : x;
}

function features(image: Tensor, alpha: number): Tensor {
  let x = Conv2D({ filters: divisibleWidth(32 * alpha), kernelSize: 3, strides: 2, padding: "same", useBias: false, name: "Conv1" })(image);
  x = activated(x, "bn_Conv1", "Conv1_relu");
  let block = 0;
  for (const [filters, strides, count] of stages) {
    const width = divisibleWidth(Math.trunc(filters * alpha));
    for (let i = 0; i < count; i++) x = invertedResidual(x, width, i === 0 ? strides : 1, block++);
  }
  const last = alpha > 1 ? divisibleWidth(1280 * alpha) : 1280;
  x = Conv2D({ filters: last, kernelSize: 1, useBias: false, name: "Conv_1" })(x);
  return activated(x, "Conv_1_bn", "out_relu");
}

/**
 * MobileNet v2: 3,538,984 parameters. Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted Residuals and Linear
 * Bottlenecks", 2018. Images: from -1 to 1 ("tf").
 */
export const MobileNetV2: Application<MobileNetV2Options> = /* @__PURE__ */ defineApplication<MobileNetV2Options>({
  className: "MobileNetV2",
  modelName: ({ alpha, inputShape }) => `mobilenetv2_${alpha.toFixed(2)}_${inputShape[0] ?? "None"}`,
  defaultSize: 224,
  trainedSizes,
  minSize: 32,
  extras: { alpha: 1 },
  checkpoint: ({ alpha, includeTop, inputShape: [rows, columns] }) => {
    const size = rows === columns && trainedSizes.includes(rows ?? 0) ? rows! : 224;
    const factor = Number.isInteger(alpha) ? alpha.toFixed(1) : String(alpha);
    const file = `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${factor}_${size}${includeTop ? "" : "_no_top"}.h5`;
    return { file, url: `https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/${file}`, checksum: null };
  },
  build: (image, settings) => classifierOrPooling(features(image, widthFactor("MobileNetV2", settings.alpha)), settings),
});
