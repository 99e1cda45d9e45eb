/** Instructions of floating-point expressions: scalars and vectors alike, so that both give the same bits. */
import { isNarrowStorage } from "../../loops/block.ts";
import type { CompareOp, Expr, UnaryOp, ValueType } from "../../loops/ir.ts";
import type { Mnemonic } from "../assembler/index.ts";
import type { MachineOperand, MemoryOperand, RegisterOperand, VirtualRegister } from "./machine-code.ts";
import { type Evaluator, memory, type Selection } from "./selection.ts";

type FloatType = "f32" | "f64" | "f32v";
type Suffix = "ss" | "sd" | "ps";

const suffixes: Readonly<Record<FloatType, Suffix>> = { f32: "ss", f64: "sd", f32v: "ps" };

/** Whether a type is one of floating-point numbers. */
export function isFloatType(type: ValueType): type is FloatType {
  return type === "f32" || type === "f64" || type === "f32v";
}

/** Selectors of `vcmp`: ordered and quiet, but for "not equal". */
export const floatPredicates: Readonly<Record<CompareOp, number>> = {
  eq: 0,
  ne: 4,
  lt: 0x11,
  le: 0x12,
  gt: 0x1e,
  ge: 0x1d,
  ltU: 0x11,
};
const ordered = 7;
/** Rounding of `vcvtps2ph`. */
const nearestEven = 0;

/** Selectors of `vround`, without signalling. */
const roundings: Partial<Record<UnaryOp, number>> = { nearest: 8, floor: 9, ceil: 10, trunc: 11 };

/** Whether an expression becomes a memory operand: it need not be in a register. */
export function folds(s: Selection, e: Expr): boolean {
  if (e.op === "const") return e.value !== 0 || Object.is(e.value, -0);
  if (e.op === "bitcast") return isSameFile(e) && folds(s, e.x);
  if (e.op !== "load" || isNarrowStorage(e.storage) || e.count !== undefined) return false;
  return e.splat !== true || s.features.avx512;
}

/** A bitcast that changes no register. */
export function isSameFile(e: Extract<Expr, { op: "bitcast" }>): boolean {
  return (e.type === "f32v" || e.type === "i32v") && (e.x.type === "f32v" || e.x.type === "i32v");
}

/** The bits that `abs` keeps or `neg` flips. */
function signOperand(s: Selection, type: FloatType, isAbs: boolean): MemoryOperand {
  if (type === "f64") {
    const [low, high] = isAbs ? [-1, 0x7fffffff] : [0, -0x80000000];
    return memory({ label: s.pool.words([low, high, low, high]) });
  }
  const bits = isAbs ? 0x7fffffff : -0x80000000;
  return type === "f32v" ? s.bitsOperand(bits) : memory({ label: s.pool.words([bits, bits, bits, bits]) });
}

/** neg, abs, sqrt, and rounding to whole numbers. */
export function floatUnary(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "unary" }> & { readonly type: FloatType },
  into: VirtualRegister | undefined,
): VirtualRegister {
  const { type, f } = e;
  const d = (): VirtualRegister => into ?? s.forType(type);
  const view = (register: VirtualRegister): RegisterOperand => s.typed(type, register);
  const rounding = roundings[f];
  if (f === "sqrt") {
    if (type === "f32v") {
      const x = evaluator.source(e.x);
      const result = d();
      s.emit("vsqrtps", view(result), x);
      return result;
    }
    const x = evaluator.value(e.x);
    const result = d();
    s.emit(`vsqrt${suffixes[type]}` as Mnemonic, view(result), view(x), view(x));
    return result;
  }
  const x = evaluator.value(e.x);
  if (f === "half") {
    if (type === "f64") s.fail("half does not exist for f64");
    const result = d();
    roundToHalf(s, type, x, result);
    return result;
  }
  const result = d();
  if (f === "neg" || f === "abs") {
    const isDouble = type === "f64";
    const mnemonic: Mnemonic = f === "neg" ? (isDouble ? "vxorpd" : "vxorps") : isDouble ? "vandpd" : "vandps";
    s.emit(mnemonic, view(result), view(x), signOperand(s, type, f === "abs"));
    return result;
  }
  if (rounding === undefined) s.fail(`${f} does not exist for ${type}`);
  const stem = s.features.avx512 ? "vrndscale" : "vround";
  const mnemonic = `${stem}${suffixes[type]}` as Mnemonic;
  if (type === "f32v") s.emit(mnemonic, view(result), view(x), rounding);
  else s.emit(mnemonic, view(result), view(x), view(x), rounding);
  return result;
}

