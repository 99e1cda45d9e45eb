/**
 * Expressions of kernels (lists of entries) to loop IR, scalar or in vectors along one axis. Nothing here knows the
 * loops around: the caller says, through `Surroundings`, where the current point is and what each access's address is.
 *
 * Representation: float32, float16 and bfloat16 are f32 / f32v (of values that the dtype has), float64 is f64 (scalar only), int32 and bytes are
 * i32 / i32v, a scalar bool is an i32 of 0 or 1, a vector bool is a mask (i32v of 0 or -1).
 */
import type { Access, Entry, Kernel } from "../../../compiler/kernels/kernel.ts";
import { type DType, dtypes, isFloat, roundedTo } from "../../../dtype/index.ts";
import type { Affine } from "../../../graph/index.ts";
import { InternalError } from "../../../errors.ts";
import {
  add,
  address,
  advance,
  and,
  type Block,
  constant,
  eq,
  get,
  i32,
  load,
  loadPtr,
  loadVector,
  ltU,
  max,
  min,
  mul,
  ne,
  splat,
  sub,
} from "./block.ts";
import type { Address, Expr, Storage, ValueType } from "./ir.ts";
import { threefry } from "./math/threefry.ts";
import { scalarOperation } from "./scalar-operations.ts";

/** A set of axes, as bits. */
export type AxisSet = number;

/** How each entry of a list depends on the axes, and how often it is used. */
export interface Analysis {
  readonly kernel: Kernel;
  readonly entries: readonly Entry[];
  /** Axes that the value of each entry depends on. */
  readonly depends: readonly AxisSet[];
  /** Uses by needed entries and by roots; 0 for entries nobody needs. */
  readonly uses: readonly number[];
}

/** Where an expression is evaluated. */
export interface Surroundings {
  /** Axis along which lanes lie (first lane at `position`), or null for scalar code. */
  readonly vectorAxis: number | null;
  readonly lanes: number;
  /** Only the first `count` lanes exist. */
  readonly count?: number | Expr;
  /** i32 position on an axis; of the first lane on the vector axis. */
  readonly position: (axis: number) => Expr;
  /** Byte address of an access's static part at the point (first lane). */
  readonly address: (access: number) => Address;
  /** i32 condition under which all guards of an access hold (for all lanes); null: they hold. */
  readonly guard: (access: number, block: Block) => Expr | null;
  /** A run-time scalar. */
  readonly parameter: (slot: number, dtype: DType) => Expr;
  /** Finished value of a reducer, of the type `valueType(dtype, vector)`. */
  readonly accumulator: (index: number, vector: boolean) => Expr;
  /** Pointer of the fault record. */
  readonly fault: () => Expr;
}

/** Storage of a dtype. */
export const storageOf: Readonly<Record<DType, Storage>> = {
  float32: "f32",
  float64: "f64",
  float16: "f16",
  bfloat16: "bf16",
  int32: "i32",
  int8: "i8",
  uint8: "u8",
  bool: "u8",
};

/** Bytes of one stored element. */
export const elementBytes: Readonly<Record<Storage, number>> = { f32: 4, f64: 8, f16: 2, bf16: 2, i32: 4, i8: 1, u8: 1 };

/** Type of the IR value that holds a dtype. */
export function valueType(dtype: DType, vector: boolean): ValueType {
  if (dtype === "float64") {
    if (vector) throw new InternalError("loop lowering", "a vector of float64");
    return "f64";
  }
  if (isFloat(dtype)) return vector ? "f32v" : "f32";
  return vector ? "i32v" : "i32";
}

/** The constant `value` of a dtype in its representation. */
export function constantOf(dtype: DType, value: number, vector: boolean): Expr {
  const type = valueType(dtype, vector);
  if (dtype === "bool") return constant(type, value === 0 ? 0 : vector ? -1 : 1);
  return constant(type, roundedTo(dtype, value));
}

/** A scalar value of `dtype` in every lane. */
export function splatValue(dtype: DType, x: Expr): Expr {
  return dtype === "bool" ? splat(sub(i32(0), x)) : splat(x);
}

/** A loaded element (bytes widened) in the representation of `dtype`. */
export function fromStorage(dtype: DType, raw: Expr): Expr {
  return dtype === "bool" && raw.type === "i32v" ? ne(raw, constant("i32v", 0)) : raw;
}

/** A value in the form that a store takes. */
export function toStorage(dtype: DType, value: Expr): Expr {
  return dtype === "bool" && value.type === "i32v" ? and(value, constant("i32v", 1)) : value;
}

