/** Densely connected networks. */
import type { Tensor } from "../graph/index.ts";
import { AveragePooling2D } from "../layers/average-pooling2d.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import { type Application, type Architecture, classifierOrPooling, defineApplication } from "./application.ts";
import { kernelsOf } from "./checkpoints.ts";
import { activated } from "./residual-network.ts";

const growthRate = 32;

/** The input beside 32 new maps: 1x1 to 128, 3x3 to 32. */
function grown(x: Tensor, name: string): Tensor {
  let y = activated(x, `${name}_0_bn`, `${name}_0_relu`);
  y = Conv2D({ filters: 4 * growthRate, kernelSize: 1, useBias: false, name: `${name}_1_conv` })(y);
  y = activated(y, `${name}_1_bn`, `${name}_1_relu`);
  y = Conv2D({ filters: growthRate, kernelSize: 3, padding: "same", useBias: false, name: `${name}_2_conv` })(y);
  return Concatenate({ axis: 3, name: `${name}_concat` })([x, y]);
}

/** Half the channels, half the resolution. */
function transition(x: Tensor, name: string): Tensor {
  let y = activated(x, `${name}_bn`, `${name}_relu`);
  y = Conv2D({ filters: Math.floor(x.dim(3) / 2), kernelSize: 1, useBias: false, name: `${name}_conv` })(y);
  return AveragePooling2D({ poolSize: 2, strides: 2, name: `${name}_pool` })(y);
}

function features(image: Tensor, blocks: readonly number[]): Tensor {
  let x = ZeroPadding2D({ padding: 3 })(image);
  x = Conv2D({ filters: 64, kernelSize: 7, strides: 2, useBias: false, name: "conv1_conv" })(x);
  x = activated(x, "conv1_bn", "conv1_relu");
  x = ZeroPadding2D({ padding: 1 })(x);
  x = MaxPooling2D({ poolSize: 3, strides: 2, name: "pool1" })(x);
  blocks.forEach((count, index) => {
    for (let i = 1; i <= count; i++) x = grown(x, `conv${index + 2}_block${i}`);
    if (index < blocks.length - 1) x = transition(x, `pool${index + 2}`);
  });
  return activated(x, "bn", "relu");
}

function densenet(
  className: string,
  blocks: readonly [number, number, number, number],
  digests: readonly [string, string],
): Architecture<object, Tensor> {
  return {
    className,
    modelName: className.toLowerCase(),
    defaultSize: 224,
    minSize: 32,
    extras: {},
    checkpoint: ({ includeTop }) => kernelsOf("densenet", className.toLowerCase(), digests, includeTop),
    build: (image, settings) => classifierOrPooling(features(image, blocks), settings, { average: "avg_pool", maximum: "max_pool" }),
  };
}

/**
 * DenseNet-121: 8,062,504 parameters. Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks",
 * 2017, table 1. Images: from 0 to 1, minus the mean, by the deviation ("torch").
 */
export const DenseNet121: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ densenet("DenseNet121", [6, 12, 24, 16], ["9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"]),
);

/** DenseNet-169; see {@link DenseNet121}. */
export const DenseNet169: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ densenet("DenseNet169", [6, 12, 32, 32], ["d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"]),
);

/** DenseNet-201; see {@link DenseNet121}. */
export const DenseNet201: Application = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ densenet("DenseNet201", [6, 12, 48, 32], ["1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"]),
);
