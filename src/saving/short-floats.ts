/** Floating-point formats of 8 bits, as files hold them, to their values. */

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
