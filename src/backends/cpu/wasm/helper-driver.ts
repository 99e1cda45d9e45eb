/**
 * The driver of several threads: WebAssembly functions that hand out chunks of work. Every thread has an instance of it, with a function
 * table of its own that holds the same kernels at the same positions, over the one shared memory.
 *
 * A stage is a descriptor in memory (see `stageWords`). The main thread publishes it in one 64-bit ticket: generation in
 * the upper half, chunks left in the lower half. A thread claims a chunk by lowering the ticket by one with
 * compare-and-exchange. While the exchange succeeds the generation is unchanged, so the stage cannot end before the
 * claimed chunk is done, and what the thread reads of the stage is the stage it claimed from. A thread that is late or
 * descheduled has claimed nothing and is waited for by nobody.
 */
import type { WasmFunction } from "./encode.ts";
import { jobBytes, jobWords, stageWords } from "../runtime/stage-format.ts";
import { controlWords } from "./control.ts";
import { callIndirect, encodeDriver, pushEnd } from "./driver.ts";
import { DriverAssembler } from "./driver-assembler.ts";

/** What the drivers of threads need beside what `DriverAssembler` has. */
class HelperAssembler extends DriverAssembler {
  tee(local: number): this {
    this.code.op("local.tee", local);
    return this;
  }
  /** Small i64 constants. */
  i64(value: number): this {
    this.code.op("i64.const");
    this.code.signed(value);
    return this;
  }
  /** Loads a control word. */
  atomicLoad(address: number): this {
    return this.i32(0).memory("i32.atomic.load", 2, address);
  }
  /** Adds and leaves the old value. */
  atomicAdd(address: number, value: number): this {
    return this.i32(0).i32(value).memory("i32.atomic.rmw.add", 2, address);
  }
  call(index: number): this {
    this.code.op("call", index);
    return this;
  }
}

/** Turns of the idle loop before a worker sleeps: about 50 to 100 microseconds. */
const idleTurns = 40000;
/** Turns that the main thread waits for the last chunks before it sleeps, and how long it sleeps at most. */
const waitTurns = 4000;
const mainSleepNanoseconds = 1_000_000;

/** Functions that the driver exports. */
export interface HelperDriver {
  /** Runs a stage with the workers' help; returns when every chunk is done. */
  run(stage: number, scratch: number, required: number): void;
  /** Takes part in stages until a message has arrived for this worker. */
  work(mailbox: number): void;
}

/** Bytes of the driver's module. `mayBlock`: whether the main thread may. */
export function emitHelperDriver(mayBlock: boolean): Uint8Array<ArrayBuffer> {
  return encodeDriver([chunkFunction(), runFunction(mayBlock), workFunction()], true);
}

/** chunk(stage, index, scratch): finds the job that chunk `index` of a stage belongs to, and runs the chunk. */
function chunkFunction(): WasmFunction {
  const a = new HelperAssembler(3);
  const [stage, index, scratch] = [0, 1, 2];
  const job = a.local("i32");
  const from = a.local("i32");
  const grain = a.local("i32");
  const units = a.local("i32");
  a.get(stage).i32(stageWords.firstJob).op("i32.add").set(job);
  a.nest("block", () => {
    a.nest("loop", () => {
      a.get(index).get(job).memory("i32.load", 2, jobWords.chunks).op("i32.lt_u").branch("br_if", 1);
      a.get(index).get(job).memory("i32.load", 2, jobWords.chunks).op("i32.sub").set(index);
      a.get(job).i32(jobBytes).op("i32.add").set(job);
      a.branch("br", 0);
    });
  });
  a.get(index).get(job).memory("i32.load", 2, jobWords.grain).tee(grain).op("i32.mul").set(from);
  a.get(job).memory("i32.load", 2, jobWords.units).set(units);
  a.get(job).memory("i32.load", 2, jobWords.block).get(from);
  pushEnd(a, from, grain, units);
  a.get(scratch);
  a.get(job).memory("i32.load", 2, jobWords.function);
  callIndirect(a);
  return a.finish("chunk", ["i32", "i32", "i32"]);
}

/** Position of `chunk` among the driver's functions. */
const chunkIndex = 0;

/**
 * Claims one chunk: leaves the ticket before the exchange in `ticket` and 1 on the stack where a chunk was claimed.
 * The ticket must hold chunks.
 */
function pushClaim(a: HelperAssembler, ticket: number): void {
  a.i32(0).get(ticket).get(ticket).i64(1).op("i64.sub").memory("i64.atomic.rmw.cmpxchg", 3, controlWords.ticket);
  a.get(ticket).op("i64.eq");
}