/** Rounded to float16 and back. */
function roundToHalf(s: Selection, type: "f32" | "f32v", x: VirtualRegister, result: VirtualRegister): void {
  const short = s.forType("f32v");
  const half = type === "f32v" && s.features.avx512 ? s.view(short, "ymm") : s.x(short);
  s.emit("vcvtps2ph", half, s.typed(type, x), nearestEven);
  s.emit("vcvtph2ps", s.typed(type, result), half);
}

const arithmetic = { add: "vadd", sub: "vsub", mul: "vmul", div: "vdiv" } as const;

/** Arithmetic; min and max propagate NaN and order -0 below 0. */
export function floatBinary(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "binary" }> & { readonly type: FloatType },
  into: VirtualRegister | undefined,
): VirtualRegister {
  const { f, type } = e;
  if (f === "min" || f === "max") return floatExtreme(s, evaluator, e, into);
  if (f !== "add" && f !== "sub" && f !== "mul" && f !== "div") s.fail(`${f} does not exist for ${type}`);
  let left = evaluator.resolve(e.x);
  let right = evaluator.resolve(e.y);
  if ((f === "add" || f === "mul") && folds(s, left) && !folds(s, right)) [left, right] = [right, left];
  const x = evaluator.value(left);
  const y = evaluator.source(right);
  const result = into ?? s.forType(type);
  s.emit(`${arithmetic[f]}${suffixes[type]}` as Mnemonic, s.typed(type, result), s.typed(type, x), y);
  return result;
}

function floatExtreme(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "binary" }> & { readonly type: FloatType },
  into: VirtualRegister | undefined,
): VirtualRegister {
  const { type } = e;
  const f = e.f === "min" ? "min" : "max";
  let left = evaluator.resolve(e.x);
  let right = evaluator.resolve(e.y);
  if (right.op === "const") [left, right] = [right, left];
  // With a number other than NaN on the left the instruction gives a NaN on the right, and of two zeros the right one.
  if (left.op === "const" && !Number.isNaN(left.value) && !isWrongZero(f, left.value)) {
    const x = evaluator.value(left);
    const y = evaluator.source(right);
    const result = into ?? s.forType(type);
    s.emit(`v${f}${suffixes[type]}` as Mnemonic, s.typed(type, result), s.typed(type, x), y);
    if (f === "max" && Object.is(left.value, 0)) {
      // max(0, -0) gave -0; adding 0 makes it 0.
      s.emit(`vadd${suffixes[type]}` as Mnemonic, s.typed(type, result), s.typed(type, result), s.typed(type, x));
    }
    return result;
  }
  const x = evaluator.value(left);
  const y = evaluator.value(right);
  return floatExtremeOf(s, type, f, x, y, into);
}

/** Zeros on the left that the shortcut would lose. */
function isWrongZero(f: "min" | "max", value: number): boolean {
  return f === "min" && Object.is(value, -0);
}

/** min or max of two registers; `type` f32 also stands for vectors of 128 bits, see `widths` of reductions. */
export function floatExtremeOf(
  s: Selection,
  type: FloatType,
  f: "min" | "max",
  x: VirtualRegister,
  y: VirtualRegister,
  into: VirtualRegister | undefined,
  view: (register: VirtualRegister) => RegisterOperand = (register) => s.typed(type, register),
  suffix: Suffix = suffixes[type],
): VirtualRegister {
  const mnemonic = `v${f}${suffix}` as Mnemonic;
  const isDouble = suffix === "sd";
  const a = s.forType(type);
  const b = s.forType(type);
  s.emit(mnemonic, view(a), view(x), view(y));
  s.emit(mnemonic, view(b), view(y), view(x));
  const result = into ?? s.forType(type);
  if (f === "min") {
    // Equal but for zeros, whose signs are joined, and NaN, which stays one when bits are set in it.
    s.emit(isDouble ? "vorpd" : "vorps", view(result), view(a), view(b));
    return result;
  }
  // d is 0, or the sign where zeros differ: (a | d) - d is then -0 - -0 = 0. NaN stays NaN.
  s.emit(isDouble ? "vxorpd" : "vxorps", view(b), view(a), view(b));
  s.emit(isDouble ? "vorpd" : "vorps", view(a), view(a), view(b));
  s.emit(`vsub${suffix}` as Mnemonic, view(result), view(a), view(b));
  return result;
}

