/** ONNX's elementwise operators. */
import { type DType, isFloat } from "../../../dtype/index.ts";
import type { Tensor } from "../../../graph/index.ts";
import * as ops from "../../../ops/index.ts";
import * as P from "../../../primitives/index.ts";
import { elementTypes } from "../schema.ts";
import { like, type NodeContext, type Operator, shapeOf, spread, spreadTo } from "./operator.ts";

const unary =
  (f: (x: Tensor, context: NodeContext) => Tensor): Operator =>
  (context) => [f(context.input(0), context)];

const binary =
  (f: (x: Tensor, y: Tensor, context: NodeContext) => Tensor): Operator =>
  (context) => {
    const [x, y] = spread(context.where, [context.input(0), context.input(1)]);
    return [f(x!, y!, context)];
  };

const folded =
  (f: (x: Tensor, y: Tensor) => Tensor): Operator =>
  (context) => {
    const all = spread(
      context.where,
      context.inputs.map((_, i) => context.input(i)),
    );
    return [all.reduce(f)];
  };

/** Element types of files to dtypes; null where nothing holds them. */
export function dtypeOfElement(type: number): DType | null {
  const found = Object.entries(elementTypes).find(([, number]) => number === type)?.[0];
  switch (found) {
    case undefined:
    case "string":
      return null;
    case "float32":
    case "float16":
    case "bfloat16":
    case "float64":
    case "uint8":
    case "bool":
      return found;
    default:
      return "int32";
  }
}

const relu = (x: Tensor): Tensor => ops.relu(x);

function clip(context: NodeContext): readonly Tensor[] {
  let x = context.input(0);
  const bound = (index: number, name: string): Tensor | null => {
    const given = context.optional(index);
    if (given !== null) return spreadTo(P.reshape(given, []), shapeOf(x));
    const attribute = context.attribute(name)?.f;
    return attribute === undefined ? null : like(x, attribute);
  };
  const low = bound(1, "min");
  if (low !== null) x = P.maximum(x, low);
  const high = bound(2, "max");
  return [high === null ? x : P.minimum(x, high)];
}

function modulo(x: Tensor, y: Tensor, context: NodeContext): Tensor {
  const rest = P.remainder(x, y);
  if (context.int("fmod", 0) === 1) return rest;
  // The sign is the divisor's.
  const zero = like(rest, 0);
  const wrong = P.and(P.notEqual(rest, zero), P.notEqual(P.less(rest, zero), P.less(y, zero)));
  return P.select(wrong, P.add(rest, y), rest);
}

function power(x: Tensor, exponent: Tensor): Tensor {
  if (isFloat(x.dtype)) return P.power(x, P.convert(exponent, x.dtype));
  return P.convert(P.power(P.convert(x, "float64"), P.convert(exponent, "float64")), x.dtype);
}

function prelu(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const slope = spreadTo(context.input(1), shapeOf(x));
  return [P.select(P.less(x, like(x, 0)), P.multiply(x, slope), x)];
}

function gelu(context: NodeContext): readonly Tensor[] {
  return [ops.gelu(context.input(0), context.text("approximate", "none") === "tanh")];
}

function where(context: NodeContext): readonly Tensor[] {
  const [condition, x, y] = spread(context.where, [context.input(0), context.input(1), context.input(2)]);
  return [P.select(condition!, x!, y!)];
}

function cast(context: NodeContext): readonly Tensor[] {
  const dtype = dtypeOfElement(context.int("to", 0));
  if (dtype === null) throw context.error("the element type to cast to is not there", "numbers or bool", `type ${context.int("to", 0)}`);
  return [P.convert(context.input(0), dtype)];
}

function isInfinite(x: Tensor, context: NodeContext): Tensor {
  const positive = P.equal(x, like(x, Infinity));
  const negative = P.equal(x, like(x, -Infinity));
  if (context.int("detect_positive", 1) === 0) return negative;
  return context.int("detect_negative", 1) === 0 ? positive : P.or(positive, negative);
}

const shrink = (x: Tensor, context: NodeContext): Tensor => {
  const [bias, limit] = [context.float("bias", 0), context.float("lambd", 0.5)];
  const above = P.select(P.greater(x, like(x, limit)), P.subtract(x, like(x, bias)), like(x, 0));
  return P.select(P.less(x, like(x, -limit)), P.add(x, like(x, bias)), above);
};

const onInts =
  (f: (x: Tensor, y: Tensor) => Tensor) =>
  (x: Tensor, y: Tensor): Tensor =>
    x.dtype === "uint8" ? P.convert(f(P.convert(x, "int32"), P.convert(y, "int32")), "uint8") : f(x, y);