/** run(stage, scratch, required) */
function runFunction(mayBlock: boolean): WasmFunction {
  const a = new HelperAssembler(3);
  const [stage, scratch, required] = [0, 1, 2];
  const ticket = a.local("i64");
  const total = a.local("i32");
  const turns = a.local("i32");
  const seen = a.local("i32");
  a.get(stage).memory("i32.load", 2, stageWords.chunks).set(total);
  a.i32(0).i32(0).memory("i32.atomic.store", 2, controlWords.done);
  a.i32(0).get(stage).memory("i32.atomic.store", 2, controlWords.stage);
  a.i32(0).get(required).memory("i32.atomic.store", 2, controlWords.required);
  // generation++, then the ticket makes all of it visible.
  a.i32(0)
    .i32(0)
    .memory("i32.load", 2, controlWords.generation)
    .i32(1)
    .op("i32.add")
    .tee(seen)
    .memory("i32.store", 2, controlWords.generation);
  a.i32(0).get(seen).op("i64.extend_i32_u").i64(32).op("i64.shl").get(total).op("i64.extend_i32_u", "i64.or");
  a.memory("i64.atomic.store", 3, controlWords.ticket);
  a.atomicLoad(controlWords.sleepers);
  a.nest("if", () => {
    a.atomicAdd(controlWords.wake, 1).op("drop");
    a.i32(0).i32(0x7fffffff).memory("memory.atomic.notify", 2, controlWords.wake).op("drop");
  });
  a.nest("block", () => {
    a.nest("loop", () => {
      a.i32(0).memory("i64.atomic.load", 3, controlWords.ticket).tee(ticket).op("i32.wrap_i64", "i32.eqz").branch("br_if", 1);
      pushClaim(a, ticket);
      a.nest("if", () => {
        a.get(stage).get(total).get(ticket).op("i32.wrap_i64", "i32.sub").get(scratch).call(chunkIndex);
        a.atomicAdd(controlWords.done, 1).op("drop");
      });
      a.branch("br", 0);
    });
  });
  a.nest("block", () => {
    a.nest("loop", () => {
      a.atomicLoad(controlWords.done).tee(seen).get(total).op("i32.eq").branch("br_if", 1);
      if (mayBlock) {
        a.get(turns).i32(1).op("i32.add").tee(turns).i32(waitTurns).op("i32.lt_u").branch("br_if", 0);
        a.i32(0).i32(1).memory("i32.atomic.store", 2, controlWords.mainSleeps);
        // The worker that raises `done` looks at mainSleeps after that: either it sees it, or this wait sees its `done`.
        a.i32(0).get(seen).i64(mainSleepNanoseconds).memory("memory.atomic.wait32", 2, controlWords.done).op("drop");
        a.i32(0).i32(0).memory("i32.atomic.store", 2, controlWords.mainSleeps);
      }
      a.branch("br", 0);
    });
  });
  return a.finish("run", ["i32", "i32", "i32"]);
}

/** work(mailbox) */
function workFunction(): WasmFunction {
  const a = new HelperAssembler(1);
  const own = 0;
  const ticket = a.local("i64");
  const turns = a.local("i32");
  const seen = a.local("i32");
  const stage = a.local("i32");
  /** 1 where the ticket in `ticket` has chunks and this worker knows their kernels. */
  const pushMayClaim = (): void => {
    a.i32(0).memory("i64.atomic.load", 3, controlWords.ticket).tee(ticket).op("i32.wrap_i64").i32(0).op("i32.ne");
    a.get(own).memory("i32.atomic.load", 2, 4).atomicLoad(controlWords.required).op("i32.ge_s", "i32.and");
  };
  const pushHasMessage = (): void => {
    a.get(own).memory("i32.atomic.load", 2, 0).get(own).memory("i32.atomic.load", 2, 4).op("i32.ne");
  };
  a.nest("block", () => {
    a.nest("loop", () => {
      pushMayClaim();
      a.nest("if", () => {
        pushClaim(a, ticket);
        a.nest("if", () => {
          a.atomicLoad(controlWords.stage).tee(stage);
          a.get(stage).memory("i32.load", 2, stageWords.chunks).get(ticket).op("i32.wrap_i64", "i32.sub");
          a.get(own).memory("i32.load", 2, 8).call(chunkIndex);
          a.atomicAdd(controlWords.done, 1).op("drop");
          a.atomicLoad(controlWords.mainSleeps);
          a.nest("if", () => a.i32(0).i32(1).memory("memory.atomic.notify", 2, controlWords.done).op("drop"));
          a.i32(0).set(turns);
        });
        a.branch("br", 1);
      });
      pushHasMessage();
      a.branch("br_if", 1);
      a.get(turns).i32(1).op("i32.add").tee(turns).i32(idleTurns).op("i32.lt_u").branch("br_if", 0);
      a.i32(0).set(turns);
      a.atomicAdd(controlWords.sleepers, 1).op("drop");
      a.atomicLoad(controlWords.wake).set(seen);
      // Whoever publishes after this check sees the sleeper and counts `wake` up, so that the wait ends at once.
      pushMayClaim();
      pushHasMessage();
      a.op("i32.or", "i32.eqz");
      a.nest("if", () => a.i32(0).get(seen).i64(-1).memory("memory.atomic.wait32", 2, controlWords.wake).op("drop"));
      a.atomicAdd(controlWords.sleepers, -1).op("drop");
      a.branch("br", 0);
    });
  });
  return a.finish("work", ["i32"]);
}
