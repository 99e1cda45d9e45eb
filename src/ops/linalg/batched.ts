/** Matrices in one batch axis, products of them, masks of their triangles, loops over their columns. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, parameterTensor, sizeOf, Subgraph, type Tensor, typeOf } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { broadcast, castTo, constantLike, toWideFloat } from "../promote.ts";

/** A batch of matrices [b, m, n], and the axes in front of the matrices as the user has them. */
export interface Batch {
  readonly matrices: Tensor;
  readonly lead: readonly number[];
}

/**
 * The last two axes as matrices, all others as one. Throws ShapeError for fewer than two axes, or (`square`) unequal ones,
 * DTypeError for floats of two bytes.
 */
export function batchOf(x: TensorLike, square = false): Batch {
  const t = toWideFloat(asTensor(x));
  const shape = concreteShape(t);
  if (t.rank < 2 || (square && shape.at(-1) !== shape.at(-2))) {
    throw new ShapeError({
      where: currentScope(),
      problem: square ? "needs square matrices" : "needs matrices",
      expected: square ? "[.., n, n]" : "[.., m, n]",
      received: formatShape(shape),
    });
  }
  const lead = shape.slice(0, -2);
  return { matrices: P.reshape(t, [sizeOf(lead), ...shape.slice(-2)]), lead };
}

/** `f(x)`, of float16 computed in float32 and rounded: what Keras's TensorFlow computes of float16, though not of bfloat16. */
export function alsoOfFloat16<T extends Tensor | readonly Tensor[]>(x: TensorLike, f: (x: Tensor) => T): T {
  const t = asTensor(x);
  if (t.dtype !== "float16") return f(t);
  const found = f(castTo(t, "float32"));
  const back = (y: Tensor): Tensor => castTo(y, "float16");
  return (Array.isArray(found) ? (found as readonly Tensor[]).map(back) : back(found as Tensor)) as T;
}

/** A batched result [b, ..] under the user's axes [lead.., ..]. */
export function unbatched(x: Tensor, lead: readonly number[]): Tensor {
  return P.reshape(x, [...lead, ...concreteShape(x).slice(1)]);
}

/** `a b` of batches of matrices; `transposeA`, `transposeB`: of their transposes. */
export function product(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return P.dotGeneral(a, b, {
    lhsBatch: [0],
    rhsBatch: [0],
    lhsContract: [transposeA ? 1 : 2],
    rhsContract: [transposeB ? 2 : 1],
  });
}

/** The transposes of a batch of matrices. */
export function transposed(x: Tensor): Tensor {
  return P.transpose(x, [0, 2, 1]);
}

/** `row - column` of each element of [.., m, n], int32. */
function gapOf(x: Tensor): Tensor {
  const shape = concreteShape(x);
  return P.subtract(P.iota(shape, shape.length - 2, "int32"), P.iota(shape, shape.length - 1, "int32"));
}
/** Elements with `row - column >= least`, the others zero: 0 keeps the diagonal and what is below it. */
export function lowerPart(x: Tensor, least = 0): Tensor {
  const gap = gapOf(x);
  return P.select(P.greaterEqual(gap, constantLike(least, gap)), x, constantLike(0, x));
}
/** Elements with `column - row >= least`, the others zero: 0 keeps the diagonal and what is above it. */
export function upperPart(x: Tensor, least = 0): Tensor {
  const gap = gapOf(x);
  return P.select(P.lessEqual(gap, constantLike(-least, gap)), x, constantLike(0, x));
}
/** The diagonals of square matrices: [b, n, n] -> [b, n]. */
export function diagonals(x: Tensor): Tensor {
  const gap = gapOf(x);
  return P.reduceSum(P.select(P.equal(gap, constantLike(0, gap)), x, constantLike(0, x)), [2]);
}
/** Identity matrices [b, m, n]. */
export function identities(batch: number, m: number, n: number, dtype: Tensor["dtype"]): Tensor {
  const shape = [batch, m, n];
  return P.convert(P.equal(P.iota(shape, 1, "int32"), P.iota(shape, 2, "int32")), dtype);
}
/** Diagonal matrices: [b, n] -> [b, n, n]. */
export function diagonalMatrices(x: Tensor): Tensor {
  const [batch, n] = concreteShape(x) as [number, number];
  return columnsScaled(identities(batch, n, n, x.dtype), x);
}
/** Column j of each matrix times `x[b, j]`. */
export function columnsScaled(matrices: Tensor, x: Tensor): Tensor {
  return P.multiply(matrices, P.broadcastInDim(x, concreteShape(matrices), [0, 2]));
}
/** Row i of each matrix times `x[b, i]`. */
export function rowsScaled(matrices: Tensor, x: Tensor): Tensor {
  return P.multiply(matrices, P.broadcastInDim(x, concreteShape(matrices), [0, 1]));
}
/** The products `x[b, i] y[b, j]`: [b, m] x [b, n] -> [b, m, n]. */
export function outerProducts(x: Tensor, y: Tensor): Tensor {
  const shape = [x.dim(0), x.dim(1), y.dim(1)];
  return P.multiply(P.broadcastInDim(x, shape, [0, 1]), P.broadcastInDim(y, shape, [0, 2]));
}

/** A rank-0 int32 spread over the shape of another tensor. */
export function spread(scalar: Tensor, like: Tensor): Tensor {
  return broadcast(scalar, concreteShape(like));
}

/** One step of `loop`: new carries, and what is stacked. */
export interface Step {
  readonly carries: readonly Tensor[];
  readonly outputs?: readonly Tensor[];
}

/**
 * `steps` steps of a loop: `step(i, carries, slices, constants)`, where i is an int32 scalar and `slices` are the i-th
 * parts of `xs`. Returns the last carries and the stacked outputs.
 */
export function loop(
  steps: number,
  given: {
    readonly init: readonly Tensor[];
    readonly xs?: readonly Tensor[];
    readonly constants?: readonly Tensor[];
    readonly reverse?: boolean;
  },
  step: (i: Tensor, carries: Tensor[], slices: Tensor[], constants: Tensor[]) => Step,
): { carries: Tensor[]; outputs: Tensor[] } {
  const { init, xs = [], constants = [], reverse = false } = given;
  const positions = P.iota([steps], 0, "int32");
  const like = (x: Tensor, skip = 0): Tensor => {
    const { shape, dtype } = typeOf(x);
    return parameterTensor(shape.slice(skip), dtype);
  };
  const i = parameterTensor([], "int32");
  const [carries, slices, fixed] = [init.map((x) => like(x)), xs.map((x) => like(x, 1)), constants.map((x) => like(x))];
  const next = step(i, carries, slices, fixed);
  const body = new Subgraph([...carries, i, ...slices, ...fixed], [...next.carries, ...(next.outputs ?? [])]);
  const results = P.scan(body, { init, xs: [positions, ...xs], constants, length: steps, reverse });
  return { carries: results.slice(0, init.length), outputs: results.slice(init.length) };
}

/** Cotangents of several results of one function: each carries its own share, with zeros for the others. */
export function withGradients(
  results: readonly Tensor[],
  inputs: readonly Tensor[],
  rule: (cotangents: readonly Tensor[]) => readonly Tensor[],
): Tensor[] {
  return results.map((result, i) =>
    P.withGradient(result, inputs, (cotangent) =>
      rule(results.map((other, j) => (i === j ? cotangent : broadcast(P.constant(0, other.dtype), concreteShape(other))))),
    ),
  );
}