/** x * y + z with one rounding. One factor or the summand may come from memory; the result takes a source's register where it can. */
export function fusedMultiplyAdd(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "fma" }> & { readonly type: FloatType },
  into: VirtualRegister | undefined,
): VirtualRegister {
  const { type } = e;
  const suffix = suffixes[type];
  let ex = evaluator.resolve(e.x);
  let ey = evaluator.resolve(e.y);
  const ez = evaluator.resolve(e.z);
  if (folds(s, ex) && !folds(s, ey)) [ex, ey] = [ey, ex];
  const x = evaluator.value(ex);
  let order: "132" | "213" | "231";
  let base: VirtualRegister;
  let second: VirtualRegister;
  let last: MachineOperand;
  if (folds(s, ez) && !folds(s, ey)) {
    const y = evaluator.value(ey);
    last = evaluator.source(ez);
    order = "213";
    const isY = into === y || (into !== x && y.isTemporary && !x.isTemporary);
    base = isY ? y : x;
    second = isY ? x : y;
  } else {
    const z = evaluator.value(ez);
    last = evaluator.source(ey);
    const y = typeof last !== "number" && last.op === "register" ? last.value : null;
    const mayTakeX = into === x || (into !== z && x.isTemporary && !z.isTemporary);
    if (into !== undefined && y === into && into !== z && into !== x) {
      order = "213";
      base = y;
      second = x;
      last = s.typed(type, z);
    } else if (mayTakeX) {
      order = "132";
      base = x;
      second = z;
    } else {
      order = "231";
      base = z;
      second = x;
    }
  }
  const result = into ?? (base.isTemporary ? base : s.forType(type));
  s.move(type, result, base);
  s.emit(`vfmadd${order}${suffix}` as Mnemonic, s.typed(type, result), s.typed(type, second), last);
  return result;
}

/** A comparison of scalars as 0 or 1. */
export function scalarCompare(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "compare" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const result = into ?? s.forType("i32");
  const mask = scalarMask(s, evaluator, e);
  if (mask.class === "mask") {
    s.emit("kmovw", s.r(result), s.k(mask));
    return result;
  }
  s.emit("vmovd", s.r(result), s.x(mask));
  s.emit("and", s.r(result), 1);
  return result;
}

/** All bits of a scalar's lane (an opmask with AVX-512) where a comparison of floats holds. */
function scalarMask(s: Selection, evaluator: Evaluator, e: Extract<Expr, { op: "compare" }>): VirtualRegister {
  const x = evaluator.value(e.x);
  const y = evaluator.source(e.y);
  const mnemonic = e.x.type === "f64" ? "vcmpsd" : "vcmpss";
  const predicate = floatPredicates[e.f];
  if (s.features.avx512) {
    const mask = s.register("mask", 2);
    s.emit(mnemonic, s.k(mask), s.x(x), y, predicate);
    return mask;
  }
  const mask = s.forType(e.x.type);
  s.emit(mnemonic, s.x(mask), s.x(x), y, predicate);
  return mask;
}

/** `condition ? x : y` of scalar floats. */
export function scalarSelect(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "select" }> & { readonly type: "f32" | "f64" },
  into: VirtualRegister | undefined,
): VirtualRegister {
  const x = evaluator.value(e.x);
  const y = evaluator.value(e.y);
  const { condition } = e;
  const isDouble = e.type === "f64";
  let mask: VirtualRegister;
  if (condition.op === "compare" && (condition.x.type === e.type || (s.features.avx512 && isFloatType(condition.x.type)))) {
    mask = scalarMask(s, evaluator, condition);
  } else {
    // The carry of 0 - c says whether c is not 0; subtracting with it makes 0 or -1.
    const bits = s.register("gpr", 8);
    s.move("i32", bits, evaluator.value(condition));
    s.emit("neg", s.r(bits));
    if (s.features.avx512) {
      s.emitSelfUpdate("sbb", s.r(bits));
      mask = s.register("mask", 2);
      s.emit("kmovw", s.k(mask), s.r(bits));
    } else {
      s.emitSelfUpdate("sbb", s.q(bits));
      mask = s.forType("f64");
      s.emit("vmovq", s.x(mask), s.q(bits));
    }
  }
  const result = into ?? s.forType(e.type);
  if (s.features.avx512) s.emit(isDouble ? "vblendmpd" : "vblendmps", s.masked(s.x(result), mask), s.x(y), s.x(x));
  else s.emit(isDouble ? "vblendvpd" : "vblendvps", s.x(result), s.x(y), s.x(x), s.x(mask));
  return result;
}

