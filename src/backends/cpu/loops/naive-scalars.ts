/** Scalar operations as the naive evaluator takes them: plain TypeScript, one number at a time. */
import { type DType, dtypes } from "../../../dtype/index.ts";
import type { ScalarOp } from "../../../graph/index.ts";

/** `f` of numbers of dtype `argument`, in float64 (the caller rounds to `result`). */
export function scalar(f: ScalarOp, args: readonly number[], argument: DType, result: DType): number {
  const [x = 0, y = 0, z = 0] = args;
  const isInt = dtypes[argument].kind === "integer";
  switch (f) {
    case "add":
      return x + y;
    case "subtract":
      return x - y;
    case "multiply":
      return isInt ? Math.imul(x, y) : x * y;
    case "divide":
      return !isInt ? x / y : y === 0 ? 0 : Math.trunc(x / y);
    case "remainder":
      return !isInt ? x % y : y === 0 ? 0 : x % y;
    // IEEE 754 pow: 1 to any power is 1, also NaN; Math.pow gives NaN there.
    case "power":
      return isInt ? integerPower(x, y) : x === 1 ? 1 : Math.pow(x, y);
    case "maximum":
      return Math.max(x, y);
    case "minimum":
      return Math.min(x, y);
    case "atan2":
      return Math.atan2(x, y);
    case "negate":
      return -x;
    case "abs":
      return Math.abs(x);
    case "sign":
      return Math.sign(x);
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "round":
      return halfToEven(x);
    case "exp":
      return Math.exp(x);
    case "expm1":
      return Math.expm1(x);
    case "log":
      return Math.log(x);
    case "log1p":
      return Math.log1p(x);
    case "sqrt":
      return Math.sqrt(x);
    case "rsqrt":
      return 1 / Math.sqrt(x);
    case "tanh":
      return Math.tanh(x);
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "erf":
      return erf(x);
    case "sin":
      return Math.sin(x);
    case "cos":
      return Math.cos(x);
    case "tan":
      return Math.tan(x);
    case "asin":
      return Math.asin(x);
    case "acos":
      return Math.acos(x);
    case "atan":
      return Math.atan(x);
    case "sinh":
      return Math.sinh(x);
    case "cosh":
      return Math.cosh(x);
    case "asinh":
      return Math.asinh(x);
    case "acosh":
      return Math.acosh(x);
    case "atanh":
      return Math.atanh(x);
    case "equal":
      return Number(x === y);
    case "notEqual":
      return Number(x !== y);
    case "less":
      return Number(x < y);
    case "lessEqual":
      return Number(x <= y);
    case "greater":
      return Number(x > y);
    case "greaterEqual":
      return Number(x >= y);
    case "and":
      return x & y;
    case "or":
      return x | y;
    case "xor":
      return x ^ y;
    case "not":
      return argument === "bool" ? Number(x === 0) : ~x;
    case "shiftLeft":
      return x << y;
    case "shiftRightLogical":
      return x >>> y;
    case "shiftRightArithmetic":
      return x >> y;
    case "select":
      return x !== 0 ? y : z;
    case "convert":
      return convert(x, argument, result);
    case "bitcast":
      return bitcast(x, result);
    case "isFinite":
      return Number(Number.isFinite(x));
  }
}

function convert(x: number, from: DType, to: DType): number {
  if (to === "bool") return Number(x !== 0);
  if (dtypes[from].kind !== "float" || dtypes[to].kind === "float") return x;
  if (Number.isNaN(x)) return 0;
  const [low, high] = dtypes[to].range;
  return Math.max(low, Math.min(high, Math.trunc(x)));
}

const bits = new DataView(new ArrayBuffer(4));

function bitcast(x: number, to: DType): number {
  if (to === "float32") {
    bits.setInt32(0, x);
    return bits.getFloat32(0);
  }
  bits.setFloat32(0, x);
  return bits.getInt32(0);
}

function integerPower(x: number, y: number): number {
  if (y < 0) return x === 1 ? 1 : x === -1 ? (y % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  let base = x;
  for (let rest = y; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, base);
    base = Math.imul(base, base);
  }
  return result;
}

function halfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Error function by its Maclaurin series near 0 and a continued fraction of erfc elsewhere; about 1e-14. */
function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 80; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 80; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

/** Threefry-2x32 with 20 rounds (Salmon et al., SC 2011). */
/** Threefry-2x32 with 20 rounds. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011). */
export function threefry(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  const keys = [key0 | 0, key1 | 0, key0 ^ key1 ^ 0x1bd11bda];
  let x0 = (counter0 + keys[0]!) | 0;
  let x1 = (counter1 + keys[1]!) | 0;
  for (let round = 0; round < 20; round++) {
    const by = rotations[round % 8]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << by) | (x1 >>> (32 - by))) ^ x0;
    if (round % 4 === 3) {
      const group = (round + 1) / 4;
      x0 = (x0 + keys[group % 3]!) | 0;
      x1 = (x1 + keys[(group + 1) % 3]! + group) | 0;
    }
  }
  return [x0, x1];
}
