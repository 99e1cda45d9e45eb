/**
 * Loop IR to WebAssembly. `ptr` is i32, vectors are v128 of four lanes.
 *
 * Offsets of addresses become immediates of the memory instruction while they are at most `reservedBytes`: no buffer
 * lies below that address, so the base, which may point before its buffer, never wraps below zero.
 */
import { InternalError } from "../../../errors.ts";
import type { BinaryOp, CallableFunction, CompareOp, Expr, LoopFunction, Stmt, UnaryOp, ValueType, Variable } from "../loops/ir.ts";
import { get, gt, i32, lt, select, shrS, sub, xor } from "../loops/block.ts";
import { rareKernels } from "../loops/parts.ts";
import { shuffledLanes } from "../loops/shuffled-lanes.ts";
import { type EmitHost, laneCount, MemoryEmitter } from "./emit-memory.ts";
import { ByteWriter, emptyBlock, encodeModule, type Opcode, type WasmFunction, type WasmType } from "./encode.ts";
import { callType, loopFunctionType } from "./emitted-functions.ts";
import { convertOpcodes, instructionOf, localTypes } from "./opcode-tables.ts";

/** What the engine has. */
export interface EmitOptions {
  /** `fma` is one `f32x4.relaxed_madd`; otherwise a multiplication and an addition. */
  readonly relaxedFma: boolean;
  readonly sharedMemory: boolean;
}

/**
 * A module that imports memory "env" "memory" (and from "math" what the functions call) and exports every function by
 * its name. Throws InternalError for IR that is not well-typed.
 */
export function emitModule(functions: readonly LoopFunction[], options: EmitOptions): Uint8Array<ArrayBuffer> {
  const imports = new Map<CallableFunction, number>();
  const emitted = functions.map((f) => new FunctionEmitter(f, options, imports).emit());
  return encodeModule({
    importedFunctions: [...imports.keys()].map((name) => ({ module: "math", name, type: callType(name) })),
    sharedMemory: options.sharedMemory,
    importsTable: false,
    extraTypes: [],
    functions: emitted,
  });
}

/** Byte positions that bring the upper lanes down, for a tree of two steps. */
// prettier-ignore
const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const secondLane = [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7];

const sign = (x: Expr): Expr => shrS(x, i32(31));
const half = (x: Expr): Expr => rareKernels.get().nearestHalf(x);
/** What is no single instruction, in others: of values that are kept in locals. */
const sequences: Partial<Readonly<Record<ValueType, Partial<Readonly<Record<UnaryOp | BinaryOp, (x: Expr, y?: Expr) => Expr>>>>>> = {
  i32: {
    neg: (x) => sub(i32(0), x),
    not: (x) => xor(x, i32(-1)),
    abs: (x) => sub(xor(x, sign(x)), sign(x)),
    min: (x, y) => select(lt(x, y!), x, y!),
    max: (x, y) => select(gt(x, y!), x, y!),
  },
  f32: { half },
  f32v: { half },
};

class FunctionEmitter implements EmitHost {
  readonly code: ByteWriter = new ByteWriter();
  readonly #memory = new MemoryEmitter(this);
  readonly #locals: WasmType[] = [];
  readonly #indices = new Map<Variable, number>();
  readonly #source: LoopFunction;
  readonly #options: EmitOptions;
  /** Index of every function that was called so far: imports come first, and emitted functions do not call each other. */
  readonly #imports: Map<CallableFunction, number>;
  /** Variables of `keep`. */
  readonly #kept: Record<string, Variable> = {};
  /** Scratch locals that are free, per type. */
  readonly #free: Record<WasmType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };

  constructor(source: LoopFunction, options: EmitOptions, imports: Map<CallableFunction, number>) {
    this.#source = source;
    this.#options = options;
    this.#imports = imports;
    [source.block, source.from, source.to, source.scratch].forEach((parameter, index) => this.#indices.set(parameter, index));
  }

  emit(): WasmFunction {
    this.#statements(this.#source.body);
    return { name: this.#source.name, type: loopFunctionType, locals: this.#locals, code: this.code.finish() };
  }

  fail(problem: string, detail?: string): never {
    throw new InternalError(`WebAssembly of ${this.#source.name}`, problem, detail);
  }

  #newLocal(type: WasmType): number {
    this.#locals.push(type);
    return 3 + this.#locals.length;
  }

  /** A scratch local; give it back with `release` once its last read is emitted. */
  scratch(type: WasmType): number {
    return this.#free[type].pop() ?? this.#newLocal(type);
  }

  release(type: WasmType, local: number): void {
    this.#free[type].push(local);
  }

  #localOf(variable: Variable): number {
    let index = this.#indices.get(variable);
    if (index === undefined) {
      index = this.#newLocal(localTypes[variable.type]);
      this.#indices.set(variable, index);
    }
    return index;
  }

