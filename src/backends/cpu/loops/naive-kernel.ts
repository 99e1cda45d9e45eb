/** The meaning of kernels, evaluated point by point on host arrays: what generated code is tested against. */
import { type DType, dtypes, roundedTo, type TypedArray } from "../../../dtype/index.ts";
import type {
  Access,
  Axis,
  ContractKernel,
  CumulativeKernel,
  Entry,
  Kernel,
  MapKernel,
  ReduceKernel,
  RowKernel,
  ScatterKernel,
  SortKernel,
} from "../../../compiler/kernels/kernel.ts";
import { mapAffine } from "../../../compiler/kernels/collapse.ts";
import { type Affine, type Reducer, sortedPositions } from "../../../graph/index.ts";
import { scalar, threefry } from "./naive-scalars.ts";

/** What a naive run reports: the first index out of range that a `check` term met. */
export interface NaiveFault {
  readonly index: number;
  readonly extent: number;
}

/** Memory of a naive run. Arrays are written in place. */
export interface NaiveMemory {
  readonly buffers: readonly TypedArray[];
  readonly scalars: readonly number[];
}

/**
 * Evaluates `kernel` point by point. Float values round to their dtype after every operation; reductions and
 * contractions accumulate in float64 and round once. Returns the first fault, or null.
 */
export function runNaive(kernel: Kernel, memory: NaiveMemory): NaiveFault | null {
  return new NaiveRun(kernel, memory).run();
}

class NaiveRun {
  #fault: NaiveFault | null = null;
  readonly #kernel: Kernel;
  readonly #memory: NaiveMemory;

  constructor(kernel: Kernel, memory: NaiveMemory) {
    this.#kernel = kernel;
    this.#memory = memory;
  }

  run(): NaiveFault | null {
    switch (this.#kernel.kind) {
      case "map":
        this.#map(this.#kernel);
        break;
      case "reduce":
        this.#reduce(this.#kernel);
        break;
      case "contract":
        this.#contract(this.#kernel);
        break;
      case "cumulative":
        this.#cumulative(this.#kernel);
        break;
      case "scatter":
        this.#scatter(this.#kernel);
        break;
      case "sort":
        this.#sort(this.#kernel);
        break;
      case "row":
        this.#rows(this.#kernel);
    }
    return this.#fault;
  }