/** Coefficient of an axis. */
export function coefficient(affine: Affine, axis: number): number {
  return affine.coefficients[axis] ?? 0;
}

/** Axes with a coefficient other than 0. */
export function axesOf(affine: Affine): AxisSet {
  return affine.coefficients.reduce((set, c, axis) => (c === 0 ? set : set | (1 << axis)), 0);
}

/** Whether `set` has `axis`. */
export function hasAxis(set: AxisSet, axis: number | null): boolean {
  return axis !== null && (set & (1 << axis)) !== 0;
}

/** Finds dependences and uses in an entry list. `accumulatorAxes`: axes that `accumulator` entries depend on. */
export function analyse(kernel: Kernel, entries: readonly Entry[], roots: readonly number[], accumulatorAxes: AxisSet): Analysis {
  const depends: AxisSet[] = [];
  for (const entry of entries) {
    switch (entry.op) {
      case "load":
        depends.push(accessAxes(kernel.accesses[entry.access]!, depends));
        break;
      case "position":
        depends.push(axesOf(entry.index));
        break;
      case "scalar":
      case "threefry":
        depends.push(entry.args.reduce((set, arg) => set | depends[arg]!, 0));
        break;
      case "accumulator":
        depends.push(accumulatorAxes);
        break;
      case "constant":
      case "parameter":
        depends.push(0);
    }
  }
  const uses = new Array<number>(entries.length).fill(0);
  for (const root of roots) uses[root]!++;
  for (let i = entries.length - 1; i >= 0; i--) {
    if (uses[i] === 0) continue;
    for (const argument of argumentsOf(kernel, entries[i]!)) uses[argument]!++;
  }
  return { kernel, entries, depends, uses };
}

/** Entries that an entry reads: its arguments, or the indices of its dynamic terms. */
export function argumentsOf(kernel: Kernel, entry: Entry): readonly number[] {
  if (entry.op === "scalar" || entry.op === "threefry") return entry.args;
  if (entry.op === "load") return kernel.accesses[entry.access]!.dynamic.map((term) => term.value);
  return [];
}

/** Entries that stores read: values and the indices of their dynamic terms. */
export function storeRoots(kernel: Kernel, stores: readonly { readonly access: number; readonly value: number }[]): number[] {
  return stores.flatMap((store) => [store.value, ...kernel.accesses[store.access]!.dynamic.map((term) => term.value)]);
}

/** Axes that the place or the guards of an access depend on. */
export function accessAxes(access: Access, depends: readonly AxisSet[]): AxisSet {
  let set = axesOf(access.index);
  for (const guard of access.guards) set |= axesOf(guard.index);
  for (const term of access.dynamic) set |= axesOf(term.offset) | depends[term.value]!;
  return set;
}

/**
 * Whether the entries (and `stores` of them) can be evaluated in vectors along `axis`: accesses move by 0 or 1 along it,
 * data-dependent indices do not depend on it, and every operation on values that do has a vector form.
 */
export function canVectorize(
  analysis: Analysis,
  axis: number,
  stores: readonly { readonly access: number; readonly value: number }[],
): boolean {
  const { kernel, entries, depends, uses } = analysis;
  const walks = (access: Access, isStore: boolean): boolean => {
    const step = coefficient(access.index, axis);
    if (isStore ? step !== 1 : step !== 0 && step !== 1) return false;
    if (kernel.buffers[access.buffer]!.dtype === "float64") return false;
    return access.dynamic.every((term) => !hasAxis(depends[term.value]! | axesOf(term.offset), axis));
  };
  for (const store of stores) if (!walks(kernel.accesses[store.access]!, true)) return false;
  return entries.every((entry, i) => {
    if (uses[i] === 0) return true;
    if (!hasAxis(depends[i]!, axis)) return true;
    if (entry.dtype === "float64") return false;
    if (entry.op === "load") return walks(kernel.accesses[entry.access]!, false);
    if (entry.op !== "scalar") return true;
    if (entry.args.some((arg) => entries[arg]!.dtype === "float64")) return false;
    const isInteger = dtypes[entry.dtype].kind === "integer";
    if (isInteger && (entry.f === "divide" || entry.f === "remainder")) return false;
    const isShift = entry.f === "shiftLeft" || entry.f === "shiftRightLogical" || entry.f === "shiftRightArithmetic";
    return !(isShift && hasAxis(depends[entry.args[1]!]!, axis));
  });
}

