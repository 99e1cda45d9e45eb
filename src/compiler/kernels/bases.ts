/** Where the elements of a kernel's buffers begin, apart from its code. */
import type { Kernel } from "./kernel.ts";

/**
 * The kernel with the smallest constant of each buffer's indices taken out of all of them, and these constants: pieces of one
 * buffer (a concatenation, phases of a strided view) then have equal code. Rows stay as they are.
 */
export function withoutBases<K extends Kernel>(kernel: K): { readonly kernel: K; readonly bases: readonly number[] } {
  const bases = kernel.buffers.map(() => Infinity);
  if (kernel.kind !== "row")
    for (const { buffer, index } of kernel.accesses) bases[buffer] = Math.min(bases[buffer]!, Math.max(0, index.constant));
  const from = bases.map((base) => (base === Infinity ? 0 : base));
  if (from.every((base) => base === 0)) return { kernel, bases: from };
  const accesses = kernel.accesses.map((access) => {
    const { constant, coefficients } = access.index;
    return { ...access, index: { constant: constant - from[access.buffer]!, coefficients } };
  });
  return { kernel: { ...kernel, accesses }, bases: from };
}
