/** What both versions of EfficientNet are made of. */
import type { Tensor } from "../graph/index.ts";
import { VarianceScaling } from "../initializers/index.ts";
import { Activation } from "../layers/activation.ts";
import { BatchNormalization } from "../layers/batch-normalization.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dropout } from "../layers/dropout.ts";
import { Add } from "../layers/add.ts";
import { GlobalAveragePooling2D } from "../layers/global-average-pooling2d.ts";
import { Multiply } from "../layers/multiply.ts";
import { Reshape } from "../layers/reshape.ts";
import { type ApplicationSettings, classifierOrPooling, type HeadNames } from "./application.ts";

/** First weights of convolutions. */
export const convolutionInitializer = (): VarianceScaling =>
  VarianceScaling({ scale: 2, mode: "fan_out", distribution: "truncated_normal" });

/** First weights of the classifier. */
const classifierInitializer = (): VarianceScaling => VarianceScaling({ scale: 1 / 3, mode: "fan_out", distribution: "uniform" });

/** Convolution without bias. */
export function convolution(x: Tensor, filters: number, kernelSize: number, strides: number, name: string): Tensor {
  return Conv2D({ filters, kernelSize, strides, padding: "same", useBias: false, kernelInitializer: convolutionInitializer(), name })(x);
}

/** Normalisation and swish, named `PREFIXbn` and `PREFIXactivation`. */
export function activated(x: Tensor, prefix: string, momentum: number): Tensor {
  const y = BatchNormalization({ axis: 3, momentum, name: `${prefix}bn` })(x);
  return Activation({ activation: "swish", name: `${prefix}activation` })(y);
}

/** Channels weighted by what the whole image says: Hu, Shen, Sun, "Squeeze-and-Excitation Networks", 2018. */
export function excited(x: Tensor, narrow: number, prefix: string): Tensor {
  const filters = x.dim(3);
  let weight = GlobalAveragePooling2D({ name: `${prefix}se_squeeze` })(x);
  weight = Reshape({ targetShape: [1, 1, filters], name: `${prefix}se_reshape` })(weight);
  const dense = (units: number, activation: string, name: string): Tensor =>
    Conv2D({ filters: units, kernelSize: 1, padding: "same", activation, kernelInitializer: convolutionInitializer(), name })(weight);
  weight = dense(narrow, "swish", `${prefix}se_reduce`);
  weight = dense(filters, "sigmoid", `${prefix}se_expand`);
  return Multiply({ name: `${prefix}se_excite` })([x, weight]);
}

/** The sum with the block's input; in training, the block is left out for a sample with probability `rate`. */
export function residual(x: Tensor, input: Tensor, rate: number, prefix: string): Tensor {
  const kept = rate > 0 ? Dropout({ rate, noiseShape: [null, 1, 1, 1], name: `${prefix}drop` })(x) : x;
  return Add({ name: `${prefix}add` })([kept, input]);
}

/** One block of a network: its stage's entry in the published table, at its place. */
export interface Block {
  readonly kernelSize: number;
  readonly from: number;
  readonly to: number;
  readonly expansion: number;
  readonly strides: number;
  readonly dropRate: number;
  readonly prefix: string;
}

/** A row of the published table: `repeats` blocks, the first with the stage's strides. */
export type Stage = Omit<Block, "dropRate" | "prefix"> & { readonly repeats: number };

/** How a table is scaled: `width` maps numbers of filters, `depth` numbers of blocks. */
export interface StageScaling {
  readonly width: (filters: number) => number;
  readonly depth: (repeats: number) => number;
  /** Number of blocks by which the rate of left-out blocks grows to 0.2. */
  readonly blocks: number;
}

/** The blocks of all stages, one after another: block 2 of stage 3 is named `block3b_`. */
export function blocksOf<S extends Stage>(stages: readonly S[], { width, depth, blocks }: StageScaling): (S & Block)[] {
  let place = 0;
  return stages.flatMap((stage, index) =>
    Array.from({ length: depth(stage.repeats) }, (_, i) => ({
      ...stage,
      from: width(i === 0 ? stage.from : stage.to),
      to: width(stage.to),
      strides: i === 0 ? stage.strides : 1,
      dropRate: (0.2 * place++) / blocks,
      prefix: `block${index + 1}${String.fromCharCode(97 + i)}_`,
    })),
  );
}

/** The classifier behind dropout, or what `pooling` says. */
export function classified(features: Tensor, settings: ApplicationSettings, rate: number, names: HeadNames = {}): Tensor {
  return classifierOrPooling(features, settings, {
    ...names,
    average: "avg_pool",
    maximum: "max_pool",
    kernelInitializer: classifierInitializer(),
    between: (x) => Dropout({ rate, name: "top_dropout" })(x),
  });
}
