/** Instructions of int32 vectors, masks, selections, and of lanes brought together. */
import type { BinaryOp, CompareOp, Expr, ShuffleOp } from "../../loops/ir.ts";
import type { Mnemonic } from "../assembler/index.ts";
import { floatExtremeOf, floatPredicates, folds } from "./floats.ts";
import type { RegisterOperand, VirtualRegister } from "./machine-code.ts";
import { type Evaluator, memory, type Selection } from "./selection.ts";
import { isMask, isMaskOrConstant } from "./variables.ts";

type Select = Extract<Expr, { op: "select" }>;
type Compare = Extract<Expr, { op: "compare" }>;
type View = (register: VirtualRegister) => RegisterOperand;

/** Selectors of `vpcmpd`. */
const integerPredicates: Readonly<Record<CompareOp, number>> = { eq: 0, lt: 1, le: 2, ne: 4, ge: 5, gt: 6, ltU: 1 };

const commutative = new Set<BinaryOp>(["add", "mul", "min", "max", "and", "or", "xor"]);

/** Whether an i32v expression is computed in an opmask. */
export function livesInMask(s: Selection, e: Expr): boolean {
  return s.features.avx512 && isMask(e, s.facts.masks);
}

/** Instruction of an operation on int32 lanes. */
function integerMnemonic(s: Selection, f: BinaryOp): Mnemonic {
  const d = s.features.avx512 ? "d" : "";
  switch (f) {
    case "add":
      return "vpaddd";
    case "sub":
      return "vpsubd";
    case "mul":
      return "vpmulld";
    case "min":
      return "vpminsd";
    case "max":
      return "vpmaxsd";
    case "and":
      return `vpand${d}`;
    case "or":
      return `vpor${d}`;
    case "xor":
      return `vpxor${d}`;
    case "shl":
      return "vpslld";
    case "shrU":
      return "vpsrld";
    case "shrS":
      return "vpsrad";
    case "div":
    case "rem":
      return s.fail(`${f} does not exist for i32v`);
  }
}

/** Arithmetic on int32 lanes. */
export function vectorBinary(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "binary" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const { f } = e;
  const mnemonic = integerMnemonic(s, f);
  if (f === "shl" || f === "shrU" || f === "shrS") {
    const x = evaluator.value(e.x);
    if (e.y.op === "const") {
      const result = into ?? s.forType("i32v");
      s.emit(mnemonic, s.v(result), s.v(x), e.y.value & 31);
      return result;
    }
    const count = s.register("gpr", 4);
    s.move("i32", count, evaluator.value(e.y));
    s.emit("and", s.r(count), 31);
    // The instruction takes 64 bits of the count.
    const low = s.forType("f64");
    s.emit("vmovd", s.x(low), s.r(count));
    const result = into ?? s.forType("i32v");
    s.emit(mnemonic, s.v(result), s.v(x), s.x(low));
    return result;
  }
  let left = evaluator.resolve(e.x);
  let right = evaluator.resolve(e.y);
  if (f === "and" && s.features.avx512) {
    // Lanes that a mask keeps: one move that clears the others.
    if (livesInMask(s, left)) [left, right] = [right, left];
    if (livesInMask(s, right)) {
      const mask = evaluator.mask(right);
      const x = evaluator.source(left);
      const result = into ?? s.forType("i32v");
      if (typeof x !== "number" && x.op === "memory" && x.broadcast > 0)
        s.emit("vpbroadcastd", s.masked(s.v(result), mask, true), { ...x, broadcast: 0 });
      else s.emit("vmovdqa32", s.masked(s.v(result), mask, true), x);
      return result;
    }
  }
  if (commutative.has(f) && folds(s, left) && !folds(s, right)) [left, right] = [right, left];
  const x = evaluator.value(left);
  const y = evaluator.source(right);
  const result = into ?? s.forType("i32v");
  s.emit(mnemonic, s.v(result), s.v(x), y);
  return result;
}

