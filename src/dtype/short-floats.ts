/** Floating-point formats of 16 bits: float16 (IEEE 754 binary16) and bfloat16 (the upper half of a float32). */

/** A format of 16 bits. Its values are kept in two bytes and computed with as float32. */
export type ShortFloat = "float16" | "bfloat16";

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** float16 bits to their value. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 bits to their value. */
export function fromBfloat16(bits: number): number {
  word[0] = bits << 16;
  return single[0]!;
}

/** The float16 nearest to a number (rounded to float32 first), ties to even; from 65520 on infinity. NaN stays NaN. */
export function toFloat16(value: number): number {
  single[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2^-14: a multiple of 2^-24. The quotient is exact in float64.
    const units = Math.abs(single[0]) / 2 ** -24;
    const floor = Math.floor(units);
    const rest = units - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** The bfloat16 nearest to a number (rounded to float32 first), ties to even. NaN stays NaN. */
export function toBfloat16(value: number): number {
  single[0] = value;
  const bits = word[0]!;
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** What each format is: bits to values and back, its epsilon, least normal and largest finite number. */
export const shortFloats: Readonly<
  Record<
    ShortFloat,
    {
      readonly from: (bits: number) => number;
      readonly to: (value: number) => number;
      readonly epsilon: number;
      readonly tiny: number;
      readonly largest: number;
    }
  >
> = {
  float16: { from: fromFloat16, to: toFloat16, epsilon: 2 ** -10, tiny: 2 ** -14, largest: 65504 },
  bfloat16: { from: fromBfloat16, to: toBfloat16, epsilon: 2 ** -7, tiny: 2 ** -126, largest: (2 - 2 ** -7) * 2 ** 127 },
};

/** Whether a name is that of a format of 16 bits. */
export function isShortFloat(name: string): name is ShortFloat {
  return name === "float16" || name === "bfloat16";
}

/** The nearest value of a format, ties to even. */
export function roundToShort(format: ShortFloat, value: number): number {
  const { from, to } = shortFloats[format];
  return from(to(value));
}

const tables: Partial<Record<ShortFloat, Float32Array>> = {};

/** The value of every pattern of bits. */
function valuesOf(format: ShortFloat): Float32Array {
  return (tables[format] ??= Float32Array.from({ length: 65536 }, (_, bits) => shortFloats[format].from(bits)));
}

/** Elements in two bytes each, read and written as float32. */
export class ShortFloatArray {
  readonly format: ShortFloat;
  readonly bits: Uint16Array;

  constructor(format: ShortFloat, bits: Uint16Array) {
    this.format = format;
    this.bits = bits;
  }

  get length(): number {
    return this.bits.length;
  }

  /** Stores values from element `offset` on, each rounded to the nearest. */
  set(values: ArrayLike<number>, offset = 0): void {
    const { to } = shortFloats[this.format];
    for (let i = 0; i < values.length; i++) this.bits[offset + i] = to(values[i]!);
  }

  /** A copy of all values. */
  slice(): Float32Array {
    const table = valuesOf(this.format);
    const values = new Float32Array(this.bits.length);
    for (let i = 0; i < values.length; i++) values[i] = table[this.bits[i]!]!;
    return values;
  }
}
