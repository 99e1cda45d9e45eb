/** Asking for the left operand of the next block of k while a tile works on this one. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { address, advance, type Block, i32, rem } from "../block.ts";
import type { Expr } from "../ir.ts";
import { axesOf } from "./arrange-axes.ts";
import type { ContractSchedule } from "./contract-schedule.ts";

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

/**
 * Asks for what the next block of k reads of lhs in the rows of a tile, where that is one run of lines: the next row of a
 * window, new to the caches. The panels of a unit share the lines among them. `stepOf`: bytes of a step in lhs.
 */
export function prefetchNextBlock(
  block: Block,
  kernel: ContractKernel,
  { form, rowAxis, kBlock, lhsBlock }: ContractSchedule,
  tile: {
    readonly lhs: Expr;
    readonly rows: number;
    readonly panel: Expr | null;
    readonly share: number;
    readonly stepOf: (axis: number) => number;
  },
): void {
  const { lhs, rows, panel, share, stepOf } = tile;
  if (lhsBlock !== null || kBlock === null || panel === null || form !== "broadcast" || rowAxis === null || rows < 8) return;
  const k = axesOf(kernel, "k");
  const blocked = k[kBlock.depth]!;
  const lines = linesOf([
    { extent: rows, stride: stepOf(rowAxis) },
    { extent: kBlock.size, stride: stepOf(blocked) },
    ...k.slice(kBlock.depth + 1).map((axis) => ({ extent: kernel.axes[axis]!.extent, stride: stepOf(axis) })),
  ]);
  if (lines === null) return;
  const ahead = block.let(advance(lhs, i32(kBlock.size), stepOf(blocked)), "ahead");
  const first = share === 1 ? i32(0) : block.let(rem(panel, i32(share)), "firstLine");
  block.for("line", first, i32(lines), share, (body, line) => body.prefetch(address(advance(ahead, line, lineBytes))));
}