/** neg, abs, not on int32 lanes. */
export function vectorUnary(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "unary" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const x = evaluator.value(e.x);
  if (e.f === "abs") {
    const result = into ?? s.forType("i32v");
    s.emit("vpabsd", s.v(result), s.v(x));
    return result;
  }
  if (e.f === "neg") {
    const zero = evaluator.value({ op: "const", type: "i32v", value: 0 });
    const result = into ?? s.forType("i32v");
    s.emit("vpsubd", s.v(result), s.v(zero), s.v(x));
    return result;
  }
  if (e.f !== "not") s.fail(`${e.f} does not exist for i32v`);
  const ones = s.bitsOperand(-1);
  const result = into ?? s.forType("i32v");
  s.emit(integerMnemonic(s, "xor"), s.v(result), s.v(x), ones);
  return result;
}

/** A comparison in an opmask. */
function maskCompare(s: Selection, evaluator: Evaluator, e: Compare, into: VirtualRegister | undefined): VirtualRegister {
  const result = (): VirtualRegister => into ?? s.register("mask", 2);
  if (e.x.type === "i32v") {
    const x = evaluator.value(e.x);
    const y = evaluator.source(e.y);
    const d = result();
    s.emit(e.f === "ltU" ? "vpcmpud" : "vpcmpd", s.k(d), s.v(x), y, integerPredicates[e.f]);
    return d;
  }
  const x = evaluator.value(e.x);
  const y = evaluator.source(e.y);
  const d = result();
  s.emit("vcmpps", s.k(d), s.v(x), y, floatPredicates[e.f]);
  return d;
}

/** An i32v mask in an opmask. */
export function maskValue(s: Selection, evaluator: Evaluator, e: Expr, into: VirtualRegister | undefined): VirtualRegister {
  const result = (): VirtualRegister => into ?? s.register("mask", 2);
  if (e.op === "const") {
    const d = result();
    s.emitClear(e.value === 0 ? "kxorw" : "kxnorw", s.k(d));
    return d;
  }
  if (!isMaskOrConstant(e, s.facts.masks)) {
    const x = evaluator.value(e);
    const d = result();
    s.emit("vpmovd2m", s.k(d), s.v(x));
    return d;
  }
  switch (e.op) {
    case "get": {
      const variable = s.read(e.variable);
      if (into === undefined || into === variable) return variable;
      s.emit("kmovw", s.k(into), s.k(variable));
      return into;
    }
    case "compare":
      return maskCompare(s, evaluator, e, into);
    case "unary": {
      const x = evaluator.mask(e.x);
      const d = result();
      s.emit("knotw", s.k(d), s.k(x));
      return d;
    }
    case "binary": {
      const x = evaluator.mask(e.x);
      const y = evaluator.mask(e.y);
      const d = result();
      s.emit(e.f === "and" ? "kandw" : e.f === "or" ? "korw" : "kxorw", s.k(d), s.k(x), s.k(y));
      return d;
    }
    case "select": {
      // (c & x) | (~c & y)
      const c = evaluator.mask(e.condition);
      const x = evaluator.mask(e.x);
      const y = evaluator.mask(e.y);
      const chosen = s.register("mask", 2);
      const other = s.register("mask", 2);
      const d = result();
      s.emit("kandw", s.k(chosen), s.k(c), s.k(x));
      s.emit("kandnw", s.k(other), s.k(c), s.k(y));
      s.emit("korw", s.k(d), s.k(chosen), s.k(other));
      return d;
    }
    default:
      return s.fail(`${e.op} is no mask`);
  }
}

