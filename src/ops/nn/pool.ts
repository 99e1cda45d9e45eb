/** Pooling over spatial windows. */
import { hostArray } from "../../dtype/index.ts";
import { concreteShape, dataTensor, sizeOf, type Tensor, type WindowGeometry } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { asTensor } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcast, constantLike, toFloat } from "../promote.ts";
import { axesOf, type DataFormat, type Padding, paddingOf, perAxis, spatialRankOf } from "./window-arguments.ts";

/** Options of pooling. */
export interface PoolOptions {
  /** Default: the window, so that windows do not overlap. */
  strides?: number | readonly number[] | null;
  /** Default "valid". */
  padding?: Padding;
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  dataFormat?: DataFormat | null;
}
interface AllOptions extends PoolOptions {
  poolSize: number | readonly number[];
}

/**
 * Pooling: `maxPool(x, poolSize, strides, padding, dataFormat)`, with an options object at the end, or with all of it in
 * one: `maxPool(x, { poolSize: 2 })`.
 */
export type PoolOp = (
  x: TensorLike,
  poolSize: number | readonly number[] | AllOptions,
  strides?: number | readonly number[] | null | PoolOptions,
  padding?: Padding,
  dataFormat?: DataFormat | null,
) => Tensor;

function poolOp(name: string, pool: (x: Tensor, geometry: WindowGeometry) => Tensor, prepare: (x: TensorLike) => Tensor): PoolOp {
  return defineOp(
    name,
    (
      x: TensorLike,
      ...rest: [
        poolSize: number | readonly number[] | AllOptions,
        (number | readonly number[] | null | PoolOptions)?,
        Padding?,
        (DataFormat | null)?,
      ]
    ) => {
      const given = options<AllOptions>(["poolSize", "strides", "padding", "dataFormat"], rest);
      const t = prepare(x);
      const rank = spatialRankOf(t.shape);
      const { spatial } = axesOf(given.dataFormat, rank);
      const window = perAxis("poolSize", given.poolSize, rank, []);
      const strides = perAxis("strides", given.strides, rank, window);
      const shape = concreteShape(t);
      const full = (values: readonly number[]): number[] => shape.map((_, axis) => values[spatial.indexOf(axis)] ?? 1);
      const padding = shape.map((extent, axis): [number, number] => {
        const i = spatial.indexOf(axis);
        return i < 0 ? [0, 0] : paddingOf(given.padding ?? "valid", extent, window[i]!, strides[i]!);
      });
      return pool(t, { window: full(window), strides: full(strides), padding });
    },
  );
}

/** Largest element of each window; padding never wins. The gradient goes to the first largest one. */
export const maxPool: PoolOp = poolOp("maxPool", (x, geometry) => P.windowGather(x, P.windowArgmax(x, geometry), geometry), asTensor);

/** Mean of each window; padding does not count. */
export const averagePool: PoolOp = poolOp(
  "averagePool",
  (x, geometry) => {
    const total = P.reduceWindowSum(x, geometry);
    const counts = geometry.window.map((window, axis) =>
      realElements(concreteShape(x)[axis]!, concreteShape(total)[axis]!, window, geometry, axis),
    );
    if (counts.every((perPlace, axis) => perPlace.every((count) => count === geometry.window[axis]))) {
      return P.divide(total, constantLike(sizeOf(geometry.window), total));
    }
    const shape = counts.map((perPlace) => (perPlace.every((count) => count === 1) ? 1 : perPlace.length));
    const values = hostArray(total.dtype, sizeOf(shape));
    let position = 0;
    const fill = (axis: number, product: number): void => {
      if (axis === shape.length) values[position++] = product;
      else for (let i = 0; i < shape[axis]!; i++) fill(axis + 1, product * counts[axis]![i]!);
    };
    fill(0, 1);
    return P.divide(total, broadcast(dataTensor(values, shape, total.dtype), concreteShape(total)));
  },
  toFloat,
);

/** Per place of an axis: how many elements of its window are no padding. */
function realElements(input: number, output: number, window: number, geometry: WindowGeometry, axis: number): number[] {
  return Array.from({ length: output }, (_, place) => {
    const start = place * geometry.strides[axis]! - geometry.padding[axis]![0];
    return Math.min(start + window, input) - Math.max(start, 0);
  });
}
