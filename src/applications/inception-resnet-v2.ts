/** Inception with residual connections. */
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { AveragePooling2D } from "../layers/average-pooling2d.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { type Application, classifierOrPooling, defineApplication } from "./application.ts";
import { kernelsOf } from "./checkpoints.ts";
import { CustomScaleLayer } from "./custom-scale-layer.ts";
import { normalizedConvolution as conv } from "./normalized-convolution.ts";

const halved = { strides: 2, padding: "valid" } as const;

function joined(branches: readonly Tensor[], name: string): Tensor {
  return Concatenate({ axis: 3, name })(branches);
}

function maximum(x: Tensor): Tensor {
  return MaxPooling2D({ poolSize: 3, strides: 2, padding: "valid" })(x);
}

/** `x + scale f(x)`: branches, joined, brought to the width of x by a 1x1 convolution. */
function residual(x: Tensor, branches: readonly Tensor[], scale: number, name: string, isLast = false): Tensor {
  const mixed = joined(branches, `${name}_mixed`);
  const up = Conv2D({ filters: x.dim(3), kernelSize: 1, padding: "same", name: `${name}_conv` })(mixed);
  const y = CustomScaleLayer({ scale })([x, up]);
  return isLast ? y : Activation({ activation: "relu", name: `${name}_ac` })(y);
}

function block35(x: Tensor, index: number): Tensor {
  const one = conv(x, 32, 1);
  const two = conv(conv(x, 32, 1), 32, 3);
  const three = conv(conv(conv(x, 32, 1), 48, 3), 64, 3);
  return residual(x, [one, two, three], 0.17, `block35_${index}`);
}

function block17(x: Tensor, index: number): Tensor {
  const one = conv(x, 192, 1);
  const two = conv(conv(conv(x, 128, 1), 160, [1, 7]), 192, [7, 1]);
  return residual(x, [one, two], 0.1, `block17_${index}`);
}

function block8(x: Tensor, index: number): Tensor {
  const one = conv(x, 192, 1);
  const two = conv(conv(conv(x, 192, 1), 224, [1, 3]), 256, [3, 1]);
  return residual(x, [one, two], index === 10 ? 1 : 0.2, `block8_${index}`, index === 10);
}

function repeated(x: Tensor, count: number, block: (x: Tensor, index: number) => Tensor): Tensor {
  for (let index = 1; index <= count; index++) x = block(x, index);
  return x;
}

function stem(image: Tensor): Tensor {
  let x = conv(image, 32, 3, halved);
  x = conv(conv(x, 32, 3, { padding: "valid" }), 64, 3);
  x = MaxPooling2D({ poolSize: 3, strides: 2 })(x);
  x = conv(conv(x, 80, 1, { padding: "valid" }), 192, 3, { padding: "valid" });
  return MaxPooling2D({ poolSize: 3, strides: 2 })(x);
}

function features(image: Tensor): Tensor {
  let x = stem(image);
  const one = conv(x, 96, 1);
  const five = conv(conv(x, 48, 1), 64, 5);
  const three = conv(conv(conv(x, 64, 1), 96, 3), 96, 3);
  const pool = conv(AveragePooling2D({ poolSize: 3, strides: 1, padding: "same" })(x), 64, 1);
  x = repeated(joined([one, five, three, pool], "mixed_5b"), 10, block35);

  const narrowed = conv(x, 384, 3, halved);
  const deeper = conv(conv(conv(x, 256, 1), 256, 3), 384, 3, halved);
  x = repeated(joined([narrowed, deeper, maximum(x)], "mixed_6a"), 20, block17);

  const first = conv(conv(x, 256, 1), 384, 3, halved);
  const second = conv(conv(x, 256, 1), 288, 3, halved);
  const third = conv(conv(conv(x, 256, 1), 288, 3), 320, 3, halved);
  x = repeated(joined([first, second, third, maximum(x)], "mixed_7a"), 10, block8);

  x = Conv2D({ filters: 1536, kernelSize: 1, padding: "same", useBias: false, name: "conv_7b" })(x);
  x = BatchNormalization({ axis: 3, scale: false, name: "conv_7b_bn" })(x);
  return Activation({ activation: "relu", name: "conv_7b_ac" })(x);
}

/**
 * Inception-ResNet v2: 55,873,736 parameters. Szegedy, Ioffe, Vanhoucke, Alemi, "Inception-v4, Inception-ResNet and the
 * Impact of Residual Connections on Learning", 2017. Images: from -1 to 1 ("tf").
 */
export const InceptionResNetV2: Application = /* @__PURE__ */ defineApplication({
  className: "InceptionResNetV2",
  modelName: "inception_resnet_v2",
  defaultSize: 299,
  minSize: 75,
  extras: {},
  checkpoint: ({ includeTop }) =>
    kernelsOf(
      "inception_resnet_v2",
      "inception_resnet_v2",
      ["e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"],
      includeTop,
    ),
  build: (image, settings) => classifierOrPooling(features(image), settings, { average: "avg_pool", averageWithoutTop: null }),
});
