/**
 * Splits a long reduction with few results in two: partial results of fixed blocks, then their combination. It gives
 * the machine parallel work, and float sums an error that grows with the number of blocks instead of elements.
 */
import { type DType, isShortFloat, widened } from "../../dtype/index.ts";
import type { Affine, Reducer } from "../../graph/index.ts";
import type { Temporary } from "../target.ts";
import type { Access, Axis, Entry, KernelBuffer, ReduceKernel, Store } from "./kernel.ts";
import { identityOf } from "./reducer-identity.ts";
import { product, splitTarget } from "./split-target.ts";

/** One of the two kernels, and where its buffers and scalars come from. */
export interface SplitPart {
  readonly kernel: ReduceKernel;
  /** Per buffer: position in the original kernel's `buffers`, or -1 - position in `temporaries`. */
  readonly buffers: readonly number[];
  /** Per run-time scalar: position in the original kernel's `scalars`. */
  readonly scalars: readonly number[];
}

/** A reduction in two steps. */
export interface SplitReduction {
  readonly partial: SplitPart;
  readonly combine: SplitPart;
  readonly temporaries: readonly Temporary[];
}

/**
 * The split of `kernel`, or null where it would not pay. A pure function of the kernel's data (its shape), never of the
 * machine. Whole leading reduce axes become blocks where the rest is long enough; otherwise the leading axis is cut
 * into equal blocks (a guard and a select cover the end where no divisor fits). Run it before axes are marked dynamic
 * or after; a dynamic leading axis is only ever moved whole, and becomes the first parallel axis.
 */
export function splitReduce(kernel: ReduceKernel): SplitReduction | null {
  const target = splitTarget(kernel);
  if (target === null) return null;
  const kept = kernel.axes.filter((axis) => axis.role === "parallel");
  const reduced = kernel.axes.filter((axis) => axis.role === "reduce");
  const plan = chooseBlocks(kernel, kept.length, reduced, target);
  return plan === null ? null : build(plan.kernel, plan.lead, kept.length);
}

function hasPositions(kernel: ReduceKernel): boolean {
  return kernel.reducers.some(({ reducer }) => reducer === "argmax" || reducer === "argmin");
}

/** Leading reduce axes that become parallel (`lead` of them), after cutting one axis where needed. */
function chooseBlocks(
  kernel: ReduceKernel,
  firstReduce: number,
  reduced: readonly Axis[],
  target: number,
): { kernel: ReduceKernel; lead: number } | null {
  let rest = product(reduced);
  for (let lead = 0; lead < reduced.length; lead++) {
    const axis = reduced[lead]!;
    const inner = rest / axis.extent;
    if (inner >= target) {
      // Even one step of this axis is a whole block: it moves to the blocks, and the next axis is looked at.
      rest = inner;
      if (inner < 2 * target) return { kernel, lead: lead + 1 };
      continue;
    }
    const steps = Math.ceil(target / inner);
    if (axis.dynamic || steps * 2 > axis.extent) {
      if (lead > 0) return { kernel, lead };
      return inner >= target / 16 && axis.extent > 1 ? { kernel, lead: 1 } : null;
    }
    const length = blockLength(axis.extent, steps);
    // Positions (argmax) count through blocks, so those of an inner axis must fill it exactly.
    if (lead > 0 && axis.extent % length !== 0 && hasPositions(kernel)) return { kernel, lead };
    return { kernel: cutAxis(kernel, firstReduce + lead, length), lead: lead + 1 };
  }
  return { kernel, lead: reduced.length - 1 };
}

/** The divisor of `extent` in [steps / 2, 2 * steps] nearest to `steps`; `steps` itself where there is none. */
function blockLength(extent: number, steps: number): number {
  for (let away = 0; away <= steps; away++) {
    for (const length of [steps - away, steps + away]) {
      if (length >= steps / 2 && extent % length === 0) return length;
    }
  }
  return steps;
}