  /** Stage after stage for each row; a stage sees the row as shifted indices. */
  #rows(kernel: RowKernel): void {
    for (const row of points(kernel.axes)) {
      const scratch = kernel.scratch.map(({ dtype, elements }) => new dtypes[dtype].array(elements));
      for (const stage of kernel.stages) {
        const own = mapAffine(stage, stage.axes.slice(row.length), ({ constant, coefficients }) => ({
          constant: row.reduce((sum, position, axis) => sum + position * coefficients[axis]!, constant),
          coefficients: coefficients.slice(row.length),
        }));
        this.#fault ??= runNaive(own, { ...this.#memory, buffers: [...this.#memory.buffers, ...scratch] });
      }
    }
  }

  #map(kernel: MapKernel): void {
    for (const point of points(kernel.axes)) {
      const values = this.#evaluate(kernel.expression, point, [], storeRoots(kernel, kernel.stores));
      for (const store of kernel.stores) this.#store(store.access, point, values[store.value]!, values);
    }
  }

  #reduce(kernel: ReduceKernel): void {
    const parallel = kernel.axes.filter((axis) => axis.role === "parallel");
    const reduced = kernel.axes.filter((axis) => axis.role === "reduce");
    for (const outer of points(parallel)) {
      const states = kernel.reducers.map((reducer) => start(reducer.reducer, reducer.dtype));
      let position = 0;
      for (const inner of points(reduced)) {
        const values = this.#evaluate(
          kernel.expression,
          [...outer, ...inner],
          [],
          kernel.reducers.map((reducer) => reducer.value),
        );
        kernel.reducers.forEach((reducer, index) => {
          step(reducer.reducer, states[index]!, values[reducer.value]!, position);
        });
        position++;
      }
      const finished = kernel.reducers.map((reducer, index) => roundedTo(reducer.dtype, finish(reducer.reducer, states[index]!)));
      this.#epilogue(kernel, outer, finished);
    }
  }

  #contract(kernel: ContractKernel): void {
    const outerAxes = kernel.axes.filter((axis) => axis.role === "parallel");
    const innerAxes = kernel.axes.filter((axis) => axis.role === "reduce");
    for (const outer of points(outerAxes)) {
      let sum = 0;
      for (const inner of points(innerAxes)) {
        const point = [...outer, ...inner];
        sum += this.#load(kernel.accesses[kernel.lhs]!, point, []) * this.#load(kernel.accesses[kernel.rhs]!, point, []);
      }
      this.#epilogue(kernel, outer, [Math.fround(sum)]);
    }
  }

  #epilogue(kernel: ReduceKernel | ContractKernel, outer: readonly number[], accumulators: readonly number[]): void {
    const values = this.#evaluate(kernel.epilogue, outer, accumulators, storeRoots(kernel, kernel.stores));
    for (const store of kernel.stores) this.#store(store.access, outer, values[store.value]!, values);
  }

  #cumulative(kernel: CumulativeKernel): void {
    const extent = kernel.axes.at(-1)!.extent;
    for (const outer of points(kernel.axes.slice(0, -1))) {
      const state = start(kernel.reducer, kernel.dtype);
      for (let i = 0; i < extent; i++) {
        const point = [...outer, kernel.reverse ? extent - 1 - i : i];
        const values = this.#evaluate(kernel.expression, point, [], storeRoots(kernel, [{ access: kernel.store, value: kernel.value }]));
        step(kernel.reducer, state, values[kernel.value]!, i);
        this.#store(kernel.store, point, roundedTo(kernel.dtype, finish(kernel.reducer, state)), values);
      }
    }
  }

  #scatter(kernel: ScatterKernel): void {
    for (const point of points(kernel.axes)) {
      const values = this.#evaluate(kernel.expression, point, [], storeRoots(kernel, [{ access: kernel.store, value: kernel.value }]));
      const access = kernel.accesses[kernel.store]!;
      const place = this.#place(access, point, values);
      if (place === null) continue;
      const array = this.#memory.buffers[access.buffer]!;
      const dtype = this.#kernel.buffers[access.buffer]!.dtype;
      const value = values[kernel.value]!;
      array[place] = kernel.mode === "set" ? value : roundedTo(dtype, array[place]! + value);
    }
  }

  #sort(kernel: SortKernel): void {
    const extent = kernel.axes.at(-1)!.extent;
    for (const outer of points(kernel.axes.slice(0, -1))) {
      const keys = Array.from(
        { length: extent },
        (_, i) => this.#evaluate(kernel.expression, [...outer, i], [], [kernel.value])[kernel.value]!,
      );
      sortedPositions(keys, kernel.descending).forEach((from, to) => {
        for (const { access, gives } of kernel.stores) this.#store(access, [...outer, to], gives === "values" ? keys[from]! : from, []);
      });
    }
  }

  /** Element that `access` touches, or null where a guard or a check fails. */
  #place(access: Access, point: readonly number[], values: readonly number[]): number | null {
    for (const guard of access.guards) {
      const index = at(guard.index, point);
      if (index < 0 || index >= guard.limit) return null;
    }
    let place = at(access.index, point);
    let valid = true;
    for (const term of access.dynamic) {
      let index = at(term.offset, point) + values[term.value]!;
      if (index < 0 || index >= term.extent) {
        if (term.mode === "check") {
          this.#fault ??= { index, extent: term.extent };
          valid = false;
        } else index = Math.max(0, Math.min(term.extent - 1, index));
      }
      place += index * term.stride;
    }
    return valid ? place : null;
  }

  #load(access: Access, point: readonly number[], values: readonly number[]): number {
    const place = this.#place(access, point, values);
    if (place === null) return access.fill;
    const value = this.#memory.buffers[access.buffer]![place];
    if (value === undefined) throw new RangeError(`element ${place} of buffer ${access.buffer}`);
    return value;
  }

  #store(position: number, point: readonly number[], value: number, values: readonly number[]): void {
    const access = this.#kernel.accesses[position]!;
    const place = this.#place(access, point, values);
    if (place === null) return;
    const array = this.#memory.buffers[access.buffer]!;
    if (place < 0 || place >= array.length) throw new RangeError(`element ${place} of buffer ${access.buffer}`);
    array[place] = value;
  }

  #needed(entries: readonly Entry[], roots: readonly number[]): boolean[] {
    const needed = entries.map((_, i) => roots.includes(i));
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i]!;
      if (!needed[i]!) continue;
      if (entry.op === "scalar" || entry.op === "threefry") for (const arg of entry.args) needed[arg] = true;
      if (entry.op === "load") for (const term of this.#kernel.accesses[entry.access]!.dynamic) needed[term.value] = true;
    }
    return needed;
  }

  /** Values of the entries that `roots` need; the others are NaN. */
  #evaluate(entries: readonly Entry[], point: readonly number[], accumulators: readonly number[], roots: readonly number[]): number[] {
    const values: number[] = [];
    const needed = this.#needed(entries, roots);
    for (const [position, entry] of entries.entries()) {
      if (!needed[position]!) {
        values.push(NaN);
        continue;
      }
      switch (entry.op) {
        case "load":
          values.push(this.#load(this.#kernel.accesses[entry.access]!, point, values));
          break;
        case "constant":
          values.push(roundedTo(entry.dtype, entry.value));
          break;
        case "parameter":
          values.push(roundedTo(entry.dtype, this.#memory.scalars[entry.slot]!));
          break;
        case "position":
          values.push(at(entry.index, point) | 0);
          break;
        case "scalar": {
          const args = entry.args.map((arg) => values[arg]!);
          const argument = entries[entry.args[entry.f === "select" ? 1 : 0]!]!.dtype;
          values.push(roundedTo(entry.dtype, scalar(entry.f, args, argument, entry.dtype)));
          break;
        }
        case "threefry": {
          const [key0, key1, counter0, counter1] = entry.args.map((arg) => values[arg]!);
          values.push(threefry(key0!, key1!, counter0!, counter1!)[entry.word]);
          break;
        }
        case "accumulator":
          values.push(accumulators[entry.index]!);
      }
    }
    return values;
  }
}

/** Entries that stores read: values and indices. */
function storeRoots(kernel: Kernel, stores: readonly { readonly access: number; readonly value: number }[]): number[] {
  return stores.flatMap((store) => [store.value, ...kernel.accesses[store.access]!.dynamic.map((term) => term.value)]);
}

/** All points of an iteration space, row-major. */
function* points(axes: readonly Axis[]): Generator<number[]> {
  const total = axes.reduce((product, axis) => product * axis.extent, 1);
  for (let i = 0; i < total; i++) {
    const point = new Array<number>(axes.length);
    let rest = i;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      point[axis] = rest % axes[axis]!.extent;
      rest = Math.floor(rest / axes[axis]!.extent);
    }
    yield point;
  }
}

