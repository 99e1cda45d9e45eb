/** Bits of integers, greatest common divisors and least common multiples. */
import { isFloat, widened } from "../../dtype/index.ts";
import { DTypeError } from "../../errors.ts";
import { concreteShape, currentScope, parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcastTogether, castTo, constantLike, promote, toDType } from "../promote.ts";
import type { BinaryOp } from "./arithmetic.ts";
import type { UnaryOp } from "./elementwise.ts";

/** Operands as integers of one dtype, broadcast: numbers and uint8 beside int32 are int32, two bytes stay bytes. */
function integers(operands: readonly TensorLike[]): Tensor[] {
  // A number takes the dtype of what stands beside it.
  const weak = operands.every((x) => typeof x === "number");
  const wrong = operands.filter((x) => typeof x !== "number" || !Number.isInteger(x)).map((x) => asTensor(x)).find((x) => isFloat(x.dtype)); // prettier-ignore
  if (wrong !== undefined) {
    throw new DTypeError({
      where: currentScope(),
      problem: "needs integers or booleans",
      expected: "int32, int8, uint8 or bool",
      received: wrong.toString(),
      advice: 'convert it first: ops.cast(x, "int32")',
    });
  }
  return broadcastTogether(weak ? operands.map((x) => toDType(x, "int32")) : promote(operands));
}

/** Computed in int32 for bytes, and converted back. */
function bits(name: string, primitive: (x: Tensor, y: Tensor) => Tensor): BinaryOp {
  return defineOp(name, (x: TensorLike, y: TensorLike) => {
    const [a, b] = integers([x, y]) as [Tensor, Tensor];
    return widened(a.dtype) !== a.dtype ? P.convert(primitive(castTo(a, "int32"), castTo(b, "int32")), a.dtype) : primitive(a, b);
  });
}

/** Bits that both have; of booleans: whether both are true. */
export const bitwiseAnd: BinaryOp = bits("bitwiseAnd", P.and);
/** Bits that one or both have. */
export const bitwiseOr: BinaryOp = bits("bitwiseOr", P.or);
/** Bits that exactly one has. */
export const bitwiseXor: BinaryOp = bits("bitwiseXor", P.xor);
/** Every bit flipped: `-1 - x`; of booleans: not; of bytes: `255 - x`. */
export const bitwiseInvert: UnaryOp = defineOp("bitwiseInvert", (x: TensorLike) => {
  const [t] = integers([x]) as [Tensor];
  return P.convert(P.not(P.convert(t, widened(t.dtype))), t.dtype);
});
/** Every bit flipped. */
export const bitwiseNot: UnaryOp = bitwiseInvert;

function shift(name: string, primitive: (x: Tensor, y: Tensor) => Tensor): BinaryOp {
  return defineOp(name, (x: TensorLike, y: TensorLike) => {
    const [a, b] = integers([x, y]) as [Tensor, Tensor];
    const [wide, by] = [castTo(a, "int32"), castTo(b, "int32")];
    const shifted = primitive(wide, by);
    return widened(a.dtype) !== a.dtype ? P.convert(shifted, a.dtype) : shifted;
  });
}
/** `x * 2^y`, without what leaves the type. */
export const bitwiseLeftShift: BinaryOp = shift("bitwiseLeftShift", P.shiftLeft);
/** `x * 2^y`, without what leaves the type. */
export const leftShift: BinaryOp = bitwiseLeftShift;
/** `floor(x / 2^y)`: the sign stays. */
export const bitwiseRightShift: BinaryOp = shift("bitwiseRightShift", P.shiftRightArithmetic);
/** `floor(x / 2^y)`: the sign stays. */
export const rightShift: BinaryOp = bitwiseRightShift;

/** Euclid's algorithm on all elements at once: at most 46 steps, as the Fibonacci numbers below 2^31. */
function greatestDivisor(x: Tensor, y: Tensor): Tensor {
  const shape = concreteShape(x);
  const pair = (): [Tensor, Tensor] => [parameterTensor(shape, "int32"), parameterTensor(shape, "int32")];
  const zero = (like: Tensor): Tensor => constantLike(0, like);
  const [, rest] = pair();
  const asked = pair();
  asked[1] = rest;
  const condition = new Subgraph(asked, [P.reduceAny(P.notEqual(rest, zero(rest)), shape.map((_, axis) => axis))]); // prettier-ignore
  const [a, b] = pair();
  const done = P.equal(b, zero(b));
  const remainder = P.remainder(a, b);
  const body = new Subgraph([a, b], [P.select(done, a, b), P.select(done, b, remainder)]);
  return P.whileLoop(condition, body, [P.abs(x), P.abs(y)])[0]!;
}

/** The greatest common divisor of two integers, elementwise; of 0 and x: |x|. */
export const gcd: BinaryOp = defineOp("gcd", (x: TensorLike, y: TensorLike) => {
  const [a, b] = integers([x, y]).map((t) => castTo(t, "int32")) as [Tensor, Tensor];
  return greatestDivisor(a, b);
});
/** The least common multiple of two integers, elementwise; 0 where one is 0. */
export const lcm: BinaryOp = defineOp("lcm", (x: TensorLike, y: TensorLike) => {
  const [a, b] = integers([x, y]).map((t) => castTo(t, "int32")) as [Tensor, Tensor];
  return P.abs(P.multiply(P.divide(a, greatestDivisor(a, b)), b));
});
