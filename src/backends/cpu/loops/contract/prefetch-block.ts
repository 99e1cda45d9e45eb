/** Asking for the left operand of the next block of k while a tile works on this one. */
import { address, advance, type Block, i32 } from "../block.ts";
import type { Expr } from "../ir.ts";

/** An axis that a region runs along; strides are bytes. */
export interface RegionAxis {
  readonly extent: number;
  readonly stride: number;
}

const lineBytes = 64;

/** Cache lines of a region whose parts follow one another with gaps below a line; null where they do not. */
export function linesOf(axes: readonly RegionAxis[]): number | null {
  let run = 4;
  for (const { extent, stride } of axes.filter((axis) => axis.extent > 1 && axis.stride !== 0).sort((a, b) => a.stride - b.stride)) {
    if (stride < 0 || stride > run + lineBytes) return null;
    run += stride * (extent - 1);
  }
  return Math.ceil(run / lineBytes);
}

/** Prefetches every `share`-th line from a pointer on, of `lines`, from number `first` on. */
export function prefetchLines(block: Block, pointer: Expr, lines: number, first: Expr, share: number): void {
  block.for("line", first, i32(lines), share, (body, line) => body.prefetch(address(advance(pointer, line, lineBytes))));
}
