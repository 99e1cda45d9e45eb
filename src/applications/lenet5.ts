/** LeNet-5. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { RandomUniform } from "../initializers/index.ts";
import { Activation } from "../layers/activation.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Flatten } from "../layers/flatten.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { type UntrainedApplication, type ApplicationSettings, defineApplication, pooled } from "./application.ts";
import { DigitPrototypes } from "./digit-prototypes.ts";
import { PartialConv2D } from "./partial-conv2d.ts";
import { ScaledTanh } from "./scaled-tanh.ts";
import { Subsampling2D } from "./subsampling2d.ts";

/** Options that LeNet5 has beside the common ones. */
export interface LeNet5Options {
  /** "published": as in 1998; "modern": relu, maximum pooling, all maps connected, a softmax. Default "published". */
  readonly form: "published" | "modern";
}

/** Table I: the maps of S2 that each map of C3 sees. */
const connections: readonly (readonly number[])[] = [
  [0, 1, 2],
  [1, 2, 3],
  [2, 3, 4],
  [3, 4, 5],
  [0, 4, 5],
  [0, 1, 5],
  [0, 1, 2, 3],
  [1, 2, 3, 4],
  [2, 3, 4, 5],
  [0, 3, 4, 5],
  [0, 1, 4, 5],
  [0, 1, 2, 5],
  [0, 1, 3, 4],
  [1, 2, 4, 5],
  [0, 2, 3, 5],
  [0, 1, 2, 3, 4, 5],
];

/** Uniform from -2.4 / F to 2.4 / F, F the inputs of a unit (appendix A). */
function uniform(inputs: number): ReturnType<typeof RandomUniform> {
  return RandomUniform({ minval: -2.4 / inputs, maxval: 2.4 / inputs });
}

function publishedFeatures(image: Tensor): Tensor {
  let x = Conv2D({ filters: 6, kernelSize: 5, kernelInitializer: uniform(25), name: "c1" })(image);
  x = Subsampling2D({ name: "s2" })(ScaledTanh({ name: "c1_squash" })(x));
  x = PartialConv2D({ connections, kernelSize: 5, kernelInitializer: uniform(100), name: "c3" })(ScaledTanh({ name: "s2_squash" })(x));
  x = Subsampling2D({ name: "s4" })(ScaledTanh({ name: "c3_squash" })(x));
  return ScaledTanh({ name: "s4_squash" })(x);
}

function publishedTop(features: Tensor, settings: ApplicationSettings): Tensor {
  if (settings.classes !== 10) {
    throw new ValueError({
      where: "LeNet5",
      problem: "the published output layer holds pictures of the ten digits",
      expected: "classes: 10",
      received: String(settings.classes),
      advice: 'use { form: "modern" } for other classes',
    });
  }
  let x = Conv2D({ filters: 120, kernelSize: 5, kernelInitializer: uniform(400), name: "c5" })(features);
  x = Flatten({ name: "flatten" })(ScaledTanh({ name: "c5_squash" })(x));
  x = Dense({ units: 84, kernelInitializer: uniform(120), name: "f6" })(x);
  x = DigitPrototypes({ name: "output" })(ScaledTanh({ name: "f6_squash" })(x));
  return Activation({ activation: settings.classifierActivation ?? "linear", name: "predictions" })(x);
}

function modernFeatures(image: Tensor): Tensor {
  let x = Conv2D({ filters: 6, kernelSize: 5, activation: "relu", name: "c1" })(image);
  x = MaxPooling2D({ poolSize: 2, name: "s2" })(x);
  x = Conv2D({ filters: 16, kernelSize: 5, activation: "relu", name: "c3" })(x);
  return MaxPooling2D({ poolSize: 2, name: "s4" })(x);
}

