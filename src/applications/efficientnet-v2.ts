/** EfficientNets, second version. */
import type { Tensor } from "../graph/index.ts";
import { Constant } from "../initializers/index.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { DepthwiseConv2D } from "../layers/depthwise-conv2d.ts";
import { Normalization } from "../layers/normalization.ts";
import { Rescaling } from "../layers/rescaling.ts";
import { type Application, type Architecture, defineApplication } from "./application.ts";
import { nearestMultiple } from "./convolution-padding.ts";
import {
  activated,
  type Block,
  blocksOf,
  classified,
  convolution,
  convolutionInitializer,
  excited,
  residual,
  type Stage,
} from "./efficientnet-blocks.ts";

/** Options that EfficientNetV2 has beside the common ones. */
export interface EfficientNetV2Options {
  /** Whether the network scales images from 0 to 255 itself; otherwise it takes images from -1 to 1. Default true. */
  readonly includePreprocessing: boolean;
}

/** A stage whose blocks convolve all channels together (fused), or each for itself with excitation. */
type FusedStage = Stage & { readonly fused: boolean };

/** [blocks, filters of the first block's input, filters, expansion, strides]: fused, then the others. */
type Row = readonly [repeats: number, from: number, to: number, expansion: number, strides: number];

function table(fused: readonly Row[], others: readonly Row[]): readonly FusedStage[] {
  const stage =
    (isFused: boolean) =>
    ([repeats, from, to, expansion, strides]: Row): FusedStage => ({
      kernelSize: 3,
      repeats,
      from,
      to,
      expansion,
      strides,
      fused: isFused,
    });
  return [...fused.map(stage(true)), ...others.map(stage(false))];
}

/** The tables of the networks: B is scaled to B0, ..., B3; S is table 4. */
const tables: Readonly<Record<"B" | "S" | "M" | "L", readonly FusedStage[]>> = /* @__PURE__ */ (() => ({
  B: table(
    [[1, 32, 16, 1, 1], [2, 16, 32, 4, 2], [2, 32, 48, 4, 2]], // prettier-ignore
    [[3, 48, 96, 4, 2], [5, 96, 112, 6, 1], [8, 112, 192, 6, 2]], // prettier-ignore
  ),
  S: table(
    [[2, 24, 24, 1, 1], [4, 24, 48, 4, 2], [4, 48, 64, 4, 2]], // prettier-ignore
    [[6, 64, 128, 4, 2], [9, 128, 160, 6, 1], [15, 160, 256, 6, 2]], // prettier-ignore
  ),
  M: table(
    [[3, 24, 24, 1, 1], [5, 24, 48, 4, 2], [5, 48, 80, 4, 2]], // prettier-ignore
    [[7, 80, 160, 4, 2], [14, 160, 176, 6, 1], [18, 176, 304, 6, 2], [5, 304, 512, 6, 1]], // prettier-ignore
  ),
  L: table(
    [[4, 32, 32, 1, 1], [7, 32, 64, 4, 2], [7, 64, 96, 4, 2]], // prettier-ignore
    [[10, 96, 192, 4, 2], [19, 192, 224, 6, 1], [25, 224, 384, 6, 2], [7, 384, 640, 6, 1]], // prettier-ignore
  ),
}))();

/** What distinguishes the networks. */
interface Scaling {
  readonly table: keyof typeof tables;
  /** Factors of widths and depths. Default 1. */
  readonly width?: number;
  readonly depth?: number;
  readonly size: number;
  /** Digests of the published weights, with and without the classifier. */
  readonly digests: readonly [string, string];
}

const momentum = 0.9;

function normalized(x: Tensor, name: string): Tensor {
  return BatchNormalization({ axis: 3, momentum, name })(x);
}

/** Widening, a convolution per channel, excitation, narrowing. */
function invertedResidual(x: Tensor, { kernelSize, from, to, expansion, strides, prefix }: Block): Tensor {
  let y = convolution(x, from * expansion, 1, 1, `${prefix}expand_conv`);
  y = activated(y, `${prefix}expand_`, momentum);
  const depthwiseInitializer = convolutionInitializer();
  y = DepthwiseConv2D({ kernelSize, strides, padding: "same", useBias: false, depthwiseInitializer, name: `${prefix}dwconv2` })(y);
  y = activated(y, prefix, momentum);
  y = excited(y, Math.max(1, Math.trunc(from / 4)), prefix);
  return normalized(convolution(y, to, 1, 1, `${prefix}project_conv`), `${prefix}project_bn`);
}

