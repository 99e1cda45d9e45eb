/** Floating-point formats of 16 and 8 bits, as files hold them: to and from float32. */

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** The value of bits in a format with `exponentBits` and `mantissaBits`; `finite`: all ones are no infinity, only NaN (E4M3). */
function decode(bits: number, exponentBits: number, mantissaBits: number, finite: boolean): number {
  const exponentMask = (1 << exponentBits) - 1;
  const mantissaMask = (1 << mantissaBits) - 1;
  const sign = bits >> (exponentBits + mantissaBits) === 0 ? 1 : -1;
  const exponent = (bits >> mantissaBits) & exponentMask;
  const mantissa = bits & mantissaMask;
  const bias = (1 << (exponentBits - 1)) - 1;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  if (exponent === exponentMask) {
    if (!finite) return mantissa === 0 ? sign * Infinity : NaN;
    if (mantissa === mantissaMask) return NaN;
  }
  return sign * (1 + mantissa / (mantissaMask + 1)) * 2 ** (exponent - bias);
}

/** float16 (IEEE 754 binary16) bits to their value. */
export function fromFloat16(bits: number): number {
  return decode(bits, 5, 10, false);
}

/** bfloat16 bits to their value: the upper half of a float32. */
export function fromBfloat16(bits: number): number {
  word[0] = bits << 16;
  return single[0]!;
}

/** float8 E4M3 (no infinity) bits to their value. */
export function fromFloat8E4M3(bits: number): number {
  return decode(bits, 4, 3, true);
}

/** float8 E5M2 bits to their value. */
export function fromFloat8E5M2(bits: number): number {
  return decode(bits, 5, 2, false);
}

/** float8 E8M0 bits to their value: a power of two, 255 is NaN. */
export function fromFloat8E8M0(bits: number): number {
  return bits === 255 ? NaN : 2 ** (bits - 127);
}

/** The float16 nearest to a number, ties to even; too large becomes infinity. */
export function toFloat16(value: number): number {
  single[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // From 65520 on the nearest is infinity.
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

/** The bfloat16 nearest to a number, ties to even. */
export function toBfloat16(value: number): number {
  single[0] = value;
  const bits = word[0]!;
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
