/**
 * Builders of loop IR: functions that make expressions (folding constants where that keeps every bit) and `Block`, which
 * collects statements and binds shared intermediate values to variables, since expressions are trees.
 */
import { InternalError } from "../../../errors.ts";
import type { Address, BinaryOp, CompareOp, Expr, ShuffleOp, Stmt, Storage, UnaryOp, ValueType, Variable } from "./ir.ts";

/** A list of statements under construction. */
export class Block {
  readonly body: Stmt[] = [];

  /**
   * Binds `value` to a new variable and returns an expression that reads it. Constants and reads of variables are
   * returned as they are, so a variable that is assigned later must not be passed.
   */
  let(value: Expr, name = "t"): Expr {
    if (value.op === "const" || value.op === "get") return value;
    return get(this.declare(name, value));
  }

  /** A new mutable variable with a first value. */
  declare(name: string, value: Expr): Variable {
    const variable: Variable = { name, type: value.type };
    this.set(variable, value);
    return variable;
  }

  /** `variable = value` */
  set(variable: Variable, value: Expr): void {
    sameType("set", variable.type, value.type);
    this.body.push({ op: "set", variable, value });
  }

  /** Stores `value` (or its first `count` lanes) at an address. */
  store(storage: Storage, at: Address, value: Expr, count?: number | Expr): void {
    this.body.push({ op: "store", storage, address: at, value, ...(count === undefined ? {} : { count }) });
  }

  /** Asks for the cache line at an address, where the target can. */
  prefetch(at: Address): void {
    this.body.push({ op: "prefetch", address: at });
  }

  /** `for (v = from; v < to; v += step)`: `build` fills the body and gets a read of the loop variable. */
  for(name: string, from: Expr, to: Expr, step: number, build: (body: Block, index: Expr) => void): void {
    if (from.op === "const" && to.op === "const" && from.value >= to.value) return;
    const variable: Variable = { name, type: "i32" };
    const body = new Block();
    build(body, get(variable));
    this.body.push({ op: "for", variable, from, to, step, body: body.body });
  }

  /** `while (condition != 0)` */
  while(condition: Expr, build: (body: Block) => void): void {
    const body = new Block();
    build(body);
    this.body.push({ op: "while", condition, body: body.body });
  }

  /** `if (condition != 0) ... else ...` */
  if(condition: Expr, then: (body: Block) => void, otherwise?: (body: Block) => void): void {
    const first = new Block();
    then(first);
    const second = new Block();
    otherwise?.(second);
    this.body.push({ op: "if", condition, then: first.body, else: second.body });
  }

  /** Appends a finished statement. */
  push(...statements: readonly Stmt[]): void {
    this.body.push(...statements);
  }
}

/** The scalar type in the lanes of a vector type; scalar types are themselves. */
export function laneType(type: ValueType): ValueType {
  return type === "f32v" ? "f32" : type === "i32v" ? "i32" : type;
}

/** The type of integer masks and bits that goes with `type`: i32v for vectors, i32 for scalars. */
export function maskType(type: ValueType): "i32" | "i32v" {
  return type === "f32v" || type === "i32v" ? "i32v" : "i32";
}

/** A constant of a type (in every lane of a vector). */
export function constant(type: ValueType, value: number): Expr {
  return { op: "const", type, value };
}

/** An i32 constant. */
export function i32(value: number): Expr {
  return constant("i32", value | 0);
}

/** An f32 constant. */
export function f32(value: number): Expr {
  return constant("f32", value);
}

/** A constant of the lane-wise type of `like`. */
export function constantLike(like: Expr, value: number): Expr {
  return constant(like.type, value);
}

/** Reads a variable. */
export function get(variable: Variable): Expr {
  return { op: "get", type: variable.type, variable };
}

function sameType(where: string, a: ValueType, b: ValueType): void {
  if (a !== b) throw new InternalError(`loop IR ${where}`, "operand types differ", `${a} and ${b}`);
}

function unary(f: UnaryOp, x: Expr): Expr {
  return { op: "unary", type: x.type, f, x };
}

const integer32: Partial<Record<BinaryOp, (x: number, y: number) => number>> = {
  add: (x, y) => (x + y) | 0,
  sub: (x, y) => (x - y) | 0,
  mul: Math.imul,
  min: Math.min,
  max: Math.max,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: (x, y) => x << y,
  shrU: (x, y) => (x >>> y) | 0,
  shrS: (x, y) => x >> y,
};

