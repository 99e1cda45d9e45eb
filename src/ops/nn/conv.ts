/** Convolutions (cross-correlations, as everywhere in deep learning) of any rank. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { matmul } from "../numpy/matmul.ts";
import { promote } from "../promote.ts";
import { axesOf, type DataFormat, type Padding, paddingOf, perAxis, spatialRankOf, windowExtent } from "./window-arguments.ts";

/** Options of convolutions. */
export interface ConvOptions {
  /** One number or one per spatial axis. Default 1. */
  strides?: number | readonly number[] | null;
  /** Default "valid". */
  padding?: Padding;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
  /** Distance between the elements of the window. Default 1. */
  dilationRate?: number | readonly number[] | null;
}
/** A convolution: `conv(x, kernel, strides, padding, dataFormat, dilationRate)` or with one options object. */
export type ConvOp = (
  x: TensorLike,
  kernel: TensorLike,
  strides?: number | readonly number[] | null | ConvOptions,
  padding?: Padding,
  dataFormat?: DataFormat | null,
  dilationRate?: number | readonly number[] | null,
) => Tensor;

type Rest = [(number | readonly number[] | null | ConvOptions)?, Padding?, (DataFormat | null)?, (number | readonly number[] | null)?];
const names = ["strides", "padding", "dataFormat", "dilationRate"] as const;

function convolve(x: Tensor, kernel: Tensor, given: ConvOptions, groupsOf: (channels: number) => number): Tensor {
  const rank = spatialRankOf(x.shape);
  checkKernelRank(x, kernel, rank);
  const { feature, spatial } = axesOf(given.dataFormat, rank);
  const strides = perAxis("strides", given.strides, rank);
  const dilation = perAxis("dilationRate", given.dilationRate, rank);
  const shape = concreteShape(x);
  const window = concreteShape(kernel).slice(0, rank);
  const layout = { batch: 0, feature, spatial };
  const padding = spatial.map((axis, i) =>
    paddingOf(given.padding ?? "valid", shape[axis]!, windowExtent(window[i]!, dilation[i]!), strides[i]!),
  );
  const featureGroups = groupsOf(shape[feature]!);
  const isLast = feature === rank + 1;
  if (
    isLast &&
    featureGroups === 1 &&
    padding.flat().every((zeros) => zeros === 0) &&
    window.every((extent, i) => extent === shape[i + 1])
  ) {
    // The window covers everything: a product of matrices. Gradients of it do not multiply by padding, as a convolution's would.
    const count = kernel.size / kernel.dim(-1);
    const product = matmul(P.reshape(x, [shape[0]!, count]), P.reshape(kernel, [count, kernel.dim(-1)]));
    return P.reshape(product, [shape[0]!, ...spatial.map(() => 1), kernel.dim(-1)]);
  }
  return P.convGeneral(x, kernel, {
    strides,
    padding,
    lhsDilation: strides.map(() => 1),
    rhsDilation: dilation,
    featureGroups,
    batchGroups: 1,
    reverse: strides.map(() => false),
    lhsLayout: layout,
    rhsLayout: { spatial: strides.map((_, i) => i), input: rank, output: rank + 1 },
    outLayout: layout,
  });
}

function checkKernelRank(x: Tensor, kernel: Tensor, rank: number): void {
  if (kernel.rank === rank + 2) return;
  throw new ShapeError({
    where: currentScope(),
    problem: "the kernel must have as many axes as the input",
    expected: `${rank + 2} axes for an input of shape ${formatShape(x.shape)}`,
    received: formatShape(kernel.shape),
  });
}

/**
 * Convolution. Channels are cut into groups where the kernel has fewer input channels than x.
 * Shapes: x [batch, spatial.., in], kernel [window.., in / groups, out] -> [batch, spatial'.., out].
 */
export const conv: ConvOp = defineOp("conv", (x: TensorLike, kernel: TensorLike, ...rest: Rest) => {
  const [t, k] = promote([x, kernel], true);
  return convolve(t!, k!, options<ConvOptions>(names, rest), (channels) => {
    const perGroup = k!.dim(-2);
    if (perGroup > 0 && channels % perGroup === 0) return channels / perGroup;
    throw new ShapeError({
      where: currentScope(),
      problem: "the channels of the input are no multiple of the kernel's",
      expected: `a multiple of ${perGroup} channels (kernel ${formatShape(k!.shape)})`,
      received: `${channels} (input ${formatShape(t!.shape)})`,
    });
  });
});