/** A comparison as lanes of 0 and -1 in a vector register. */
export function vectorCompare(s: Selection, evaluator: Evaluator, e: Compare, into: VirtualRegister | undefined): VirtualRegister {
  if (e.x.type === "f32v") {
    const x = evaluator.value(e.x);
    const y = evaluator.source(e.y);
    const result = into ?? s.forType("i32v");
    s.emit("vcmpps", s.v(result), s.v(x), y, floatPredicates[e.f]);
    return result;
  }
  const x = evaluator.value(e.x);
  const y = evaluator.value(e.y);
  const result = into ?? s.forType("i32v");
  // AVX2 knows "equal" and "greater" only.
  const { f } = e;
  if (f === "ltU") {
    const larger = s.forType("i32v");
    s.emit("vpmaxud", s.v(larger), s.v(x), s.v(y));
    s.emit("vpcmpeqd", s.v(result), s.v(larger), s.v(x));
  } else if (f === "eq" || f === "ne") s.emit("vpcmpeqd", s.v(result), s.v(x), s.v(y));
  else if (f === "gt" || f === "le") s.emit("vpcmpgtd", s.v(result), s.v(x), s.v(y));
  else s.emit("vpcmpgtd", s.v(result), s.v(y), s.v(x));
  if (f === "ltU" || f === "ne" || f === "le" || f === "ge") s.emit("vpxor", s.v(result), s.v(result), s.bitsOperand(-1));
  return result;
}

const isZero = (e: Expr): boolean => e.op === "const" && Object.is(e.value, 0);

/** `condition ? x : y` lane by lane. */
export function vectorSelect(s: Selection, evaluator: Evaluator, e: Select, into: VirtualRegister | undefined): VirtualRegister {
  const { type } = e;
  if (!s.features.avx512) {
    const condition = evaluator.value(e.condition);
    if (isZero(e.y)) {
      const x = evaluator.source(e.x);
      const result = into ?? s.forType(type);
      s.emit("vandps", s.v(result), s.v(condition), x);
      return result;
    }
    const y = evaluator.value(e.y);
    const x = evaluator.source(e.x);
    const result = into ?? s.forType(type);
    s.emit("vblendvps", s.v(result), s.v(y), x, s.v(condition));
    return result;
  }
  const mask = evaluator.mask(e.condition);
  if (isZero(e.y)) {
    const x = evaluator.value(e.x);
    const result = into ?? s.forType(type);
    s.emit("vmovups", s.masked(s.v(result), mask, true), s.v(x));
    return result;
  }
  const y = evaluator.value(e.y);
  const x = evaluator.source(e.x);
  const result = into ?? s.forType(type);
  s.emit(type === "f32v" ? "vblendmps" : "vpblendmd", s.masked(s.v(result), mask), s.v(y), x);
  return result;
}

/** A vector constant. */
export function vectorConstant(s: Selection, e: Extract<Expr, { op: "const" }>, into: VirtualRegister | undefined): VirtualRegister {
  const result = into ?? s.forType(e.type);
  if (Object.is(e.value, 0)) s.emitClear("vxorps", s.x(result));
  else {
    const place = s.constantOperand(e.type, e.value);
    if (place.broadcast > 0) s.emit("vbroadcastss", s.v(result), { ...place, broadcast: 0 });
    else s.emit("vmovups", s.v(result), place);
  }
  return result;
}

/** A scalar in every lane. */
export function splatValue(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "splat" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const x = evaluator.value(e.x);
  const result = into ?? s.forType(e.type);
  if (e.type === "f32v") s.emit("vbroadcastss", s.v(result), s.x(x));
  else if (s.features.avx512) s.emit("vpbroadcastd", s.v(result), s.r(x));
  else {
    const low = s.forType("f32");
    s.emit("vmovd", s.x(low), s.r(x));
    s.emit("vpbroadcastd", s.v(result), s.x(low));
  }
  return result;
}

/** 0, 1, 2, ... */
export function lanesValue(s: Selection, into: VirtualRegister | undefined): VirtualRegister {
  const result = into ?? s.forType("i32v");
  s.emit("vmovups", s.v(result), memory({ label: s.pool.words(Array.from({ length: s.lanes }, (_, lane) => lane)) }));
  return result;
}

/** The upper half of a vector, as `to`. */
function upperHalf(s: Selection, bits: 512 | 256, x: VirtualRegister): VirtualRegister {
  const half = s.forType("f32v");
  if (bits === 512) s.emit("vextractf64x4", s.view(half, "ymm"), s.view(x, "zmm"), 1);
  else s.emit(s.features.avx512 ? "vextractf32x4" : "vextractf128", s.x(half), s.view(x, "ymm"), 1);
  return half;
}

