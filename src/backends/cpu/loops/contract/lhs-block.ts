/**
 * Widening the part of a left operand of two bytes an element that a unit works on: once per block of k into the thread's
 * scratch memory, so that the register tile reads float32 and no float32 copy of the whole operand stands in memory.
 */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, type Block, i32, load, loadVector, mul, sub } from "../block.ts";
import { elementBytes } from "../expression.ts";
import type { Expr, Storage } from "../ir.ts";
import { vectorLoop } from "../vector-loop.ts";
import { stepsConflict } from "./cache-conflict.ts";
import type { LhsBlock } from "./contract-schedule.ts";

/** Elements that keep apart rows which meet in the cache. */
const gap = 16;

/**
 * How a block lies in scratch memory: `extents` are the most steps that a unit takes along an axis in one block. Null where
 * an axis runs backwards, or the block would fill more than half of the second cache.
 */
export function planLhsBlock(kernel: ContractKernel, extents: ReadonlyMap<number, number>, target: CpuTarget): LhsBlock | null {
  const { coefficients } = kernel.accesses[kernel.lhs]!.index;
  const used = [...extents.keys()].filter((axis) => coefficients[axis] !== 0).sort((a, b) => coefficients[a]! - coefficients[b]!);
  if (used.some((axis) => coefficients[axis]! < 0)) return null;
  // Axes whose steps overlap (a place of the output and one of the window) are one coordinate.
  const groups: { axes: number[]; reach: number }[] = [];
  for (const axis of used) {
    const step = coefficients[axis]!;
    const reach = step * (extents.get(axis)! - 1);
    const group = groups.at(-1);
    if (group !== undefined && step <= group.reach) {
      group.axes.push(axis);
      group.reach += reach;
    } else groups.push({ axes: [axis], reach });
  }
  let elements = 1;
  const coordinates = groups.map(({ axes, reach }) => {
    const stride = axes.map((axis) => coefficients[axis]!).reduce(gcd);
    const step = stepsConflict(elements, target) ? elements + gap : elements;
    elements = step * (reach / stride + 1);
    return { stride, step, axes: axes.map((axis) => ({ axis, places: coefficients[axis]! / stride })) };
  });
  return elements * 4 <= target.l2Bytes / 2 ? { coordinates: coordinates.reverse(), elements } : null;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Fills `destination` from the first element of the block in `source`; `counts`: steps along each axis of the block. */
export function emitLhsBlock(
  body: Block,
  { coordinates }: LhsBlock,
  storage: Storage,
  source: Expr,
  destination: Expr,
  counts: (axis: number) => Expr,
  target: CpuTarget,
): void {
  const bytes = elementBytes[storage];
  const extents = coordinates.map(({ axes }) =>
    axes.reduce<Expr>((sum, { axis, places }) => add(sum, mul(sub(counts(axis), i32(1)), i32(places))), i32(1)),
  );
  const fill = (block: Block, depth: number, from: Expr, to: Expr): void => {
    const { stride, step } = coordinates[depth] ?? { stride: 1, step: 1 };
    const extent = coordinates[depth] === undefined ? i32(1) : block.let(extents[depth]!, "extent");
    if (depth < coordinates.length - 1) {
      block.for("place", i32(0), extent, 1, (inside, place) =>
        fill(inside, depth + 1, inside.let(advance(from, place, stride * bytes), "from"), inside.let(advance(to, place, step * 4), "to")),
      );
      return;
    }
    vectorLoop(
      block,
      { from: i32(0), to: extent },
      target,
      { vector: stride === 1, unroll: 4 },
      (inside, index, { vector, copies, count }) => {
        const right = inside.let(advance(to, index, step * 4), "right");
        const left = inside.let(advance(from, index, stride * bytes), "left");
        for (let i = 0; i < copies; i++) {
          const at = address(left, i * target.lanes * bytes);
          inside.store("f32", address(right, i * target.lanes * 4), vector ? loadVector(storage, at, count) : load(storage, at), count);
        }
      },
    );
  };
  fill(body, 0, source, destination);
}
