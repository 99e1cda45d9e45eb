/** Reading tensors: collects what was asked for, runs it with all pending assigns as one program, keeps the values. */
import type { Backend } from "../backends/backend.ts";
import { type TypedArray } from "../dtype/index.ts";
import { type Evaluator, type StateVersion, type Tensor, unstoredStates, type VariableState, versionOf } from "../graph/index.ts";
import { withParts } from "../parts/part.ts";
import { currentBackend } from "./backends.ts";
import { airAfter } from "./event-loop.ts";
import { makePlan } from "./plan.ts";
import { programFor } from "./program-cache.ts";
import { noteRead } from "./read-chain.ts";
import { hasStoredValue } from "./resident.ts";
import { runPlan } from "./run-plan.ts";
import { runQueue } from "./run-queue.ts";

/** A version of a variable that a run is to store. */
export interface PendingAssign {
  readonly state: VariableState;
  readonly version: StateVersion;
}

interface Request {
  readonly tensor: Tensor;
  readonly resolve: (values: TypedArray) => void;
  readonly reject: (error: unknown) => void;
}

/** What `await t.data()` asks. Reads that are asked for before anything is awaited run as one program. */
export class GraphEvaluator implements Evaluator {
  #requests: Request[] = [];

  async read(tensor: Tensor): Promise<TypedArray> {
    const known = tensor.node.values[tensor.index];
    const values = known?.slice() ?? (await this.#ask(tensor));
    await airAfter(values.byteLength);
    return values;
  }

  /** Drops a value that can be computed again. Given data and tensors whose inputs are gone keep theirs. */
  release(tensor: Tensor): void {
    const { node } = tensor;
    if (node.inputs.length > 0) node.values[tensor.index] = undefined;
  }

  #ask(tensor: Tensor): Promise<TypedArray> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ tensor, resolve, reject });
      if (this.#requests.length === 1) {
        queueMicrotask(() => {
          const requests = this.#requests;
          this.#requests = [];
          void runQueue.run(() => serve(requests));
        });
      }
    });
  }
}

/** Answers requests, with the pending assigns. One that fails does not take the others with it. */
async function serve(requests: readonly Request[]): Promise<void> {
  const answer = (request: Request, values: TypedArray): void => {
    // The node keeps what was read; the caller owns a copy.
    request.resolve(request.tensor.node.values[request.tensor.index] === values ? values.slice() : values);
  };
  const attempt = async (some: readonly Request[], assigns: readonly PendingAssign[]): Promise<void> => {
    const values = await evaluate(
      some.map(({ tensor }) => tensor),
      assigns,
      await currentBackend(),
    );
    some.forEach((request, i) => {
      answer(request, values[i]!);
    });
  };
  const assigns = pendingAssigns();
  try {
    await attempt(requests, assigns);
    return;
  } catch (error) {
    if (requests.length === 1 && assigns.length === 0) {
      requests[0]!.reject(error);
      return;
    }
  }
  // Find out whose error it is: the assigns', which then are given up, or one request's.
  if (assigns.length > 0) {
    try {
      await attempt([], assigns);
    } catch (error) {
      assigns.forEach(giveUp);
      for (const { reject } of requests) reject(error);
      return;
    }
  }
  for (const request of requests) {
    try {
      await attempt([request], []);
    } catch (error) {
      request.reject(error);
    }
  }
}

function pendingAssigns(): PendingAssign[] {
  const assigns: PendingAssign[] = [];
  for (const state of unstoredStates()) {
    const version = state.latest;
    if (version !== undefined && isPending(version)) assigns.push({ state, version });
  }
  return assigns;
}

/** Whether no run has stored the version yet, and its value can be computed. */
export function isPending(version: StateVersion): boolean {
  return version.tensor.node.inputs.length > 0;
}

/** Forgets an assign that cannot be computed: the variable keeps its last value, or tries its first one again. */
export function giveUp({ state, version }: PendingAssign): void {
  if (state.latest === version) state.latest = undefined;
  const value = version.tensor.node.inputs[0];
  if (!hasStoredValue(state) && state.initialize === undefined && value !== undefined) state.initialize = () => value;
}

/**
 * Runs what `tensors` need together with `assigns`, as one program. To be called from a job of the run queue. Keeps the
 * values on the tensors' nodes; an array that is not kept is a copy.
 */
export async function evaluate(tensors: readonly Tensor[], assigns: readonly PendingAssign[], backend: Backend): Promise<TypedArray[]> {
  const plan = makePlan({
    results: tensors,
    updates: assigns.map(({ state, version }) => ({ state, value: version.tensor.node.inputs[0]! })),
  });
  const found = plan.computed.length + plan.written.length > 0 ? withParts(() => programFor(plan, backend)) : undefined;
  const program = found instanceof Promise ? await found : found;
  program?.hold();
  try {
    const values = await runPlan({
      plan,
      program,
      backend,
      values: plan.captured.map(({ node, index }) => node.values[index]!),
      version: (_, update) => assigns[update]!.version,
    });
    tensors.forEach((tensor, i) => {
      if (plan.results[i]!.kind !== "program" || versionOf(tensor.node) !== undefined) return;
      const kept = tensor.node.values[tensor.index];
      if (kept !== undefined) return;
      tensor.node.values[tensor.index] = values[i]!;
      noteRead(tensor, plan.structure.roots[i]!, plan.structure, plan.captured, values[i]!.byteLength);
    });
    return values;
  } finally {
    program?.release();
  }
}

/** Stores assigns that a step needs before it runs. Those that another run has stored meanwhile are skipped. */
export async function storeAssigns(assigns: readonly PendingAssign[], backend: Backend): Promise<void> {
  const open = assigns.filter(({ version }) => isPending(version));
  if (open.length === 0) return;
  try {
    await evaluate([], open, backend);
  } catch (error) {
    open.forEach(giveUp);
    throw error;
  }
}
