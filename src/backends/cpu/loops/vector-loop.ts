/** The innermost loop over an axis: unrolled vectors, single vectors, and the tail (masked, cut short, or scalar). */
import { and, type Block, i32, lt, sub } from "./block.ts";
import type { Interval } from "./addressing.ts";
import type { CpuTarget } from "../target.ts";
import type { Expr } from "./ir.ts";

/** What one run of the body does: `copies` vectors one after another, or one scalar point. */
export interface Step {
  readonly vector: boolean;
  readonly copies: number;
  /** Only the first lanes of the (single) vector exist. */
  readonly count?: number | Expr;
}

/**
 * Visits every position of `range` (from <= to) once, in order: `emit` builds a body for each kind of step. `unroll` and
 * the lanes are powers of two. Without `vector` all steps are scalar.
 */
export function vectorLoop(
  block: Block,
  range: Interval,
  target: CpuTarget,
  options: { readonly vector: boolean; readonly unroll: number },
  emit: (block: Block, index: Expr, step: Step) => void,
): void {
  if (!options.vector) {
    block.for("i", range.from, range.to, 1, (body, index) => emit(body, index, { vector: false, copies: 1 }));
    return;
  }
  const { lanes } = target;
  const single: Step = { vector: true, copies: 1 };
  if (range.from.op === "const" && range.to.op === "const") {
    const length = Math.max(0, range.to.value - range.from.value);
    const start = range.from.value;
    const wide = lanes * options.unroll;
    const mainEnd = start + length - (length % wide);
    const singleEnd = start + length - (length % lanes);
    const stretch = (from: number, to: number, step: number, kind: Step): void => {
      if (from + step === to) emit(block, i32(from), kind);
      else block.for("i", i32(from), i32(to), step, (body, index) => emit(body, index, kind));
    };
    if (options.unroll > 1) stretch(start, mainEnd, wide, { vector: true, copies: options.unroll });
    stretch(options.unroll > 1 ? mainEnd : start, singleEnd, lanes, single);
    const rest = length % lanes;
    if (rest === 1) emit(block, i32(singleEnd), { vector: false, copies: 1 });
    else if (rest > 1) emit(block, i32(singleEnd), { vector: true, copies: 1, count: rest });
    return;
  }
  const length = block.let(sub(range.to, range.from), "length");
  let from = range.from;
  if (options.unroll > 1) {
    const mainEnd = block.let(sub(range.to, and(length, i32(lanes * options.unroll - 1))), "mainEnd");
    block.for("i", from, mainEnd, lanes * options.unroll, (body, index) => emit(body, index, { vector: true, copies: options.unroll }));
    from = mainEnd;
  }
  const singleEnd = block.let(sub(range.to, and(length, i32(lanes - 1))), "singleEnd");
  block.for("i", from, singleEnd, lanes, (body, index) => emit(body, index, single));
  if (target.maskedTails) {
    block.if(lt(singleEnd, range.to), (body) => emit(body, singleEnd, { vector: true, copies: 1, count: sub(range.to, singleEnd) }));
  } else {
    block.for("i", singleEnd, range.to, 1, (body, index) => emit(body, index, { vector: false, copies: 1 }));
  }
}
