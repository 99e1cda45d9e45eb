/** Random kernels from a seed, for tests: every kind of access, tail, guard and dtype. */
import type {
  Access,
  Axis,
  CumulativeKernel,
  Entry,
  Guard,
  Kernel,
  KernelBuffer,
  MapKernel,
  ReduceKernel,
  ScatterKernel,
  SortKernel,
  SortStore,
  Store,
} from "../../../compiler/kernels/kernel.ts";
import { type DType, isFloat } from "../../../dtype/index.ts";
import type { Affine, Reducer, ScalarOp } from "../../../graph/index.ts";

/** A seeded generator of random numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) | 0;
  }

  /** A number in [0, 1). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number in [low, high]. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.unit() * list.length)]!;
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }
}

/** What may occur. */
export interface RandomOptions {
  readonly dtypes: readonly DType[];
  readonly largest: number;
  readonly allowFaults?: boolean;
}

class KernelMaker {
  readonly buffers: KernelBuffer[] = [];
  readonly accesses: Access[] = [];
  readonly scalars: DType[] = [];
  readonly random: Random;
  readonly axes: readonly Axis[];
  readonly options: RandomOptions;

  constructor(random: Random, axes: readonly Axis[], options: RandomOptions) {
    this.random = random;
    this.axes = axes;
    this.options = options;
  }

  /** A read of a new buffer, through a random view of the axes in [0, rank). */
  read(dtype: DType, rank: number): Access {
    const { random } = this;
    const used = [...Array(rank).keys()];
    const order = random.chance(0.3) ? shuffle(random, used) : used;
    const coefficients = new Array<number>(this.axes.length).fill(0);
    const guards: Guard[] = [];
    let constant = 0;
    let stride = 1;
    let low = 0;
    for (const axis of order.toReversed()) {
      if (random.chance(0.2)) continue;
      const { extent, dynamic } = this.axes[axis]!;
      const reach = Math.max(0, extent - 1);
      const kind = random.unit();
      if (kind < 0.15 && !dynamic) {
        // Reversed.
        coefficients[axis] = -stride;
        constant += stride * reach;
        stride *= extent;
      } else if (kind < 0.3) {
        // Every other element.
        coefficients[axis] = 2 * stride;
        stride *= 2 * reach + 1 + random.whole(0, 1);
      } else if (kind < 0.5) {
        // A padded operand axis: guarded.
        const step = random.pick([1, 1, 1, 2, -1]);
        const limit = random.whole(1, Math.max(1, extent + 1));
        const offset = step === -1 ? random.whole(0, extent) : -random.whole(0, 3);
        const second = random.chance(0.3) ? random.whole(0, rank - 1) : axis;
        const index: number[] = new Array<number>(this.axes.length).fill(0);
        index[axis] = step;
        if (second !== axis) index[second]! += 1;
        guards.push({ index: { constant: offset, coefficients: index }, limit });
        index.forEach((c, i) => (coefficients[i]! += c * stride));
        constant += offset * stride;
        stride *= limit;
      } else {
        coefficients[axis]! += stride;
        stride *= Math.max(1, extent);
      }
      // Where two padded axes share an axis of the kernel, the unguarded part may go below 0.
      low = Math.min(low, 0);
    }
    const index: Affine = { constant, coefficients };
    const elements = guards.length === 0 ? range(index, this.axes)[1] + 1 + random.whole(0, 2) : this.guardedElements(index, guards);
    return this.place({ dtype, elements: Math.max(0, elements), use: "read" }, index, guards);
  }

  /** Elements that a guarded access can reach, by trying every point; shifts the index so that none is negative. */
  private guardedElements(index: Affine, guards: readonly Guard[]): number {
    let high = -1;
    forEachPoint(this.axes, (point) => {
      if (guards.every((guard) => inside(guard, point))) high = Math.max(high, at(index, point));
    });
    return high + 1;
  }

