/** Numbers as WGSL text. */
import { type DType, isShortFloat, roundedTo } from "../../../dtype/index.ts";
import { DTypeError } from "../../../errors.ts";

/** Type in which WGSL code holds values of a dtype: bytes as an i32 from 0 to 255 or -128 to 127, bool as bool. */
export type ValueType = "f32" | "i32" | "bool";

/** The type of values of a dtype. Throws DTypeError for float64, which WGSL does not have. */
export function valueTypeOf(dtype: DType): ValueType {
  switch (dtype) {
    case "float32":
    case "float16":
    case "bfloat16":
      return "f32";
    case "int32":
    case "int8":
    case "uint8":
      return "i32";
    case "bool":
      return "bool";
    case "float64":
      throw new DTypeError({
        where: "webgpu back-end",
        problem: "graphics processors have no float64 in WebGPU",
        expected: "float32, int32, int8, uint8 or bool",
        received: "float64",
        advice: 'convert to float32, or use the back-end "cpu"',
      });
  }
}

/** A float32 constant. Infinities and NaN are read from variables: WGSL refuses constant expressions of such values. */
export function floatLiteral(value: number): string {
  const x = Math.fround(value);
  if (Number.isNaN(x)) return "nan()";
  if (!Number.isFinite(x)) return x > 0 ? "infinity()" : "(-infinity())";
  if (Object.is(x, -0)) return "negative_zero()";
  // The shortest decimal that rounds to x.
  let text = String(x);
  for (let digits = 1; digits <= 9; digits++) {
    const shorter = x.toPrecision(digits);
    // WGSL refuses decimals beyond the largest float, even those that round to it.
    if (Math.fround(Number(shorter)) === x && Math.abs(Number(shorter)) <= 3.4028234663852886e38) {
      text = String(Number(shorter));
      break;
    }
  }
  return x < 0 ? `(${text}f)` : `${text}f`;
}

/** An i32 constant. */
export function intLiteral(value: number): string {
  const x = value | 0;
  if (x === -2147483648) return "i32(-2147483648)";
  return x < 0 ? `(${x}i)` : `${x}i`;
}

/** A constant of a dtype in the representation of `valueTypeOf`. */
export function literal(dtype: DType, value: number): string {
  switch (valueTypeOf(dtype)) {
    case "f32":
      return floatLiteral(roundedTo(dtype, value));
    case "i32":
      return intLiteral(roundedTo(dtype, value));
    case "bool":
      return value !== 0 ? "true" : "false";
  }
}

/** A value as a number of its dtype: bytes keep their low bits, int8 with their sign; floats of two bytes are rounded. */
export function wrapped(text: string, dtype: DType): string {
  if (isShortFloat(dtype)) return `to_${dtype}(${text})`;
  if (dtype === "int8") return `extractBits(${text}, 0u, 8u)`;
  return dtype === "uint8" ? `(${text} & 255i)` : text;
}

/** Horner's rule on fma: `c[0] + c[1] x + c[2] x^2 + ...`; `x` is a variable's name. */
export function polynomial(x: string, coefficients: readonly number[]): string {
  let text = floatLiteral(coefficients.at(-1)!);
  for (let i = coefficients.length - 2; i >= 0; i--) text = `fma(${text}, ${x}, ${floatLiteral(coefficients[i]!)})`;
  return text;
}