/** Elementwise operators by name. */
export const elementwiseOperators: Readonly<Record<string, Operator>> = {
  Abs: unary(P.abs),
  Neg: unary(P.negate),
  Sign: unary(P.sign),
  Floor: unary(P.floor),
  Ceil: unary(P.ceil),
  Round: unary(P.round),
  Exp: unary(P.exp),
  Log: unary(P.log),
  Sqrt: unary(P.sqrt),
  Reciprocal: unary((x) => P.divide(like(x, 1), x)),
  Sin: unary(P.sin),
  Cos: unary(P.cos),
  Tan: unary(P.tan),
  Asin: unary(P.asin),
  Acos: unary(P.acos),
  Atan: unary(P.atan),
  Sinh: unary(P.sinh),
  Cosh: unary(P.cosh),
  Asinh: unary(P.asinh),
  Acosh: unary(P.acosh),
  Atanh: unary(P.atanh),
  Tanh: unary(P.tanh),
  Sigmoid: unary(P.sigmoid),
  Erf: unary(P.erf),
  Not: unary(P.not),
  BitwiseNot: unary((x) => (x.dtype === "uint8" ? P.convert(P.not(P.convert(x, "int32")), "uint8") : P.not(x))),
  IsNaN: unary((x) => P.notEqual(x, x)),
  IsInf: unary(isInfinite),
  Identity: unary((x) => x),
  Dropout: (context) => {
    const x = context.input(0);
    return context.outputs > 1 ? [x, P.full(shapeOf(x), 1, "bool")] : [x];
  },
  Relu: unary(relu),
  LeakyRelu: unary((x, context) => P.select(P.less(x, like(x, 0)), P.multiply(x, like(x, context.float("alpha", 0.01))), x)),
  PRelu: prelu,
  ThresholdedRelu: unary((x, context) => P.select(P.greater(x, like(x, context.float("alpha", 1))), x, like(x, 0))),
  Elu: unary((x, context) => ops.elu(x, context.float("alpha", 1))),
  Celu: unary((x, context) => ops.celu(x, context.float("alpha", 1))),
  Selu: unary((x, context) => {
    const scaled = P.multiply(
      ops.elu(x, context.float("alpha", 1.67326319217681884765625)),
      like(x, context.float("gamma", 1.05070102214813232421875)),
    );
    return scaled;
  }),
  HardSigmoid: unary((x, context) =>
    ops.clip(P.add(P.multiply(x, like(x, context.float("alpha", 0.2))), like(x, context.float("beta", 0.5))), 0, 1),
  ),
  HardSwish: unary((x) => P.multiply(x, ops.clip(P.add(P.multiply(x, like(x, 1 / 6)), like(x, 0.5)), 0, 1))),
  Softplus: unary((x) => ops.softplus(x)),
  Softsign: unary((x) => ops.softsign(x)),
  Mish: unary((x) => P.multiply(x, P.tanh(ops.softplus(x)))),
  Swish: unary((x, context) => P.multiply(x, P.sigmoid(P.multiply(x, like(x, context.float("alpha", 1)))))),
  Gelu: gelu,
  Shrink: unary(shrink),
  Clip: clip,
  Add: binary(P.add),
  Sub: binary(P.subtract),
  Mul: binary(P.multiply),
  Div: binary(P.divide),
  Mod: binary(modulo),
  Pow: binary(power),
  Max: folded(P.maximum),
  Min: folded(P.minimum),
  Sum: folded(P.add),
  Mean: (context) => {
    const [sum] = folded(P.add)(context);
    return [P.divide(sum!, like(sum!, context.inputs.length))];
  },
  And: binary(P.and),
  Or: binary(P.or),
  Xor: binary(P.xor),
  BitwiseAnd: binary(onInts(P.and)),
  BitwiseOr: binary(onInts(P.or)),
  BitwiseXor: binary(onInts(P.xor)),
  BitShift: binary((x, y, context) => onInts(context.text("direction", "") === "LEFT" ? P.shiftLeft : P.shiftRightLogical)(x, y)),
  Equal: binary(P.equal),
  Less: binary(P.less),
  LessOrEqual: binary(P.lessEqual),
  Greater: binary(P.greater),
  GreaterOrEqual: binary(P.greaterEqual),
  Where: where,
  Cast: cast,
  CastLike: (context) => [P.convert(context.input(0), context.input(1).dtype)],
};
