/** How much a function's values change with its arguments, sample by sample. */
import { gradients } from "../../autodiff/index.ts";
import { ShapeError } from "../../errors.ts";
import { concreteShape, formatShape, sizeOf, type Tensor } from "../../graph/index.ts";
import { asTensor, type TensorLike } from "../../ops/as-tensor.ts";
import * as ops from "../../ops/index.ts";
import { vmap } from "../../vectorization/index.ts";

/**
 * The squared Frobenius norm of each sample's Jacobian, `sum over i, j of (d f(x)_j / d x_i)^2`: exact, by one backward pass
 * that is vectorized over the elements of a sample's value. It is a graph, so that it has gradients itself (by the weights
 * of `f`). `f` must treat each sample on its own. Memory: batch x size of a value x size of a sample.
 *
 * Shapes: x `[batch, ...]`, f(x) `[batch, ...]` -> `[batch]`. Throws ShapeError where f(x) has another number of samples.
 *
 * @example
 * const penalty = ops.mean(squaredJacobianNorm((x) => encoder(x), x));
 */
export function squaredJacobianNorm(f: (x: Tensor) => Tensor, x: TensorLike): Tensor {
  const argument = asTensor(x);
  const value = f(argument);
  const samples = concreteShape(argument)[0];
  const shape = concreteShape(value);
  if (samples === undefined || shape[0] !== samples)
    throw new ShapeError({
      where: "squaredJacobianNorm",
      problem: "the function does not give one value per sample",
      expected: samples === undefined ? "x of shape [batch, ...]" : `[${samples}, ...]`,
      received: formatShape(samples === undefined ? argument.shape : shape),
    });
  const width = sizeOf(shape.slice(1));
  const flat = ops.reshape(value, [samples, width]);
  // The same element of every sample at once: samples do not meet, so that the sum over them hides nothing.
  const row = (direction: Tensor): Tensor =>
    gradients([flat], [argument], { cotangents: [ops.broadcastTo(ops.expandDims(direction, 0), [samples, width])] })[0]!;
  const jacobian = vmap(row)(ops.eye(width, { dtype: flat.dtype }));
  return ops.sum(ops.square(ops.reshape(jacobian, [width, samples, -1])), { axis: [0, 2] });
}
