/** What the compiler has to know of the CPU, whichever generator makes the code. */
import type { Target } from "../../compiler/target.ts";
import { ValueError } from "../../errors.ts";
import type { scheduleContract } from "./loops/contract/schedule.ts";
import type { rareKernels } from "./loops/parts.ts";
import { platform } from "../../platform/index.ts";
import { type CpuTarget, rowsFrom, type WinogradUse } from "./target.ts";

/** Packed and transformed weights of one program: those of a ResNet-50, not the dense layers of a VGG16. */
const usualPreparedBytes = 2 ** 27;

/** What of the schedule a back-end's options decide. */
export interface ScheduleOptions {
  /** From how many elements of a row on kernels over the same rows become one. Default: `rowsFrom`. For tests. */
  readonly rowsFrom?: number | undefined;
  /** Bytes that a program may keep of what it makes of states alone. Default: those of a ResNet-50. For tests and benchmarks. */
  readonly preparedBytes?: number | undefined;
  /** Default: NABLA_WINOGRAD (0: never, 1: where it is faster), else where it is faster. Changes last bits. */
  readonly winograd?: WinogradUse | undefined;
  /** See `Limits`. Changes no bits. Default 0. */
  readonly sliceBytes?: number | undefined;
  /** Slices that run at the same time. Changes no bits. Default 1. */
  readonly lanes?: number | undefined;
}

/** Schedules of contractions, which a bundle loads with the lowering of kernels. */
export interface ContractSchedules {
  readonly scheduleContract: typeof scheduleContract;
  readonly rareKernels: typeof rareKernels;
}

/** The compiler's target for a generator whose memory holds buffers of `maxBufferBytes`. `schedules` may throw PartMissing. */
export function compilerTarget(
  target: CpuTarget,
  maxBufferBytes: number,
  schedules: () => ContractSchedules,
  options: ScheduleOptions = {},
): Target {
  const winograd = options.winograd ?? chooseWinograd(platform.environment("NABLA_WINOGRAD"));
  return {
    name: target.name,
    limits: {
      buffersPerKernel: 64,
      alignmentBytes: 64,
      maxBufferBytes,
      dtypes: ["float32", "float64", "float16", "bfloat16", "int32", "int8", "uint8", "bool"],
      sharedArena: true,
      rowsFrom: options.rowsFrom ?? rowsFrom,
      preparedBytes: options.preparedBytes ?? usualPreparedBytes,
      sliceBytes: options.sliceBytes ?? 0,
      lanes: options.lanes ?? 1,
      contractsInPlace: true,
    },
    scheduleContract: (bound, isRenewed) => schedules().scheduleContract(bound, target, winograd, isRenewed),
    stepOfAxis: (kernel, access, axis) => schedules().rareKernels.get().stepOfAxis(kernel, access, axis),
    cutContract: (kernel, axis) => schedules().rareKernels.get().cutContract(kernel, axis),
  };
}

/** What NABLA_WINOGRAD says. Throws ValueError for anything but 0 and 1: another back-end would not help. */
function chooseWinograd(wanted: string | undefined): WinogradUse {
  if (wanted === undefined || wanted === "1") return "auto";
  if (wanted === "0") return "never";
  throw new ValueError({
    where: "CPU back-end",
    problem: "NABLA_WINOGRAD says neither yes nor no",
    expected: "0 or 1",
    received: wanted,
    advice: "set it to 0 to compute convolutions directly, or unset it",
  });
}
