/** Instructions of i32 and pointer expressions, comparisons and branches. */
import type { BinaryOp, CompareOp, Expr } from "../../loops/ir.ts";
import type { Label, Mnemonic } from "../assembler/index.ts";
import type { MachineOperand, VirtualRegister } from "./machine-code.ts";
import { type Evaluator, memory, type Selection } from "./selection.ts";
import { isNonNegative } from "./variables.ts";

type Condition = "e" | "ne" | "l" | "le" | "g" | "ge" | "b" | "be" | "a" | "ae";

const conditions: Readonly<Record<CompareOp, Condition>> = { eq: "e", ne: "ne", lt: "l", le: "le", gt: "g", ge: "ge", ltU: "b" };
/** Pointers compare unsigned. */
const pointerConditions: Readonly<Record<CompareOp, Condition>> = { eq: "e", ne: "ne", lt: "b", le: "be", gt: "a", ge: "ae", ltU: "b" };
const negations: Readonly<Record<Condition, Condition>> = {
  e: "ne",
  ne: "e",
  l: "ge",
  ge: "l",
  le: "g",
  g: "le",
  b: "ae",
  ae: "b",
  be: "a",
  a: "be",
};

type Compare = Extract<Expr, { op: "compare" }>;
type Binary = Extract<Expr, { op: "binary" }>;

const isInteger = (e: Expr): boolean => e.type === "i32" || e.type === "ptr";

/** Sets the flags by a comparison of integers; gives the condition that holds when it is true. */
function compareIntegers(s: Selection, evaluator: Evaluator, e: Compare): Condition {
  const x = evaluator.value(e.x);
  const left = s.typed(e.x.type, x);
  if (e.y.op === "const" && e.y.value === 0 && e.f !== "ltU") s.emit("test", left, left);
  else s.emit("cmp", left, evaluator.source(e.y));
  return (e.x.type === "ptr" ? pointerConditions : conditions)[e.f];
}

/** Sets the flags by whether an i32 is not 0. */
export function testCondition(s: Selection, evaluator: Evaluator, e: Expr): Condition {
  if (e.op === "compare" && isInteger(e.x)) return compareIntegers(s, evaluator, e);
  const value = s.r(evaluator.value(e));
  s.emit("test", value, value);
  return "ne";
}

/** Whether an i32 is 0 or 1. */
function isBoolean(e: Expr): boolean {
  return (
    e.op === "compare" ||
    (e.op === "const" && (e.value === 0 || e.value === 1)) ||
    (e.op === "binary" && (e.f === "and" || e.f === "or") && isBoolean(e.x) && isBoolean(e.y))
  );
}

/** Jumps to `target` when an i32 is not 0 (`when` true) or when it is 0. */
export function branch(s: Selection, evaluator: Evaluator, e: Expr, target: Label, when: boolean): void {
  if (e.op === "const") {
    if ((e.value !== 0) === when) s.jump("jmp", target);
    return;
  }
  if (e.op === "binary" && (e.f === "and" || e.f === "or") && isBoolean(e)) {
    // One false operand settles `and`, one true operand settles `or`.
    if ((e.f === "or") === when) {
      branch(s, evaluator, e.x, target, when);
      branch(s, evaluator, e.y, target, when);
    } else {
      const past = s.label();
      branch(s, evaluator, e.x, past, !when);
      branch(s, evaluator, e.y, target, when);
      s.bind(past);
    }
    return;
  }
  if (e.op === "compare" && (e.x.type === "f32" || e.x.type === "f64")) return branchFloats(s, evaluator, e, target, when);
  const condition = testCondition(s, evaluator, e);
  s.jump(`j${when ? condition : negations[condition]}`, target);
}

/** `ucomis` sets CF, ZF and PF for unordered operands: only "above" is false then. */
function branchFloats(s: Selection, evaluator: Evaluator, e: Compare, target: Label, when: boolean): void {
  const mnemonic = e.x.type === "f32" ? "vucomiss" : "vucomisd";
  const isSwapped = e.f === "lt" || e.f === "le";
  const x = evaluator.value(isSwapped ? e.y : e.x);
  s.emit(mnemonic, s.x(x), evaluator.source(isSwapped ? e.x : e.y));
  if (e.f === "eq" || e.f === "ne") {
    // Equal: ZF and not PF.
    if ((e.f === "ne") === when) {
      s.jump("jne", target);
      s.jump("jp", target);
    } else {
      const past = s.label();
      s.jump("jp", past);
      s.jump("je", target);
      s.bind(past);
    }
    return;
  }
  const isStrict = e.f === "lt" || e.f === "gt";
  s.jump(when ? (isStrict ? "ja" : "jae") : isStrict ? "jbe" : "jb", target);
}

