/** Which instruction each operation of the loop IR is, per type: total tables, so that a missing row does not compile. */
import type { BinaryOp, CallableFunction, CompareOp, UnaryOp, ValueType } from "../loops/ir.ts";
import type { FunctionType, Opcode, WasmType } from "./encode.ts";

const unaryCall: FunctionType = { parameters: ["f64"], results: ["f64"] };
const binaryCall: FunctionType = { parameters: ["f64", "f64"], results: ["f64"] };
/** Types of the functions that generated code may call. */
// prettier-ignore
export const callTypes: Readonly<Record<CallableFunction, FunctionType>> = {
  exp: unaryCall, expm1: unaryCall, log: unaryCall, log1p: unaryCall, tanh: unaryCall, sin: unaryCall, cos: unaryCall,
  tan: unaryCall, asin: unaryCall, acos: unaryCall, atan: unaryCall, sinh: unaryCall, cosh: unaryCall, asinh: unaryCall,
  acosh: unaryCall, atanh: unaryCall, pow: binaryCall, atan2: binaryCall, remainder: binaryCall,
};

/** Type of the local that holds a value. */
export const localTypes: Readonly<Record<ValueType, WasmType>> = {
  ptr: "i32",
  i32: "i32",
  f32: "f32",
  f64: "f64",
  i32v: "v128",
  f32v: "v128",
};

/** An instruction, or a sequence that has no single instruction. */
export type Row = Opcode | "sequence";
type Rows<Name extends string> = Readonly<Record<Name, Row | null>>;

// prettier-ignore
const integerUnary: Rows<UnaryOp> = {
  neg: "sequence", abs: "sequence", not: "sequence", sqrt: null, floor: null, ceil: null, nearest: null, trunc: null, half: null,
};
/** Unary operations by type; null: there is none. */
// prettier-ignore
export const unaryOpcodes: Readonly<Record<ValueType, Rows<UnaryOp>>> = {
  ptr: { neg: null, abs: null, not: null, sqrt: null, floor: null, ceil: null, nearest: null, trunc: null, half: null },
  i32: integerUnary,
  f32: {
    neg: "f32.neg", abs: "f32.abs", sqrt: "f32.sqrt", floor: "f32.floor", ceil: "f32.ceil", nearest: "f32.nearest",
    trunc: "f32.trunc", half: "sequence", not: null,
  },
  f64: {
    neg: "f64.neg", abs: "f64.abs", sqrt: "f64.sqrt", floor: "f64.floor", ceil: "f64.ceil", nearest: "f64.nearest",
    trunc: "f64.trunc", half: null, not: null,
  },
  i32v: { ...integerUnary, neg: "i32x4.neg", abs: "i32x4.abs", not: "v128.not" },
  f32v: {
    neg: "f32x4.neg", abs: "f32x4.abs", sqrt: "f32x4.sqrt", floor: "f32x4.floor", ceil: "f32x4.ceil",
    nearest: "f32x4.nearest", trunc: "f32x4.trunc", half: "sequence", not: null,
  },
};

// prettier-ignore
const integerBinary: Rows<BinaryOp> = {
  add: "i32.add", sub: "i32.sub", mul: "i32.mul", div: "i32.div_s", rem: "i32.rem_s", min: "sequence", max: "sequence",
  and: "i32.and", or: "i32.or", xor: "i32.xor", shl: "i32.shl", shrU: "i32.shr_u", shrS: "i32.shr_s",
};
const noBits = { rem: null, and: null, or: null, xor: null, shl: null, shrU: null, shrS: null } as const;
/** Binary operations by type. */
// prettier-ignore
export const binaryOpcodes: Readonly<Record<ValueType, Rows<BinaryOp>>> = {
  ptr: { ...integerBinary, div: null, rem: null, min: null, max: null },
  i32: integerBinary,
  f32: { ...noBits, add: "f32.add", sub: "f32.sub", mul: "f32.mul", div: "f32.div", min: "f32.min", max: "f32.max" },
  f64: { ...noBits, add: "f64.add", sub: "f64.sub", mul: "f64.mul", div: "f64.div", min: "f64.min", max: "f64.max" },
  i32v: {
    add: "i32x4.add", sub: "i32x4.sub", mul: "i32x4.mul", div: null, rem: null, min: "i32x4.min_s", max: "i32x4.max_s",
    and: "v128.and", or: "v128.or", xor: "v128.xor", shl: "i32x4.shl", shrU: "i32x4.shr_u", shrS: "i32x4.shr_s",
  },
  f32v: { ...noBits, add: "f32x4.add", sub: "f32x4.sub", mul: "f32x4.mul", div: "f32x4.div", min: "f32x4.min", max: "f32x4.max" },
};

// prettier-ignore
const integerCompare: Rows<CompareOp> = {
  eq: "i32.eq", ne: "i32.ne", lt: "i32.lt_s", le: "i32.le_s", gt: "i32.gt_s", ge: "i32.ge_s", ltU: "i32.lt_u",
};
/** Comparisons by the type of the operands. */
// prettier-ignore
export const compareOpcodes: Readonly<Record<ValueType, Rows<CompareOp>>> = {
  ptr: { eq: "i32.eq", ne: "i32.ne", lt: "i32.lt_u", le: "i32.le_u", gt: "i32.gt_u", ge: "i32.ge_u", ltU: "i32.lt_u" },
  i32: integerCompare,
  f32: { eq: "f32.eq", ne: "f32.ne", lt: "f32.lt", le: "f32.le", gt: "f32.gt", ge: "f32.ge", ltU: null },
  f64: { eq: "f64.eq", ne: "f64.ne", lt: "f64.lt", le: "f64.le", gt: "f64.gt", ge: "f64.ge", ltU: null },
  i32v: { eq: "i32x4.eq", ne: "i32x4.ne", lt: "i32x4.lt_s", le: "i32x4.le_s", gt: "i32x4.gt_s", ge: "i32x4.ge_s", ltU: "i32x4.lt_u" },
  f32v: { eq: "f32x4.eq", ne: "f32x4.ne", lt: "f32x4.lt", le: "f32x4.le", gt: "f32x4.gt", ge: "f32x4.ge", ltU: null },
};

/** Conversions by operand type, then result type. "sequence" stands for no instruction at all (i32 is ptr here). */
export const convertOpcodes: Readonly<Record<ValueType, Partial<Record<ValueType, Row>>>> = {
  ptr: { i32: "sequence" },
  i32: { f32: "f32.convert_i32_s", f64: "f64.convert_i32_s", ptr: "sequence" },
  f32: { i32: "i32.trunc_sat_f32_s", f64: "f64.promote_f32" },
  f64: { i32: "i32.trunc_sat_f64_s", f32: "f32.demote_f64" },
  i32v: { f32v: "f32x4.convert_i32x4_s" },
  f32v: { i32v: "i32x4.trunc_sat_f32x4_s" },
};
