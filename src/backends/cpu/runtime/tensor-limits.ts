/** What the memory of a machine can hold in one piece. */
import { type DType, dtypes } from "../../../dtype/index.ts";
import { BackendError } from "../../../errors.ts";
import type { Program } from "../../../compiler/program.ts";

/** Limits of one tensor. */
export interface TensorLimits {
  readonly bytes: number;
  /** Names the kind of memory in errors. */
  readonly memory: string;
}

/** Generated code counts and indexes elements by int32. */
const mostElements = 2 ** 31 - 1;

/** Refuses a tensor that a back-end cannot hold whatever is freed. Throws BackendError. */
export function checkTensor(where: string, dtype: DType, elements: number, limits: TensorLimits): void {
  const { bytes } = dtypes[dtype];
  const most = Math.min(mostElements, Math.floor(limits.bytes / bytes));
  if (elements <= most) return;
  throw new BackendError({
    where,
    problem: `a tensor is too large for ${limits.memory}`,
    expected: `at most ${most} elements of ${dtype} (${((most * bytes) / 2 ** 30).toFixed(1)} GiB)`,
    received: `${elements} elements (${((elements * bytes) / 2 ** 30).toFixed(1)} GiB)`,
    advice: "use a smaller batch, or several tensors for one",
  });
}

/** Refuses programs with such a tensor. */
export function checkProgram(where: string, program: Program, limits: TensorLimits): void {
  for (const { dtype, elements } of program.buffers) checkTensor(where, dtype, elements, limits);
}
