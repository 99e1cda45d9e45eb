/** Where the channels of images and sequences stand. */
import type { Shape } from "../graph/index.ts";

/** "channels_last": `[batch, spatial..., channels]`; "channels_first": `[batch, channels, spatial...]`. */
export type DataFormat = "channels_last" | "channels_first";

/** Both data formats. */
export const dataFormats: readonly DataFormat[] = ["channels_last", "channels_first"];

/** Axis of the channels. */
export function channelAxis(format: DataFormat, rank: number): number {
  return format === "channels_last" ? rank - 1 : 1;
}

/** Axes of the spatial extents. */
export function spatialAxes(format: DataFormat, rank: number): number[] {
  const first = format === "channels_last" ? 1 : 2;
  return Array.from({ length: rank - 2 }, (_, axis) => first + axis);
}

/** Spatial extents of a shape. */
export function spatialShape(format: DataFormat, shape: Shape): Shape {
  return spatialAxes(format, shape.length).map((axis) => shape[axis]!);
}
