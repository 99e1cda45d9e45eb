/** What residual networks share: a stem, four stages of residual blocks, a classifier. */
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import { type ApplicationSettings, type Architecture, classifierOrPooling } from "./application.ts";
import { kernelsOf } from "./checkpoints.ts";

/** One stage: `stage(x, filters, blocks, first, name)`, `first` where the resolution stays as it is. */
export type Stage = (x: Tensor, filters: number, blocks: number, keepsSize: boolean, name: string) => Tensor;

/** A residual network for ImageNet. */
export interface ResidualNetwork {
  readonly className: string;
  /** Blocks of each of the four stages. */
  readonly blocks: readonly [number, number, number, number];
  readonly stage: Stage;
  /** Whether blocks begin, not end, with normalisation and relu (the second version). */
  readonly preactivated: boolean;
  /** Whether the first convolution has a bias. */
  readonly useBias: boolean;
  /** Digests of the published weights, with and without the classifier; null where there are none. */
  readonly digests: readonly [string, string] | null;
  /** Which of the four stages keeps the resolution that it is given. */
  readonly keepsSizeAt: number;
}

/** Normalisation as residual networks have it. */
export function normalized(x: Tensor, name: string): Tensor {
  return BatchNormalization({ axis: 3, epsilon: 1.001e-5, name })(x);
}

/** Normalisation and relu. */
export function activated(x: Tensor, normalization: string, activation: string): Tensor {
  return Activation({ activation: "relu", name: activation })(normalized(x, normalization));
}

/** The architecture of a residual network: He, Zhang, Ren, Sun, 2016, table 1. */
export function residualNetwork(network: ResidualNetwork): Architecture<object, Tensor> {
  const { className, blocks, stage, preactivated, useBias, keepsSizeAt, digests } = network;
  const name = className.toLowerCase();
  return {
    className,
    modelName: name,
    defaultSize: 224,
    minSize: 32,
    extras: {},
    ...(digests === null ? {} : { checkpoint: ({ includeTop }: ApplicationSettings) => kernelsOf("resnet", name, digests, includeTop) }),
    build: (image, settings) => {
      let x = ZeroPadding2D({ padding: 3, name: "conv1_pad" })(image);
      x = Conv2D({ filters: 64, kernelSize: 7, strides: 2, useBias, name: "conv1_conv" })(x);
      if (!preactivated) x = activated(x, "conv1_bn", "conv1_relu");
      x = ZeroPadding2D({ padding: 1, name: "pool1_pad" })(x);
      x = MaxPooling2D({ poolSize: 3, strides: 2, name: "pool1_pool" })(x);
      blocks.forEach((count, index) => {
        x = stage(x, 64 << index, count, index === keepsSizeAt, `conv${index + 2}`);
      });
      if (preactivated) x = activated(x, "post_bn", "post_relu");
      return classifierOrPooling(x, settings, { average: "avg_pool", maximum: "max_pool" });
    },
  };
}