/** Every channel convolved by itself. Shapes: kernel [window.., in, multiplier] -> [batch, spatial'.., in * multiplier]. */
export const depthwiseConv: ConvOp = defineOp("depthwiseConv", (x: TensorLike, kernel: TensorLike, ...rest: Rest) => {
  const [t, k] = promote([x, kernel], true);
  return depthwise(t!, k!, options<ConvOptions>(names, rest));
});

function depthwise(x: Tensor, kernel: Tensor, given: ConvOptions): Tensor {
  const rank = spatialRankOf(x.shape);
  checkKernelRank(x, kernel, rank);
  const [channels, multiplier] = [kernel.dim(-2), kernel.dim(-1)];
  const received = x.dim(axesOf(given.dataFormat, rank).feature);
  if (received !== channels) {
    throw new ShapeError({
      where: currentScope(),
      problem: "the kernel is for another number of channels",
      expected: `${channels} channels`,
      received: `${received} (input ${formatShape(x.shape)})`,
    });
  }
  const flat = P.reshape(kernel, [...concreteShape(kernel).slice(0, rank), 1, channels * multiplier]);
  return convolve(x, flat, given, () => channels);
}

/** A depthwise convolution, then a 1x1 convolution. Shapes: pointwise kernel [1.., in * multiplier, out]. */
export const separableConv: (
  x: TensorLike,
  depthwiseKernel: TensorLike,
  pointwiseKernel: TensorLike,
  strides?: number | readonly number[] | null | ConvOptions,
  padding?: Padding,
  dataFormat?: DataFormat | null,
  dilationRate?: number | readonly number[] | null,
) => Tensor = defineOp("separableConv", (x: TensorLike, depthwiseKernel: TensorLike, pointwiseKernel: TensorLike, ...rest: Rest) => {
  const [t, d, p] = promote([x, depthwiseKernel, pointwiseKernel], true);
  const given = options<ConvOptions>(names, rest);
  return convolve(depthwise(t!, d!, given), p!, { padding: "valid", dataFormat: given.dataFormat ?? null }, () => 1);
});

/** Options of `convTranspose`. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Added to the output's extents; null (default) takes the one that Keras infers. */
  outputPadding?: number | readonly number[] | null;
}

/**
 * The gradient of a convolution with respect to its input. Shapes: kernel [window.., out, in]; "same" multiplies extents
 * by the stride, "valid" gives `(input - 1) * stride + window` and at least `input * stride`.
 */
export const convTranspose: (
  x: TensorLike,
  kernel: TensorLike,
  strides?: ConvOptions["strides"] | ConvTransposeOptions,
  padding?: Padding,
) => Tensor = defineOp(
  "convTranspose",
  (x: TensorLike, kernel: TensorLike, ...rest: [(ConvOptions["strides"] | ConvTransposeOptions)?, Padding?]) => {
    const given = options<ConvTransposeOptions>(["strides", "padding", "outputPadding", "dataFormat", "dilationRate"], rest);
    const [t, k] = promote([x, kernel], true);
    const rank = spatialRankOf(t!.shape);
    checkKernelRank(t!, k!, rank);
    const { feature, spatial } = axesOf(given.dataFormat, rank);
    const strides = perAxis("strides", given.strides, rank);
    const dilation = perAxis("dilationRate", given.dilationRate, rank);
    const same = (given.padding ?? "valid").toLowerCase() === "same";
    const extra =
      typeof given.outputPadding === "number" ? strides.map(() => given.outputPadding as number) : (given.outputPadding ?? null);
    const padding = spatial.map((axis, i): [number, number] => {
      const input = concreteShape(t!)[axis]!;
      const stride = strides[i]!;
      const window = windowExtent(k!.dim(i), dilation[i]!);
      let output = same ? input * stride : input * stride + Math.max(window - stride, 0);
      if (extra !== null) output = (input - 1) * stride + window - (same ? 2 * Math.floor(window / 2) : 0) + extra[i]!;
      // As TensorFlow: the padding of a forward convolution from an output of these extents.
      const before = same ? Math.floor(Math.max(0, (input - 1) * stride + window - output) / 2) : 0;
      const low = window - 1 - before;
      return [low, output - ((input - 1) * stride + 1) - low + window - 1];
    });
    const layout = { batch: 0, feature, spatial };
    return P.convGeneral(t!, k!, {
      strides: strides.map(() => 1),
      padding,
      lhsDilation: strides,
      rhsDilation: dilation,
      featureGroups: 1,
      batchGroups: 1,
      reverse: strides.map(() => true),
      lhsLayout: layout,
      rhsLayout: { spatial: strides.map((_, i) => i), input: rank + 1, output: rank },
      outLayout: layout,
    });
  },
);