/** Lane i combined with lane i + lanes/2, again and again. */
export function reduceValue(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "reduce" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const isFloat = e.type === "f32";
  const combine = (x: VirtualRegister, y: VirtualRegister, view: View): VirtualRegister => {
    if (isFloat && (e.f === "min" || e.f === "max")) return floatExtremeOf(s, "f32v", e.f, x, y, undefined, view, "ps");
    const result = s.forType("f32v");
    if (!isFloat) s.emit(integerMnemonic(s, e.f), view(result), view(x), view(y));
    else if (e.f === "add" || e.f === "mul") s.emit(`v${e.f}ps`, view(result), view(x), view(y));
    else s.fail(`no reduction by ${e.f} of floats`);
    return result;
  };
  let x = evaluator.value(e.x);
  if (s.features.avx512) x = combine(x, upperHalf(s, 512, x), (register) => s.view(register, "ymm"));
  x = combine(x, upperHalf(s, 256, x), (register) => s.x(register));
  // Lanes 2 and 3, then lane 1, come down.
  for (const selector of [0xee, 0x55]) {
    const moved = s.forType("f32v");
    s.emit("vpermilps", s.x(moved), s.x(x), selector);
    x = combine(x, moved, (register) => s.x(register));
  }
  return lowLane(s, e.type, x, into);
}

/** Lane 0 as a scalar. */
function lowLane(s: Selection, type: "f32" | "i32", x: VirtualRegister, into: VirtualRegister | undefined): VirtualRegister {
  if (type === "f32") {
    if (into === undefined) return x;
    s.move("f32", into, x);
    return into;
  }
  const result = into ?? s.forType("i32");
  s.emit("vmovd", s.r(result), s.x(x));
  return result;
}

/** Instructions of shuffles, and their selectors with 8 and 16 lanes. */
const shuffles: Readonly<Record<ShuffleOp, { readonly mnemonic: Mnemonic } | { readonly of8: number; readonly of16: number }>> = {
  firstPairs: { mnemonic: "vunpcklps" },
  lastPairs: { mnemonic: "vunpckhps" },
  firstHalves: { mnemonic: "vunpcklpd" },
  lastHalves: { mnemonic: "vunpckhpd" },
  evenBlocks: { of8: 0x20, of16: 0x88 },
  oddBlocks: { of8: 0x31, of16: 0xdd },
};

/** Lanes of two vectors. */
export function shuffleValue(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "shuffle" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const x = evaluator.value(e.x);
  const y = evaluator.value(e.y);
  const result = into ?? s.forType("f32v");
  const row = shuffles[e.f];
  if ("mnemonic" in row) s.emit(row.mnemonic, s.v(result), s.v(x), s.v(y));
  else if (s.lanes === 16) s.emit("vshuff32x4", s.v(result), s.v(x), s.v(y), row.of16);
  else s.emit("vperm2f128", s.v(result), s.v(x), s.v(y), row.of8);
  return result;
}

/** One lane as a scalar. */
export function extractValue(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "extract" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  if (e.lane < 0 || e.lane >= s.lanes) s.fail("lane out of range", String(e.lane));
  let x = evaluator.value(e.x);
  if (e.lane >= 4) {
    const quarter = s.forType("f32v");
    const mnemonic = s.features.avx512 ? "vextractf32x4" : "vextractf128";
    s.emit(mnemonic, s.x(quarter), s.v(x), e.lane >> 2);
    x = quarter;
  }
  if ((e.lane & 3) !== 0) {
    const moved = s.forType("f32v");
    s.emit("vpermilps", s.x(moved), s.x(x), e.lane & 3);
    x = moved;
  }
  if (e.type === "f32" && into === undefined && !x.isTemporary) return x;
  return lowLane(s, e.type, x, into);
}