function binary(f: BinaryOp, x: Expr, y: Expr): Expr {
  const shift = f === "shl" || f === "shrU" || f === "shrS";
  if (!(shift && x.type === "i32v")) sameType(f, x.type, y.type);
  if (x.type === "i32") {
    if (x.op === "const" && y.op === "const") {
      const fold = integer32[f];
      if (fold !== undefined) return i32(fold(x.value, y.value));
      if (f === "div" && y.value > 0) return i32(x.value / y.value);
      if (f === "rem" && y.value > 0) return i32(x.value % y.value);
    }
    if (y.op === "const") {
      if (y.value === 0 && (f === "add" || f === "sub" || f === "or" || f === "xor" || shift)) return x;
      if (y.value === 1 && (f === "mul" || f === "div")) return x;
      if (y.value === 0 && (f === "mul" || f === "and")) return i32(0);
      // (x + c1) + c2 -> x + (c1 + c2)
      if (f === "add" && x.op === "binary" && x.f === "add" && x.y.op === "const") return binary("add", x.x, i32(x.y.value + y.value));
      if (f === "sub") return binary("add", x, i32(-y.value));
    } else if (x.op === "const") {
      if (f === "add" || f === "mul") return binary(f, y, x);
    }
  } else if (y.op === "const" && y.value === 1 && (f === "mul" || f === "div")) {
    return x;
  } else if (x.op === "const" && x.value === 1 && f === "mul") {
    return y;
  }
  return { op: "binary", type: x.type, f, x, y };
}

/** -x */
export function neg(x: Expr): Expr {
  return x.op === "const" && x.type !== "i32" && x.type !== "i32v" ? constantLike(x, -x.value) : unary("neg", x);
}
/** |x| */
export function abs(x: Expr): Expr {
  return unary("abs", x);
}
/** Square root. */
export function sqrt(x: Expr): Expr {
  return unary("sqrt", x);
}
/** Largest whole number not above x. */
export function floor(x: Expr): Expr {
  return unary("floor", x);
}
/** Smallest whole number not below x. */
export function ceil(x: Expr): Expr {
  return unary("ceil", x);
}
/** Nearest whole number, half to even. */
export function nearest(x: Expr): Expr {
  return unary("nearest", x);
}
/** x without its fraction. */
export function trunc(x: Expr): Expr {
  return unary("trunc", x);
}
/** The float16 nearest to an f32, as an f32. */
export function half(x: Expr): Expr {
  return unary("half", x);
}
/** Every bit flipped (integers, masks). */
export function not(x: Expr): Expr {
  return unary("not", x);
}
/** x + y */
export function add(x: Expr, y: Expr): Expr {
  return binary("add", x, y);
}
/** x - y */
export function sub(x: Expr, y: Expr): Expr {
  return binary("sub", x, y);
}
/** x * y */
export function mul(x: Expr, y: Expr): Expr {
  return binary("mul", x, y);
}
/** x / y; i32: raw machine division, y must not be 0 nor the quotient overflow. */
export function div(x: Expr, y: Expr): Expr {
  return binary("div", x, y);
}
/** Remainder of i32 division with the sign of x; y must not be 0. */
export function rem(x: Expr, y: Expr): Expr {
  return binary("rem", x, y);
}
/** The smaller; NaN if either is NaN. */
export function min(x: Expr, y: Expr): Expr {
  return binary("min", x, y);
}
/** The larger; NaN if either is NaN. */
export function max(x: Expr, y: Expr): Expr {
  return binary("max", x, y);
}
/** Bitwise and. */
export function and(x: Expr, y: Expr): Expr {
  return binary("and", x, y);
}
/** Bitwise or. */
export function or(x: Expr, y: Expr): Expr {
  return binary("or", x, y);
}
/** Bitwise exclusive or. */
export function xor(x: Expr, y: Expr): Expr {
  return binary("xor", x, y);
}
/** x << y; for i32v the count y is an i32 scalar. */
export function shl(x: Expr, y: Expr): Expr {
  return binary("shl", x, y);
}
/** Logical shift right; for i32v the count y is an i32 scalar. */
export function shrU(x: Expr, y: Expr): Expr {
  return binary("shrU", x, y);
}
/** Arithmetic shift right; for i32v the count y is an i32 scalar. */
export function shrS(x: Expr, y: Expr): Expr {
  return binary("shrS", x, y);
}
/** x * y + z, fused where the target fuses. */
export function fma(x: Expr, y: Expr, z: Expr): Expr {
  sameType("fma", x.type, y.type);
  sameType("fma", x.type, z.type);
  return { op: "fma", type: x.type, x, y, z };
}