/** Replaces axis `axis` by (blocks, points of a block), outer first. Points past the end contribute the identity. */
function cutAxis(kernel: ReduceKernel, axis: number, length: number): ReduceKernel {
  const { extent } = kernel.axes[axis]!;
  const blocks = Math.ceil(extent / length);
  const cut = (f: Affine): Affine => {
    const c = f.coefficients[axis] ?? 0;
    return { constant: f.constant, coefficients: [...f.coefficients.slice(0, axis), c * length, c, ...f.coefficients.slice(axis + 1)] };
  };
  const axes: Axis[] = [
    ...kernel.axes.slice(0, axis),
    { extent: blocks, role: "reduce", dynamic: false },
    { extent: length, role: "reduce", dynamic: false },
    ...kernel.axes.slice(axis + 1),
  ];
  const accesses = kernel.accesses.map((access) => mapAccess(access, cut));
  const expression = kernel.expression.map((entry) => mapEntry(entry, cut));
  const epilogue = kernel.epilogue.map((entry) => mapEntry(entry, cut));
  if (blocks * length === extent) return { ...kernel, axes, accesses, expression, epilogue };

  const position: Affine = { constant: 0, coefficients: axes.map((_, i) => (i === axis ? length : i === axis + 1 ? 1 : 0)) };
  const used = new Set(kernel.expression.flatMap((entry) => (entry.op === "load" ? [entry.access] : [])));
  const guarded = accesses.map((access, i) =>
    used.has(i) ? { ...access, guards: [...access.guards, { index: position, limit: extent }] } : access,
  );
  const entries: Entry[] = [...expression];
  const add = (entry: Entry): number => entries.push(entry) - 1;
  const at = add({ op: "position", index: position, dtype: "int32" });
  const end = add({ op: "constant", value: extent, dtype: "int32" });
  const inside = add({ op: "scalar", f: "less", args: [at, end], dtype: "bool" });
  const reducers = kernel.reducers.map((reducer) => {
    const valueType = entries[reducer.value]!.dtype;
    const identity = add({ op: "constant", value: identityOf(reducer.reducer, valueType), dtype: valueType });
    return { ...reducer, value: add({ op: "scalar", f: "select", args: [inside, reducer.value, identity], dtype: valueType }) };
  });
  return { ...kernel, axes, accesses: guarded, expression: entries, reducers, epilogue };
}

function mapAccess(access: Access, f: (a: Affine) => Affine): Access {
  return {
    ...access,
    index: f(access.index),
    guards: access.guards.map((guard) => ({ ...guard, index: f(guard.index) })),
    dynamic: access.dynamic.map((term) => ({ ...term, offset: f(term.offset) })),
  };
}

function mapEntry(entry: Entry, f: (a: Affine) => Affine): Entry {
  return entry.op === "position" ? { ...entry, index: f(entry.index) } : entry;
}

