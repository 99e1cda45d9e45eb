/**
 * An interpreter of the loop IR: the oracle that generated code is tested against. Slow on purpose: it checks types,
 * undeclared variables and every address.
 */
import { storageTypes } from "./block.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../../dtype/index.ts";
import { InternalError } from "../../../errors.ts";
import type {
  Address,
  BinaryOp,
  CallableFunction,
  CompareOp,
  Expr,
  LoopFunction,
  Stmt,
  Storage,
  UnaryOp,
  ValueType,
  Variable,
} from "./ir.ts";
import { shuffledLanes } from "./shuffled-lanes.ts";

/** Memory and machine of an interpreted run. Pointers are byte offsets into `memory`. */
export interface Interpretation {
  readonly memory: ArrayBuffer;
  readonly lanes: number;
  readonly maskedTails: boolean;
  /** Whether `fma` rounds once. */
  readonly fma: boolean;
  /** Byte ranges [start, end) that may be touched; all of the memory where left out. */
  readonly regions?: readonly (readonly [number, number])[];
  /** Arguments of the function. */
  readonly block: number;
  readonly from: number;
  readonly to: number;
  readonly scratch: number;
}

type Value = number | readonly number[];

const bytesOf: Readonly<Record<Storage, number>> = { f32: 4, f64: 8, f16: 2, bf16: 2, i32: 4, i8: 1, u8: 1 };
const elementOf: Readonly<Record<ValueType, "ptr" | "i32" | "f32" | "f64">> = {
  ptr: "ptr",
  i32: "i32",
  f32: "f32",
  f64: "f64",
  i32v: "i32",
  f32v: "f32",
};

/** Runs `fn`. Throws InternalError on a type error, an undeclared variable or an address outside the regions. */
export function interpret(fn: LoopFunction, run: Interpretation): void {
  new Interpreter(fn, run).run();
}

class Interpreter {
  readonly #variables = new Map<Variable, Value>();
  readonly #view: DataView;
  readonly #fn: LoopFunction;
  readonly #run: Interpretation;

  constructor(fn: LoopFunction, run: Interpretation) {
    this.#fn = fn;
    this.#run = run;
    this.#view = new DataView(run.memory);
    this.#variables.set(fn.block, run.block);
    this.#variables.set(fn.from, run.from);
    this.#variables.set(fn.to, run.to);
    this.#variables.set(fn.scratch, run.scratch);
  }

  run(): void {
    this.#statements(this.#fn.body);
  }

