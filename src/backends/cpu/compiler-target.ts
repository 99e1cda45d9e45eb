/** What the compiler has to know of the CPU, whichever generator makes the code. */
import type { Target } from "../../compiler/target.ts";
import { scheduleContract } from "./loops/contract/schedule.ts";
import { type CpuTarget, rowsFrom } from "./target.ts";

/** The compiler's target for a generator whose memory holds buffers of `maxBufferBytes`; `rows`: see `rowsFrom`. */
export function compilerTarget(target: CpuTarget, maxBufferBytes: number, rows: number = rowsFrom, winograd: number = Infinity): Target {
  return {
    name: target.name,
    limits: {
      buffersPerKernel: 64,
      alignmentBytes: 64,
      maxBufferBytes,
      dtypes: ["float32", "float64", "int32", "int8", "uint8", "bool"],
      sharedArena: true,
      rowsFrom: rows,
    },
    scheduleContract: (bound) => scheduleContract(bound, target, winograd),
  };
}