/** One convolution that widens, one that narrows; only one where nothing is widened. */
function fusedResidual(x: Tensor, { kernelSize, from, to, expansion, strides, prefix }: Block): Tensor {
  if (expansion === 1) return activated(convolution(x, to, kernelSize, strides, `${prefix}project_conv`), `${prefix}project_`, momentum);
  const y = activated(convolution(x, from * expansion, kernelSize, strides, `${prefix}expand_conv`), `${prefix}expand_`, momentum);
  return normalized(convolution(y, to, 1, 1, `${prefix}project_conv`), `${prefix}project_bn`);
}

function preprocessed(image: Tensor, isSmall: boolean): Tensor {
  if (!isSmall || image.shape[3] !== 3) return Rescaling({ scale: 1 / 128, offset: -1 })(image);
  const x = Rescaling({ scale: 1 / 255 })(image);
  return Normalization({ mean: [0.485, 0.456, 0.406], variance: [0.229 ** 2, 0.224 ** 2, 0.225 ** 2], axis: 3 })(x);
}

function features(image: Tensor, scaling: Scaling): Tensor {
  const stages = tables[scaling.table];
  const width = (filters: number): number => nearestMultiple(filters * (scaling.width ?? 1));
  const depth = (repeats: number): number => Math.ceil((scaling.depth ?? 1) * repeats);
  let x = convolution(image, width(stages[0]!.from), 3, 2, "stem_conv");
  x = activated(x, "stem_", momentum);
  const blocks = stages.reduce((count, { repeats }) => count + repeats, 0);
  for (const block of blocksOf(stages, { width, depth, blocks })) {
    const y = block.fused ? fusedResidual(x, block) : invertedResidual(x, block);
    x = block.strides === 1 && block.from === block.to ? residual(y, x, block.dropRate, block.prefix) : y;
  }
  return activated(convolution(x, width(1280), 1, 1, "top_conv"), "top_", momentum);
}

function efficientnetV2(suffix: string, scaling: Scaling): Architecture<EfficientNetV2Options, Tensor> {
  const modelName = `efficientnetv2-${suffix.toLowerCase()}`;
  return {
    className: `EfficientNetV2${suffix}`,
    modelName,
    defaultSize: scaling.size,
    minSize: 32,
    extras: { includePreprocessing: true },
    checkpoint: ({ includeTop }) => {
      const file = `${modelName}${includeTop ? "" : "_notop"}.h5`;
      const digest = scaling.digests[includeTop ? 0 : 1];
      return {
        file,
        url: `https://storage.googleapis.com/tensorflow/keras-applications/efficientnet_v2/${file}`,
        checksum: `md5:${digest}`,
      };
    },
    build: (image, settings) => {
      const x = settings.includePreprocessing ? preprocessed(image, scaling.table === "B") : image;
      return classified(features(x, scaling), settings, 0.2, { biasInitializer: Constant() });
    },
  };
}

/**
 * EfficientNetV2-B0: 7,200,312 parameters. Tan, Le, "EfficientNetV2: Smaller Models and Faster Training", 2021. Images: from
 * 0 to 255, as they are; the network scales them itself unless `includePreprocessing` is false.
 */
export const EfficientNetV2B0: Application<EfficientNetV2Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnetV2("B0", {
    table: "B",
    size: 224,
    digests: ["21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"],
  }),
);
/** Deeper; see {@link EfficientNetV2B0}. */
export const EfficientNetV2B1: Application<EfficientNetV2Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnetV2("B1", {
    table: "B",
    depth: 1.1,
    size: 240,
    digests: ["069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"],
  }),
);
/** Wider and deeper; see {@link EfficientNetV2B0}. */
export const EfficientNetV2B2: Application<EfficientNetV2Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnetV2("B2", {
    table: "B",
    width: 1.1,
    depth: 1.2,
    size: 260,
    digests: ["424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"],
  }),
);
/** Wider and deeper; see {@link EfficientNetV2B0}. */
export const EfficientNetV2B3: Application<EfficientNetV2Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnetV2("B3", {
    table: "B",
    width: 1.2,
    depth: 1.4,
    size: 300,
    digests: ["1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"],
  }),
);
/** Table 4 of the paper: 21,612,360 parameters; see {@link EfficientNetV2B0}. */
export const EfficientNetV2S: Application<EfficientNetV2Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnetV2("S", {
    table: "S",
    size: 384,
    digests: ["e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"],
  }),
);
/** Larger; see {@link EfficientNetV2B0}. */
export const EfficientNetV2M: Application<EfficientNetV2Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnetV2("M", {
    table: "M",
    size: 480,
    digests: ["a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"],
  }),
);
/** Larger; see {@link EfficientNetV2B0}. */
export const EfficientNetV2L: Application<EfficientNetV2Options> = /* @__PURE__ */ defineApplication(
  /* @__PURE__ */ efficientnetV2("L", {
    table: "L",
    size: 480,
    digests: ["27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"],
  }),
);
