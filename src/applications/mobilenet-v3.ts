/** MobileNets, third version. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { Activation } from "../layers/activation.ts";
import { Add } from "../layers/add.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { DepthwiseConv2D } from "../layers/depthwise-conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import { GlobalAveragePooling2D } from "../layers/global-average-pooling2d.ts";
import { describe } from "../layers/layer-options.ts";
import { Multiply } from "../layers/multiply.ts";
import { ReLU } from "../layers/relu.ts";
import { Rescaling } from "../layers/rescaling.ts";
import { ZeroPadding2D } from "../layers/zero-padding2d.ts";
import * as ops from "../ops/index.ts";
import { type Application, type ApplicationSettings, type Architecture, defineApplication, pooled } from "./application.ts";
import { divisibleWidth, paddingForStride2, widthFactor } from "./convolution-padding.ts";

/** Options that MobileNetV3 has beside the common ones. */
export interface MobileNetV3Options {
  /** Factor of the number of filters of every layer. Default 1. */
  readonly alpha: number;
  /** Without excitation, hard swish and kernels of 5x5. Default false. */
  readonly minimalistic: boolean;
  /** Rate of the dropout before the classifier. Default 0.2. */
  readonly dropoutRate: number;
  /** Whether the network scales images from 0 to 255 itself; otherwise it takes images from -1 to 1. Default true. */
  readonly includePreprocessing: boolean;
}

type Settings = ApplicationSettings & MobileNetV3Options;

/** A row of the published table. */
interface Row {
  readonly expansion: number;
  readonly filters: number;
  readonly kernelSize: 3 | 5;
  readonly strides: 1 | 2;
  readonly excited: boolean;
  readonly activation: "relu" | "hard_swish";
}

function row(kernelSize: 3 | 5, expansion: number, filters: number, excited: boolean, activation: Row["activation"], strides: 1 | 2): Row {
  return { expansion, filters, kernelSize, strides, excited, activation };
}

/** What distinguishes the two networks. */
interface Size {
  readonly rows: readonly Row[];
  /** Filters before the classifier. */
  readonly last: number;
  /** Digests of the published weights, with and without the classifier, by what their files are called after. */
  readonly digests: Readonly<Record<string, readonly [string, string]>>;
}

/** Table 2 of the paper. */
const small: Size = /* @__PURE__ */ (() => ({
  rows: [
    row(3, 1, 16, true, "relu", 2),
    row(3, 72 / 16, 24, false, "relu", 2),
    row(3, 88 / 24, 24, false, "relu", 1),
    row(5, 4, 40, true, "hard_swish", 2),
    row(5, 6, 40, true, "hard_swish", 1),
    row(5, 6, 40, true, "hard_swish", 1),
    row(5, 3, 48, true, "hard_swish", 1),
    row(5, 3, 48, true, "hard_swish", 1),
    row(5, 6, 96, true, "hard_swish", 2),
    row(5, 6, 96, true, "hard_swish", 1),
    row(5, 6, 96, true, "hard_swish", 1),
  ],
  last: 1024,
  digests: {
    "small_224_0.75": ["cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"],
    "small_224_1.0": ["8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"],
    "small_minimalistic_224_1.0": ["99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"],
  },
}))();

/** Table 1 of the paper. */
const large: Size = /* @__PURE__ */ (() => ({
  rows: [
    row(3, 1, 16, false, "relu", 1),
    row(3, 4, 24, false, "relu", 2),
    row(3, 3, 24, false, "relu", 1),
    row(5, 3, 40, true, "relu", 2),
    row(5, 3, 40, true, "relu", 1),
    row(5, 3, 40, true, "relu", 1),
    row(3, 6, 80, false, "hard_swish", 2),
    row(3, 2.5, 80, false, "hard_swish", 1),
    row(3, 2.3, 80, false, "hard_swish", 1),
    row(3, 2.3, 80, false, "hard_swish", 1),
    row(3, 6, 112, true, "hard_swish", 1),
    row(3, 6, 112, true, "hard_swish", 1),
    row(5, 6, 160, true, "hard_swish", 2),
    row(5, 6, 160, true, "hard_swish", 1),
    row(5, 6, 160, true, "hard_swish", 1),
  ],
  last: 1280,
  digests: {
    "large_224_0.75": ["765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"],
    "large_224_1.0": ["59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"],
    "large_minimalistic_224_1.0": ["675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"],
  },
}))();

function normalized(x: Tensor, name: string): Tensor {
  return BatchNormalization({ axis: -1, epsilon: 1e-3, momentum: 0.999, name })(x);
}

function activated(x: Tensor, activation: Row["activation"]): Tensor {
  return activation === "relu" ? ReLU()(x) : Activation({ activation: "hard_swish" })(x);
}

function pointwise(x: Tensor, filters: number, name: string): Tensor {
  return Conv2D({ filters, kernelSize: 1, padding: "same", useBias: false, name })(x);
}

