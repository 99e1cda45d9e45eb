import { isFloat } from "../dtype/index.ts";
import { DTypeError, ShapeError, ValueError } from "../errors.ts";
import { concreteShape, formatShape, sameShape, type Tensor, Variable } from "../graph/index.ts";
import { onesLike, zerosLike } from "../primitives/index.ts";
import { differentiate } from "./differentiate.ts";

/** Options of `gradients`. */
export interface GradientsOptions {
  /** What flows into each y: one tensor per y, of its shape and dtype. Default: ones, so that the sum of all ys is differentiated. */
  readonly cotangents?: readonly (Tensor | Variable)[];
}

/**
 * `dx[j] = sum over i of cotangents[i] d ys[i] / d xs[j]`, as a graph. Zeros for an x that no y depends on. An x may be
 * any tensor that the ys were computed from, or a Variable (its present version).
 * Shapes: one gradient per x, of its shape and dtype.
 * Throws DTypeError where a y or an x is no float, ShapeError or ValueError where cotangents do not fit, and StateError
 * where a path crosses an operation whose inputs were dropped.
 *
 * @example
 * const [dw] = gradients([loss], [w]);
 */
export function gradients(
  ys: Tensor | Variable | readonly (Tensor | Variable)[],
  xs: readonly (Tensor | Variable)[],
  options: GradientsOptions = {},
): Tensor[] {
  const outputs = (Array.isArray(ys) ? (ys as readonly (Tensor | Variable)[]) : [ys as Tensor | Variable]).map(valueOf);
  const sources = xs.map(valueOf);
  outputs.forEach((y, i) => expectFloat(y, `ys[${i}]`));
  sources.forEach((x, i) => expectFloat(x, `xs[${i}]`));
  const cotangents = options.cotangents?.map(valueOf) ?? outputs.map(onesLike);
  if (cotangents.length !== outputs.length) {
    throw new ValueError({
      where: "gradients",
      problem: "every y needs its cotangent",
      expected: `${outputs.length} cotangents`,
      received: String(cotangents.length),
      advice: "give one cotangent per y, in the same order",
    });
  }
  cotangents.forEach((cotangent, i) => expectLike(outputs[i]!, cotangent, i));
  return differentiate(outputs, sources, cotangents).map((gradient, i) => gradient ?? zerosLike(sources[i]!));
}

/** A variable stands for its present version. */
function valueOf(x: Tensor | Variable): Tensor {
  return x instanceof Variable ? x.read() : x;
}

function expectFloat(tensor: Tensor, name: string): void {
  concreteShape(tensor);
  if (isFloat(tensor.dtype)) return;
  throw new DTypeError({
    where: "gradients",
    problem: `${name} is no float, and only floats have derivatives`,
    expected: "float32 or float64",
    received: tensor.toString(),
    advice: "convert it to a float before computing with it",
  });
}

function expectLike(y: Tensor, cotangent: Tensor, i: number): void {
  if (!sameShape(y.shape, cotangent.shape)) {
    throw new ShapeError({
      where: "gradients",
      problem: `cotangents[${i}] has another shape than its y`,
      expected: formatShape(y.shape),
      received: formatShape(cotangent.shape),
      advice: "a cotangent has one element per element of its y",
    });
  }
  if (y.dtype === cotangent.dtype) return;
  throw new DTypeError({
    where: "gradients",
    problem: `cotangents[${i}] has another dtype than its y`,
    expected: y.dtype,
    received: cotangent.dtype,
    advice: "convert the cotangent",
  });
}