/** Makes the first `lead` reduce axes of `kernel` parallel in the partial kernel and reduces over them in the second. */
function build(kernel: ReduceKernel, lead: number, kept: number): SplitReduction {
  // Only the leading block axis may stay dynamic: strides of the partial results depend on the kept extents.
  const axes: Axis[] = kernel.axes.map((axis, i) => ({ ...axis, dynamic: axis.dynamic && i === kept && !hasPositions(kernel) }));
  const rank = axes.length;
  // Axes of the partial kernel: blocks first, so that a dynamic one is the first parallel axis; then kept, then the rest.
  const order = [...range(kept, kept + lead), ...range(0, kept), ...range(kept + lead, rank)];
  const partialAxes: Axis[] = order.map((axis, i) => ({ ...axes[axis]!, role: i < lead + kept ? "parallel" : "reduce" }));
  const toPartial = (f: Affine): Affine => ({ constant: f.constant, coefficients: order.map((axis) => f.coefficients[axis] ?? 0) });
  // Axes of the combination: kept, then blocks.
  const combineAxes: Axis[] = axes.slice(0, kept + lead);
  const toCombine = (f: Affine): Affine => ({
    constant: f.constant,
    coefficients: range(0, kept + lead).map((axis) => (axis < kept ? (f.coefficients[axis] ?? 0) : 0)),
  });

  const blocks = product(axes.slice(kept, kept + lead));
  const results = product(axes.slice(0, kept));
  const blockLengthPoints = product(axes.slice(kept + lead));
  const temporaries: Temporary[] = [];
  const temporary = (dtype: DType): number => temporaries.push({ dtype, elements: blocks * results }) - 1;
  const keptStrides = strides(axes.slice(0, kept), 1);
  const blockStrides = strides(axes.slice(kept, kept + lead), results);
  const inPartial: Affine = {
    constant: 0,
    coefficients: [...blockStrides, ...keptStrides, ...new Array<number>(rank - kept - lead).fill(0)],
  };
  const inCombine: Affine = { constant: 0, coefficients: [...keptStrides, ...blockStrides] };

  const partialAccesses: Access[] = [];
  const partialBuffers: number[] = [];
  const accessMap = new Map<number, number>();
  const partialTypes: KernelBuffer[] = [];
  const expression = kernel.expression.map((entry) => {
    const moved = mapEntry(entry, toPartial);
    if (moved.op !== "load") return moved;
    let position = accessMap.get(moved.access);
    if (position === undefined) {
      const access = kernel.accesses[moved.access]!;
      let buffer = partialBuffers.indexOf(access.buffer);
      if (buffer < 0) {
        buffer = partialBuffers.push(access.buffer) - 1;
        partialTypes.push({ ...kernel.buffers[access.buffer]!, use: "read" });
      }
      position = partialAccesses.push({ ...mapAccess(access, toPartial), buffer }) - 1;
      accessMap.set(moved.access, position);
    }
    return { ...moved, access: position };
  });

  const reducers: ReduceKernel["reducers"][number][] = [];
  const partialEpilogue: Entry[] = [];
  const partialStores: Store[] = [];
  const keep = (reducer: Reducer, value: number, dtype: DType): number => {
    const position = temporary(dtype);
    const buffer = partialBuffers.push(-1 - position) - 1;
    partialTypes.push({ dtype, elements: blocks * results, use: "write" });
    const access = partialAccesses.push({ buffer, index: inPartial, guards: [], fill: 0, dynamic: [] }) - 1;
    reducers.push({ reducer, value, dtype });
    partialEpilogue.push({ op: "accumulator", index: reducers.length - 1, dtype });
    partialStores.push({ access, value: partialEpilogue.length - 1 });
    return position;
  };

  // The combination: one load per partial result, the same reducer over the blocks.
  const combineTypes: KernelBuffer[] = [];
  const combineBuffers: number[] = [];
  const combineAccesses: Access[] = [];
  const combineExpression: Entry[] = [];
  const combineReducers: ReduceKernel["reducers"][number][] = [];
  const combineEpilogue: Entry[] = [];
  const combineBuffer = (id: number, type: KernelBuffer): number => {
    const known = combineBuffers.indexOf(id);
    if (known >= 0) return known;
    combineTypes.push(type);
    return combineBuffers.push(id) - 1;
  };
  const temporaryBuffer = (position: number): number => combineBuffer(-1 - position, { ...temporaries[position]!, use: "read" });
  /** Per original reducer: the entry of the combination's epilogue that holds its final value. */
  const finished = kernel.reducers.map(({ reducer, value, dtype }) => {
    const valueType = kernel.expression[value]!.dtype;
    const isArg = reducer === "argmax" || reducer === "argmin";
    // Partial results of floats of two bytes are float32: only the whole is rounded.
    const partial = isShortFloat(dtype) ? widened(dtype) : isArg ? valueType : dtype;
    const held = keep(reducer === "argmax" ? "max" : reducer === "argmin" ? "min" : reducer, value, partial);
    const access = combineAccesses.push({ buffer: temporaryBuffer(held), index: inCombine, guards: [], fill: 0, dynamic: [] }) - 1;
    const loaded = combineExpression.push({ op: "load", access, dtype: partial }) - 1;
    combineReducers.push({ reducer, value: loaded, dtype });
    const accumulator = combineEpilogue.push({ op: "accumulator", index: combineReducers.length - 1, dtype }) - 1;
    if (!isArg) return accumulator;
    // The winning block's position inside itself, plus where the block starts.
    const positions = keep(reducer, value, "int32");
    const at =
      combineAccesses.push({
        buffer: temporaryBuffer(positions),
        index: { ...inCombine, coefficients: inCombine.coefficients.map((c, axis) => (axis < kept ? c : 0)) },
        guards: [],
        fill: 0,
        dynamic: [
          {
            value: accumulator,
            stride: results,
            extent: blocks,
            mode: "clamp",
            offset: { constant: 0, coefficients: combineAxes.map(() => 0) },
          },
        ],
      }) - 1;
    const inside = combineEpilogue.push({ op: "load", access: at, dtype: "int32" }) - 1;
    const length = combineEpilogue.push({ op: "constant", value: blockLengthPoints, dtype: "int32" }) - 1;
    const startOfBlock = combineEpilogue.push({ op: "scalar", f: "multiply", args: [accumulator, length], dtype: "int32" }) - 1;
    return combineEpilogue.push({ op: "scalar", f: "add", args: [startOfBlock, inside], dtype: "int32" }) - 1;
  });

  // The original epilogue, on those values.
  const renumbered = new Map<number, number>();
  kernel.epilogue.forEach((entry, position) => {
    if (entry.op === "accumulator") {
      renumbered.set(position, finished[entry.index]!);
      return;
    }
    let moved = mapEntry(entry, toCombine);
    if (moved.op === "scalar" || moved.op === "threefry") moved = { ...moved, args: moved.args.map((arg) => renumbered.get(arg)!) };
    if (moved.op === "load") moved = { ...moved, access: combineAccess(moved.access) };
    renumbered.set(position, combineEpilogue.push(moved) - 1);
  });
  function combineAccess(position: number): number {
    const access = mapAccess(kernel.accesses[position]!, toCombine);
    const buffer = combineBuffer(access.buffer, kernel.buffers[access.buffer]!);
    const dynamic = access.dynamic.map((term) => ({ ...term, value: renumbered.get(term.value)! }));
    return combineAccesses.push({ ...access, buffer, dynamic }) - 1;
  }
  const combineStores = kernel.stores.map((store) => ({ access: combineAccess(store.access), value: renumbered.get(store.value)! }));

  const partialScalars = trimScalars(kernel, expression, []);
  const combineScalars = trimScalars(kernel, [], combineEpilogue);
  return {
    partial: {
      kernel: {
        kind: "reduce",
        axes: partialAxes,
        buffers: partialTypes,
        accesses: partialAccesses,
        scalars: partialScalars.types,
        label: kernel.label,
        expression: partialScalars.expression,
        reducers,
        epilogue: partialEpilogue,
        stores: partialStores,
      },
      buffers: partialBuffers,
      scalars: partialScalars.positions,
    },
    combine: {
      kernel: {
        kind: "reduce",
        axes: combineAxes,
        buffers: combineTypes,
        accesses: combineAccesses,
        scalars: combineScalars.types,
        label: kernel.label,
        expression: combineExpression,
        reducers: combineReducers,
        epilogue: combineScalars.epilogue,
        stores: combineStores,
      },
      buffers: combineBuffers,
      scalars: combineScalars.positions,
    },
    temporaries,
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

/** Row-major strides, the last axis having stride `unit`. */
function strides(axes: readonly Axis[], unit: number): number[] {
  const result = new Array<number>(axes.length);
  let stride = unit;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    result[axis] = stride;
    stride *= axes[axis]!.extent;
  }
  return result;
}

/** Keeps the run-time scalars that the entries use. */
function trimScalars(
  kernel: ReduceKernel,
  expression: readonly Entry[],
  epilogue: readonly Entry[],
): { expression: Entry[]; epilogue: Entry[]; types: DType[]; positions: number[] } {
  const positions: number[] = [];
  const move = (entry: Entry): Entry => {
    if (entry.op !== "parameter") return entry;
    let slot = positions.indexOf(entry.slot);
    if (slot < 0) slot = positions.push(entry.slot) - 1;
    return { ...entry, slot };
  };
  const moved = { expression: expression.map(move), epilogue: epilogue.map(move) };
  return { ...moved, types: positions.map((slot) => kernel.scalars[slot]!), positions };
}
