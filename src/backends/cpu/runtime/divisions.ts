/** How the work of kernels divides, remembered: another batch size leaves most kernels of a training step as they were. */
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { WorkDivision } from "../loops/ir.ts";

/** Most divisions that are remembered. */
const kept = 4096;

/** Divisions by the kernel's key and its dynamic extents, on which they depend. The least recently made go first. */
export class Divisions {
  readonly #divide: (kernel: Kernel) => WorkDivision;
  readonly #known = new Map<string, WorkDivision>();

  constructor(divide: (kernel: Kernel) => WorkDivision) {
    this.#divide = divide;
  }

  /** The division of a kernel whose `kernelKey` is `key`. */
  of(kernel: Kernel, key: string): WorkDivision {
    const extents = kernel.axes.flatMap(({ extent, dynamic }) => (dynamic ? [extent] : []));
    const name = `${extents.join()} ${key}`;
    let division = this.#known.get(name);
    if (division === undefined) {
      this.#known.set(name, (division = this.#divide(kernel)));
      if (this.#known.size > kept) this.#known.delete(this.#known.keys().next().value!);
    }
    return division;
  }
}
