/** What every convolution has: a window that moves over spatial axes, and a bias per channel. */
import { imageDataFormat } from "../config/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Tensor, type Variable } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { type DataFormat, dataFormats, spatialAxes } from "./data-format.ts";
import { oneOf, spatialTuple } from "./layer-options.ts";

/** Padding of a convolution. "causal" is for sequences alone. */
export type ConvolutionPadding = "valid" | "same" | "causal";

/** The properties of a convolution that describe its window, one number per spatial axis once they are checked. */
export interface ConvolutionWindow {
  kernelSize: readonly number[];
  strides: readonly number[];
  padding: ConvolutionPadding;
  dataFormat: DataFormat;
  dilationRate: readonly number[];
}

/**
 * Checks the window options that were assigned to `layer`, and spreads single numbers over the spatial axes.
 * `both`: whether strides and dilation may both be above 1. Throws ValueError or UnknownNameError.
 */
export function resolveWindow(
  where: string,
  layer: ConvolutionWindow,
  spatialRank: number,
  { paddings = ["valid", "same"], both = false }: { paddings?: readonly ConvolutionPadding[]; both?: boolean } = {},
): void {
  layer.kernelSize = spatialTuple(where, "kernelSize", layer.kernelSize, spatialRank);
  layer.strides = spatialTuple(where, "strides", layer.strides, spatialRank);
  layer.dilationRate = spatialTuple(where, "dilationRate", layer.dilationRate, spatialRank);
  layer.padding = oneOf(where, "padding", lowerCase(layer.padding), paddings);
  layer.dataFormat = oneOf(where, "dataFormat", (layer.dataFormat as DataFormat | null) ?? imageDataFormat(), dataFormats);
  if (both || !layer.strides.some((stride) => stride > 1) || !layer.dilationRate.some((rate) => rate > 1)) return;
  throw new ValueError({
    where,
    problem: "strides and dilationRate cannot both be above 1",
    received: `strides [${layer.strides.join(", ")}], dilationRate [${layer.dilationRate.join(", ")}]`,
    advice: "set one of them to 1",
  });
}

/** Keras takes "SAME" for "same". */
export function lowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

/** Throws ShapeError where padding is "valid" and the window does not fit into the input once. */
export function checkReach(where: string, layer: ConvolutionWindow, x: Tensor): void {
  if (layer.padding !== "valid") return;
  spatialAxes(layer.dataFormat, x.rank).forEach((axis, position) => {
    const reach = (layer.kernelSize[position]! - 1) * layer.dilationRate[position]! + 1;
    if (x.dim(axis) >= reach) return;
    throw new ShapeError({
      where,
      problem: "the kernel is larger than the input",
      expected: `at least ${reach} at axis ${axis}`,
      received: formatShape(x.shape),
      advice: 'use padding: "same", a smaller kernelSize, or fewer pooling layers before',
    });
  });
}

/** `y + bias`, one number per channel; y itself where there is no bias. */
export function addChannelBias(y: Tensor, bias: Variable | null, dataFormat: DataFormat): Tensor {
  if (bias === null) return y;
  if (dataFormat === "channels_last") return ops.add(y, bias);
  return ops.add(y, ops.reshape(bias, [1, bias.size, ...new Array<number>(y.rank - 2).fill(1)]));
}
