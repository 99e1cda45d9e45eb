/** Encoding models: what a layer of a network says about measured responses. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";

/** A linear model of responses. */
export interface RidgeModel {
  /** `[features, responses]`. */
  readonly weights: Tensor;
  /** `[responses]`. */
  readonly bias: Tensor;
  /** Responses to other stimuli. Shapes: `[n, features]` -> `[n, responses]`. */
  predict(features: TensorLike): Tensor;
}

/**
 * Ridge regression of all responses at once: `W = X^T (X X^T + alpha I)^-1 Y` of centred data, the form that is small where
 * there are fewer samples than features. Hoerl, Kennard, 1970; for voxels Naselaris and others, "Encoding and decoding in
 * fMRI", 2011. Shapes: features `[n, features]`, responses `[n, responses]`.
 */
export function ridge(features: TensorLike, responses: TensorLike, { alpha = 1 }: { readonly alpha?: number } = {}): RidgeModel {
  const [x, y] = [ops.cast(features, "float64"), ops.cast(responses, "float64")];
  if (x.rank !== 2 || y.rank !== 2 || x.shape[0] !== y.shape[0]) {
    throw new ShapeError({
      where: "ridge",
      problem: "features and responses do not belong together",
      expected: "[n, features] and [n, responses]",
      received: `${formatShape(x.shape)} and ${formatShape(y.shape)}`,
    });
  }
  const [meanX, meanY] = [ops.mean(x, 0), ops.mean(y, 0)];
  const [centred, target] = [ops.subtract(x, meanX), ops.subtract(y, meanY)];
  const [count, width] = [x.dim(0), x.dim(1)];
  const transposed = ops.transpose(centred);
  const weights =
    count <= width
      ? ops.matmul(
          transposed,
          ops.solve(ops.add(ops.matmul(centred, transposed), ops.multiply(ops.eye(count, null, 0, "float64"), alpha)), target),
        )
      : ops.solve(
          ops.add(ops.matmul(transposed, centred), ops.multiply(ops.eye(width, null, 0, "float64"), alpha)),
          ops.matmul(transposed, target),
        );
  const bias = ops.subtract(meanY, ops.matmul(meanX, weights));
  return { weights, bias, predict: (other) => ops.add(ops.matmul(ops.cast(other, "float64"), weights), bias) };
}

/** Correlation of every column with that of the same number. Shapes: twice `[n, responses]` -> `[responses]`; 0 for constant columns. */
export function columnCorrelations(a: TensorLike, b: TensorLike): Tensor {
  const centred = (x: TensorLike): Tensor => {
    const values = ops.cast(x, "float64");
    return ops.subtract(values, ops.mean(values, { axis: 0, keepdims: true }));
  };
  const [x, y] = [centred(a), centred(b)];
  const scale = ops.sqrt(ops.multiply(ops.sum(ops.square(x), 0), ops.sum(ops.square(y), 0)));
  return ops.divide(ops.sum(ops.multiply(x, y), 0), ops.maximum(scale, 1e-12));
}
