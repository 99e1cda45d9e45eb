/** MobileNet, first version. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { DepthwiseConv2D } from "../layers/depthwise-conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { GlobalAveragePooling2D } from "../layers/global-average-pooling2d.ts";
import { describe } from "../layers/layer-options.ts";
import { ReLU } from "../layers/relu.ts";
import { Reshape } from "../layers/reshape.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import { type Application, type ApplicationSettings, defineApplication, pooled } from "./application.ts";
import { widthFactor } from "./convolution-padding.ts";

/** Options that MobileNet has beside the common ones. */
export interface MobileNetOptions {
  /** Factor of the number of filters of every layer. Default 1. */
  readonly alpha: number;
  /** Outputs of a depthwise convolution for each of its inputs. Default 1. */
  readonly depthMultiplier: number;
  /** Rate of the dropout before the classifier. Default 0.001. */
  readonly dropout: number;
}

/** [filters, strides] of the separable convolutions, table 1. */
const blocks = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

/** Sizes of images and factors of widths that there are published weights for. */
const trainedSizes = [128, 160, 192, 224];
const trainedWidths: Readonly<Record<number, string>> = { 0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1: "1_0" };

function activated(x: Tensor, name: string): Tensor {
  return ReLU({ maxValue: 6, name: `${name}_relu` })(BatchNormalization({ axis: -1, name: `${name}_bn` })(x));
}

function features(image: Tensor, { alpha, depthMultiplier }: MobileNetOptions): Tensor {
  const width = (filters: number): number => Math.trunc(filters * alpha);
  let x = Conv2D({ filters: width(32), kernelSize: 3, strides: 2, padding: "same", useBias: false, name: "conv1" })(image);
  x = activated(x, "conv1");
  blocks.forEach(([filters, strides], index) => {
    const block = index + 1;
    if (strides === 2) x = ZeroPadding2D({ padding: [[0, 1], [0, 1]], name: `conv_pad_${block}` })(x); // prettier-ignore
    const padding = strides === 1 ? "same" : "valid";
    x = DepthwiseConv2D({ kernelSize: 3, strides, padding, depthMultiplier, useBias: false, name: `conv_dw_${block}` })(x);
    x = activated(x, `conv_dw_${block}`);
    x = Conv2D({ filters: width(filters), kernelSize: 1, padding: "same", useBias: false, name: `conv_pw_${block}` })(x);
    x = activated(x, `conv_pw_${block}`);
  });
  return x;
}

/** A classifier that is a convolution of the mean. */
function classified(x: Tensor, { classes, classifierActivation, dropout }: ApplicationSettings & MobileNetOptions): Tensor {
  let y = GlobalAveragePooling2D({ keepdims: true })(x);
  y = Dropout({ rate: dropout, name: "dropout" })(y);
  y = Conv2D({ filters: classes, kernelSize: 1, padding: "same", name: "conv_preds" })(y);
  y = Reshape({ targetShape: [classes], name: "reshape_2" })(y);
  return Activation({ activation: classifierActivation ?? "linear", name: "predictions" })(y);
}

/**
 * MobileNet: 4,253,864 parameters. Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam, "MobileNets: Efficient
 * Convolutional Neural Networks for Mobile Vision Applications", 2017. Images: from -1 to 1 ("tf").
 */
export const MobileNet: Application<MobileNetOptions> = /* @__PURE__ */ defineApplication<MobileNetOptions>({
  className: "MobileNet",
  modelName: ({ alpha, inputShape }) => `mobilenet_${alpha.toFixed(2)}_${inputShape[0] ?? "None"}`,
  defaultSize: 224,
  trainedSizes,
  minSize: 32,
  extras: { alpha: 1, depthMultiplier: 1, dropout: 1e-3 },
  checkpoint: ({ alpha, depthMultiplier, includeTop, inputShape: [rows, columns] }) => {
    const width = trainedWidths[alpha];
    if (width === undefined || depthMultiplier !== 1)
      throw new ValueError({
        where: "MobileNet",
        problem: "there are no published weights for these widths",
        expected: "alpha 0.25, 0.5, 0.75 or 1, depthMultiplier 1",
        received: `alpha ${describe(alpha)}, depthMultiplier ${describe(depthMultiplier)}`,
      });
    const size = rows === columns && trainedSizes.includes(rows ?? 0) ? rows! : 224;
    const file = `mobilenet_${width}_${size}_tf${includeTop ? "" : "_no_top"}.h5`;
    return { file, url: `https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/${file}`, checksum: null };
  },
  build: (image, settings) => {
    widthFactor("MobileNet", settings.alpha);
    const x = features(image, settings);
    return settings.includeTop ? classified(x, settings) : pooled(x, settings);
  },
});
