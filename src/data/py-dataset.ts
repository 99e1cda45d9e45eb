/** Batches that are made one by one, by their number. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";
import type { ElementData } from "./element.ts";

/**
 * The base of data of which every batch can be asked for: override `numBatches` and `getItem`. `fit`, `evaluate` and
 * `predict` take it as it is; `onEpochEnd` is called after every pass.
 *
 * @example
 * class Squares extends utils.PyDataset {
 *   override get numBatches(): number {
 *     return 10;
 *   }
 *   override getItem(index: number): [number[], number[]] {
 *     return [[index], [index * index]];
 *   }
 * }
 * await model.fit(new Squares());
 */
export abstract class PyDataset implements AsyncIterable<unknown> {
  /** Keras's options for threads and processes are taken and mean nothing: batches are made as they are needed. */
  constructor(options: { readonly workers?: number; readonly useMultiprocessing?: boolean; readonly maxQueueSize?: number } = {}) {
    checkOptions("utils.PyDataset", options, ["workers", "useMultiprocessing", "maxQueueSize"]);
  }

  /** Number of batches; null where there is no end. */
  abstract get numBatches(): number | null;

  /** The batch of a number: x, [x, y] or [x, y, sampleWeight]. */
  abstract getItem(index: number): ElementData | Promise<ElementData>;

  /** Called before a pass. */
  onEpochBegin(): void | Promise<void> {
    // Nothing by default.
  }

  /** Called after a pass. */
  onEpochEnd(): void | Promise<void> {
    // Nothing by default.
  }

  /** Batch after batch of one pass. */
  async *[Symbol.asyncIterator](): AsyncIterator<unknown> {
    const count = this.numBatches ?? Infinity;
    if (!(count === Infinity || (Number.isInteger(count) && count >= 0)))
      throw new ValueError({ where: "utils.PyDataset", problem: "numBatches is no number of batches", received: String(count) });
    await this.onEpochBegin();
    for (let index = 0; index < count; index++) yield await this.getItem(index);
    await this.onEpochEnd();
  }
}
