/**
 * A stage in memory, as the drivers of both generators read it: a header, then one job per kernel. Pointers take 8-byte
 * slots, of which wasm reads the lower half.
 */

/** Byte offsets in a stage's header. */
export const stageWords = {
  /** i32: chunks of all jobs. */
  chunks: 0,
  /** i32: jobs. */
  jobs: 4,
  /** i32: 1 where one thread runs the stage alone (read by the native walk). */
  solo: 8,
  /** i32: kernels of the stage that check indices; pointer: the addresses of their fault records (native walk). */
  checks: 12,
  faults: 16,
  /** i64: ticks that the stage took when it was last run (written by the native walk). */
  ticks: 24,
  firstJob: 32,
} as const;

/** Byte offsets in a job: code (position in a function table, or address), parameter block, units, units per chunk, chunks. */
export const jobWords = { function: 0, block: 8, units: 16, grain: 20, chunks: 24 } as const;

/** Bytes of a job. */
export const jobBytes = 32;