/** `affine` at the current point, over the axes in `only` (all where left out). */
export function affineValue(affine: Affine, position: (axis: number) => Expr, only?: AxisSet): Expr {
  let sum: Expr = i32(0);
  affine.coefficients.forEach((c, axis) => {
    if (c === 0 || (only !== undefined && !hasAxis(only, axis))) return;
    sum = c === 1 ? add(sum, position(axis)) : c === -1 ? sub(sum, position(axis)) : add(sum, mul(position(axis), i32(c)));
  });
  return add(sum, i32(affine.constant));
}

/**
 * Evaluates entries of one list at one point (or vector of points). Values are remembered; those used more than once
 * are bound to variables. `known` holds values found outside (hoisted); scalars in it are splatted where vectors need them.
 */
export class Evaluator {
  readonly #analysis: Analysis;
  readonly #around: Surroundings;
  readonly #values: Map<number, Expr>;
  readonly #splats: Map<number, Expr>;

  constructor(analysis: Analysis, around: Surroundings, known?: ReadonlyMap<number, Expr>, splats?: ReadonlyMap<number, Expr>) {
    this.#analysis = analysis;
    this.#around = around;
    this.#values = new Map(known);
    this.#splats = new Map(splats);
  }

  /** Whether entry `i` is a vector here. */
  isVector(i: number): boolean {
    return hasAxis(this.#analysis.depends[i]!, this.#around.vectorAxis);
  }

  /** The value of entry `i`: a vector where it depends on the vector axis, else a scalar. */
  value(block: Block, i: number): Expr {
    const known = this.#values.get(i);
    if (known !== undefined) return known;
    const entry = this.#analysis.entries[i]!;
    let value = this.#compute(block, entry, this.isVector(i));
    if (this.#analysis.uses[i]! > 1) value = block.let(value, entry.op === "scalar" ? entry.f : entry.op);
    this.#values.set(i, value);
    return value;
  }

  /** The value of entry `i` as a vector. */
  vector(block: Block, i: number): Expr {
    if (this.isVector(i)) return this.value(block, i);
    let value = this.#splats.get(i);
    if (value === undefined) {
      const { dtype } = this.#analysis.entries[i]!;
      value = splatValue(dtype, this.value(block, i));
      if (this.#analysis.uses[i]! > 1) value = block.let(value, "splat");
      this.#splats.set(i, value);
    }
    return value;
  }

  /** Stores entry `value` through access `position`, under its guards and checks. */
  store(block: Block, position: number, value: number): void {
    this.storeValue(block, position, () => this.#representation(block, value));
  }

  /** Stores what `make` gives (in the representation of the buffer's dtype). */
  storeValue(block: Block, position: number, make: (block: Block) => Expr): void {
    const { kernel } = this.#analysis;
    const access = kernel.accesses[position]!;
    const { dtype } = kernel.buffers[access.buffer]!;
    const value = block.let(make(block));
    this.place(block, position, (inside, at) => {
      inside.store(storageOf[dtype], at, toStorage(dtype, value), this.#countOf(value));
    });
  }

  /**
   * Runs `use` with the address of access `position` where its guards hold and its data-dependent indices are valid;
   * an index that fails a check is recorded.
   */
  place(block: Block, position: number, use: (block: Block, at: Address) => void): void {
    const access = this.#analysis.kernel.accesses[position]!;
    const condition = this.#around.guard(position, block);
    if (condition === null) this.#dynamicPlace(block, access, position, use);
    else block.if(condition, (inside) => this.#dynamicPlace(inside, access, position, use));
  }

  #dynamicPlace(block: Block, access: Access, position: number, use: (block: Block, at: Address) => void): void {
    let at = this.#around.address(position);
    const step = elementBytes[storageOf[this.#analysis.kernel.buffers[access.buffer]!.dtype]];
    const checks: { index: Expr; extent: number }[] = [];
    for (const term of access.dynamic) {
      let index = block.let(add(affineValue(term.offset, this.#around.position), this.value(block, term.value)), "index");
      if (term.mode === "clamp") index = block.let(max(i32(0), min(index, i32(term.extent - 1))), "index");
      else checks.push({ index, extent: term.extent });
      at = address(advance(at.base, index, term.stride * step), at.offset);
    }
    const checked = (inside: Block, next: number): void => {
      const check = checks[next];
      if (check === undefined) {
        use(inside, at);
        return;
      }
      inside.if(
        ltU(check.index, i32(check.extent)),
        (deeper) => checked(deeper, next + 1),
        (failed) => this.#record(failed, check.index, check.extent),
      );
    };
    checked(block, 0);
  }

  /** Writes [1, index, extent] into the fault record unless it already holds a fault. */
  #record(block: Block, index: Expr, extent: number): void {
    const record = this.#around.fault();
    block.if(eq(load("i32", address(record)), i32(0)), (first) => {
      first.store("i32", address(record, 4), index);
      first.store("i32", address(record, 8), i32(extent));
      first.store("i32", address(record), i32(1));
    });
  }

  #countOf(value: Expr): number | Expr | undefined {
    return value.type === "f32v" || value.type === "i32v" ? this.#around.count : undefined;
  }

  /** Entry `i` as a vector in vector code, else as a scalar. */
  #representation(block: Block, i: number): Expr {
    return this.#around.vectorAxis === null ? this.value(block, i) : this.vector(block, i);
  }

  #compute(block: Block, entry: Entry, vector: boolean): Expr {
    switch (entry.op) {
      case "constant":
        return constantOf(entry.dtype, entry.value, vector);
      case "parameter":
        return this.#around.parameter(entry.slot, entry.dtype);
      case "accumulator":
        return this.#around.accumulator(entry.index, vector);
      case "position": {
        const first = affineValue(entry.index, this.#around.position);
        if (!vector) return first;
        const step = coefficient(entry.index, this.#around.vectorAxis!);
        const offsets: Expr = { op: "lanes", type: "i32v" };
        return add(splat(first), step === 1 ? offsets : mul(offsets, constant("i32v", step)));
      }
      case "load":
        return this.#load(block, entry.access, entry.dtype, vector);
      case "threefry":
        return threefry(
          block,
          entry.args.map((arg) => (vector ? this.vector(block, arg) : this.value(block, arg))),
          entry.word,
        );
      case "scalar": {
        const { entries } = this.#analysis;
        const isShift = entry.f === "shiftLeft" || entry.f === "shiftRightLogical" || entry.f === "shiftRightArithmetic";
        const args = entry.args.map((arg, i) => (vector && !(isShift && i === 1) ? this.vector(block, arg) : this.value(block, arg)));
        const argumentDType = entries[entry.args[entry.f === "select" ? 1 : 0]!]!.dtype;
        return scalarOperation(block, entry.f, args, argumentDType, entry.dtype);
      }
    }
  }

  #load(block: Block, position: number, dtype: DType, vector: boolean): Expr {
    const access = this.#analysis.kernel.accesses[position]!;
    const storage = storageOf[this.#analysis.kernel.buffers[access.buffer]!.dtype];
    const isWide = vector && coefficient(access.index, this.#around.vectorAxis!) !== 0;
    const read = (at: Address): Expr => {
      if (!isWide) return vector ? splatValue(dtype, load(storage, at)) : load(storage, at);
      return fromStorage(dtype, loadVector(storage, at, this.#around.count));
    };
    // A value that varies along the vector axis only through its guard cannot occur: guards are uniform here.
    let result: Expr | null = null;
    const isPlain = access.dynamic.length === 0 && this.#around.guard(position, block) === null;
    if (isPlain) result = read(this.#around.address(position));
    else {
      const variable = block.declare("loaded", constantOf(dtype, access.fill, vector));
      this.place(block, position, (inside, at) => inside.set(variable, read(at)));
      result = get(variable);
    }
    return result;
  }
}

/** Buffers that the parameter block has pointers of: all but scratch, which stands last. */
function boundBuffers(kernel: Kernel): number {
  return kernel.buffers.filter(({ use }) => use !== "scratch").length;
}

/** Loads run-time scalar `slot` of a kernel from its parameter block. */
export function loadParameter(kernel: Kernel, block: Expr, slot: number): Expr {
  const dtype = kernel.scalars[slot]!;
  // Scalars of two bytes stand in the block as float32.
  const storage: Storage = dtype === "float64" ? "f64" : isFloat(dtype) ? "f32" : "i32";
  return load(storage, address(block, 8 * (boundBuffers(kernel) + slot)));
}

/** Loads the extent of dynamic axis `axis` from the parameter block. */
export function loadExtent(kernel: Kernel, block: Expr, axis: number): Expr {
  const before = kernel.axes.slice(0, axis).filter((other) => other.dynamic).length;
  return load("i32", address(block, 8 * (boundBuffers(kernel) + kernel.scalars.length + before)));
}

/** Loads the pointer of the fault record. */
export function loadFault(kernel: Kernel, block: Expr): Expr {
  const extents = kernel.axes.filter((axis) => axis.dynamic).length;
  return loadPtr(block, boundBuffers(kernel) + kernel.scalars.length + extents);
}