/** Channels weighted by a hard sigmoid of what the whole image says. */
function excited(x: Tensor, prefix: string): Tensor {
  const filters = x.dim(3);
  const name = `${prefix}squeeze_excite_`;
  let weight = GlobalAveragePooling2D({ keepdims: true, name: `${name}avg_pool` })(x);
  weight = Conv2D({ filters: divisibleWidth(filters / 4), kernelSize: 1, padding: "same", name: `${name}conv` })(weight);
  weight = ReLU({ name: `${name}relu` })(weight);
  weight = Conv2D({ filters, kernelSize: 1, padding: "same", name: `${name}conv_1` })(weight);
  weight = ops.multiply(ReLU({ maxValue: 6 })(ops.add(weight, 3)), 1 / 6);
  return Multiply({ name: `${name}mul` })([x, weight]);
}

function invertedResidual(input: Tensor, { expansion, filters, kernelSize, strides, ...row }: Row, block: number): Tensor {
  const channels = input.dim(3);
  const prefix = block === 0 ? "expanded_conv_" : `expanded_conv_${block}_`;
  let x = input;
  if (block > 0) {
    x = normalized(pointwise(x, divisibleWidth(channels * expansion), `${prefix}expand`), `${prefix}expand_bn`);
    x = activated(x, row.activation);
  }
  if (strides === 2) x = ZeroPadding2D({ padding: paddingForStride2(x, kernelSize), name: `${prefix}depthwise_pad` })(x);
  const padding = strides === 1 ? "same" : "valid";
  x = DepthwiseConv2D({ kernelSize, strides, padding, useBias: false, name: `${prefix}depthwise` })(x);
  x = activated(normalized(x, `${prefix}depthwise_bn`), row.activation);
  if (row.excited) x = excited(x, prefix);
  x = normalized(pointwise(x, filters, `${prefix}project`), `${prefix}project_bn`);
  return strides === 1 && channels === filters ? Add({ name: `${prefix}add` })([input, x]) : x;
}

/** The table's row for these options. */
function fitted({ alpha, minimalistic }: MobileNetV3Options, row: Row): Row {
  const scaled = { ...row, filters: divisibleWidth(row.filters * alpha) };
  return minimalistic ? { ...scaled, kernelSize: 3, excited: false, activation: "relu" } : scaled;
}

function network(image: Tensor, settings: Settings, { rows, last }: Size): Tensor {
  const { alpha, minimalistic, includeTop, classes, classifierActivation, dropoutRate } = settings;
  const activation = minimalistic ? "relu" : "hard_swish";
  let x = settings.includePreprocessing ? Rescaling({ scale: 1 / 127.5, offset: -1 })(image) : image;
  x = Conv2D({ filters: 16, kernelSize: 3, strides: 2, padding: "same", useBias: false, name: "conv" })(x);
  x = activated(normalized(x, "conv_bn"), activation);
  rows.forEach((row, block) => (x = invertedResidual(x, fitted(settings, row), block)));
  x = normalized(pointwise(x, divisibleWidth(x.dim(3) * 6), "conv_1"), "conv_1_bn");
  x = activated(x, activation);
  if (!includeTop) return pooled(x, settings, { average: "avg_pool", maximum: "max_pool" });
  x = GlobalAveragePooling2D({ keepdims: true })(x);
  x = Conv2D({ filters: alpha > 1 ? divisibleWidth(last * alpha) : last, kernelSize: 1, padding: "same", name: "conv_2" })(x);
  x = activated(x, activation);
  if (dropoutRate > 0) x = Dropout({ rate: dropoutRate })(x);
  x = Conv2D({ filters: classes, kernelSize: 1, padding: "same", name: "logits" })(x);
  return Activation({ activation: classifierActivation ?? "linear", name: "predictions" })(Flatten()(x));
}

function mobilenetV3(className: string, size: Size): Architecture<MobileNetV3Options, Tensor> {
  return {
    className,
    modelName: className,
    defaultSize: 224,
    trainedSizes: null,
    minSize: 32,
    openSize: "always",
    extras: { alpha: 1, minimalistic: false, dropoutRate: 0.2, includePreprocessing: true },
    checkpoint: ({ alpha, minimalistic, includeTop }) => {
      const kind = className.slice("MobileNetV3".length).toLowerCase() + (minimalistic ? "_minimalistic" : "");
      const name = `${kind}_224_${Number.isInteger(alpha) ? alpha.toFixed(1) : alpha}`;
      const digests = size.digests[name];
      if (digests === undefined)
        throw new ValueError({
          where: className,
          problem: "there are no published weights for these widths",
          expected: minimalistic ? "alpha 1" : "alpha 0.75 or 1",
          received: `alpha ${describe(alpha)}`,
        });
      const file = `weights_mobilenet_v3_${name}_float${includeTop ? "" : "_no_top_v2"}.h5`;
      return {
        file,
        url: `https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/${file}`,
        checksum: `md5:${digests[includeTop ? 0 : 1]}`,
      };
    },
    build: (image, settings) => {
      widthFactor(className, settings.alpha);
      return network(image, settings, size);
    },
  };
}

/**
 * MobileNetV3-Large: 5,507,432 parameters. Howard and others, "Searching for MobileNetV3", 2019, table 1. Images: from 0 to
 * 255, of any size; the network scales them itself unless `includePreprocessing` is false.
 */
export const MobileNetV3Large: Application<MobileNetV3Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ mobilenetV3("MobileNetV3Large", large),
);

/** MobileNetV3-Small: 2,554,968 parameters, table 2; see {@link MobileNetV3Large}. */
export const MobileNetV3Small: Application<MobileNetV3Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ mobilenetV3("MobileNetV3Small", small),
);
