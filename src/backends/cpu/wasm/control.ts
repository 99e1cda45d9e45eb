/** Where the words stand by which the threads agree. */

/** Addresses of control words. Each stands on a cache line of its own where threads contend. */
export const controlWords = {
  /** i64: generation << 32 | chunks left. */
  ticket: 128,
  /** i32: finished chunks of the current stage. */
  done: 256,
  /** i32: counted up to wake sleeping workers. */
  wake: 384,
  /** i32: workers that sleep or are about to. */
  sleepers: 512,
  /** i32: 1 while the main thread sleeps until `done` changes. */
  mainSleeps: 516,
  /** i32: descriptor of the current stage. */
  stage: 640,
  /** i32: how many messages a worker must have handled to know the kernels of the current stage. */
  required: 644,
  /** i32: generation of the last stage; the main thread's. */
  generation: 648,
  /** i32: set when a kernel trapped in a worker. */
  failed: 652,
} as const;

/** Where the words of worker `index` (from 0) begin: messages sent, messages handled, scratch pointer. */
export function mailbox(index: number): number {
  return 4096 + 128 * index;
}