function at(affine: Affine, point: readonly number[]): number {
  let sum = affine.constant;
  for (let axis = 0; axis < point.length; axis++) {
    const coefficient = affine.coefficients[axis] ?? 0;
    if (coefficient !== 0) sum += coefficient * point[axis]!;
  }
  return sum;
}

interface State {
  value: number;
  position: number;
  readonly integer: boolean;
}

function start(reducer: Reducer, dtype: DType): State {
  const isInt = dtypes[dtype].kind === "integer";
  const [lowest, highest] = dtypes[dtype].range;
  const initial: Record<Reducer, number> = {
    sum: 0,
    prod: 1,
    any: 0,
    all: 1,
    max: lowest,
    min: highest,
    argmax: 0,
    argmin: 0,
  };
  return { value: initial[reducer], position: -1, integer: isInt };
}

function step(reducer: Reducer, state: State, x: number, position: number): void {
  switch (reducer) {
    case "sum":
      state.value = state.integer ? (state.value + x) | 0 : state.value + x;
      return;
    case "prod":
      state.value = state.integer ? Math.imul(state.value, x) : state.value * x;
      return;
    case "max":
      state.value = Math.max(state.value, x);
      return;
    case "min":
      state.value = Math.min(state.value, x);
      return;
    case "any":
      state.value = state.value !== 0 || x !== 0 ? 1 : 0;
      return;
    case "all":
      state.value = state.value !== 0 && x !== 0 ? 1 : 0;
      return;
    case "argmax":
    case "argmin": {
      const better = reducer === "argmax" ? x > state.value : x < state.value;
      if (state.position < 0 || better || (Number.isNaN(x) && !Number.isNaN(state.value))) {
        state.value = x;
        state.position = position;
      }
    }
  }
}

function finish(reducer: Reducer, state: State): number {
  return reducer === "argmax" || reducer === "argmin" ? Math.max(0, state.position) : state.value;
}
