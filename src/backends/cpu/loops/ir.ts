/**
 * The loop IR: typed expressions, mutable variables, counted loops, vectors of `target.lanes` lanes. Kernels are lowered
 * to it once; wasm/ and x64/ generate code from it. Pure data.
 *
 * Every function has the same signature `(block: ptr, from: i32, to: i32, scratch: ptr)` and does the units of work
 * [from, to). The parameter block is an array of 8-byte slots: pointers of the kernel's buffers, then its run-time
 * scalars, then dynamic extents (i32, in order of the axes), then the pointer of the fault record (see lower.ts).
 */

/** `ptr` is i32 in wasm and i64 on x86-64. `i32v`, `f32v` are vectors of the target's lanes; masks are i32v of 0 / -1. */
export type ValueType = "ptr" | "i32" | "f32" | "f64" | "i32v" | "f32v";

/**
 * How elements are stored. Loads of i8 and u8 widen to i32 / i32v (-128 to 127, 0 to 255); stores take the low byte. Loads
 * of f16 and bf16 widen to f32 / f32v; what is stored is a value that the format has (see `half`).
 */
export type Storage = "f32" | "f64" | "f16" | "bf16" | "i32" | "i8" | "u8";

/** A mutable local variable. Compared by identity. */
export interface Variable {
  readonly name: string;
  readonly type: ValueType;
}

/**
 * Same operand and result type. Integer: neg abs not clz; float: neg abs sqrt floor ceil nearest (half to even) trunc, and
 * of f32 half: the nearest float16, ties to even.
 */
export type UnaryOp = "neg" | "abs" | "sqrt" | "floor" | "ceil" | "nearest" | "trunc" | "half" | "not";

/**
 * Same operand and result type. Float `min`/`max` propagate NaN (as wasm's f32x4.min/max do). Integer div / rem (i32
 * only, not i32v) are raw machine division: the lowering guards x/0 and MIN/-1. Shifts take the count modulo 32; for
 * i32v the count `y` is an i32 scalar.
 */
export type BinaryOp = "add" | "sub" | "mul" | "div" | "rem" | "min" | "max" | "and" | "or" | "xor" | "shl" | "shrU" | "shrS";

/** Result is i32 (0 / 1) for scalars, i32v (0 / -1) for vectors. Floats: unordered compares are false, `ne` true. `ltU` is unsigned (i32). */
export type CompareOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "ltU";

/**
 * Lanes of two vectors x and y brought together, block by block of four lanes (128 bits): pairs of their first two lanes
 * (x0 y0 x1 y1) or last two (x2 y2 x3 y3), first halves (x0 x1 y0 y1) or last halves (x2 x3 y2 y3). Where vectors have
 * several blocks also whole ones: those of even or of odd number, of x and then of y.
 */
export type ShuffleOp = "firstPairs" | "lastPairs" | "firstHalves" | "lastHalves" | "evenBlocks" | "oddBlocks";

/** A byte address: `base + offset`. */
export interface Address {
  readonly base: Expr;
  readonly offset: number;
}

/** Functions of f64 that a target may call out for: those of JavaScript's `Math`, and `%` as `remainder`. */
export type CallableFunction =
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "tanh"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "pow"
  | "atan2"
  | "remainder";

