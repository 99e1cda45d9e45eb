/**
 * The driver: WebAssembly functions that run chunks of work on the calling thread. A stage is a descriptor in memory (see
 * `stageWords`). What threads need to share a stage is in helper-driver.ts.
 */
import { encodeModule, type WasmFunction } from "./encode.ts";
import { jobBytes, jobWords, stageWords } from "../runtime/stage-format.ts";
import { DriverAssembler } from "./driver-assembler.ts";
import { loopFunctionType } from "./emitted-functions.ts";

/** Functions that the driver exports. */
export interface Driver {
  /** Runs all chunks of a stage on the calling thread. */
  solo(stage: number, scratch: number): void;
}

/** Bytes of the module of these functions: imports "env" "memory" and "table". */
export function encodeDriver(functions: readonly WasmFunction[], sharedMemory: boolean): Uint8Array<ArrayBuffer> {
  return encodeModule({ importedFunctions: [], sharedMemory, importsTable: true, extraTypes: [loopFunctionType], functions });
}

/** Bytes of the driver's module. */
export function emitDriver(sharedMemory: boolean): Uint8Array<ArrayBuffer> {
  return encodeDriver([soloFunction()], sharedMemory);
}

/** Leaves min(from + grain, units), without overflow. */
export function pushEnd(a: DriverAssembler, from: number, grain: number, units: number): void {
  a.get(from).get(grain).op("i32.add").get(units);
  a.get(units).get(from).op("i32.sub").get(grain).op("i32.gt_u", "select");
}

/** Calls the loop function whose arguments and position are on the stack. */
export function callIndirect(a: DriverAssembler): void {
  // Type 0 is that of loop functions, table 0 the only one.
  a.code.op("call_indirect", 0, 0);
}

/** solo(stage, scratch) */
function soloFunction(): WasmFunction {
  const a = new DriverAssembler(2);
  const [stage, scratch] = [0, 1];
  const job = a.local("i32");
  const left = a.local("i32");
  const from = a.local("i32");
  const grain = a.local("i32");
  const units = a.local("i32");
  a.get(stage).i32(stageWords.firstJob).op("i32.add").set(job);
  a.get(stage).memory("i32.load", 2, stageWords.jobs).set(left);
  a.nest("block", () => {
    a.nest("loop", () => {
      a.get(left).op("i32.eqz").branch("br_if", 1);
      a.get(job).memory("i32.load", 2, jobWords.units).set(units);
      a.get(job).memory("i32.load", 2, jobWords.grain).set(grain);
      a.i32(0).set(from);
      a.nest("block", () => {
        a.nest("loop", () => {
          a.get(from).get(units).op("i32.ge_u").branch("br_if", 1);
          a.get(job).memory("i32.load", 2, jobWords.block).get(from);
          pushEnd(a, from, grain, units);
          a.get(scratch);
          a.get(job).memory("i32.load", 2, jobWords.function);
          callIndirect(a);
          a.get(units).get(from).op("i32.sub").get(grain).op("i32.le_u").branch("br_if", 1);
          a.get(from).get(grain).op("i32.add").set(from);
          a.branch("br", 0);
        });
      });
      a.get(job).i32(jobBytes).op("i32.add").set(job);
      a.get(left).i32(1).op("i32.sub").set(left);
      a.branch("br", 0);
    });
  });
  return a.finish("solo", ["i32", "i32"]);
}