/** A comparison of integers as 0 or 1. */
export function integerCompare(s: Selection, evaluator: Evaluator, e: Compare, into: VirtualRegister | undefined): VirtualRegister {
  const condition = compareIntegers(s, evaluator, e);
  const result = into ?? s.forType("i32");
  s.emit(`set${condition}`, s.view(result, "r8"));
  s.emit("movzx", s.r(result), s.view(result, "r8"));
  return result;
}

/** `condition ? x : y` of integers. */
export function integerSelect(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "select" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const x = evaluator.value(e.x);
  const y = evaluator.value(e.y);
  const condition = testCondition(s, evaluator, e.condition);
  const result = into === undefined || into === x ? s.forType(e.type) : into;
  s.move(e.type, result, y);
  s.emit(`cmov${condition}`, s.typed(e.type, result), s.typed(e.type, x));
  return finish(s, e, result, into);
}

/** Brings a value to where it is wanted. */
function finish(s: Selection, e: Expr, result: VirtualRegister, into: VirtualRegister | undefined): VirtualRegister {
  if (into === undefined || into === result) return result;
  s.move(e.type, into, result);
  return into;
}

/** neg, abs, not. */
export function integerUnary(
  s: Selection,
  evaluator: Evaluator,
  e: Extract<Expr, { op: "unary" }>,
  into: VirtualRegister | undefined,
): VirtualRegister {
  const x = evaluator.value(e.x);
  if (e.f === "neg" || e.f === "not") {
    const result = into ?? s.forType("i32");
    s.move("i32", result, x);
    s.emit(e.f, s.r(result));
    return result;
  }
  if (e.f !== "abs") s.fail(`${e.f} does not exist for i32`);
  const result = into === undefined || into === x ? s.forType("i32") : into;
  s.move("i32", result, x);
  s.emit("neg", s.r(result));
  // The sign flag is that of -x: where it is set x is positive, or the smallest number, which stays as it is.
  s.emit("cmovs", s.r(result), s.r(x));
  return finish(s, e, result, into);
}

const commutative = new Set<BinaryOp>(["add", "mul", "and", "or", "xor", "min", "max"]);
const twoOperand: Partial<Record<BinaryOp, Mnemonic>> = { add: "add", sub: "sub", mul: "imul", and: "and", or: "or", xor: "xor" };
const shifts: Partial<Record<BinaryOp, readonly [Mnemonic, Mnemonic]>> = {
  shl: ["shl", "shlx"],
  shrU: ["shr", "shrx"],
  shrS: ["sar", "sarx"],
};

