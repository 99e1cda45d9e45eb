/** Pooling to a given size: windows that differ by one element where the sizes do not divide. */
import { hostArray } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import { concreteShape, currentScope, dataTensor, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { permute } from "../numpy/shaping.ts";
import { toFloat } from "../promote.ts";
import { averagePool, maxPool, type PoolOp } from "./pool.ts";
import { axesOf, type DataFormat, perAxis, spatialRankOf } from "./window-arguments.ts";

/** Options of adaptive pooling. */
export interface AdaptivePoolOptions {
  /** Default `config.imageDataFormat()`, which is "channels_last". */
  readonly dataFormat?: DataFormat | null;
}

interface AllOptions extends AdaptivePoolOptions {
  readonly outputSize: number | readonly number[];
}

/**
 * Adaptive pooling: `adaptiveMaxPool(x, outputSize, dataFormat)`, with an options object at the end, or with all of it in
 * one: `adaptiveMaxPool(x, { outputSize: 2 })`.
 */
export type AdaptivePoolOp = (
  x: TensorLike,
  outputSize: number | readonly number[] | AllOptions,
  dataFormat?: DataFormat | null | AdaptivePoolOptions,
) => Tensor;

/** Elements of the input that output position `i` sees: from floor(i n / m) to ceil((i + 1) n / m), exclusive. */
function windowsOf(input: number, output: number): [start: number, end: number][] {
  return Array.from({ length: output }, (_, i) => [Math.floor((i * input) / output), Math.ceil(((i + 1) * input) / output)]);
}

function adaptivePoolOp(
  name: string,
  prepare: (x: TensorLike) => Tensor,
  even: PoolOp,
  uneven: (x: Tensor, axis: number, windows: readonly [number, number][]) => Tensor,
): AdaptivePoolOp {
  return defineOp(
    name,
    (input: TensorLike, ...given: [outputSize: number | readonly number[] | AllOptions, (DataFormat | null | AdaptivePoolOptions)?]) => {
      const { outputSize = null, dataFormat = null } = options<AllOptions>(["outputSize", "dataFormat"], given);
      let x = prepare(input);
      const rank = spatialRankOf(x.shape);
      const { spatial } = axesOf(dataFormat, rank);
      const sizes = perAxis("outputSize", outputSize, rank, []);
      const extents = spatial.map((axis) => concreteShape(x)[axis]!);
      if (extents.includes(0)) {
        throw new ValueError({
          where: currentScope(),
          problem: "there is nothing to pool along an axis without elements",
          received: x.toString(),
        });
      }
      const divides = extents.map((extent, i) => extent % sizes[i]! === 0);
      spatial.forEach((axis, i) => {
        if (!divides[i]) x = uneven(x, axis, windowsOf(extents[i]!, sizes[i]!));
      });
      const window = extents.map((extent, i) => (divides[i] ? extent / sizes[i]! : 1));
      return window.every((extent) => extent === 1) ? x : even(x, window, { dataFormat });
    },
  );
}

/** Mean of windows that cover the input evenly. Shapes: x [batch, spatial.., channels] -> [batch, outputSize.., channels]. */
export const adaptiveAveragePool: AdaptivePoolOp = adaptivePoolOp("adaptiveAveragePool", toFloat, averagePool, (x, axis, windows) => {
  const input = concreteShape(x)[axis]!;
  const shares = hostArray(x.dtype, windows.length * input);
  windows.forEach(([start, end], i) => shares.fill(1 / (end - start), i * input + start, i * input + end));
  const weights = dataTensor(shares, [windows.length, input], x.dtype);
  const product = P.dotGeneral(x, weights, { lhsBatch: [], rhsBatch: [], lhsContract: [axis], rhsContract: [1] });
  const others = Array.from({ length: x.rank - 1 }, (_, a) => a);
  return permute(product, [...others.slice(0, axis), x.rank - 1, ...others.slice(axis)]);
});

/** Largest element of windows that cover the input evenly. Shapes: x [batch, spatial.., channels] -> [batch, outputSize.., channels]. */
export const adaptiveMaxPool: AdaptivePoolOp = adaptivePoolOp("adaptiveMaxPool", asTensor, maxPool, (x, axis, windows) => {
  // Shorter windows see their last element again, which changes no maximum and takes no gradient from the first one.
  const width = Math.max(...windows.map(([start, end]) => end - start));
  const positions = windows.flatMap(([start, end]) => Array.from({ length: width }, (_, i) => Math.min(start + i, end - 1)));
  const gathered = P.take(x, dataTensor(Int32Array.from(positions), [positions.length], "int32"), axis, "clamp");
  const geometry = {
    window: x.shape.map((_, a) => (a === axis ? width : 1)),
    strides: x.shape.map((_, a) => (a === axis ? width : 1)),
    padding: x.shape.map((): [number, number] => [0, 0]),
  };
  return P.windowGather(gathered, P.windowArgmax(gathered, geometry), geometry);
});