function modernTop(features: Tensor, settings: ApplicationSettings): Tensor {
  let x = Flatten({ name: "flatten" })(features);
  x = Dense({ units: 120, activation: "relu", name: "c5" })(x);
  x = Dense({ units: 84, activation: "relu", name: "f6" })(x);
  return Dense({ units: settings.classes, activation: settings.classifierActivation, name: "predictions" })(x);
}

/**
 * LeNet-5, 60,000 parameters as published: trainable subsampling, a table of connections, a scaled tanh, and an output of
 * distances to fixed pictures of the digits. LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
 * recognition", 1998, section II.B. Images: 32x32, background -0.1 and ink 1.175 (`lenet5.preprocessInput`). Its modern form
 * has 61,706. The softmax of the published form is taken of minus the distances; with `classifierActivation: null` train it
 * with {@link maximumAPosteriori}.
 */
export const LeNet5: UntrainedApplication<LeNet5Options> = /* @__PURE__ */ defineApplication<LeNet5Options>({
  className: "LeNet5",
  modelName: "lenet5",
  defaultSize: 32,
  minSize: 32,
  defaultChannels: 1,
  defaultClasses: 10,
  extras: { form: "published" },
  build: (image, settings) => {
    const { form, includeTop } = settings;
    if (form !== "published" && form !== "modern")
      throw new ValueError({
        where: "LeNet5",
        problem: "there is no such form",
        expected: '"published" or "modern"',
        received: String(form),
      });
    const features = form === "published" ? publishedFeatures(image) : modernFeatures(image);
    if (!includeTop) return pooled(features, settings);
    return form === "published" ? publishedTop(features, settings) : modernTop(features, settings);
  },
});

/**
 * Scans made ready for LeNet-5: from 0 (background) to 255 (ink) to -0.1 to 1.175, with a border of background up to 32x32.
 * Shapes: x `[batch, height, width]` or `[batch, height, width, 1]`, at most 32x32 -> `[batch, 32, 32, 1]`.
 */
export function preprocessScans(x: TensorLike): Tensor {
  const given = ops.cast(ops.convertToTensor(x), "float32");
  const scans = given.rank === 3 ? ops.expandDims(given, -1) : given;
  const border = (extent: number): [number, number] => {
    const missing = Math.max(0, 32 - extent);
    return [Math.floor(missing / 2), Math.ceil(missing / 2)];
  };
  const padded = ops.pad(scans, [[0, 0], border(scans.dim(1)), border(scans.dim(2)), [0, 0]]);
  return ops.subtract(ops.multiply(padded, 1.275 / 255), 0.1);
}

/** Options of `maximumAPosteriori`. */
export interface MaximumAPosterioriOptions {
  /** Penalty of "none of them". Default 0.1. */
  readonly rubbishPenalty?: number;
}

/**
 * `penalty[label] + log(exp(-j) + sum over k of exp(-penalty[k]))` per sample, the penalties being minus the logits and j
 * that of rubbish: it keeps the penalties of wrong classes from growing without end. LeCun and others, 1998, equation 9.
 *
 * Shapes: labels `[batch]` or `[batch, 1]`, logits `[batch, classes]` -> `[batch]`.
 *
 * @example
 * model.compile({ loss: (yTrue, yPred) => applications.lenet5.maximumAPosteriori(yTrue, yPred) });
 */
export function maximumAPosteriori(
  labels: TensorLike,
  logits: TensorLike,
  { rubbishPenalty = 0.1 }: MaximumAPosterioriOptions = {},
): Tensor {
  const scores = ops.convertToTensor(logits);
  const classes = scores.dim(1);
  const truth = ops.oneHot(ops.reshape(ops.cast(ops.convertToTensor(labels), "int32"), [-1]), classes);
  const rubbish = ops.fullLike(ops.slice(scores, [0, 0], [scores.dim(0), 1]), -rubbishPenalty);
  const all = ops.concatenate([scores, rubbish], -1);
  return ops.subtract(ops.logsumexp(all, -1), ops.sum(ops.multiply(truth, scores), -1));
}
