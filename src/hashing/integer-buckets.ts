/** Buckets of integers: the hash of their decimal digits, as TensorFlow hashes them, computed in the graph. */
import { dataTensor, type Tensor } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import type { Salt } from "./bucket.ts";
import { constantOf, Wide } from "./wide.ts";

const k0 = 0xc3a5c85c97cb3127n;
const k2 = 0x9ae16a3b2f90404fn;
/** Digits of 2^31 - 1. */
const mostDigits = 10;
const powers = /* @__PURE__ */ Int32Array.from({ length: mostDigits }, (_, digit) => 10 ** digit);

/** The text of an int32 as bytes, by position from either end. */
class DecimalText {
  readonly length: Tensor;
  readonly #x: Tensor;
  readonly #negative: Tensor;

  constructor(x: Tensor) {
    this.#x = x;
    this.#negative = P.less(x, constantOf(0, x));
    let digits = constantOf(1, x);
    for (const power of powers.subarray(1)) {
      const more = P.notEqual(P.divide(x, constantOf(power, x)), constantOf(0, x));
      digits = P.add(digits, P.convert(more, "int32"));
    }
    this.length = P.add(digits, P.convert(this.#negative, "int32"));
  }

  /** Byte at a distance from the end (0: the last digit). */
  #fromEnd(distance: Tensor): Tensor {
    const x = this.#x;
    const place = P.take(dataTensor(powers, [mostDigits], "int32"), distance, 0, "clamp");
    const digit = P.abs(P.remainder(P.divide(x, place), constantOf(10, x)));
    const sign = P.and(this.#negative, P.equal(distance, P.subtract(this.length, constantOf(1, x))));
    return P.select(sign, constantOf(45, x), P.add(digit, constantOf(48, x)));
  }

  /** Byte at a position from the end. */
  last(position: number): Tensor {
    return this.#fromEnd(constantOf(position, this.#x));
  }

  /** Byte at a position from the beginning; 0 behind the end. */
  at(position: Tensor | number): Tensor {
    const x = this.#x;
    const where = typeof position === "number" ? constantOf(position, x) : position;
    const distance = P.subtract(P.subtract(this.length, constantOf(1, x)), where);
    return P.select(P.less(distance, constantOf(0, x)), constantOf(0, x), this.#fromEnd(distance));
  }
}

/** Little-endian word of four bytes. */
function word(bytes: readonly Tensor[]): Tensor {
  return bytes.map((byte, i) => P.shiftLeft(byte, constantOf(8 * i, byte))).reduce((a, b) => P.or(a, b));
}

function wideWord(bytes: readonly Tensor[]): Wide {
  return new Wide(word(bytes.slice(4)), word(bytes.slice(0, 4)));
}

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

function hashLength16(u: Wide, v: Wide, multiplier: Wide): Wide {
  let a = u.xor(v).multiply(multiplier);
  a = a.xor(a.shiftRight(47));
  let b = v.xor(a).multiply(multiplier);
  b = b.xor(b.shiftRight(47));
  return b.multiply(multiplier);
}

/** FarmHash64 of texts of 1 to 11 bytes. */
function farmHash(text: DecimalText): Wide {
  const { length } = text;
  const n = Wide.from(length);
  const second = Wide.of(k2, length);
  const multiplier = second.add(n).add(n);

  const a = wideWord(range(8).map((i) => text.at(i))).add(second);
  const b = wideWord(range(8).map((i) => text.last(7 - i)));
  const c = b.rotateRight(37).multiply(multiplier).add(a);
  const d = a.rotateRight(25).add(b).multiply(multiplier);
  const long = hashLength16(c, d, multiplier);

  const first = Wide.from(word(range(4).map((i) => text.at(i)))).shiftLeft(3);
  const medium = hashLength16(n.add(first), Wide.from(word(range(4).map((i) => text.last(3 - i)))), multiplier);

  const half = P.shiftRightLogical(length, constantOf(1, length));
  const y = Wide.from(P.add(text.at(0), P.shiftLeft(text.at(half), constantOf(8, length))));
  const z = Wide.from(P.add(length, P.shiftLeft(text.last(0), constantOf(2, length))));
  const mixed = y.multiply(second).xor(z.multiply(Wide.of(k0, length)));
  const short = mixed.xor(mixed.shiftRight(47)).multiply(second);

  const atLeast = (count: number): Tensor => P.greaterEqual(length, constantOf(count, length));
  return long.where(atLeast(8), medium.where(atLeast(4), short));
}

/** SipHash-2-4 of texts of 1 to 11 bytes. */
function sipHashOf(text: DecimalText, salt: Salt): Wide {
  const { length } = text;
  const key = salt.map((part) => BigInt.asUintN(64, BigInt(part)));
  const start = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n];
  let state = start.map((constant, i) => Wide.of(constant ^ key[i % 2]!, length));
  const rotateLeft = (x: Wide, by: number): Wide => x.rotateRight(64 - by);
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      let [v0, v1, v2, v3] = state as [Wide, Wide, Wide, Wide];
      v0 = v0.add(v1);
      v1 = rotateLeft(v1, 13).xor(v0);
      v0 = rotateLeft(v0, 32);
      v2 = v2.add(v3);
      v3 = rotateLeft(v3, 16).xor(v2);
      v0 = v0.add(v3);
      v3 = rotateLeft(v3, 21).xor(v0);
      v2 = v2.add(v1);
      v1 = rotateLeft(v1, 17).xor(v2);
      v2 = rotateLeft(v2, 32);
      state = [v0, v1, v2, v3];
    }
  };
  const absorb = (message: Wide): void => {
    state[3] = state[3]!.xor(message);
    rounds(2);
    state[0] = state[0]!.xor(message);
  };
  const size = Wide.from(length).shiftLeft(56);
  const head = wideWord(range(8).map((i) => text.at(i)));
  const tail = wideWord(
    range(3, 8)
      .map((i) => text.at(i))
      .concat(range(5).map(() => constantOf(0, length))),
  );
  const long = P.greaterEqual(length, constantOf(8, length));
  const before = [...state];
  absorb(head);
  state = state.map((after, i) => after.where(long, before[i]!));
  absorb(tail.where(long, head).xor(size));
  state[2] = state[2]!.xor(Wide.of(0xffn, length));
  rounds(4);
  return state.reduce((a, b) => a.xor(b));
}

/**
 * Bucket of each int32 among `buckets`: FarmHash64 of its decimal text, or SipHash under `salt`, modulo their number.
 * Shapes: any -> the same, int32.
 */
export function integerBuckets(x: Tensor, buckets: number, salt: Salt | null): Tensor {
  const text = new DecimalText(x);
  return (salt === null ? farmHash(text) : sipHashOf(text, salt)).remainder(buckets);
}