  private place(buffer: KernelBuffer, index: Affine, guards: readonly Guard[]): Access {
    let shift = 0;
    let high = -1;
    forEachPoint(this.axes, (point) => {
      if (!guards.every((guard) => inside(guard, point))) return;
      shift = Math.max(shift, -at(index, point));
      high = Math.max(high, at(index, point));
    });
    this.buffers.push({ ...buffer, elements: Math.max(buffer.elements, high + 1) + shift });
    const fill =
      buffer.dtype === "bool"
        ? this.random.whole(0, 1)
        : buffer.dtype === "uint8"
          ? this.random.whole(0, 9)
          : this.random.pick([0, 0, 1, -1, 3]);
    return { buffer: this.buffers.length - 1, index: { ...index, constant: index.constant + shift }, guards, fill, dynamic: [] };
  }

  /** A store that visits different elements at different points of the axes [0, rank). */
  write(dtype: DType, rank: number): number {
    const { random } = this;
    const order = random.chance(0.15) ? shuffle(random, [...Array(rank).keys()]) : [...Array(rank).keys()];
    const coefficients = new Array<number>(this.axes.length).fill(0);
    const gap = random.chance(0.1) ? 2 : 1;
    let stride = gap;
    let constant = random.whole(0, 2);
    for (const axis of order.toReversed()) {
      const { extent, dynamic } = this.axes[axis]!;
      if (random.chance(0.1) && !dynamic) {
        coefficients[axis] = -stride;
        constant += stride * Math.max(0, extent - 1);
      } else coefficients[axis] = stride;
      stride *= Math.max(1, extent) + (random.chance(0.1) ? 1 : 0);
    }
    const guards: Guard[] = [];
    if (rank > 0 && random.chance(0.15)) {
      const axis = random.whole(0, rank - 1);
      const index = new Array<number>(this.axes.length).fill(0);
      index[axis] = 1;
      guards.push({
        index: { constant: -random.whole(0, 2), coefficients: index },
        limit: random.whole(1, Math.max(1, this.axes[axis]!.extent)),
      });
    }
    const index = { constant, coefficients };
    this.buffers.push({ dtype, elements: Math.max(0, range(index, this.axes)[1] + 1), use: "write" });
    return this.accesses.push({ buffer: this.buffers.length - 1, index, guards, fill: 0, dynamic: [] }) - 1;
  }

  /** A random list of entries over the axes [0, rank), starting from `seed` entries. */
  expression(rank: number, seed: readonly Entry[], size: number): Entry[] {
    const { random, options } = this;
    const entries: Entry[] = [...seed];
    const add = (entry: Entry): number => entries.push(entry) - 1;
    const ofType = (dtype: DType): number => {
      const candidates = entries.flatMap((entry, i) => (entry.dtype === dtype ? [i] : []));
      if (candidates.length > 0 && random.chance(0.8)) return random.pick(candidates);
      const any = random.whole(0, entries.length - 1);
      if (entries[any]!.dtype === dtype) return any;
      return add({ op: "scalar", f: "convert", args: [any], dtype });
    };
    const reads = random.whole(1, 3);
    for (let i = 0; i < reads; i++) {
      const dtype = random.pick(options.dtypes);
      add({ op: "load", access: this.accesses.push(this.read(dtype, rank)) - 1, dtype });
    }
    if (random.chance(0.3)) {
      const coefficients = this.axes.map((_, axis) => (axis < rank ? random.whole(-2, 2) : 0));
      add({ op: "position", index: { constant: random.whole(-3, 3), coefficients }, dtype: "int32" });
    }
    if (random.chance(0.3)) {
      const dtype = random.pick(options.dtypes.filter((type) => type !== "bool" && type !== "uint8" && type !== "int8"));
      add({ op: "parameter", slot: this.scalars.push(dtype) - 1, dtype });
    }
    if (random.chance(0.4)) add({ op: "constant", value: random.whole(-3, 3), dtype: random.pick(["float32", "int32"]) });
    if (random.chance(0.3) && rank > 0) this.gather(entries, rank);
    for (let i = 0; i < size; i++) {
      const kind = random.unit();
      const dtype = random.pick(options.dtypes);
      const isFloating = isFloat(dtype);
      if (dtype === "bool") {
        const from = random.pick(options.dtypes);
        if (kind < 0.5)
          add({
            op: "scalar",
            f: random.pick<ScalarOp>(["less", "lessEqual", "greater", "greaterEqual", "equal", "notEqual"]),
            args: [ofType(from), ofType(from)],
            dtype,
          });
        else if (kind < 0.7) add({ op: "scalar", f: "not", args: [ofType("bool")], dtype });
        else add({ op: "scalar", f: random.pick<ScalarOp>(["and", "or", "xor"]), args: [ofType("bool"), ofType("bool")], dtype });
      } else if (kind < 0.2) add({ op: "scalar", f: "select", args: [ofType("bool"), ofType(dtype), ofType(dtype)], dtype });
      else if (kind < 0.4) {
        const f = isFloating
          ? random.pick<ScalarOp>(["negate", "abs", "floor", "round", "sign", "ceil"])
          : random.pick<ScalarOp>(dtype === "int32" ? ["negate", "abs", "sign"] : ["sign"]);
        add({ op: "scalar", f, args: [ofType(dtype)], dtype });
      } else {
        const whole: ScalarOp[] = ["divide", "remainder"];
        const f = random.pick<ScalarOp>([
          "add",
          "subtract",
          "multiply",
          "maximum",
          "minimum",
          ...(isFloating ? [] : random.chance(0.3) ? whole : []),
        ]);
        add({ op: "scalar", f, args: [ofType(dtype), ofType(dtype)], dtype });
      }
    }
    return entries;
  }

