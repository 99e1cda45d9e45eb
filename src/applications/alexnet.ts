/** AlexNet. */
import type { Tensor } from "../graph/index.ts";
import { RandomNormal } from "../initializers/index.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import { LocalResponseNormalization } from "../layers/local-response-normalization.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { type UntrainedApplication, type ApplicationSettings, defineApplication, pooled } from "./application.ts";

interface Convolution {
  readonly filters: number;
  readonly kernelSize: number;
  readonly name: string;
  readonly strides?: number;
  readonly groups?: number;
  readonly padding?: "same" | "valid";
}

/** Section 5: weights from a normal distribution of deviation 0.01; biases of 1 where relu should begin in its linear part. */
const kernelInitializer = (): ReturnType<typeof RandomNormal> => RandomNormal({ mean: 0, stddev: 0.01 });

function conv(x: Tensor, bias: "zeros" | "ones", { padding = "same", ...options }: Convolution): Tensor {
  return Conv2D({ ...options, padding, activation: "relu", kernelInitializer: kernelInitializer(), biasInitializer: bias })(x);
}

/** Section 3.3: k = 2, n = 5, alpha = 1e-4, beta = 0.75. */
function responseNormalized(x: Tensor, name: string): Tensor {
  return LocalResponseNormalization({ depthRadius: 2, bias: 2, alpha: 1e-4, beta: 0.75, name })(x);
}

/** Section 3.4: windows of 3 at every second place overlap. */
function overlappingPool(x: Tensor, name: string): Tensor {
  return MaxPooling2D({ poolSize: 3, strides: 2, name })(x);
}

function features(image: Tensor): Tensor {
  let x = conv(image, "zeros", { filters: 96, kernelSize: 11, strides: 4, padding: "valid", name: "conv1" });
  x = overlappingPool(responseNormalized(x, "norm1"), "pool1");
  x = conv(x, "ones", { filters: 256, kernelSize: 5, groups: 2, name: "conv2" });
  x = overlappingPool(responseNormalized(x, "norm2"), "pool2");
  x = conv(x, "zeros", { filters: 384, kernelSize: 3, name: "conv3" });
  x = conv(x, "ones", { filters: 384, kernelSize: 3, groups: 2, name: "conv4" });
  x = conv(x, "ones", { filters: 256, kernelSize: 3, groups: 2, name: "conv5" });
  return overlappingPool(x, "pool5");
}

function classified(features: Tensor, settings: ApplicationSettings): Tensor {
  if (!settings.includeTop) return pooled(features, settings);
  let x = Flatten({ name: "flatten" })(features);
  for (const number of [6, 7]) {
    const name = `fc${number}`;
    x = Dense({ units: 4096, activation: "relu", kernelInitializer: kernelInitializer(), biasInitializer: "ones", name })(x);
    x = Dropout({ rate: 0.5, name: `drop${number}` })(x);
  }
  const activation = settings.classifierActivation;
  return Dense({ units: settings.classes, activation, kernelInitializer: kernelInitializer(), name: "predictions" })(x);
}

/**
 * AlexNet as published: convolutions in two groups (the two GPUs), local response normalisation, overlapping pooling,
 * dropout; 60,965,224 parameters. Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural
 * Networks", 2012. First in ILSVRC 2012. Images of 227x227 (the paper's 224 is a misprint: the first layer gives 55x55).
 */
export const AlexNet: UntrainedApplication = /* @__PURE__ */ defineApplication({
  className: "AlexNet",
  modelName: "alexnet",
  defaultSize: 227,
  minSize: 67,
  extras: {},
  build: (image, settings) => classified(features(image), settings),
});
