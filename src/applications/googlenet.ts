/** GoogLeNet, the first Inception network. */
import type { Tensor } from "../graph/index.ts";
import { AveragePooling2D } from "../layers/average-pooling2d.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import { GlobalAveragePooling2D } from "../layers/global-average-pooling2d.ts";
import { LocalResponseNormalization } from "../layers/local-response-normalization.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { SeparableConv2D } from "../layers/separable-conv2d.ts";
import { type UntrainedApplication, type ApplicationOptions, type ApplicationSettings, defineApplication, pooled } from "./application.ts";
import type { Model } from "../models/index.ts";

/** Options that GoogLeNet has beside the common ones. */
export interface GoogLeNetOptions {
  /** Whether the two auxiliary classifiers are outputs too: `[main, auxiliary1, auxiliary2]`. Default true; never without the classifier. */
  readonly auxiliary: boolean;
  /** Whether the first convolution is separable, as the 2.7K parameters of the published table say. Default false. */
  readonly separableStem: boolean;
}

/** Filters of an inception module: 1x1; 3x3 and its reduction; 5x5 and its reduction; projection of the pooling. */
interface Module {
  readonly one: number;
  readonly three: readonly [number, number];
  readonly five: readonly [number, number];
  readonly pool: number;
}

/** Table 1, rows "inception". */
const modules: Readonly<Record<string, Module>> = {
  "3a": { one: 64, three: [96, 128], five: [16, 32], pool: 32 },
  "3b": { one: 128, three: [128, 192], five: [32, 96], pool: 64 },
  "4a": { one: 192, three: [96, 208], five: [16, 48], pool: 64 },
  "4b": { one: 160, three: [112, 224], five: [24, 64], pool: 64 },
  "4c": { one: 128, three: [128, 256], five: [24, 64], pool: 64 },
  "4d": { one: 112, three: [144, 288], five: [32, 64], pool: 64 },
  "4e": { one: 256, three: [160, 320], five: [32, 128], pool: 128 },
  "5a": { one: 256, three: [160, 320], five: [32, 128], pool: 128 },
  "5b": { one: 384, three: [192, 384], five: [48, 128], pool: 128 },
};

function conv(x: Tensor, filters: number, kernelSize: number, name: string, strides = 1): Tensor {
  return Conv2D({ filters, kernelSize, strides, padding: "same", activation: "relu", name })(x);
}

function halved(x: Tensor, name: string): Tensor {
  return MaxPooling2D({ poolSize: 3, strides: 2, padding: "same", name })(x);
}

/** As in {@link AlexNet}. */
function responseNormalized(x: Tensor, name: string): Tensor {
  return LocalResponseNormalization({ depthRadius: 2, bias: 2, alpha: 1e-4, beta: 0.75, name })(x);
}

function inception(x: Tensor, block: string): Tensor {
  const { one, three, five, pool } = modules[block]!;
  const prefix = `inception_${block}`;
  const branches = [
    conv(x, one, 1, `${prefix}_1x1`),
    conv(conv(x, three[0], 1, `${prefix}_3x3_reduce`), three[1], 3, `${prefix}_3x3`),
    conv(conv(x, five[0], 1, `${prefix}_5x5_reduce`), five[1], 5, `${prefix}_5x5`),
    conv(MaxPooling2D({ poolSize: 3, strides: 1, padding: "same", name: `${prefix}_pool` })(x), pool, 1, `${prefix}_pool_proj`),
  ];
  return Concatenate({ axis: 3, name: prefix })(branches);
}

/** Section 5: pooling of 5 by 3, 128 1x1 convolutions, 1024 units, 70 % dropout, a classifier. */
function auxiliaryClassifier(features: Tensor, settings: ApplicationSettings, name: string): Tensor {
  let x = AveragePooling2D({ poolSize: 5, strides: 3, name: `${name}_pool` })(features);
  x = conv(x, 128, 1, `${name}_conv`);
  x = Flatten({ name: `${name}_flatten` })(x);
  x = Dense({ units: 1024, activation: "relu", name: `${name}_fc` })(x);
  x = Dropout({ rate: 0.7, name: `${name}_drop` })(x);
  return Dense({ units: settings.classes, activation: settings.classifierActivation, name })(x);
}

function build(image: Tensor, settings: ApplicationSettings & GoogLeNetOptions): Tensor | readonly Tensor[] {
  const stem = { filters: 64, kernelSize: 7, strides: 2, padding: "same", activation: "relu", name: "conv1" } as const;
  let x = settings.separableStem ? SeparableConv2D({ ...stem, depthMultiplier: 8 })(image) : Conv2D(stem)(image);
  x = responseNormalized(halved(x, "pool1"), "norm1");
  x = conv(conv(x, 64, 1, "conv2_reduce"), 192, 3, "conv2");
  x = halved(responseNormalized(x, "norm2"), "pool2");
  x = inception(inception(x, "3a"), "3b");
  const first = inception(halved(x, "pool3"), "4a");
  const second = inception(inception(inception(first, "4b"), "4c"), "4d");
  x = halved(inception(second, "4e"), "pool4");
  x = inception(inception(x, "5a"), "5b");
  if (!settings.includeTop) return pooled(x, settings);
  x = GlobalAveragePooling2D({ name: "avg_pool" })(x);
  x = Dropout({ rate: 0.4, name: "dropout" })(x);
  const main = Dense({ units: settings.classes, activation: settings.classifierActivation, name: "predictions" })(x);
  if (!settings.auxiliary) return main;
  return [main, auxiliaryClassifier(first, settings, "auxiliary1"), auxiliaryClassifier(second, settings, "auxiliary2")];
}

const define: UntrainedApplication<GoogLeNetOptions, Tensor | readonly Tensor[]> = /* @__PURE__ */ defineApplication<
  GoogLeNetOptions,
  Tensor | readonly Tensor[]
>({
  className: "GoogLeNet",
  modelName: "googlenet",
  defaultSize: 224,
  minSize: 32,
  extras: { auxiliary: true, separableStem: false },
  build,
});

/** Makes GoogLeNets. */
export interface GoogLeNetApplication {
  (options: ApplicationOptions & Partial<GoogLeNetOptions> & { readonly weights: string }): Promise<Model<Tensor, Tensor | Tensor[]>>;
  (options: ApplicationOptions & Partial<GoogLeNetOptions> & ({ readonly auxiliary: false } | { readonly includeTop: false })): Model;
  (options?: ApplicationOptions & Partial<GoogLeNetOptions>): Model<Tensor, [Tensor, Tensor, Tensor]>;
}

/**
 * GoogLeNet: nine inception modules. Szegedy and others, "Going Deeper with Convolutions", 2015, table 1 and section 5.
 * First in ILSVRC 2014. Its outputs are the classifier and the two auxiliary ones; train it with
 * `lossWeights: [1, 0.3, 0.3]`, and use the first output alone afterwards. The auxiliary heads need images of 112 or more.
 */
export const GoogLeNet: GoogLeNetApplication = define as GoogLeNetApplication;