/** Arithmetic of i32 (and of pointers where they are added to). */
export function integerBinary(s: Selection, evaluator: Evaluator, e: Binary, into: VirtualRegister | undefined): VirtualRegister {
  const shift = shifts[e.f];
  if (shift !== undefined) {
    const x = evaluator.value(e.x);
    if (e.y.op === "const") {
      const result = into ?? s.forType("i32");
      s.move("i32", result, x);
      if ((e.y.value & 31) !== 0) s.emit(shift[0], s.r(result), e.y.value & 31);
      return result;
    }
    const y = evaluator.value(e.y);
    const result = into ?? s.forType("i32");
    s.emit(shift[1], s.r(result), s.r(x), s.r(y));
    return result;
  }
  if (e.f === "div" || e.f === "rem") return divide(s, evaluator, e, into);
  if (e.f === "min" || e.f === "max") return extreme(s, evaluator, e, into);
  let left = evaluator.resolve(e.x);
  let right = evaluator.resolve(e.y);
  // A load folds on the right; a constant belongs there.
  if (commutative.has(e.f) && (left.op === "const" || (left.op === "load" && right.op !== "const"))) [left, right] = [right, left];
  if (right.op === "const" && e.type === "i32") {
    const found = byConstant(s, evaluator, e.f, left, right.value | 0, into);
    if (found !== null) return found;
  }
  const mnemonic = twoOperand[e.f];
  if (mnemonic === undefined) s.fail(`${e.f} does not exist for ${e.type}`);
  let x = evaluator.value(left);
  const y = evaluator.source(right);
  const isY = (register: VirtualRegister | undefined): boolean =>
    register !== undefined &&
    typeof y !== "number" &&
    (y.op === "register" ? y.value === register : y.base === register || y.index === register);
  if (into !== undefined && into !== x && isY(into) && commutative.has(e.f) && typeof y !== "number" && y.op === "register") {
    s.emit(mnemonic, s.typed(e.type, into), s.typed(e.type, x));
    return into;
  }
  if (e.f === "add" && typeof y !== "number" && y.op === "register" && into !== x) {
    const result = into ?? s.forType(e.type);
    s.emit("lea", s.typed(e.type, result), memory({ base: x, index: y.value }));
    return result;
  }
  const result = into !== undefined && (into === x || !isY(into)) ? into : s.forType(e.type);
  if (result !== x) s.move(e.type, result, x);
  x = result;
  s.emit(mnemonic, s.typed(e.type, x), y);
  return finish(s, e, x, into);
}

/** x op c where there is something shorter than the general way; null: there is not. */
function byConstant(
  s: Selection,
  evaluator: Evaluator,
  f: BinaryOp,
  left: Expr,
  c: number,
  into: VirtualRegister | undefined,
): VirtualRegister | null {
  if (f === "add") {
    const x = evaluator.value(left);
    const result = into ?? s.forType("i32");
    if (result === x) s.emit("add", s.r(x), c);
    else s.emit("lea", s.r(result), memory({ base: x, disp: c }));
    return result;
  }
  if (f !== "mul") return null;
  const x = evaluator.value(left);
  const result = into ?? s.forType("i32");
  const log = Math.log2(c);
  if (c > 1 && Number.isInteger(log)) {
    s.move("i32", result, x);
    s.emit("shl", s.r(result), log);
  } else s.emit("imul", s.r(result), s.r(x), c);
  return result;
}

function extreme(s: Selection, evaluator: Evaluator, e: Binary, into: VirtualRegister | undefined): VirtualRegister {
  const x = evaluator.value(e.x);
  const y = evaluator.value(e.y);
  const result = into === undefined || into === y || into === x ? s.forType("i32") : into;
  s.emit("cmp", s.r(x), s.r(y));
  s.move("i32", result, x);
  s.emit(e.f === "min" ? "cmovg" : "cmovl", s.r(result), s.r(y));
  return finish(s, e, result, into);
}

function divide(s: Selection, evaluator: Evaluator, e: Binary, into: VirtualRegister | undefined): VirtualRegister {
  const x = evaluator.value(e.x);
  if (e.y.op === "const" && e.y.value > 0 && isNonNegative(e.x, s.facts.nonNegative)) {
    const log = Math.log2(e.y.value);
    if (Number.isInteger(log)) {
      const result = into ?? s.forType("i32");
      s.move("i32", result, x);
      if (e.f === "rem") s.emit("and", s.r(result), e.y.value - 1);
      else if (log > 0) s.emit("shr", s.r(result), log);
      return result;
    }
  }
  const y = evaluator.value(e.y);
  const result = into ?? s.forType("i32");
  s.code.push({ op: "divide", quotient: e.f === "div", result, x, y });
  return result;
}

/** A constant in a register. */
export function integerConstant(s: Selection, e: Extract<Expr, { op: "const" }>, into: VirtualRegister | undefined): VirtualRegister {
  const result = into ?? s.forType(e.type);
  // Not xor: flags may be waiting for their reader.
  if (e.type === "i32") s.emit("mov", s.r(result), e.value | 0);
  else s.emit("mov", s.q(result), e.value);
  return result;
}

/** An i32 load, constant or register as the last operand. */
export function integerSource(e: Expr, evaluator: Evaluator, s: Selection): MachineOperand | null {
  return e.op === "const" && e.type === "i32"
    ? e.value | 0
    : e.op === "const" && Math.abs(e.value) < 2 ** 31
      ? e.value
      : s.typed(e.type, evaluator.value(e));
}
