/** Where the words stand that generated code and TypeScript share: control block, threads, walks, commands. */

/** Byte offsets in the control block of a back-end. Words that threads contend for have 128 bytes of their own. */
export const controlWords = {
  /** i64: first chunk that is left << 32 | chunks left. */
  ticket: 0,
  /** i32: finished chunks of the current stage. */
  done: 128,
  /** i32: counted up to wake sleeping helpers. */
  wake: 256,
  /** i32: helpers that sleep or are about to. */
  sleepers: 384,
  /** i32: 1 while the calling thread sleeps until `done` changes. */
  callerSleeps: 388,
  /** Pointer: the current stage. */
  stage: 512,
  /** i32: 1 when helpers shall end. */
  stop: 640,
  /** i32: helpers that were started. */
  helpers: 644,
  /** Pointer: scratch memory of the calling thread. */
  scratch: 648,
  /** Pointer: pthread_join. */
  join: 656,
  /** Pointer: munmap. */
  unmap: 664,
  /** Pointer to pairs (address, bytes) of all that is mapped, and their number (i64). */
  mappings: 672,
  mappingCount: 680,
  /** The mapping of the driver's code, which is unmapped last. */
  code: 688,
  codeBytes: 696,
  /** Timeout of the calling thread's sleep: seconds, nanoseconds (i64 each). */
  timeout: 704,
  /** Room for a pthread_attr_t and a signal set. */
  attributes: 768,
  signals: 896,
  oldSignals: 1024,
  /** One record per helper. */
  firstHelper: 1280,
} as const;

/** Byte offsets in a helper's record: control block, scratch memory, pthread_t; i32: 1 where it takes the last chunks first. */
export const helperWords = { control: 0, scratch: 8, thread: 16, takesLast: 24 } as const;
/** Bytes of a helper's record. */
export const helperBytes = 64;
/** Most helpers. */
export const mostHelpers = 127;
/** Bytes of a control block. */
export const controlBytes: number = controlWords.firstHelper + mostHelpers * helperBytes;

/** Byte offsets in the record of a walk. */
export const walkWords = {
  /** Pointer: the next command. */
  command: 0,
  /** i64: time stamp after which the walk pauses; 0: never. */
  deadline: 8,
  /** i32: 1 once a stage that writes states has begun. */
  written: 16,
  /** i32: see `walkModes`. */
  mode: 20,
  /** i32: see `phases`. */
  phase: 24,
  /** i64: time stamp of the start of the stage; while paused: ticks that it has taken so far. */
  start: 32,
  /** Pointer, i64, i64: the job of a stage that one thread runs, its next unit, jobs left. */
  job: 40,
  from: 48,
  left: 56,
  /** Pointer: scratch memory of the thread that walks; 0: that of the calling one. */
  scratch: 64,
  /** In the record of a lane: pointer to the \`turn\` command that a slice begins with. */
  turn: 72,
} as const;
/** Bytes of a walk's record: a power of two. */
export const walkBytes = 128;

/** The word (i64) before a thread's scratch memory: its number, which is that of the lane it runs slices in. */
export const threadNumber = -8;

/** How a walk runs stages that could be shared: as each says, on one thread, on all. */
export const walkModes = { best: 0, alone: 1, shared: 2 } as const;
/** Where a paused walk goes on: before a command, in a stage that all threads run, in one that the caller runs. */
export const phases = { command: 0, shared: 1, alone: 2 } as const;
/** What a walk returns. */
export const walkResults = { done: 0, paused: 1, fault: 2 } as const;

/** Bits of a stage's `solo` word: it is best run on one thread; it has to be. */
export const soloBits = { chosen: 1, always: 2, never: 4 } as const;

/** Commands: i32 code at 0, further words as below. Each is as long as its `bytes`. */
export const commands = {
  /** Runs the stage at `stage` (pointer); `writes` (i32): it writes states. */
  stage: { code: 0, writes: 4, stage: 8, bytes: 16 },
  /**
   * Begins turn `turn` (i64) of `trips` (i64): performs `moves` (i64) from `firstMove` (pointer), then goes on behind the
   * command; or to `exit` (pointer) where no turn is left or the bool that the pointer cell `condition` (0: none) points
   * to is 0.
   */
  turn: { code: 1, turn: 8, trips: 16, condition: 24, exit: 32, moves: 40, firstMove: 48, bytes: 56 },
  /** Goes to the `turn` command at `target` with its turn set to 0, */
  enter: { code: 2, target: 8, bytes: 16 },
  /** or raised by 1. */
  again: { code: 3, target: 8, bytes: 16 },
  /** Goes to `target` where the bool that the pointer cell `condition` points to is 0. */
  branch: { code: 4, condition: 8, target: 16, bytes: 24 },
  jump: { code: 5, target: 8, bytes: 16 },
  end: { code: 6, bytes: 8 },
} as const;

/** A move: the pointer at `target` becomes (the one in cell `even` or `odd`, by the turn) + base + turn * stride. */
export const moveWords = { target: 0, even: 8, odd: 16, base: 24, stride: 32 } as const;
/** Bytes of a move. */
export const moveBytes = 40;
