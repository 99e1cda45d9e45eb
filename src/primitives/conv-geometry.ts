/** Geometry of convolutions: axes, extents, and the padding of the two gradients. */
import { ShapeError, ValueError } from "../errors.ts";
import { type Attribute, type ConcreteShape, formatShape, type TensorType } from "../graph/index.ts";
import { whereOf } from "./define.ts";

/** Positions of batch, feature and spatial axes in an image-like operand. */
export type ImageLayout = {
  readonly batch: number;
  readonly feature: number;
  readonly spatial: readonly number[];
};

/** Positions of input-feature, output-feature and spatial axes in a kernel. */
export type KernelLayout = {
  readonly input: number;
  readonly output: number;
  readonly spatial: readonly number[];
};

/**
 * Everything static about a convolution; lists have one entry per spatial axis. The window visits the padded, dilated
 * left operand: `at = out * stride + window * rhsDilation - padding[0]`, which reads `lhs[at / lhsDilation]` where that
 * is exact and inside. `reverse`: the kernel is flipped along that axis. Negative padding crops.
 */
export type ConvDimensions = {
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  readonly featureGroups: number;
  readonly batchGroups: number;
  readonly reverse: readonly boolean[];
  readonly lhsLayout: ImageLayout;
  readonly rhsLayout: KernelLayout;
  readonly outLayout: ImageLayout;
};

/** Channels-last layouts: images [batch, spatial..., features], kernels [spatial..., in, out]. */
export function channelsLast(spatialRank: number): Pick<ConvDimensions, "lhsLayout" | "rhsLayout" | "outLayout"> {
  const image: ImageLayout = { batch: 0, feature: spatialRank + 1, spatial: Array.from({ length: spatialRank }, (_, i) => i + 1) };
  const kernel: KernelLayout = { input: spatialRank, output: spatialRank + 1, spatial: Array.from({ length: spatialRank }, (_, i) => i) };
  return { lhsLayout: image, rhsLayout: kernel, outLayout: image };
}

/** Extent after `dilation - 1` holes are put between neighbours. */
export function dilated(extent: number, dilation: number): number {
  return extent === 0 ? 0 : (extent - 1) * dilation + 1;
}

/** How many places a window of `window` (already dilated) takes on a padded extent. */
export function windowCount(padded: number, window: number, stride: number): number {
  return padded < window || padded < 0 ? 0 : Math.floor((padded - window) / stride) + 1;
}

/** Extent of the output along spatial axis `i`. */
export function convExtent(dimensions: ConvDimensions, i: number, input: number, window: number): number {
  const [low, high] = dimensions.padding[i]!;
  const padded = dilated(input, dimensions.lhsDilation[i]!) + low + high;
  return windowCount(padded, dilated(window, dimensions.rhsDilation[i]!), dimensions.strides[i]!);
}

/** Padding of the convolution that carries a cotangent (strides as dilation, flipped kernel) back to the left operand. */
export function inputGradientPadding(
  dimensions: ConvDimensions,
  i: number,
  input: number,
  window: number,
  output: number,
): [number, number] {
  const lhs = dilated(input, dimensions.lhsDilation[i]!);
  const rhs = dilated(window, dimensions.rhsDilation[i]!);
  const out = dilated(output, dimensions.strides[i]!);
  const low = rhs - 1 - dimensions.padding[i]![0];
  return [low, lhs + rhs - 1 - out - low];
}

/** Padding of the convolution of the left operand with the cotangent that gives the kernel's gradient. */
export function kernelGradientPadding(
  dimensions: ConvDimensions,
  i: number,
  input: number,
  window: number,
  output: number,
): [number, number] {
  const lhs = dilated(input, dimensions.lhsDilation[i]!);
  const rhs = dilated(window, dimensions.rhsDilation[i]!);
  const out = dilated(output, dimensions.strides[i]!);
  const low = dimensions.padding[i]![0];
  return [low, out + rhs - lhs - 1 - low];
}

function checkLayout(name: string, what: string, axes: readonly number[], rank: number): void {
  const sorted = [...axes].sort((a, b) => a - b);
  if (sorted.length !== rank || sorted.some((axis, i) => axis !== i)) {
    throw new ShapeError({
      where: whereOf(name),
      problem: `the layout of ${what} does not name every axis once`,
      expected: `axes 0 to ${rank - 1} in some order`,
      received: `[${axes.join(", ")}]`,
    });
  }
}

