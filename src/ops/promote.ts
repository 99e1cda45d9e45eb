/** Operands of broadcasting operations: dtype promotion and NumPy broadcasting, so that primitives see equal types. */
import { floatOf, floatx } from "../config/index.ts";
import { type DType, isByte, isFloat, isShortFloat } from "../dtype/index.ts";
import { DTypeError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { broadcastShapes, concreteShape, type ConcreteShape, currentScope, sameShape } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import { asTensor, type TensorLike } from "./as-tensor.ts";

const order: readonly DType[] = ["bool", "uint8", "int8", "int32", "bfloat16", "float16", "float32", "float64"];

/**
 * The smallest dtype that both convert to: bool < uint8, int8 < int32 < bfloat16, float16 < float32 < float64; int32 of
 * uint8 and int8, float32 of bfloat16 and float16.
 */
export function promoteDTypes(...dtypes: readonly DType[]): DType {
  if (dtypes.includes("uint8") && dtypes.includes("int8")) return promoteDTypes("int32", ...dtypes.filter((dtype) => !isByte(dtype)));
  if (dtypes.includes("bfloat16") && dtypes.includes("float16"))
    return promoteDTypes("float32", ...dtypes.filter((dtype) => !isShortFloat(dtype)));
  return order[Math.max(0, ...dtypes.map((dtype) => order.indexOf(dtype)))]!;
}

/**
 * The common dtype of operands. JavaScript numbers and booleans are weak: an integer takes the dtype of the tensors
 * beside it, a fraction makes integers float32; numbers alone are float32.
 */
export function resultDType(operands: readonly TensorLike[]): DType {
  const strong: DType[] = [];
  const weak: number[] = [];
  let anyBoolean = false;
  for (const operand of operands) {
    if (typeof operand === "number") weak.push(operand);
    else if (typeof operand === "boolean") anyBoolean = true;
    else strong.push(asTensor(operand).dtype);
  }
  if (strong.length === 0) return weak.length > 0 || !anyBoolean ? floatx() : "bool";
  const dtype = promoteDTypes(...strong);
  if (weak.length === 0 || isFloat(dtype)) return dtype;
  if (!weak.every(Number.isInteger)) return floatx();
  return dtype === "bool" ? "int32" : dtype;
}

/** An operand as a tensor of `dtype`. */
export function toDType(operand: TensorLike, dtype: DType): Tensor {
  if (typeof operand === "number" || typeof operand === "boolean") return P.constant(Number(operand), dtype);
  return castTo(asTensor(operand), dtype);
}

/** `x` converted to `dtype`, or `x` itself. */
export function castTo(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : P.convert(x, dtype);
}

/** A tensor of floating-point dtype: integers and booleans become float32. */
export function toFloat(operand: TensorLike): Tensor {
  const x = asTensor(operand);
  return isFloat(x.dtype) ? x : P.convert(x, floatx());
}

/** A float tensor; of two bytes as float32, for what computes with coordinates or logarithms that a short format lacks. */
export function widenedFloat(operand: TensorLike): Tensor {
  const x = toFloat(operand);
  return castTo(x, isShortFloat(x.dtype) ? "float32" : x.dtype);
}

/** As `toFloat`, for what is not computed from floats of two bytes: throws DTypeError for them, as Keras's back-ends do. */
export function toWideFloat(operand: TensorLike): Tensor {
  const x = toFloat(operand);
  if (!isShortFloat(x.dtype)) return x;
  throw new DTypeError({
    where: currentScope(),
    problem: "is not computed in two bytes an element",
    expected: "float32 or float64",
    received: x.dtype,
    advice: 'ops.cast(x, "float32") before, and cast the result back where that is enough',
  });
}

/** `f(x)`; of floats of two bytes computed in float32, and only its result is rounded. */
export function widely(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  if (!isShortFloat(x.dtype)) return f(x);
  const wide = f(P.convert(x, "float32"));
  return isFloat(wide.dtype) ? P.convert(wide, x.dtype) : wide;
}

/** Operands converted to one dtype, not broadcast. `float`: at least float32. */
export function promote(operands: readonly TensorLike[], float = false): Tensor[] {
  let dtype = resultDType(operands);
  if (float) dtype = floatOf(dtype);
  return operands.map((operand) => toDType(operand, dtype));
}

/** `x` broadcast to `shape`, aligned at the last axis. */
export function broadcast(x: Tensor, shape: ConcreteShape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = shape.length - x.rank;
  return P.broadcastInDim(
    x,
    shape,
    Array.from({ length: x.rank }, (_, axis) => axis + lead),
  );
}

/** Tensors broadcast to their common shape. */
export function broadcastTogether(tensors: readonly Tensor[]): Tensor[] {
  const shape = broadcastShapes(currentScope(), ...tensors.map(concreteShape));
  return tensors.map((x) => broadcast(x, shape));
}

/** Promotes and broadcasts two operands, then applies a primitive. */
export function binary(x: TensorLike, y: TensorLike, primitive: (x: Tensor, y: Tensor) => Tensor, float = false): Tensor {
  const [a, b] = broadcastTogether(promote([x, y], float));
  return primitive(a!, b!);
}

/** A rank-0 constant broadcast to the shape of `like`, in its dtype. */
export function constantLike(value: number, like: Tensor): Tensor {
  return broadcast(P.constant(value, like.dtype), concreteShape(like));
}
