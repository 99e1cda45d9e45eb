/** Xception. */
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { Add } from "../layers/add.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { SeparableConv2D } from "../layers/separable-conv2d.ts";
import { type Application, classifierOrPooling, defineApplication } from "./application.ts";
import { kernelsOf } from "./checkpoints.ts";

function relu(x: Tensor, name: string): Tensor {
  return Activation({ activation: "relu", name })(x);
}

function normalized(x: Tensor, name: string | null): Tensor {
  return BatchNormalization({ axis: -1, name })(x);
}

function separable(x: Tensor, filters: number, name: string): Tensor {
  return normalized(SeparableConv2D({ filters, kernelSize: 3, padding: "same", useBias: false, name })(x), `${name}_bn`);
}

/** Two separable convolutions and a halving, beside a 1x1 convolution of stride 2. */
function halving(x: Tensor, block: number, first: number, second: number): Tensor {
  const shortcut = normalized(Conv2D({ filters: second, kernelSize: 1, strides: 2, padding: "same", useBias: false })(x), null);
  const prefix = `block${block}`;
  let y = block === 2 ? x : relu(x, `${prefix}_sepconv1_act`);
  y = separable(y, first, `${prefix}_sepconv1`);
  y = separable(relu(y, `${prefix}_sepconv2_act`), second, `${prefix}_sepconv2`);
  y = MaxPooling2D({ poolSize: 3, strides: 2, padding: "same", name: `${prefix}_pool` })(y);
  return Add()([y, shortcut]);
}

function middle(x: Tensor, block: number): Tensor {
  let y = x;
  for (const i of [1, 2, 3]) y = separable(relu(y, `block${block}_sepconv${i}_act`), 728, `block${block}_sepconv${i}`);
  return Add()([y, x]);
}

function features(image: Tensor): Tensor {
  let x = Conv2D({ filters: 32, kernelSize: 3, strides: 2, useBias: false, name: "block1_conv1" })(image);
  x = relu(normalized(x, "block1_conv1_bn"), "block1_conv1_act");
  x = Conv2D({ filters: 64, kernelSize: 3, useBias: false, name: "block1_conv2" })(x);
  x = relu(normalized(x, "block1_conv2_bn"), "block1_conv2_act");
  x = halving(x, 2, 128, 128);
  x = halving(x, 3, 256, 256);
  x = halving(x, 4, 728, 728);
  for (let block = 5; block <= 12; block++) x = middle(x, block);
  x = halving(x, 13, 728, 1024);
  x = relu(separable(x, 1536, "block14_sepconv1"), "block14_sepconv1_act");
  return relu(separable(x, 2048, "block14_sepconv2"), "block14_sepconv2_act");
}

/**
 * Xception: 22,910,480 parameters. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2017, figure 5.
 * Images: from -1 to 1 ("tf").
 */
export const Xception: Application = /* @__PURE__ */ defineApplication({
  className: "Xception",
  modelName: "xception",
  defaultSize: 299,
  minSize: 71,
  extras: {},
  checkpoint: ({ includeTop }) =>
    kernelsOf("xception", "xception", ["0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"], includeTop),
  build: (image, settings) => classifierOrPooling(features(image), settings, { average: "avg_pool", averageWithoutTop: null }),
});
