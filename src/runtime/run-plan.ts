/** One run: moves variables where they are needed, keeps what others captured, runs, and stores the new values. */
import type { Backend } from "../backends/backend.ts";
import type { TypedArray } from "../dtype/index.ts";
import { InternalError } from "../errors.ts";
import type { StateVersion, VariableState } from "../graph/index.ts";
import { type Plan, scalarValues, type Source } from "./plan.ts";
import type { LoadedProgram } from "./program-cache.ts";
import { allocateFor, hasStoredValue, moveTo, type Resident, residentOn, settle, storedValues, storeHostValues } from "./resident.ts";

/** What a run of a plan is given. */
export interface PlanRun {
  readonly plan: Plan;
  /** Undefined where nothing is computed. */
  readonly program: LoadedProgram | undefined;
  readonly backend: Backend;
  /** Values of the parameters, then of the captured tensors. */
  readonly values: readonly TypedArray[];
  /** The version that update `update` of the plan's request makes, if anybody holds it. Asked when the run has ended. */
  readonly version: (state: VariableState, update: number) => StateVersion | undefined;
  readonly signal?: AbortSignal | undefined;
  /** False: results may stay in the program's memory (`Executable.read`); then the list of results is empty. */
  readonly reads?: boolean | undefined;
  /** True: the results go to tensors, which give copies of them only (`RunArguments.held`). */
  readonly held?: boolean | undefined;
  /** Who the run is for: results that others left in the program's memory are fetched first. Default: nobody who leaves any. */
  readonly owner?: object | undefined;
}

/**
 * Runs and returns arrays that the caller owns; synchronous where the back-end is. Variables are changed at the end, all
 * or none. Throws what the back-end throws; then variables are as before.
 */
export function runPlan(run: PlanRun): TypedArray[] | Promise<TypedArray[]> {
  const { plan, backend } = run;
  const waits: Promise<unknown>[] = [];
  const residents: Resident[] = [];
  const fresh: Resident[] = [];
  const snapshots = new Map<number, TypedArray>();

  const then = <T>(value: T | Promise<T>, use: (value: T) => void): void => {
    if (value instanceof Promise) waits.push(value.then(use));
    else use(value);
  };

  plan.states.forEach((state, i) => {
    const known = residentOn(state, backend);
    if (known !== undefined) {
      residents[i] = known;
    } else if (hasStoredValue(state)) {
      then(moveTo(state, backend), (resident) => (residents[i] = resident));
    } else {
      if (!plan.written.some((written) => written.index === i)) throw new InternalError(state.label, "is read and has no value");
      fresh.push((residents[i] = allocateFor(state, backend)));
    }
  });
  // Whoever captured the old version keeps its value: it is written over by the run.
  for (const { state } of plan.written) keepCaptured(state, then);
  for (const { state } of plan.copied) keepCaptured(state, then);
  const snapshot = (source: Source): void => {
    if (source.kind !== "state" || snapshots.has(source.index)) return;
    const state = plan.states[source.index]!;
    const shared = state.memory === undefined;
    then(storedValues(state), (values) => snapshots.set(source.index, shared ? values.slice() : values));
  };
  plan.results.forEach(snapshot);
  for (const { source } of plan.copied) snapshot(source);

  const release = (): void => {
    for (const resident of fresh) resident.free();
  };
  const go = (): TypedArray[] | Promise<TypedArray[]> => {
    if (run.program === undefined) return finish(run, residents, snapshots, []);
    let out: TypedArray[] | Promise<TypedArray[]>;
    try {
      const job = {
        arguments: run.values,
        states: residents.map((resident) => resident.buffer),
        scalars: plan.scalars,
        reads: run.reads !== false,
        held: run.held === true,
        ...(run.signal === undefined ? {} : { signal: run.signal }),
      };
      out = run.program.run(job, run.owner ?? null);
    } catch (error) {
      release();
      throw error;
    }
    if (!(out instanceof Promise)) return finish(run, residents, snapshots, out);
    return out.then(
      (results) => finish(run, residents, snapshots, results),
      (error: unknown) => {
        release();
        throw error;
      },
    );
  };
  return waits.length === 0 ? go() : Promise.all(waits).then(go);
}

/** Copies the stored value to the host for a live tensor that stands for it. */
function keepCaptured(state: VariableState, then: <T>(value: T | Promise<T>, use: (value: T) => void) => void): void {
  const version = state.captured?.deref();
  if (version === undefined || version.tensor.node.values[0] !== undefined || !hasStoredValue(state)) return;
  then(storedValues(state), (values) => (version.tensor.node.values[0] = values));
}

function finish(
  run: PlanRun,
  residents: readonly Resident[],
  snapshots: ReadonlyMap<number, TypedArray>,
  out: readonly TypedArray[],
): TypedArray[] {
  const { plan, backend } = run;
  const parameters = plan.argumentTypes.length - plan.captured.length;
  for (const { state, source, update } of plan.copied) {
    // Captured data is never written, so that it may be shared; arguments are the caller's.
    const value =
      source.kind === "argument" && source.index >= parameters ? run.values[source.index]! : valueOf(source, run.values, snapshots, out);
    storeHostValues(state, value, backend);
    bindVersion(state, run.version(state, update));
  }
  for (const { state, index, update } of plan.written) {
    settle(state, residents[index]!);
    bindVersion(state, run.version(state, update));
  }
  if (run.reads === false) return [...out];
  const given = new Set<number>();
  return plan.results.map((source) => {
    const values = valueOf(source, run.values, snapshots, out);
    if (source.kind !== "program" && source.kind !== "state") return values;
    // Two results may be one value: each caller gets an array of its own.
    const id = source.kind === "program" ? source.index : -1 - source.index;
    if (given.has(id)) return values.slice();
    given.add(id);
    return values;
  });
}

function valueOf(
  source: Source,
  values: readonly TypedArray[],
  snapshots: ReadonlyMap<number, TypedArray>,
  out: readonly TypedArray[],
): TypedArray {
  switch (source.kind) {
    case "program":
      return out[source.index]!;
    case "argument":
      return values[source.index]!.slice();
    case "state":
      return snapshots.get(source.index)!;
    case "scalar":
      return scalarValues(source.value, source.dtype);
    case "given":
      return source.values.slice();
  }
}

/** Makes `version` stand for the value just stored; undefined: nobody holds one yet. */
export function bindVersion(state: VariableState, version: StateVersion | undefined): void {
  if (version === undefined) {
    state.captured = undefined;
    return;
  }
  version.tensor.node.inputs = [];
  state.captured = new WeakRef(version);
  if (state.latest === version) state.latest = undefined;
}
