/** Elementwise primitives in ONNX's operators. */
import { type DType, isFloat, widened } from "../../../dtype/index.ts";
import { type Extent, isStatic } from "./extents.ts";
import type { GraphWriter, Value } from "./graph-writer.ts";
import type { Rule } from "./rule.ts";

/** Operators on values that broadcast: dtype conversions where the runtime lacks one, then the operator. */
export class Elementwise {
  readonly #writer: GraphWriter;

  constructor(writer: GraphWriter) {
    this.#writer = writer;
  }

  /** One operator; `dtype` of the result is that of the first operand unless given. */
  op(
    opType: string,
    inputs: readonly Value[],
    dtype: DType = inputs[0]!.dtype,
    attributes: Parameters<GraphWriter["node"]>[2] = {},
  ): Value {
    const rank = Math.max(...inputs.map(({ shape }) => shape.length));
    const one = this.#writer.fixed(1);
    const widest = (pick: (value: Value) => readonly Extent[]): Extent[] =>
      Array.from({ length: rank }, (_, axis) => {
        const extents = inputs.map((value) => pick(value)[axis - rank + value.shape.length] ?? one);
        return extents.find((extent) => !(isStatic(extent) && extent[0] === 1)) ?? one;
      });
    const name = this.#writer.node(
      opType,
      inputs.map((input) => input.name),
      attributes,
    );
    return { name, stored: widest(({ stored }) => stored), shape: widest(({ shape }) => shape), dtype };
  }

  /** A number that broadcasts against `like`. */
  number(value: number, like: Value | DType): Value {
    return this.#writer.scalar(value, typeof like === "string" ? like : like.dtype);
  }

  /** `f` on values in `dtype`, and back. */
  in(dtype: DType, inputs: readonly Value[], f: (inputs: readonly Value[]) => Value): Value {
    const from = inputs[0]!.dtype;
    if (from === dtype) return f(inputs);
    const result = f(inputs.map((input) => (input.dtype === from ? this.#writer.cast(input, dtype) : input)));
    return result.dtype === dtype ? this.#writer.cast(result, from) : result;
  }

  where(condition: Value, x: Value, y: Value): Value {
    if (x.dtype === "bool") {
      const not = this.op("Not", [condition]);
      return this.op("Or", [this.op("And", [condition, x]), this.op("And", [not, y])]);
    }
    return this.op("Where", [condition, x, y], x.dtype);
  }
}

type Compute = (e: Elementwise, inputs: readonly Value[]) => Value;

/** The rule of an elementwise primitive; bytes are computed in int32 (and wrap), what the runtime has in float32 only is computed there. */
function rule(compute: Compute, options: { readonly floatOnly?: boolean } = {}): Rule {
  return ({ inputs, writer, types }) => {
    const e = new Elementwise(writer);
    const [first] = inputs;
    const dtype = first!.dtype;
    const computed =
      widened(dtype) !== dtype
        ? e.in("int32", inputs, (converted) => compute(e, converted))
        : options.floatOnly === true && dtype === "float64"
          ? e.in("float32", inputs, (converted) => compute(e, converted))
          : compute(e, inputs);
    return [{ ...computed, shape: types[0]!.shape, dtype: types[0]!.dtype }];
  };
}

const simple = (opType: string, options?: { readonly floatOnly?: boolean }): Rule => rule((e, inputs) => e.op(opType, inputs), options);
const comparison =
  (opType: string): Rule =>
  ({ inputs, writer, types }) => {
    const e = new Elementwise(writer);
    const operands = inputs.map((input) =>
      input.dtype === "bool" && opType !== "Equal" ? writer.cast(input, "int32") : writer.cast(input, widened(input.dtype)),
    );
    return [{ ...e.op(opType, operands, "bool"), shape: types[0]!.shape }];
  };

function not(other: Rule): Rule {
  return (context) => {
    const [value] = other(context);
    return [{ ...new Elementwise(context.writer).op("Not", [value!]), shape: value!.shape }];
  };
}

/** int32 to uint32 (element type 12) and back, for shifts. */
function shift(writer: GraphWriter, e: Elementwise, x: Value, y: Value, direction: "LEFT" | "RIGHT"): Value {
  const count = e.op("BitwiseAnd", [y, e.number(31, "int32")]);
  const unsigned = (value: Value): Value => ({ ...value, name: writer.node("Cast", [value.name], { to: 12 }) });
  const shifted = e.op("BitShift", [unsigned(x), unsigned(count)], "int32", { direction });
  return { ...shifted, name: writer.node("Cast", [shifted.name], { to: 6 }) };
}

const shiftRule =
  (compute: (writer: GraphWriter, e: Elementwise, x: Value, y: Value) => Value): Rule =>
  ({ inputs, writer, types }) => [{ ...compute(writer, new Elementwise(writer), inputs[0]!, inputs[1]!), shape: types[0]!.shape }];

const logical = (onBools: string, onBits: string): Rule =>
  rule((e, inputs) => e.op(inputs[0]!.dtype === "bool" ? onBools : onBits, inputs));

/** Integer division and remainder are total here: x / 0 is 0, MIN / -1 is MIN. */
function guarded(e: Elementwise, [x, y]: readonly Value[], compute: (divisor: Value) => Value): Value {
  const known = y!.known?.values;
  if (known !== undefined && known.every((value) => value !== 0 && value !== -1)) return compute(y!);
  const zero = e.op("Equal", [y!, e.number(0, y!)], "bool");
  const odd = e.op("Or", [zero, e.op("Equal", [y!, e.number(-1, y!)], "bool")]);
  const quotient = compute(e.where(odd, e.number(1, y!), y!));
  void x;
  return e.where(zero, e.number(0, y!), quotient);
}

const divide: Rule = rule((e, inputs) => {
  if (isFloat(inputs[0]!.dtype)) return e.op("Div", inputs);
  const [x, y] = inputs;
  const quotient = guarded(e, inputs, (divisor) => e.op("Div", [x!, divisor]));
  const known = y!.known?.values;
  if (known !== undefined && !known.includes(-1)) return quotient;
  return e.where(e.op("Equal", [y!, e.number(-1, y!)], "bool"), e.op("Neg", [x!]), quotient);
});

const remainder: Rule = rule((e, inputs) => {
  if (isFloat(inputs[0]!.dtype)) return e.op("Mod", inputs, inputs[0]!.dtype, { fmod: 1 });
  return guarded(e, inputs, (divisor) => e.op("Sub", [inputs[0]!, e.op("Mul", [e.op("Div", [inputs[0]!, divisor]), divisor])]));
});

/** exp(x) - 1 = tanh(x / 2) (exp(x) + 1), without cancellation. */
const expm1: Rule = rule((e, [x]) => {
  const half = e.op("Tanh", [e.op("Mul", [x!, e.number(0.5, x!)])]);
  const sum = e.op("Add", [e.op("Exp", [x!]), e.number(1, x!)]);
  return e.where(e.op("Greater", [x!, e.number(80, x!)], "bool"), e.op("Exp", [x!]), e.op("Mul", [half, sum]));
});

/** log(1 + x) = log(u) x / (u - 1) with u = 1 + x as rounded; x where u is 1. */
const log1p: Rule = rule((e, [x]) => {
  const one = e.number(1, x!);
  const u = e.op("Add", [x!, one]);
  const difference = e.op("Sub", [u, one]);
  const plain = e.op("Or", [e.op("Equal", [difference, e.number(0, x!)], "bool"), e.op("Equal", [u, e.number(Infinity, x!)], "bool")]);
  const scaled = e.op("Div", [e.op("Mul", [e.op("Log", [u]), x!]), e.where(plain, one, difference)]);
  const isOne = e.op("Equal", [difference, e.number(0, x!)], "bool");
  return e.where(plain, e.where(isOne, x!, e.op("Log", [u])), scaled);
});

const atan2: Rule = rule(
  (e, [y, x]) => {
    const zero = e.number(0, x!);
    const angle = e.op("Atan", [e.op("Div", [y!, x!])]);
    const below = e.op("Less", [y!, zero], "bool");
    const turned = e.op("Add", [angle, e.where(below, e.number(-Math.PI, x!), e.number(Math.PI, x!))]);
    const upright = e.op("Mul", [e.op("Sign", [y!]), e.number(Math.PI / 2, x!)]);
    const general = e.where(e.op("Less", [x!, zero], "bool"), turned, angle);
    return e.where(e.op("Equal", [x!, zero], "bool"), upright, general);
  },
  { floatOnly: true },
);

const isFinite: Rule = ({ inputs, writer, types }) => {
  const e = new Elementwise(writer);
  const odd = e.op("Or", [e.op("IsInf", inputs, "bool"), e.op("IsNaN", inputs, "bool")]);
  return [{ ...e.op("Not", [odd]), shape: types[0]!.shape }];
};

const select: Rule = ({ inputs: [condition, x, y], writer, types }) => {
  const { shape, dtype } = types[0]!;
  // The runtime chooses among uint8, but not among int8.
  const computed = dtype === "int8" ? "int32" : dtype;
  const chosen = new Elementwise(writer).where(condition!, writer.cast(x!, computed), writer.cast(y!, computed));
  return [writer.cast({ ...chosen, shape }, dtype)];
};

const convert: Rule = ({ inputs: [x], writer, types }) => {
  const { dtype } = types[0]!;
  const e = new Elementwise(writer);
  // Out of range: a float to bytes saturates here, and is undefined in ONNX.
  const range = dtype === "uint8" ? [0, 255] : dtype === "int8" ? [-128, 127] : null;
  const bounded = range !== null && isFloat(x!.dtype) ? e.op("Clip", [x!, e.number(range[0]!, x!), e.number(range[1]!, x!)]) : x!;
  return [writer.cast(bounded, dtype)];
};

/** The bits of a float32 by arithmetic in float64: ONNX has no operator for it. */
const bitcast: Rule = ({ inputs: [x], writer, types }) => {
  const e = new Elementwise(writer);
  const c = (value: number): Value => e.number(value, "float64");
  const shape = types[0]!.shape;
  if (types[0]!.dtype === "int32") {
    const wide = writer.cast(x!, "float64");
    const size = e.op("Abs", [wide]);
    const zero = e.op("Equal", [size, c(0)], "bool");
    const log2 = e.op("Div", [e.op("Log", [e.where(zero, c(1), size)]), c(Math.LN2)]);
    const power = (exponent: Value): Value => e.op("Pow", [c(2), exponent]);
    const guess = e.op("Floor", [log2]);
    const over = writer.cast(e.op("Greater", [power(guess), size], "bool"), "float64");
    const under = writer.cast(e.op("LessOrEqual", [power(e.op("Add", [guess, c(1)])), size], "bool"), "float64");
    const exponent = e.op("Max", [e.op("Add", [e.op("Sub", [guess, over]), under]), c(-126)]);
    const fraction = e.op("Mul", [e.op("Sub", [e.op("Div", [size, power(exponent)]), c(1)]), c(2 ** 23)]);
    const normal = e.op("Add", [e.op("Mul", [e.op("Add", [exponent, c(127)]), c(2 ** 23)]), fraction]);
    const finite = e.where(zero, c(0), normal);
    const infinite = e.where(e.op("IsInf", [wide], "bool"), c(0x7f800000), finite);
    const bits = e.where(e.op("IsNaN", [wide], "bool"), c(0x7fc00000), infinite);
    const negative = e.op("Or", [e.op("Less", [wide, c(0)], "bool"), e.op("Equal", [e.op("Div", [c(1), wide]), c(-Infinity)], "bool")]);
    return [{ ...writer.cast(e.where(negative, e.op("Sub", [bits, c(2 ** 31)]), bits), "int32"), shape }];
  }
  const bits = x!;
  const mask = (by: Value): Value => e.op("BitwiseAnd", [bits, by]);
  const exponentBits = shift(writer, e, mask(e.number(0x7f800000, bits)), e.number(23, bits), "RIGHT");
  const exponent = writer.cast(exponentBits, "float64");
  const mantissa = writer.cast(mask(e.number(0x7fffff, bits)), "float64");
  const normal = e.op("Greater", [exponent, c(0)], "bool");
  const significand = e.op("Add", [mantissa, e.where(normal, c(2 ** 23), c(0))]);
  const size = e.op("Mul", [significand, e.op("Pow", [c(2), e.op("Sub", [e.op("Max", [exponent, c(1)]), c(150)])])]);
  const special = e.op("Equal", [exponent, c(255)], "bool");
  const odd = e.where(e.op("Equal", [mantissa, c(0)], "bool"), c(Infinity), c(NaN));
  const value = e.where(special, odd, size);
  const signed = e.where(e.op("Less", [bits, e.number(0, bits)], "bool"), e.op("Neg", [value]), value);
  return [{ ...writer.cast(signed, "float32"), shape }];
};

/** Rules of elementwise primitives. */
export const elementwiseRules: Readonly<Record<string, Rule>> = {
  negate: simple("Neg"),
  abs: simple("Abs"),
  sign: simple("Sign"),
  floor: simple("Floor"),
  ceil: simple("Ceil"),
  round: simple("Round"),
  exp: simple("Exp"),
  expm1,
  log: simple("Log"),
  log1p,
  sqrt: simple("Sqrt"),
  rsqrt: rule((e, [x]) => e.op("Reciprocal", [e.op("Sqrt", [x!])])),
  tanh: simple("Tanh"),
  sigmoid: simple("Sigmoid"),
  erf: simple("Erf", { floatOnly: true }),
  sin: simple("Sin"),
  cos: simple("Cos"),
  tan: simple("Tan", { floatOnly: true }),
  asin: simple("Asin", { floatOnly: true }),
  acos: simple("Acos", { floatOnly: true }),
  atan: simple("Atan", { floatOnly: true }),
  sinh: simple("Sinh", { floatOnly: true }),
  cosh: simple("Cosh", { floatOnly: true }),
  asinh: simple("Asinh", { floatOnly: true }),
  acosh: simple("Acosh", { floatOnly: true }),
  atanh: simple("Atanh", { floatOnly: true }),
  not: logical("Not", "BitwiseNot"),
  isFinite,
  add: simple("Add"),
  subtract: simple("Sub"),
  multiply: simple("Mul"),
  divide,
  remainder,
  power: simple("Pow"),
  maximum: simple("Max"),
  minimum: simple("Min"),
  atan2,
  and: logical("And", "BitwiseAnd"),
  or: logical("Or", "BitwiseOr"),
  xor: logical("Xor", "BitwiseXor"),
  shiftLeft: shiftRule((writer, e, x, y) => shift(writer, e, x, y, "LEFT")),
  shiftRightLogical: shiftRule((writer, e, x, y) => shift(writer, e, x, y, "RIGHT")),
  // Of a negative number: the complement of its complement shifted.
  shiftRightArithmetic: shiftRule((writer, e, x, y) => {
    const negative = e.op("Less", [x, e.number(0, x)], "bool");
    const positive = e.where(negative, e.op("BitwiseNot", [x]), x);
    const shifted = shift(writer, e, positive, y, "RIGHT");
    return e.where(negative, e.op("BitwiseNot", [shifted]), shifted);
  }),
  equal: comparison("Equal"),
  notEqual: not(comparison("Equal")),
  less: comparison("Less"),
  lessEqual: comparison("LessOrEqual"),
  greater: comparison("Greater"),
  greaterEqual: comparison("GreaterOrEqual"),
  select,
  convert,
  bitcast,
  stopGradient: ({ inputs }) => [inputs[0]!],
};