  #statements(list: readonly Stmt[]): void {
    for (const statement of list) this.#statement(statement);
  }

  #statement(s: Stmt): void {
    switch (s.op) {
      case "set":
        this.expect(s.value, s.variable.type);
        this.code.op("local.set", this.#localOf(s.variable));
        return;
      case "store":
        return this.#memory.store(s);
      case "prefetch":
        // WebAssembly has none.
        return;
      case "for":
        return this.#for(s);
      case "while":
        this.code.op("block", emptyBlock);
        this.code.op("loop", emptyBlock);
        this.expect(s.condition, "i32");
        this.code.op("i32.eqz");
        this.code.op("br_if", 1);
        this.#statements(s.body);
        this.code.op("br", 0);
        this.code.op("end");
        this.code.op("end");
        return;
      case "if":
        if (s.then.length === 0 && s.else.length === 0) return;
        this.expect(s.condition, "i32");
        this.code.op("if", emptyBlock);
        this.#statements(s.then);
        if (s.else.length > 0) {
          this.code.op("else");
          this.#statements(s.else);
        }
        this.code.op("end");
        return;
    }
  }

  /** One compare and branch per turn, at the end: `if (from < to) { v = from; do { body; v += step } while (v < to) }`. */
  #for(s: Extract<Stmt, { op: "for" }>): void {
    const { from, to, variable } = s;
    const isStatic = from.op === "const" && to.op === "const";
    if (isStatic && from.value >= to.value) return;
    const index = this.#localOf(variable);
    let limit: number | null = null;
    const pushLimit = (): void => {
      if (limit === null) this.expect(to, "i32");
      else this.code.op("local.get", limit);
    };
    if (to.op !== "const" && !(to.op === "get" && !assigns(s.body, to.variable))) {
      limit = this.scratch("i32");
      this.expect(to, "i32");
      this.code.op("local.set", limit);
    }
    this.expect(from, "i32");
    this.code.op("local.set", index);
    if (!isStatic) {
      this.code.op("local.get", index);
      pushLimit();
      this.code.op("i32.lt_s");
      this.code.op("if", emptyBlock);
    }
    const once = isStatic && from.value + s.step >= to.value;
    if (!once) {
      this.code.op("loop", emptyBlock);
    }
    this.#statements(s.body);
    if (!once) {
      this.code.op("local.get", index);
      this.code.i32Const(s.step);
      this.code.op("i32.add");
      this.code.op("local.tee", index);
      pushLimit();
      this.code.op("i32.lt_s");
      this.code.op("br_if", 0);
      this.code.op("end");
    }
    if (!isStatic) this.code.op("end");
    if (limit !== null) this.release("i32", limit);
  }

  expect(x: Expr, type: ValueType): void {
    if (x.type !== type) this.fail(`an expression of type ${x.type} stands where ${type} belongs`, x.op);
    this.expr(x);
  }

  /** The instruction that is `f`. */
  #instruction(type: ValueType, f: UnaryOp | BinaryOp | CompareOp): Opcode {
    return instructionOf(type, f) ?? this.fail(`${f} does not exist for ${type}`);
  }

  expr(x: Expr): void {
    const code = this.code;
    switch (x.op) {
      case "const":
        return this.constant(x.type, x.value);
      case "get": {
        const local = this.#indices.get(x.variable);
        if (local === undefined) this.fail(`variable ${x.variable.name} is read before it is set`);
        code.op("local.get", local);
        return;
      }
      case "unary": {
        this.expect(x.x, x.type);
        const sequence = sequences[x.type]?.[x.f];
        if (sequence === undefined) code.op(this.#instruction(x.type, x.f));
        else this.expr(sequence(this.keep(x.type)));
        return;
      }
      case "binary": {
        this.expect(x.x, x.type);
        const isShift = x.f === "shl" || x.f === "shrU" || x.f === "shrS";
        this.expect(x.y, isShift && x.type === "i32v" ? "i32" : x.type);
        const sequence = sequences[x.type]?.[x.f];
        if (sequence === undefined) return code.op(this.#instruction(x.type, x.f));
        const y = this.keep(x.type, "y");
        this.expr(sequence(this.keep(x.type), y));
        return;
      }
      case "fma":
        return this.#fma(x);
      case "compare":
        this.expr(x.x);
        this.expect(x.y, x.x.type);
        return code.op(this.#instruction(x.x.type, x.f));
      case "select": {
        this.expect(x.x, x.type);
        this.expect(x.y, x.type);
        const isVector = localTypes[x.type] === "v128";
        this.expect(x.condition, isVector ? "i32v" : "i32");
        code.op(isVector ? "v128.bitselect" : "select");
        return;
      }
      case "convert": {
        this.expr(x.x);
        if (x.x.type === x.type) return;
        const opcode = convertOpcodes[x.x.type][x.type] ?? this.fail(`convert to ${x.type} does not exist for ${x.x.type}`);
        if (opcode !== "sequence") code.op(opcode);
        return;
      }
      case "bitcast":
        this.expr(x.x);
        if (x.type === "i32" && x.x.type === "f32") code.op("i32.reinterpret_f32");
        else if (x.type === "f32" && x.x.type === "i32") code.op("f32.reinterpret_i32");
        else if (x.type !== x.x.type && !(localTypes[x.type] === "v128" && localTypes[x.x.type] === "v128"))
          this.fail(`no bitcast from ${x.x.type} to ${x.type}`);
        return;
      case "splat":
        this.expect(x.x, x.type === "f32v" ? "f32" : "i32");
        code.op(x.type === "f32v" ? "f32x4.splat" : "i32x4.splat");
        return;
      case "lanes":
        code.op("v128.const");
        return code.numbers(Int32Array.of(0, 1, 2, 3));
      case "advance":
        return this.#advance(x);
      case "loadPtr":
        return code.op("i32.load", 2, this.#memory.address(x.address));
      case "load":
        return this.#memory.load(x);
      case "reduce":
        return this.#reduce(x);
      case "shuffle":
        this.expect(x.x, "f32v");
        this.expect(x.y, "f32v");
        code.op("i8x16.shuffle");
        for (const lane of shuffledLanes(x.f, laneCount)) for (let byte = 0; byte < 4; byte++) code.byte(4 * lane + byte);
        return;
      case "extract":
        this.expect(x.x, x.type === "f32" ? "f32v" : "i32v");
        if (x.lane < 0 || x.lane >= laneCount) this.fail("lane out of range", String(x.lane));
        code.op(x.type === "f32" ? "f32x4.extract_lane" : "i32x4.extract_lane", x.lane);
        return;
      case "call": {
        for (const argument of x.args) this.expect(argument, "f64");
        if (callType(x.f).parameters.length !== x.args.length) this.fail(`wrong number of arguments of ${x.f}`);
        const index = this.#imports.get(x.f) ?? this.#imports.size;
        this.#imports.set(x.f, index);
        code.op("call", index);
        return;
      }
    }
  }

  constant(type: ValueType, value: number): void {
    const code = this.code;
    switch (type) {
      case "ptr":
      case "i32":
        return code.i32Const(value);
      case "f32":
        code.op("f32.const");
        return code.numbers(Float32Array.of(value));
      case "f64":
        code.op("f64.const");
        return code.numbers(Float64Array.of(value));
      case "i32v":
      case "f32v":
        code.op("v128.const");
        code.numbers((type === "f32v" ? Float32Array : Int32Array).of(value, value, value, value));
    }
  }

  keep(type: ValueType, name = "x"): Expr {
    const variable = (this.#kept[type + name] ??= { name, type });
    this.code.op("local.set", this.#localOf(variable));
    return get(variable);
  }

  #fma(x: Extract<Expr, { op: "fma" }>): void {
    const code = this.code;
    if (this.#options.relaxedFma && x.type !== "f64") {
      const isScalar = x.type === "f32";
      for (const operand of [x.x, x.y, x.z]) {
        this.expect(operand, x.type);
        // A scalar goes through a lane, so that it gets the bits that vectors get.
        if (isScalar) code.op("f32x4.splat");
      }
      code.op("f32x4.relaxed_madd");
      if (!isScalar) return;
      return code.op("f32x4.extract_lane", 0);
    }
    this.expect(x.x, x.type);
    this.expect(x.y, x.type);
    code.op(this.#instruction(x.type, "mul"));
    this.expect(x.z, x.type);
    code.op(this.#instruction(x.type, "add"));
  }

  #advance(x: Extract<Expr, { op: "advance" }>): void {
    const code = this.code;
    this.expect(x.x, "ptr");
    if (x.index.op === "const") {
      if (x.index.value * x.scale === 0) return;
      code.i32Const(x.index.value * x.scale);
    } else {
      this.expect(x.index, "i32");
      const log = Math.log2(x.scale);
      if (x.scale > 1 && Number.isInteger(log)) {
        code.i32Const(log);
        code.op("i32.shl");
      } else if (x.scale !== 1) {
        code.i32Const(x.scale);
        code.op("i32.mul");
      }
    }
    code.op("i32.add");
  }

  /** ((0 + 2) + (1 + 3)), see `reduce` in ir.ts. */
  #reduce(x: Extract<Expr, { op: "reduce" }>): void {
    const code = this.code;
    const vectorType: ValueType = x.type === "f32" ? "f32v" : "i32v";
    const opcode = this.#instruction(vectorType, x.f);
    const vector = this.scratch("v128");
    this.expect(x.x, vectorType);
    for (const positions of [upperHalf, secondLane]) {
      code.op("local.tee", vector);
      code.op("local.get", vector);
      code.op("local.get", vector);
      code.op("i8x16.shuffle", ...positions);
      code.op(opcode);
    }
    code.op(x.type === "f32" ? "f32x4.extract_lane" : "i32x4.extract_lane", 0);
    this.release("v128", vector);
  }
}

function assigns(body: readonly Stmt[], variable: Variable): boolean {
  return body.some((s) => {
    switch (s.op) {
      case "set":
        return s.variable === variable;
      case "for":
        return s.variable === variable || assigns(s.body, variable);
      case "while":
        return assigns(s.body, variable);
      case "if":
        return assigns(s.then, variable) || assigns(s.else, variable);
      case "store":
      case "prefetch":
        return false;
    }
  });
}