/** A pure expression. */
export type Expr =
  | { readonly op: "const"; readonly type: ValueType; readonly value: number }
  | { readonly op: "get"; readonly type: ValueType; readonly variable: Variable }
  | { readonly op: "unary"; readonly type: ValueType; readonly f: UnaryOp; readonly x: Expr }
  | { readonly op: "binary"; readonly type: ValueType; readonly f: BinaryOp; readonly x: Expr; readonly y: Expr }
  /** x * y + z; one rounding where the target fuses, two where it does not. f32, f64, f32v. */
  | { readonly op: "fma"; readonly type: ValueType; readonly x: Expr; readonly y: Expr; readonly z: Expr }
  | { readonly op: "compare"; readonly type: ValueType; readonly f: CompareOp; readonly x: Expr; readonly y: Expr }
  /** Condition: i32 for scalar results, i32v mask for vector results. */
  | { readonly op: "select"; readonly type: ValueType; readonly condition: Expr; readonly x: Expr; readonly y: Expr }
  /** i32 <-> f32 <-> f64, i32v <-> f32v. Float to integer truncates, NaN gives 0, out of range saturates. */
  | { readonly op: "convert"; readonly type: ValueType; readonly x: Expr }
  /** Same bits: f32 <-> i32, f32v <-> i32v. */
  | { readonly op: "bitcast"; readonly type: ValueType; readonly x: Expr }
  /** A scalar in every lane: f32 -> f32v, i32 -> i32v. */
  | { readonly op: "splat"; readonly type: ValueType; readonly x: Expr }
  /** 0, 1, 2, ... of type i32v. */
  | { readonly op: "lanes"; readonly type: "i32v" }
  /** ptr + index * scale bytes. */
  | { readonly op: "advance"; readonly type: "ptr"; readonly x: Expr; readonly index: Expr; readonly scale: number }
  /** Loads a pointer from an 8-byte slot of the parameter block. */
  | { readonly op: "loadPtr"; readonly type: "ptr"; readonly address: Address }
  /**
   * One element (scalar type), lanes consecutive elements (vector type), or with `splat` one element in every lane.
   * `count`: only the first `count` lanes are read, the others are 0: a number below the lanes, or (targets with
   * maskedTails) an i32 expression.
   */
  | {
      readonly op: "load";
      readonly type: ValueType;
      readonly storage: Storage;
      readonly address: Address;
      readonly splat?: boolean;
      readonly count?: number | Expr;
    }
  /** Horizontal: combines the lanes of a vector to a scalar in a fixed tree: lane i with lane i + lanes/2, again and again. */
  | { readonly op: "reduce"; readonly type: "f32" | "i32"; readonly f: "add" | "mul" | "min" | "max" | "and" | "or"; readonly x: Expr }
  /** One lane of a vector. */
  | { readonly op: "extract"; readonly type: "f32" | "i32"; readonly lane: number; readonly x: Expr }
  /** Lanes of two vectors. */
  | { readonly op: "shuffle"; readonly type: "f32v"; readonly f: ShuffleOp; readonly x: Expr; readonly y: Expr }
  /** A call out of generated code, one or two f64 arguments (slow: float64 only). */
  | { readonly op: "call"; readonly type: "f64"; readonly f: CallableFunction; readonly args: readonly Expr[] };

/** A statement. */
export type Stmt =
  /** Assigns; the first assignment in running order declares. */
  | { readonly op: "set"; readonly variable: Variable; readonly value: Expr }
  | { readonly op: "store"; readonly storage: Storage; readonly address: Address; readonly value: Expr; readonly count?: number | Expr }
  /** Asks for the cache line at an address, of which the program may own nothing; changes no value. */
  | { readonly op: "prefetch"; readonly address: Address }
  /** for (v = from; v < to; v += step); from, to are i32 and evaluated once. */
  | {
      readonly op: "for";
      readonly variable: Variable;
      readonly from: Expr;
      readonly to: Expr;
      readonly step: number;
      readonly body: readonly Stmt[];
    }
  /** while (condition != 0) */
  | { readonly op: "while"; readonly condition: Expr; readonly body: readonly Stmt[] }
  | { readonly op: "if"; readonly condition: Expr; readonly then: readonly Stmt[]; readonly else: readonly Stmt[] };

/** One function of generated code. */
export interface LoopFunction {
  readonly name: string;
  /** Variables that hold the parameters. */
  readonly block: Variable;
  readonly from: Variable;
  readonly to: Variable;
  readonly scratch: Variable;
  readonly body: readonly Stmt[];
}

/** A kernel lowered for a CPU target. */
export interface LoweredKernel extends WorkDivision {
  readonly code: LoopFunction;
}

/** How the work of a kernel divides. */
export interface WorkDivision {
  /** Bytes of scratch one thread needs (aligned to 64). */
  readonly scratchBytes: number;
  /** Units of work for given dynamic extents, and how many units a chunk has: functions of the shape only. */
  readonly units: number;
  readonly grain: number;
}
