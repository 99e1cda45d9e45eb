/** WGSL text of each scalar operation, on values in the representation of `valueTypeOf`. */
import { type DType, dtypes, isShortFloat } from "../../../dtype/index.ts";
import type { ScalarOp } from "../../../graph/index.ts";
import { valueTypeOf, wrapped } from "./literals.ts";

/** Dtypes around an operation. */
interface Context {
  /** Of the arguments (for select: of x and y). */
  readonly argument: DType;
  readonly result: DType;
}

type Row = (x: string, y: string, context: Context) => string;

/** Text of operation `f`. Arguments are names or literals: they may stand several times in the result. */
export function scalarText(f: ScalarOp, args: readonly string[], argument: DType, result: DType): string {
  if (f === "select") return `select(${args[2]!}, ${args[1]!}, ${args[0]!})`;
  const text = rows[f](args[0]!, args[1] ?? args[0]!, { argument, result });
  return isShortFloat(result) && f !== "convert" ? wrapped(text, result) : text;
}

/** Keeps the low byte of a result of one byte. */
function wrap(text: string, { result }: Context): string {
  return wrapped(text, result);
}

/** Different text for float, integer and bool arguments. */
function byType(float: Row, integer: Row, bool: Row): Row {
  return (x, y, context) => {
    const type = valueTypeOf(context.argument);
    return type === "f32" ? float(x, y, context) : type === "bool" ? bool(x, y, context) : wrap(integer(x, y, context), context);
  };
}

const infix =
  (operator: string): Row =>
  (x, y) =>
    `(${x} ${operator} ${y})`;
const call =
  (name: string): Row =>
  (x) =>
    `${name}(${x})`;
const call2 =
  (name: string): Row =>
  (x, y) =>
    `${name}(${x}, ${y})`;
const same: Row = (x) => x;
const or = infix("|");
const and = infix("&");
const differ = infix("!=");

/** A comparison; bools are ordered false, true. */
function comparison(operator: string, bool: Row): Row {
  return byType(infix(operator), infix(operator), bool);
}

const rows: Readonly<Record<Exclude<ScalarOp, "select">, Row>> = {
  add: byType(infix("+"), infix("+"), or),
  subtract: byType(infix("-"), infix("-"), differ),
  multiply: byType(infix("*"), infix("*"), and),
  divide: byType(infix("/"), call2("int_divide"), and),
  remainder: byType(call2("float_remainder"), call2("int_remainder"), () => "false"),
  power: byType(call2("float_power"), call2("int_power"), (x, y) => `(${x} | !${y})`),
  maximum: byType(call2("float_max"), call2("max"), or),
  minimum: byType(call2("float_min"), call2("min"), and),
  atan2: call2("float_atan2"),
  negate: byType(
    (x) => `(-${x})`,
    (x) => `(-${x})`,
    same,
  ),
  abs: byType(call("abs"), call("abs"), same),
  sign: byType(call("float_sign"), call("sign"), same),
  floor: byType(call("floor"), same, same),
  ceil: byType(call("ceil"), same, same),
  // WGSL's round is half to even.
  round: byType(call("round"), same, same),
  exp: call("float_exp"),
  expm1: call("float_expm1"),
  log: call("float_log"),
  log1p: call("float_log1p"),
  sqrt: call("sqrt"),
  rsqrt: (x) => `(1f / sqrt(${x}))`,
  tanh: call("float_tanh"),
  sigmoid: call("float_sigmoid"),
  erf: call("float_erf"),
  sin: call("float_sin"),
  cos: call("float_cos"),
  tan: call("float_tan"),
  asin: call("float_asin"),
  acos: call("float_acos"),
  atan: call("float_atan"),
  sinh: call("float_sinh"),
  cosh: call("float_cosh"),
  asinh: call("float_asinh"),
  acosh: call("float_acosh"),
  atanh: call("float_atanh"),
  equal: infix("=="),
  // Not WGSL's !=, whose result for NaN is up to the implementation.
  notEqual: (x, y) => `!(${x} == ${y})`,
  less: comparison("<", (x, y) => `(!${x} & ${y})`),
  lessEqual: comparison("<=", (x, y) => `(!${x} | ${y})`),
  greater: comparison(">", (x, y) => `(${x} & !${y})`),
  greaterEqual: comparison(">=", (x, y) => `(${x} | !${y})`),
  and: byType(infix("&"), infix("&"), and),
  or: byType(infix("|"), infix("|"), or),
  xor: byType(infix("^"), infix("^"), differ),
  not: byType(
    (x) => `(~${x})`,
    (x) => `(~${x})`,
    (x) => `!${x}`,
  ),
  shiftLeft: (x, y, context) => wrap(`(${x} << (u32(${y}) & 31u))`, context),
  shiftRightLogical: (x, y) => `i32(u32(${x}) >> (u32(${y}) & 31u))`,
  shiftRightArithmetic: (x, y) => `(${x} >> (u32(${y}) & 31u))`,
  convert: (x, _, { argument, result }) => convertText(x, argument, result),
  bitcast: (x, _, { result }) => `bitcast<${valueTypeOf(result)}>(${x})`,
  isFinite: byType(
    call("is_finite"),
    () => "true",
    () => "true",
  ),
};

/**
 * Conversion of values: a float to an integer truncates and saturates, NaN gives 0; integers to bytes keep the low byte; to
 * bool is x != 0 (NaN is true).
 */
export function convertText(x: string, from: DType, to: DType): string {
  if (from === to) return x;
  const [source, target] = [valueTypeOf(from), valueTypeOf(to)];
  if (target === "bool") return source === "f32" ? `!(${x} == 0f)` : `(${x} != 0i)`;
  if (target === "f32") return wrapped(source === "bool" ? `select(0f, 1f, ${x})` : `f32(${x})`, to);
  if (source === "bool") return `select(0i, 1i, ${x})`;
  if (source !== "f32") return wrapped(x, to);
  const [low, high] = dtypes[to].range;
  return to === "int32" ? `float_to_int(${x})` : `clamp(float_to_int(${x}), ${low}i, ${high}i)`;
}