  /** Adds a load whose place depends on an int32 entry. */
  private gather(entries: Entry[], rank: number): void {
    const { random, options } = this;
    const indices = this.read("int32", random.chance(0.5) ? rank : Math.max(0, rank - 1));
    const value = entries.push({ op: "load", access: this.accesses.push(indices) - 1, dtype: "int32" }) - 1;
    const dtype = random.pick(options.dtypes);
    const extent = random.whole(8, 12);
    const last = this.axes[rank - 1]!;
    const inner = random.chance(0.5) && !last.dynamic;
    const width = inner ? Math.max(1, last.extent) : 1;
    const coefficients = new Array<number>(this.axes.length).fill(0);
    if (inner) coefficients[rank - 1] = 1;
    this.buffers.push({ dtype, elements: extent * width, use: "read" });
    // Values of int32 buffers are in [-3, 4].
    const offset = { constant: random.chance(options.allowFaults === true ? 0.5 : 0) ? 1 : 3, coefficients: this.axes.map(() => 0) };
    const mode = random.pick(["check", "clamp"] as const);
    const access: Access = {
      buffer: this.buffers.length - 1,
      index: { constant: 0, coefficients },
      guards: [],
      fill: dtype === "bool" ? 1 : 2,
      dynamic: [{ value, stride: width, extent, mode, offset }],
    };
    entries.push({ op: "load", access: this.accesses.push(access) - 1, dtype });
  }
}

function shuffle(random: Random, list: readonly number[]): number[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.whole(0, i);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

function at(affine: Affine, point: readonly number[]): number {
  return affine.coefficients.reduce((sum, c, axis) => (c === 0 ? sum : sum + c * point[axis]!), affine.constant);
}

function inside(guard: Guard, point: readonly number[]): boolean {
  const index = at(guard.index, point);
  return index >= 0 && index < guard.limit;
}

function range(affine: Affine, axes: readonly Axis[]): [number, number] {
  let [low, high] = [affine.constant, affine.constant];
  affine.coefficients.forEach((c, axis) => {
    const reach = c * Math.max(0, axes[axis]!.extent - 1);
    if (reach < 0) low += reach;
    else high += reach;
  });
  return [low, high];
}

function forEachPoint(axes: readonly Axis[], visit: (point: readonly number[]) => void): void {
  const total = axes.reduce((product, axis) => product * axis.extent, 1);
  for (let i = 0; i < total; i++) {
    let rest = i;
    const point = new Array<number>(axes.length);
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      point[axis] = rest % axes[axis]!.extent;
      rest = Math.floor(rest / axes[axis]!.extent);
    }
    visit(point);
  }
}

