/**
 * The driver: machine code that walks the stages of programs and hands out their chunks, called through the C calling
 * convention of System V.
 *
 * The calling thread publishes a stage in one 64-bit ticket: the first chunk that is left in the upper half, how many there
 * are in the lower half. A thread claims the first or the last of them by compare-and-exchange. Between stages nothing is
 * left, so that an exchange succeeds on a stage that is published, which cannot end before the claimed chunk is done; what
 * the thread reads of the stage is the stage it claimed from. A thread that is late or descheduled has claimed nothing and
 * is waited for by nobody.
 *
 * Half of the threads take first chunks, the others last ones: stage after stage each works on its own end of the batch or
 * of the weights, which its caches still hold.
 */
import { emitClose, emitDispose, emitWork } from "./helper-code.ts";
import { DriverAssembler } from "./driver-assembler.ts";
import { emitSettle, emitSlices, emitWalk } from "./walk-code.ts";

/** The driver's code, and where its functions begin. */
export interface DriverCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly offsets: {
    /** walk(record, control) -> see `walkResults` */
    readonly walk: number;
    /** slices(lanes, from, to, scratch), with the control block in rbx: a chunk of a stage that runs slices of a batch. */
    readonly slices: number;
    /** work(helper record): the start routine of helpers. */
    readonly work: number;
    /** settle(control): takes back what is left of a stage whose walk paused, and waits for what was claimed. */
    readonly settle: number;
    /** close(control): ends the helpers and waits for their ends. */
    readonly close: number;
    /** dispose(control): close, then gives all memory back, that of the control block and of this code too. */
    readonly dispose: number;
    /** ticks(): the time stamp counter. */
    readonly ticks: number;
  };
}

/** Assembles the driver. */
export function emitDriver(): DriverCode {
  const driver = new DriverAssembler();
  const chunk = driver.chunkFunction();
  const walk = driver.begin();
  const walkLabel = emitWalk(driver, chunk);
  const slices = driver.begin();
  emitSlices(driver, walkLabel);
  const work = driver.begin();
  emitWork(driver, chunk);
  const settle = driver.begin();
  emitSettle(driver);
  const close = driver.begin();
  const closeLabel = emitClose(driver);
  const dispose = driver.begin();
  emitDispose(driver, closeLabel);
  const ticks = driver.begin();
  driver.readTicks();
  driver.emit("ret");
  return { bytes: driver.finish(), offsets: { walk, slices, work, settle, close, dispose, ticks } };
}
