/** The loop over the batches of an epoch or an evaluation. */
import type { CallbackList, Logs } from "../callbacks/index.ts";
import { ValueError } from "../errors.ts";
import type { HostValues } from "../graph/index.ts";
import { airIsDue, type RunOptions, takeAir } from "../runtime/index.ts";
import type { Batch, Batches } from "./batches.ts";
import type { Model } from "./model.ts";
import type { LogStep } from "./step.ts";

type AnyModel = Model<unknown, unknown>;

/**
 * After so many steps their numbers are read, whether somebody looks or not: a device never has more work before it, and
 * an index out of range is told of no later.
 */
export const readEvery = 16;

/** What a loop runs over. */
export interface BatchLoop {
  readonly model: AnyModel;
  readonly kind: "train" | "test";
  readonly batches: Batches;
  readonly callbacks: CallbackList;
  readonly signal: AbortSignal | null;
  /** Number of the first batch, and the number to stop before. */
  readonly first: number;
  readonly limit: number;
  /** Logs before the first step. */
  readonly logs: Logs;
}

/** How a loop ended. */
export interface BatchLoopEnd {
  /** The number of the batch after the last. */
  readonly index: number;
  /** Logs of the last step. */
  readonly logs: Logs;
}

/**
 * Runs steps until the limit, the end of the data, or until it is stopped. Numbers are read from the back-end where a
 * callback looks at them, every `readEvery` steps, and after the last step: what a callback sees is exactly what reading
 * every step would give. A step waits for nothing that need not be waited for.
 */
export async function runBatches(loop: BatchLoop): Promise<BatchLoopEnd> {
  const { model, kind, batches, callbacks, signal, limit } = loop;
  const { session } = model;
  const training = kind === "train";
  const beginHook = training ? "onTrainBatchBegin" : "onTestBatchBegin";
  const endHook = training ? "onTrainBatchEnd" : "onTestBatchEnd";
  const begins = callbacks.hears(beginHook);
  const ends = callbacks.hears(endHook);
  // Batches that Keras's callbacks see as one.
  const group = training ? session.require(model.label).stepsPerExecution : 1;
  const reading: RunOptions = signal === null ? {} : { signal };
  const leaving: RunOptions = { ...reading, reads: false };
  let logs = loop.logs;
  let index = loop.first;
  let last: LogStep | null = null;
  let unread = 0;
  let unheard = false;
  for (; index < limit; index++) {
    if (training ? isStopped(model, signal) : signal?.aborted === true) break;
    // A generator may ask the model what comes next.
    const next = session.queue.lend(() => batches.next());
    const batch = next instanceof Promise ? await next : next;
    if (batch === null) break;
    if (begins && (index - loop.first) % group === 0) {
      const told = callbacks.callAt(beginHook, index, {});
      if (told instanceof Promise) await told;
    }
    const step = session.logStep(kind, batch.layout);
    const isEnd = ends && ((index + 1 - loop.first) % group === 0 || index + 1 === limit);
    const looks = isEnd && callbacks.readsLogs(endHook, index);
    const reads = looks || unread + 1 >= readEvery;
    const running = runStep(model, step, batch, signal, reads ? reading : leaving);
    if ((running instanceof Promise ? await running : running) === "stopped") break;
    last = step;
    unread++;
    unheard = ends && !isEnd;
    if (reads) {
      const read = step.logs();
      logs = read instanceof Promise ? await read : read;
      unread = 0;
    }
    if (isEnd) {
      const told = callbacks.callAt(endHook, index, logs);
      if (told instanceof Promise) await told;
    }
    if (airIsDue(0)) await takeAir();
  }
  if (last !== null && unread > 0) logs = await last.logs();
  if (unheard) await callbacks.callAt(endHook, index - 1, logs);
  return { index, logs };
}

/** Runs a step, without waiting where the program is short; "stopped" where the signal stopped it. */
export function runStep(
  model: AnyModel,
  step: LogStep,
  batch: Batch,
  signal: AbortSignal | null,
  options: RunOptions,
): void | "stopped" | Promise<void | "stopped"> {
  try {
    const arrays = model.session.stepArrays(batch.arrays, batch.layout);
    const out = arrays instanceof Promise ? afterTexts(step, arrays, options) : step.run(arrays, options);
    return out instanceof Promise ? caught(out, signal) : undefined;
  } catch (error) {
    return stoppedBy(signal, error);
  }
}

async function afterTexts(step: LogStep, arrays: Promise<readonly HostValues[]>, options: RunOptions): Promise<void> {
  await step.run(await arrays, options);
}

async function caught(running: Promise<void>, signal: AbortSignal | null): Promise<void | "stopped"> {
  try {
    await running;
  } catch (error) {
    return stoppedBy(signal, error);
  }
}

/** Throws what the signal did not cause. */
function stoppedBy(signal: AbortSignal | null, error: unknown): "stopped" {
  if (signal?.aborted === true && !(error instanceof ValueError)) return "stopped";
  throw error;
}

/** Whether training is to end: the model says so, or the signal. */
export function isStopped(model: AnyModel, signal: AbortSignal | null): boolean {
  if (signal?.aborted === true) model.stopTraining = true;
  return model.stopTraining;
}