/** Axes of random extents whose product stays near `largest`. */
function axesOf(random: Random, parallel: number, reduce: number, largest: number): Axis[] {
  const extents: number[] = [];
  let budget = largest;
  for (let i = 0; i < parallel + reduce; i++) {
    const extent = random.chance(0.02)
      ? 0
      : Math.min(budget, random.pick([1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 40, 64, 65, 130]));
    extents.push(extent);
    budget = Math.max(1, Math.floor(budget / Math.max(1, extent)));
  }
  const order = shuffle(random, extents);
  return order.map((extent, i) => ({
    extent,
    role: i < parallel ? "parallel" : "reduce",
    dynamic: (i === 0 || i === parallel) && extent > 0 && random.chance(0.25),
  }));
}

function base(maker: KernelMaker): Pick<Kernel, "axes" | "buffers" | "accesses" | "scalars" | "label"> {
  return { axes: maker.axes, buffers: maker.buffers, accesses: maker.accesses, scalars: maker.scalars, label: "random" };
}

/** A random map kernel. */
export function randomMap(seed: number, options: RandomOptions): MapKernel {
  const random = new Random(seed);
  const axes = axesOf(random, random.whole(0, 4), 0, options.largest);
  const maker = new KernelMaker(random, axes, options);
  const expression = maker.expression(axes.length, [], random.whole(0, 8));
  const stores: Store[] = Array.from({ length: random.chance(0.3) ? 2 : 1 }, (_, i) => {
    const value = i === 0 ? expression.length - 1 : random.whole(0, expression.length - 1);
    return { access: maker.write(expression[value]!.dtype, axes.length), value };
  });
  return { kind: "map", ...base(maker), expression, stores };
}

/** A random reduce kernel. */
export function randomReduce(seed: number, options: RandomOptions): ReduceKernel {
  const random = new Random(seed);
  const kept = random.whole(0, 3);
  const axes = axesOf(random, kept, random.whole(0, 3), options.largest);
  const maker = new KernelMaker(random, axes, options);
  const expression = maker.expression(axes.length, [], random.whole(0, 4));
  // Products of many values overflow, and then depend on their order.
  const few = axes.slice(kept).reduce((product, axis) => product * axis.extent, 1) <= 12;
  const reducers = Array.from({ length: random.chance(0.3) ? 2 : 1 }, (_, i) => {
    const value = i === 0 ? expression.length - 1 : random.whole(0, expression.length - 1);
    const valueType = expression[value]!.dtype;
    const reducer: Reducer =
      valueType === "bool"
        ? random.pick<Reducer>(["any", "all", "max", "min"])
        : random.pick<Reducer>(["sum", "sum", "max", "min", few ? "prod" : "sum", "argmax", "argmin"]);
    return { reducer, value, dtype: reducer === "argmax" || reducer === "argmin" ? ("int32" as const) : valueType };
  });
  const accumulators = reducers.map(({ dtype }, index): Entry => ({ op: "accumulator", index, dtype }));
  const epilogue = random.chance(0.5) ? accumulators : maker.expression(kept, accumulators, random.whole(0, 3));
  const stores = accumulators.map((_, i): Store => {
    const value = random.chance(0.7) ? i : random.whole(0, epilogue.length - 1);
    return { access: maker.write(epilogue[value]!.dtype, kept), value };
  });
  return { kind: "reduce", ...base(maker), expression, reducers, epilogue, stores };
}