function checkPositive(name: string, what: string, values: readonly number[]): void {
  if (values.some((value) => !Number.isInteger(value) || value < 1)) {
    throw new ValueError({
      where: whereOf(name),
      problem: `${what} must be positive integers`,
      expected: "integers from 1",
      received: `[${values.join(", ")}]`,
    });
  }
}

/** Checks a convolution's operands and options. Throws ShapeError or ValueError; returns the output's shape. */
export function convShape(name: string, lhs: TensorType, rhs: TensorType, dimensions: ConvDimensions): ConcreteShape {
  const { lhsLayout, rhsLayout, outLayout, featureGroups, batchGroups } = dimensions;
  const rank = lhs.shape.length;
  const spatialRank = rank - 2;
  if (spatialRank < 0 || rhs.shape.length !== rank) {
    throw new ShapeError({
      where: whereOf(name),
      problem: "input and kernel of a convolution need the same rank, at least 2",
      expected: "[batch, spatial..., features] and [spatial..., in, out]",
      received: `${formatShape(lhs.shape)} and ${formatShape(rhs.shape)}`,
    });
  }
  checkLayout(name, "the input", [lhsLayout.batch, lhsLayout.feature, ...lhsLayout.spatial], rank);
  checkLayout(name, "the kernel", [rhsLayout.input, rhsLayout.output, ...rhsLayout.spatial], rank);
  checkLayout(name, "the output", [outLayout.batch, outLayout.feature, ...outLayout.spatial], rank);
  const lists: Readonly<Record<string, readonly Attribute[]>> = {
    strides: dimensions.strides,
    padding: dimensions.padding,
    "dilations of the input": dimensions.lhsDilation,
    "dilations of the kernel": dimensions.rhsDilation,
    "flags of reversal": dimensions.reverse,
  };
  for (const [what, list] of Object.entries(lists)) {
    if (list.length !== spatialRank) {
      throw new ValueError({
        where: whereOf(name),
        problem: `there are too ${list.length < spatialRank ? "few" : "many"} ${what}`,
        expected: `${spatialRank}, one per spatial axis`,
        received: String(list.length),
      });
    }
  }
  checkPositive(name, "strides", dimensions.strides);
  checkPositive(name, "dilations of the input", dimensions.lhsDilation);
  checkPositive(name, "dilations of the kernel", dimensions.rhsDilation);
  checkPositive(name, "groups", [featureGroups, batchGroups]);
  if (dimensions.padding.some(([low, high]) => !Number.isInteger(low) || !Number.isInteger(high))) {
    throw new ValueError({
      where: whereOf(name),
      problem: "padding must be integers",
      received: JSON.stringify(dimensions.padding),
    });
  }
  if (featureGroups > 1 && batchGroups > 1) {
    throw new ValueError({
      where: whereOf(name),
      problem: "a convolution has feature groups or batch groups, not both",
      received: `featureGroups ${featureGroups}, batchGroups ${batchGroups}`,
    });
  }
  const features = lhs.shape[lhsLayout.feature]!;
  const batch = lhs.shape[lhsLayout.batch]!;
  const kernelInput = rhs.shape[rhsLayout.input]!;
  const kernelOutput = rhs.shape[rhsLayout.output]!;
  if (kernelInput * featureGroups !== features) {
    throw new ShapeError({
      where: whereOf(name),
      problem: "the input's features do not match the kernel's",
      expected:
        featureGroups === 1
          ? `${kernelInput} features`
          : `${kernelInput} features in each of ${featureGroups} groups: ${kernelInput * featureGroups}`,
      received: `${features} features: input ${formatShape(lhs.shape)}, kernel ${formatShape(rhs.shape)}`,
      advice: "check the data format (channels last or first) and the layer's number of input channels",
    });
  }
  if (kernelOutput % featureGroups !== 0 || kernelOutput % batchGroups !== 0 || batch % batchGroups !== 0) {
    throw new ShapeError({
      where: whereOf(name),
      problem: "the groups do not divide the extents",
      expected: `${batchGroups > 1 ? "a batch and " : ""}output features divisible by ${Math.max(featureGroups, batchGroups)}`,
      received: `batch ${batch}, output features ${kernelOutput}`,
    });
  }
  const shape = new Array<number>(rank);
  shape[outLayout.batch] = batch / batchGroups;
  shape[outLayout.feature] = kernelOutput;
  outLayout.spatial.forEach((axis, i) => {
    shape[axis] = convExtent(dimensions, i, lhs.shape[lhsLayout.spatial[i]!]!, rhs.shape[rhsLayout.spatial[i]!]!);
  });
  return shape;
}