  #fail(problem: string): never {
    throw new InternalError(`loop function ${this.#fn.name}`, problem);
  }

  #statements(body: readonly Stmt[]): void {
    for (const statement of body) this.#statement(statement);
  }

  #statement(statement: Stmt): void {
    switch (statement.op) {
      case "set":
        if (statement.variable.type !== statement.value.type)
          this.#fail(`${statement.variable.name}: ${statement.variable.type} is set to ${statement.value.type}`);
        this.#variables.set(statement.variable, this.#evaluate(statement.value));
        return;
      case "store":
        this.#store(statement);
        return;
      case "prefetch":
        this.#evaluate(statement.address.base);
        return;
      case "for": {
        const from = this.#number(statement.from);
        const to = this.#number(statement.to);
        if (statement.step <= 0) this.#fail("a loop step is not positive");
        for (let i = from; i < to; i += statement.step) {
          this.#variables.set(statement.variable, i);
          this.#statements(statement.body);
        }
        return;
      }
      case "while":
        while (this.#number(statement.condition) !== 0) this.#statements(statement.body);
        return;
      case "if":
        this.#statements(this.#number(statement.condition) !== 0 ? statement.then : statement.else);
    }
  }

  #store(statement: Extract<Stmt, { op: "store" }>): void {
    const { value } = statement;
    const expected = elementOf[value.type];
    const fits = expected === storageTypes[statement.storage];
    if (!fits) this.#fail(`${value.type} is stored as ${statement.storage}`);
    const isVector = value.type === "f32v" || value.type === "i32v";
    const values = isVector ? this.#vector(value) : [this.#number(value)];
    const count = this.#count(statement.count, isVector);
    const start = this.#address(statement.address);
    const size = bytesOf[statement.storage];
    for (let lane = 0; lane < count; lane++) {
      const at = this.#checked(start + lane * size, size);
      const x = values[lane]!;
      if (statement.storage === "f32") this.#view.setFloat32(at, x, true);
      else if (statement.storage === "f64") this.#view.setFloat64(at, x, true);
      else if (statement.storage === "i32") this.#view.setInt32(at, x, true);
      else if (statement.storage === "f16") this.#view.setUint16(at, toFloat16(x), true);
      else if (statement.storage === "bf16") this.#view.setUint16(at, toBfloat16(x), true);
      else this.#view.setUint8(at, x & 255);
    }
  }

  #count(count: number | Expr | undefined, isVector: boolean): number {
    if (!isVector) {
      if (count !== undefined) this.#fail("a scalar access has a count");
      return 1;
    }
    if (count === undefined) return this.#run.lanes;
    if (typeof count === "number") {
      if (count <= 0 || count >= this.#run.lanes) this.#fail(`constant count ${count} of ${this.#run.lanes} lanes`);
      return count;
    }
    if (!this.#run.maskedTails) this.#fail("a run-time count on a target without masks");
    const value = this.#number(count);
    if (value < 0) this.#fail(`count ${value}`);
    return Math.min(value, this.#run.lanes);
  }

  #checked(at: number, size: number): number {
    const inside = at >= 0 && at + size <= this.#run.memory.byteLength;
    const allowed = this.#run.regions?.some(([start, end]) => at >= start && at + size <= end) ?? true;
    if (!inside || !allowed) this.#fail(`touches bytes ${at} to ${at + size}`);
    return at;
  }

  #address(address: Address): number {
    if (address.base.type !== "ptr") this.#fail(`an address of type ${address.base.type}`);
    return this.#number(address.base) + address.offset;
  }

  #number(e: Expr): number {
    const value = this.#evaluate(e);
    if (typeof value !== "number") this.#fail(`${e.op} gives a vector where a scalar is needed`);
    return value;
  }

  #vector(e: Expr): readonly number[] {
    const value = this.#evaluate(e);
    if (typeof value === "number") this.#fail(`${e.op} gives a scalar where a vector is needed`);
    return value;
  }

  #map(type: ValueType, f: (...args: number[]) => number, ...args: Expr[]): Value {
    const isVector = type === "f32v" || type === "i32v";
    if (!isVector) return f(...args.map((x) => this.#number(x)));
    const vectors = args.map((x) => this.#vector(x));
    return Array.from({ length: this.#run.lanes }, (_, lane) => f(...vectors.map((v) => v[lane]!)));
  }

  #same(e: { type: ValueType; op: string }, ...args: Expr[]): void {
    for (const x of args) if (x.type !== e.type) this.#fail(`${e.op} of type ${e.type} takes ${x.type}`);
  }

  #evaluate(e: Expr): Value {
    const { lanes } = this.#run;
    switch (e.op) {
      case "const": {
        const x = elementOf[e.type] === "f32" ? Math.fround(e.value) : elementOf[e.type] === "i32" ? e.value | 0 : e.value;
        return e.type === "f32v" || e.type === "i32v" ? new Array<number>(lanes).fill(x) : x;
      }
      case "get": {
        const value = this.#variables.get(e.variable);
        if (value === undefined) this.#fail(`variable ${e.variable.name} is read before it is set`);
        if (e.type !== e.variable.type) this.#fail(`variable ${e.variable.name} is read as ${e.type}`);
        return value;
      }
      case "unary":
        this.#same(e, e.x);
        return this.#map(e.type, unary(elementOf[e.type], e.f), e.x);
      case "binary": {
        const f = binary(elementOf[e.type], e.f, (problem) => this.#fail(problem));
        if (e.type === "i32v" && (e.f === "shl" || e.f === "shrU" || e.f === "shrS")) {
          this.#same(e, e.x);
          const count = this.#number(e.y);
          return this.#vector(e.x).map((x) => f(x, count));
        }
        if (e.type === "i32v" && (e.f === "div" || e.f === "rem")) this.#fail("vector integer division");
        this.#same(e, e.x, e.y);
        return this.#map(e.type, f, e.x, e.y);
      }
      case "fma": {
        this.#same(e, e.x, e.y, e.z);
        if (e.type === "f64") return this.#number(e.x) * this.#number(e.y) + this.#number(e.z);
        const f = this.#run.fma
          ? (x: number, y: number, z: number): number => Math.fround(x * y + z)
          : (x: number, y: number, z: number): number => Math.fround(Math.fround(x * y) + z);
        return this.#map(e.type, f, e.x, e.y, e.z);
      }
      case "compare": {
        if (e.x.type !== e.y.type) this.#fail(`compares ${e.x.type} with ${e.y.type}`);
        const isVector = e.x.type === "f32v" || e.x.type === "i32v";
        if (e.type !== (isVector ? "i32v" : "i32")) this.#fail(`a comparison of ${e.x.type} gives ${e.type}`);
        const yes = isVector ? -1 : 1;
        const f = compare(e.f);
        return this.#map(e.type, (x, y) => (f(x, y) ? yes : 0), e.x, e.y);
      }
      case "select": {
        this.#same(e, e.x, e.y);
        const isVector = e.type === "f32v" || e.type === "i32v";
        if (e.condition.type !== (isVector ? "i32v" : "i32")) this.#fail(`a select of ${e.type} by ${e.condition.type}`);
        if (isVector && this.#vector(e.condition).some((mask) => mask !== 0 && mask !== -1)) this.#fail("a mask that is not 0 or -1");
        return this.#map(e.type, (c, x, y) => (c !== 0 ? x : y), e.condition, e.x, e.y);
      }
      case "convert":
        return this.#map(e.type, convert(elementOf[e.x.type], elementOf[e.type]), e.x);
      case "bitcast":
        return this.#map(e.type, elementOf[e.type] === "i32" ? floatBits : bitsFloat, e.x);
      case "splat":
        if (elementOf[e.type] !== e.x.type || e.type === e.x.type) this.#fail(`a splat of ${e.x.type} to ${e.type}`);
        return new Array<number>(lanes).fill(this.#number(e.x));
      case "lanes":
        return Array.from({ length: lanes }, (_, lane) => lane);
      case "advance":
        if (e.x.type !== "ptr" || e.index.type !== "i32") this.#fail(`advances ${e.x.type} by ${e.index.type}`);
        return this.#number(e.x) + this.#number(e.index) * e.scale;
      case "loadPtr":
        return this.#view.getInt32(this.#checked(this.#address(e.address), 8), true);
      case "load":
        return this.#load(e);
      case "reduce": {
        let values = this.#vector(e.x);
        const f = binary(e.type, e.f, (problem) => this.#fail(problem));
        while (values.length > 1) {
          const half = values.length / 2;
          const folded = values;
          values = Array.from({ length: half }, (_, i) => f(folded[i]!, folded[i + half]!));
        }
        return values[0]!;
      }
      case "shuffle": {
        this.#same(e, e.x, e.y);
        return shuffledLanes(e.f, lanes).map((lane) => this.#vector(lane < lanes ? e.x : e.y)[lane % lanes]!);
      }
      case "extract":
        return this.#vector(e.x)[e.lane]!;
      case "call":
        return callable[e.f](this.#number(e.args[0]!), e.args.length > 1 ? this.#number(e.args[1]!) : 0);
    }
  }

  #load(e: Extract<Expr, { op: "load" }>): Value {
    const element = storageTypes[e.storage];
    if (elementOf[e.type] !== element) this.#fail(`${e.storage} is loaded as ${e.type}`);
    const isVector = e.type === "f32v" || e.type === "i32v";
    const start = this.#address(e.address);
    const size = bytesOf[e.storage];
    const read = (at: number): number => {
      this.#checked(at, size);
      if (e.storage === "f32") return this.#view.getFloat32(at, true);
      if (e.storage === "f64") return this.#view.getFloat64(at, true);
      if (e.storage === "i32") return this.#view.getInt32(at, true);
      if (e.storage === "f16") return fromFloat16(this.#view.getUint16(at, true));
      if (e.storage === "bf16") return fromBfloat16(this.#view.getUint16(at, true));
      return e.storage === "i8" ? this.#view.getInt8(at) : this.#view.getUint8(at);
    };
    if (!isVector) {
      this.#count(e.count, false);
      return read(start);
    }
    const { lanes } = this.#run;
    if (e.splat === true) return new Array<number>(lanes).fill(read(start));
    const count = this.#count(e.count, true);
    return Array.from({ length: lanes }, (_, lane) => (lane < count ? read(start + lane * size) : 0));
  }
}

const callable: Readonly<Record<CallableFunction, (x: number, y: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  pow: Math.pow,
  atan2: Math.atan2,
  remainder: (x, y) => x % y,
};

function unary(element: "ptr" | "i32" | "f32" | "f64", f: UnaryOp): (x: number) => number {
  if (element === "i32") {
    const table: Partial<Record<UnaryOp, (x: number) => number>> = { neg: (x) => -x | 0, abs: (x) => Math.abs(x) | 0, not: (x) => ~x };
    return table[f] ?? missing(f, element);
  }
  const table: Partial<Record<UnaryOp, (x: number) => number>> = {
    neg: (x) => -x,
    abs: Math.abs,
    sqrt: Math.sqrt,
    floor: Math.floor,
    ceil: Math.ceil,
    nearest: halfToEven,
    trunc: Math.trunc,
    ...(element === "f32" ? { half: (x: number) => fromFloat16(toFloat16(x)) } : {}),
  };
  const g = table[f] ?? missing(f, element);
  return element === "f32" ? (x) => Math.fround(g(x)) : g;
}

function binary(element: "ptr" | "i32" | "f32" | "f64", f: BinaryOp, fail: (problem: string) => never): (x: number, y: number) => number {
  if (element === "i32") {
    const table: Record<BinaryOp, (x: number, y: number) => number> = {
      add: (x, y) => (x + y) | 0,
      sub: (x, y) => (x - y) | 0,
      mul: Math.imul,
      div: (x, y) => (y === 0 || (y === -1 && x === -2147483648) ? fail(`${x} / ${y}`) : (x / y) | 0),
      rem: (x, y) => (y === 0 || (y === -1 && x === -2147483648) ? fail(`${x} % ${y}`) : (x % y) | 0),
      min: Math.min,
      max: Math.max,
      and: (x, y) => x & y,
      or: (x, y) => x | y,
      xor: (x, y) => x ^ y,
      shl: (x, y) => x << y,
      shrU: (x, y) => (x >>> y) | 0,
      shrS: (x, y) => x >> y,
    };
    return table[f];
  }
  const table: Partial<Record<BinaryOp, (x: number, y: number) => number>> = {
    add: (x, y) => x + y,
    sub: (x, y) => x - y,
    mul: (x, y) => x * y,
    div: (x, y) => x / y,
    min: Math.min,
    max: Math.max,
  };
  const g = table[f] ?? missing(f, element);
  return element === "f32" ? (x, y) => Math.fround(g(x, y)) : g;
}

function missing(f: string, element: string): never {
  throw new InternalError("loop IR", `${f} does not exist for ${element}`);
}

function compare(f: CompareOp): (x: number, y: number) => boolean {
  const table: Record<CompareOp, (x: number, y: number) => boolean> = {
    eq: (x, y) => x === y,
    ne: (x, y) => x !== y,
    lt: (x, y) => x < y,
    le: (x, y) => x <= y,
    gt: (x, y) => x > y,
    ge: (x, y) => x >= y,
    ltU: (x, y) => x >>> 0 < y >>> 0,
  };
  return table[f];
}

function convert(from: "ptr" | "i32" | "f32" | "f64", to: "ptr" | "i32" | "f32" | "f64"): (x: number) => number {
  if (to === "i32") {
    if (from === "i32") return (x) => x;
    return (x) => (Number.isNaN(x) ? 0 : Math.max(-2147483648, Math.min(2147483647, Math.trunc(x))) | 0);
  }
  return to === "f32" ? Math.fround : (x) => x;
}

const bits = new DataView(new ArrayBuffer(4));

function floatBits(x: number): number {
  bits.setFloat32(0, x);
  return bits.getInt32(0);
}

function bitsFloat(x: number): number {
  bits.setInt32(0, x);
  return bits.getFloat32(0);
}

function halfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  const rounded = rest < 0.5 ? floor : rest > 0.5 ? floor + 1 : floor % 2 === 0 ? floor : floor + 1;
  return rounded === 0 ? x * 0 : rounded;
}