/** Conversions between i32, f32 and f64, and of vectors. To integers: cut, saturated, NaN gives 0. */
export function convertValue(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "convert" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const from = e.x.type;
  const { type } = e;
  if (type === from) return evaluator.value(e.x, into);
  const result = (): VirtualRegister => into ?? s.forType(type);
  if (from === "i32v" && type === "f32v") {
    const x = evaluator.source(e.x);
    const d = result();
    s.emit("vcvtdq2ps", s.v(d), x);
    return d;
  }
  if (from === "f32v" && type === "i32v") return toIntegers(s, evaluator.value(e.x), result(), (register) => s.v(register), "f32v");
  if (from === "i32" && type === "f32") {
    const x = evaluator.value(e.x);
    const d = result();
    s.emit("vmovd", s.x(d), s.r(x));
    s.emit("vcvtdq2ps", s.x(d), s.x(d));
    return d;
  }
  if (from === "i32" && type === "f64") {
    const x = evaluator.value(e.x);
    const d = result();
    // The upper half comes from a register that waits for nothing.
    s.emitClear("vxorps", s.x(d));
    s.emit("vcvtsi2sd", s.x(d), s.x(d), s.r(x));
    return d;
  }
  if (from === "f32" && type === "f64") {
    const x = evaluator.value(e.x);
    const d = result();
    s.emit("vcvtss2sd", s.x(d), s.x(x), s.x(x));
    return d;
  }
  if (from === "f64" && type === "f32") {
    const x = evaluator.value(e.x);
    const d = result();
    s.emit("vcvtsd2ss", s.x(d), s.x(x), s.x(x));
    return d;
  }
  if (from === "f32" && type === "i32") {
    const integer = toIntegers(s, evaluator.value(e.x), s.forType("f32"), (register) => s.x(register), "f32");
    const d = result();
    s.emit("vmovd", s.r(d), s.x(integer));
    return d;
  }
  if (from === "f64" && type === "i32") {
    const x = evaluator.value(e.x);
    const kept = s.forType("f64");
    maskOrdered(s, kept, x);
    s.emit("vminsd", s.x(kept), s.x(kept), s.constantOperand("f64", 2147483647));
    s.emit("vmaxsd", s.x(kept), s.x(kept), s.constantOperand("f64", -2147483648));
    const d = result();
    s.emit("vcvttsd2si", s.r(d), s.x(kept));
    return d;
  }
  if (from === "i32" && type === "ptr") {
    const x = evaluator.value(e.x);
    const d = result();
    s.emit("movsxd", s.q(d), s.r(x));
    return d;
  }
  return s.fail(`no conversion from ${from} to ${type}`);
}

/** kept = x, or 0 where x is NaN. */
function maskOrdered(s: Selection, kept: VirtualRegister, x: VirtualRegister): void {
  if (s.features.avx512) {
    const mask = s.register("mask", 2);
    s.emit("vcmpsd", s.k(mask), s.x(x), s.x(x), ordered);
    s.emitClear("vxorps", s.x(kept));
    s.emit("vmovsd", s.masked(s.x(kept), mask), s.x(x), s.x(x));
    return;
  }
  s.emit("vcmpsd", s.x(kept), s.x(x), s.x(x), ordered);
  s.emit("vandpd", s.x(kept), s.x(kept), s.x(x));
}

/** float32 to int32 in vectors of any length. */
function toIntegers(
  s: Selection,
  x: VirtualRegister,
  result: VirtualRegister,
  view: (register: VirtualRegister) => RegisterOperand,
  type: "f32" | "f32v",
): VirtualRegister {
  const limit =
    type === "f32v" ? s.constantOperand("f32v", 2 ** 31) : memory({ label: s.pool.words(new Array<number>(4).fill(0x4f000000)) });
  const cut = s.forType(type);
  if (s.features.avx512) {
    const isNumber = s.register("mask", 2);
    const isLarge = s.register("mask", 2);
    const ones = type === "f32v" ? s.bitsOperand(0x7fffffff) : memory({ label: s.pool.words([0x7fffffff]), broadcast: 4 });
    s.emit("vcmpps", s.k(isNumber), view(x), view(x), ordered);
    s.emit("vcmpps", s.k(isLarge), view(x), limit, floatPredicates.ge);
    s.emit("vcvttps2dq", s.masked(view(cut), isNumber, true), view(x));
    s.emit("vpbroadcastd", s.masked(view(cut), isLarge), memory({ label: ones.label }));
    s.move(type, result, cut);
    return result;
  }
  // Out of range gives 0x80000000: right for small numbers, one bit flip from right for large ones.
  const isLarge = s.forType(type);
  const isNumber = s.forType(type);
  s.emit("vcmpps", view(isLarge), view(x), limit, floatPredicates.ge);
  s.emit("vcmpps", view(isNumber), view(x), view(x), ordered);
  s.emit("vcvttps2dq", view(cut), view(x));
  s.emit("vxorps", view(cut), view(cut), view(isLarge));
  s.emit("vandps", view(result), view(cut), view(isNumber));
  return result;
}