/** Comparison: i32 (0 / 1), or an i32v mask (0 / -1) for vectors. */
export function compare(f: CompareOp, x: Expr, y: Expr): Expr {
  sameType(f, x.type, y.type);
  return { op: "compare", type: maskType(x.type), f, x, y };
}
/** x == y */
export function eq(x: Expr, y: Expr): Expr {
  return compare("eq", x, y);
}
/** x != y; true for NaN */
export function ne(x: Expr, y: Expr): Expr {
  return compare("ne", x, y);
}
/** x < y */
export function lt(x: Expr, y: Expr): Expr {
  return compare("lt", x, y);
}
/** x <= y */
export function le(x: Expr, y: Expr): Expr {
  return compare("le", x, y);
}
/** x > y */
export function gt(x: Expr, y: Expr): Expr {
  return compare("gt", x, y);
}
/** x >= y */
export function ge(x: Expr, y: Expr): Expr {
  return compare("ge", x, y);
}
/** x < y as unsigned i32 */
export function ltU(x: Expr, y: Expr): Expr {
  return compare("ltU", x, y);
}

/** `condition ? x : y`; both sides are evaluated. */
export function select(condition: Expr, x: Expr, y: Expr): Expr {
  sameType("select", x.type, y.type);
  sameType("select condition", condition.type, maskType(x.type));
  if (condition.op === "const") return condition.value !== 0 ? x : y;
  return { op: "select", type: x.type, condition, x, y };
}

/** Conversion of values between i32, f32, f64 or i32v, f32v. */
export function convert(type: ValueType, x: Expr): Expr {
  if (type === x.type) return x;
  if (x.op === "const" && x.type === "i32") return constant(type, type === "f32" ? Math.fround(x.value) : x.value);
  return { op: "convert", type, x };
}

/** The same bits as another type. */
export function bitcast(type: ValueType, x: Expr): Expr {
  return type === x.type ? x : { op: "bitcast", type, x };
}

/** A scalar in every lane. */
export function splat(x: Expr): Expr {
  const type = x.type === "f32" ? "f32v" : "i32v";
  if (x.op === "const") return constant(type, x.value);
  if (x.op === "load" && x.splat !== true && !isNarrowStorage(x.storage)) return { ...x, type, splat: true };
  return { op: "splat", type, x };
}

/** 0, 1, 2, ... as i32v. */
export function lanes(): Expr {
  return { op: "lanes", type: "i32v" };
}

/** `base + offset` bytes. */
export function address(base: Expr, offset = 0): Address {
  return { base, offset };
}

/** ptr + index * scale bytes. */
export function advance(x: Expr, index: Expr, scale: number): Expr {
  if (scale === 0 || (index.op === "const" && index.value === 0)) return x;
  return { op: "advance", type: "ptr", x, index, scale };
}

/** Pointer in slot `slot` of the parameter block. */
export function loadPtr(block: Expr, slot: number): Expr {
  return { op: "loadPtr", type: "ptr", address: address(block, slot * 8) };
}

/** Whether elements take one byte, which is widened where it is loaded. */
export function isByteStorage(storage: Storage): boolean {
  return storage === "i8" || storage === "u8";
}

/** Whether elements take less than the four bytes of a lane: they are widened where they are loaded. */
export function isNarrowStorage(storage: Storage): storage is Exclude<Storage, "f32" | "f64" | "i32"> {
  return isByteStorage(storage) || storage === "f16" || storage === "bf16";
}

/** Type of one element of a storage once it is loaded. */
// prettier-ignore
export const storageTypes: Readonly<Record<Storage, "f32" | "f64" | "i32">> = {
  f32: "f32", f64: "f64", f16: "f32", bf16: "f32", i32: "i32", i8: "i32", u8: "i32",
};

/** One element. */
export function load(storage: Storage, at: Address): Expr {
  return { op: "load", type: storageTypes[storage], storage, address: at };
}

/** Consecutive elements in the lanes of a vector; `count`: only the first lanes, the others are 0. */
export function loadVector(storage: Storage, at: Address, count?: number | Expr): Expr {
  const type = storageTypes[storage] === "f32" ? "f32v" : "i32v";
  return { op: "load", type, storage, address: at, ...(count === undefined ? {} : { count }) };
}

/** One element in every lane. */
export function loadSplat(storage: Storage, at: Address): Expr {
  const type = storageTypes[storage] === "f32" ? "f32v" : "i32v";
  return { op: "load", type, storage, address: at, splat: true };
}

/** Combines the lanes of a vector to a scalar: lane i with lane i + lanes/2, again and again. */
export function reduceLanes(f: "add" | "mul" | "min" | "max" | "and" | "or", x: Expr): Expr {
  return { op: "reduce", type: x.type === "f32v" ? "f32" : "i32", f, x };
}

/** Lanes of two vectors brought together. */
export function shuffle(f: ShuffleOp, x: Expr, y: Expr): Expr {
  sameType(f, x.type, y.type);
  return { op: "shuffle", type: "f32v", f, x, y };
}

/** One lane of a vector. */
export function extract(x: Expr, lane: number): Expr {
  return { op: "extract", type: x.type === "f32v" ? "f32" : "i32", lane, x };
}
