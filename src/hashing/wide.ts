/** Arithmetic on unsigned 64-bit integers in graphs: pairs of int32 tensors, modulo 2^64. */
import type { Tensor } from "../graph/index.ts";
import { concreteShape } from "../graph/index.ts";
import * as P from "../primitives/index.ts";

/** A constant in the shape and dtype of another tensor. */
export function constantOf(value: number, like: Tensor): Tensor {
  return P.broadcastInDim(P.constant(value, like.dtype), concreteShape(like), []);
}

const low16 = (x: Tensor): Tensor => P.and(x, constantOf(0xffff, x));
const shiftRight = (x: Tensor, by: number): Tensor => P.shiftRightLogical(x, constantOf(by, x));
const shiftLeft = (x: Tensor, by: number): Tensor => P.shiftLeft(x, constantOf(by, x));

/** Whether a < b as unsigned numbers. */
function lessUnsigned(a: Tensor, b: Tensor): Tensor {
  const sign = constantOf(-0x80000000, a);
  return P.less(P.xor(a, sign), P.xor(b, sign));
}

/** An unsigned 64-bit integer per element. */
export class Wide {
  readonly high: Tensor;
  readonly low: Tensor;

  constructor(high: Tensor, low: Tensor) {
    this.high = high;
    this.low = low;
  }

  /** The same number everywhere. */
  static of(value: bigint, like: Tensor): Wide {
    const word = (bits: bigint): Tensor => constantOf(Number(BigInt.asIntN(32, bits)), like);
    return new Wide(word(value >> 32n), word(value));
  }

  /** A tensor of numbers that are not negative. */
  static from(low: Tensor): Wide {
    return new Wide(constantOf(0, low), low);
  }

  add(other: Wide): Wide {
    const low = P.add(this.low, other.low);
    const carry = P.convert(lessUnsigned(low, this.low), "int32");
    return new Wide(P.add(P.add(this.high, other.high), carry), low);
  }

  xor(other: Wide): Wide {
    return new Wide(P.xor(this.high, other.high), P.xor(this.low, other.low));
  }

  /** The low 64 bits of the product, from products of 16 bits by 16. */
  multiply(other: Wide): Wide {
    const [a0, a1] = [low16(this.low), shiftRight(this.low, 16)];
    const [b0, b1] = [low16(other.low), shiftRight(other.low, 16)];
    const [p00, p01, p10, p11] = [P.multiply(a0, b0), P.multiply(a0, b1), P.multiply(a1, b0), P.multiply(a1, b1)];
    const middle = P.add(P.add(shiftRight(p00, 16), low16(p01)), low16(p10));
    const low = P.or(low16(p00), shiftLeft(middle, 16));
    const carried = P.add(P.add(shiftRight(p01, 16), shiftRight(p10, 16)), shiftRight(middle, 16));
    const crossed = P.add(P.multiply(this.low, other.high), P.multiply(this.high, other.low));
    return new Wide(P.add(P.add(p11, carried), crossed), low);
  }

  shiftRight(by: number): Wide {
    if (by >= 32) return new Wide(constantOf(0, this.low), by === 32 ? this.high : shiftRight(this.high, by - 32));
    return new Wide(shiftRight(this.high, by), P.or(shiftRight(this.low, by), shiftLeft(this.high, 32 - by)));
  }

  shiftLeft(by: number): Wide {
    if (by >= 32) return new Wide(by === 32 ? this.low : shiftLeft(this.low, by - 32), constantOf(0, this.low));
    return new Wide(P.or(shiftLeft(this.high, by), shiftRight(this.low, 32 - by)), shiftLeft(this.low, by));
  }

  rotateRight(by: number): Wide {
    const [a, b] = [this.shiftRight(by), this.shiftLeft(64 - by)];
    return new Wide(P.or(a.high, b.high), P.or(a.low, b.low));
  }

  /** This where the condition holds, else `other`. */
  where(condition: Tensor, other: Wide): Wide {
    return new Wide(P.select(condition, this.high, other.high), P.select(condition, this.low, other.low));
  }

  /** Remainder by `divisor` < 2^31, as int32: four steps of 16 bits, exact in int32 or float64. */
  remainder(divisor: number): Tensor {
    const dtype = divisor <= 0x7fff ? "int32" : "float64";
    const limbs = [this.high, this.low].flatMap((word) => [shiftRight(word, 16), low16(word)]).map((limb) => P.convert(limb, dtype));
    let rest = constantOf(0, limbs[0]!);
    for (const limb of limbs) {
      const grown = P.add(P.multiply(rest, constantOf(0x10000, rest)), limb);
      rest = P.remainder(grown, constantOf(divisor, grown));
    }
    return P.convert(rest, "int32");
  }
}
