/**
 * Traces: what a function reads of variables and assigns to them, without anything of it being seen outside.
 * A trace turns a function with state into a graph with state leaves: the program's inputs and outputs.
 */
import { stateTensor } from "./leaves.ts";
import type { Tensor } from "./tensor.ts";
import type { Variable } from "./variable.ts";

/** What a trace saw. */
export interface Trace<T> {
  readonly result: T;
  /** Per variable that was read before it was assigned: the leaf that stands for its value when the trace starts. */
  readonly reads: ReadonlyMap<Variable, Tensor>;
  /** Per variable that was assigned: its value when the trace ends. */
  readonly updates: ReadonlyMap<Variable, Tensor>;
}

class Recording {
  readonly reads = new Map<Variable, Tensor>();
  readonly updates = new Map<Variable, Tensor>();
  /** What reads see after an assign: the update behind a version node. */
  readonly versions = new Map<Variable, Tensor>();
  /** The trace around it, where reads of variables that it was given no value for are those of its surroundings. */
  around: Recording | null | undefined = undefined;
}

let active: Recording | null = null;

/** Whether a trace is being made. */
export function isTracing(): boolean {
  return active !== null;
}

let inlining = 0;

/** Runs `f` so that jitted functions in it are the functions they are made of: gradients go through them. */
export function inlined<T>(f: () => T): T {
  inlining++;
  try {
    return f();
  } finally {
    inlining--;
  }
}

/** Whether jitted functions are to be inlined: inside traces and under `inlined`. */
export function isInlining(): boolean {
  return inlining > 0 || active !== null;
}

/**
 * Runs `f` in a trace of its own. Inside, `variable.read()` gives a leaf of this trace (or what was assigned in it),
 * and `assign` is collected. Traces nest: an inner one sees nothing of the outer one's assigns; whoever made it binds
 * its `reads` and passes its `updates` on. The updates of shape inference are thrown away by ignoring them.
 */
export function trace<T>(f: () => T): Trace<T> {
  const recording = new Recording();
  const outer = active;
  active = recording;
  try {
    const result = f();
    return { result, reads: recording.reads, updates: recording.updates };
  } finally {
    active = outer;
  }
}

/**
 * Runs `f`, in which these variables have these values, and collects what it assigns, to them or to others: nothing of it
 * happens. Other variables are read as they are where it is called.
 */
export function traceWith<T>(values: ReadonlyMap<Variable, Tensor>, f: () => T): Trace<T> {
  const around = active;
  return trace(() => {
    active!.around = around;
    for (const [variable, tensor] of values) active!.reads.set(variable, tensor);
    return f();
  });
}

/** Runs `f` outside every trace: initializers of variables, which must not depend on what is being traced. */
export function outsideTrace<T>(f: () => T): T {
  const outer = active;
  active = null;
  try {
    return f();
  } finally {
    active = outer;
  }
}

/** What reading `variable` gives in the present trace; undefined outside traces. */
export function readInTrace(variable: Variable): Tensor | undefined {
  const recording = active;
  if (recording === null) return undefined;
  let tensor = recording.versions.get(variable) ?? recording.reads.get(variable);
  if (tensor === undefined && recording.around !== undefined) {
    active = recording.around;
    try {
      return variable.read();
    } finally {
      active = recording;
    }
  }
  if (tensor === undefined) {
    tensor = stateTensor(variable.shape, variable.dtype, variable);
    recording.reads.set(variable, tensor);
  }
  return tensor;
}

/** Collects an assign in the present trace; false outside traces. `version` makes the node that later reads see. */
export function assignInTrace(variable: Variable, value: Tensor, version: (value: Tensor) => Tensor): boolean {
  if (active === null) return false;
  active.updates.set(variable, value);
  active.versions.set(variable, version(value));
  return true;
}
