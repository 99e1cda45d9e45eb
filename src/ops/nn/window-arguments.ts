/** What convolutions and pooling share: per-axis options, "same" and "valid" padding, positions of axes. */
import { imageDataFormat } from "../../config/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { currentScope, formatShape } from "../../graph/index.ts";

/** Order of axes: [batch, spatial.., channels] or [batch, channels, spatial..]. */
export type DataFormat = "channels_last" | "channels_first";
/** "valid": no padding; "same": output extent = ceil(input / stride), the odd element of padding at the end. */
export type Padding = "valid" | "same";

/** Positions of axes of a tensor with `spatialRank` spatial axes. */
export function axesOf(given: DataFormat | null | undefined, spatialRank: number): { feature: number; spatial: number[] } {
  const dataFormat = given ?? imageDataFormat();
  if (dataFormat === "channels_first") return { feature: 1, spatial: Array.from({ length: spatialRank }, (_, i) => i + 2) };
  if (dataFormat === "channels_last") {
    return { feature: spatialRank + 1, spatial: Array.from({ length: spatialRank }, (_, i) => i + 1) };
  }
  throw new ValueError({
    where: currentScope(),
    problem: "there is no such data format",
    expected: '"channels_last" or "channels_first"',
    received: JSON.stringify(dataFormat),
  });
}

/** One positive integer per spatial axis. */
export function perAxis(
  name: string,
  value: number | readonly number[] | null | undefined,
  rank: number,
  otherwise: readonly number[] | number = 1,
): number[] {
  const given = value ?? otherwise;
  const list = typeof given === "number" ? new Array<number>(rank).fill(given) : [...given];
  if (list.length !== rank || list.some((v) => !Number.isInteger(v) || v < 1)) {
    throw new ValueError({
      where: currentScope(),
      problem: `${name} must be positive integers, one or one per spatial axis`,
      expected: `${rank} numbers`,
      received: JSON.stringify(value),
    });
  }
  return list;
}

/** Extent of a window with gaps. */
export function windowExtent(window: number, dilation: number): number {
  return (window - 1) * dilation + 1;
}

/** Elements added before and after one axis. Throws ShapeError where a window does not fit at all. */
export function paddingOf(padding: string, input: number, window: number, stride: number): [number, number] {
  if (padding.toLowerCase() === "valid") {
    if (window > input) {
      throw new ShapeError({
        where: currentScope(),
        problem: `a window of extent ${window} does not fit an axis of extent ${input}`,
        advice: 'use padding "same", a smaller window or a larger input',
      });
    }
    return [0, 0];
  }
  if (padding.toLowerCase() === "same") {
    const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + window - input);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  }
  throw new ValueError({
    where: currentScope(),
    problem: "there is no such padding",
    expected: '"valid" or "same"',
    received: JSON.stringify(padding),
  });
}

/** Throws ShapeError unless there is a batch axis, a channel axis and at least one spatial axis. */
export function spatialRankOf(shape: readonly (number | null)[]): number {
  if (shape.length < 3) {
    throw new ShapeError({
      where: currentScope(),
      problem: "needs a batch axis, one or more spatial axes and a channel axis",
      received: formatShape(shape),
    });
  }
  return shape.length - 2;
}