/** A random scan. */
export function randomCumulative(seed: number, options: RandomOptions): CumulativeKernel {
  const random = new Random(seed);
  const axes = axesOf(random, random.whole(0, 3), 1, options.largest);
  const few = axes.at(-1)!.extent <= 12;
  const maker = new KernelMaker(random, axes, { ...options, dtypes: options.dtypes.filter((dtype) => dtype !== "bool") });
  const expression = maker.expression(axes.length, [], random.whole(0, 4));
  const { dtype } = expression.at(-1)!;
  return {
    kind: "cumulative",
    ...base(maker),
    expression,
    value: expression.length - 1,
    reducer: random.pick(["sum", few ? "prod" : "sum", "max", "min"]),
    reverse: random.chance(0.4),
    dtype,
    store: maker.write(dtype, axes.length),
  };
}

/** A random sort of rows, with ties and NaN among the keys. */
export function randomSort(seed: number, options: RandomOptions): SortKernel {
  const random = new Random(seed);
  const axes = axesOf(random, random.whole(0, 3), 1, options.largest).map((axis) => ({ ...axis, dynamic: false }));
  const maker = new KernelMaker(random, axes, { ...options, dtypes: options.dtypes.filter((dtype) => dtype !== "bool") });
  const expression = maker.expression(axes.length, [], random.whole(0, 2));
  const { dtype } = expression.at(-1)!;
  const stores: SortStore[] = [];
  if (random.chance(0.7)) stores.push({ access: maker.write(dtype, axes.length), gives: "values" });
  if (stores.length === 0 || random.chance(0.7)) stores.push({ access: maker.write("int32", axes.length), gives: "positions" });
  return { kind: "sort", ...base(maker), expression, value: expression.length - 1, descending: random.chance(0.5), dtype, stores };
}

/** A random scatter: updates [rows, ...] into a destination of [places, ...]. */
export function randomScatter(seed: number, options: RandomOptions): ScatterKernel {
  const random = new Random(seed);
  const rank = random.whole(1, 3);
  const axes = axesOf(random, rank, 0, options.largest).map((axis) => ({ ...axis, dynamic: false }));
  const maker = new KernelMaker(random, axes, options);
  const expression = maker.expression(rank, [], random.whole(0, 3));
  const value = expression.length - 1;
  const { dtype } = expression[value]!;
  // Some axes carry over to the destination; the others are positions that an index replaces.
  const carried = axes.map(() => random.chance(0.6));
  const coefficients = new Array<number>(rank).fill(0);
  let stride = 1;
  for (let axis = rank - 1; axis >= 0; axis--) {
    if (carried[axis] !== true) continue;
    coefficients[axis] = stride;
    stride *= Math.max(1, axes[axis]!.extent);
  }
  const indexCoefficients = new Array<number>(rank).fill(0);
  let indexStride = 1;
  for (let axis = rank - 1; axis >= 0; axis--) {
    if (carried[axis] === true) continue;
    indexCoefficients[axis] = indexStride;
    indexStride *= Math.max(1, axes[axis]!.extent);
  }
  maker.buffers.push({ dtype: "int32", elements: indexStride, use: "read" });
  const indexAccess =
    maker.accesses.push({
      buffer: maker.buffers.length - 1,
      index: { constant: 0, coefficients: indexCoefficients },
      guards: [],
      fill: 0,
      dynamic: [],
    }) - 1;
  const index = expression.push({ op: "load", access: indexAccess, dtype: "int32" }) - 1;
  const extent = 8;
  maker.buffers.push({ dtype, elements: extent * stride, use: "readwrite" });
  const store =
    maker.accesses.push({
      buffer: maker.buffers.length - 1,
      index: { constant: 0, coefficients },
      guards: [],
      fill: 0,
      dynamic: [
        {
          value: index,
          stride,
          extent,
          mode: random.pick(["check", "clamp"] as const),
          offset: { constant: random.chance(0.3) ? 1 : 3, coefficients: axes.map(() => 0) },
        },
      ],
    }) - 1;
  return {
    kind: "scatter",
    ...base(maker),
    expression,
    value,
    store,
    mode: dtype === "bool" ? "set" : random.pick(["add", "set"] as const),
  };
}
