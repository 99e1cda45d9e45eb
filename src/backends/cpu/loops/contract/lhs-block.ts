/**
 * Widening the part of a left operand of two bytes an element that a unit works on: once per block of k into the thread's
 * scratch memory, so that the register tile reads float32 and no float32 copy of the whole operand stands in memory.
 */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, type Block, i32, load, loadVector, min, mul, sub } from "../block.ts";
import { elementBytes, storageOf } from "../expression.ts";
import type { Expr, Storage } from "../ir.ts";
import { vectorLoop } from "../vector-loop.ts";
import { axesOf } from "./arrange-axes.ts";
import { stepsConflict } from "./cache-conflict.ts";
import { blockStep, type ContractSchedule, type LhsBlock } from "./contract-schedule.ts";

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
function emitLhsBlock(
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

/**
 * Widens what one block of k reads of lhs, from its first element on, into `part`: gives what tiles then read, where row 0 would
 * stand. `length`: steps along the blocked axis; `rows`: the extent of the rows, where units have groups of them.
 */
export function widenedLhs(
  body: Block,
  kernel: ContractKernel,
  { rowAxis, rowsPerUnit, kBlock }: ContractSchedule,
  block: {
    readonly plan: LhsBlock;
    readonly lhs: Expr;
    readonly part: Expr;
    readonly rowGroup: Expr | null;
    readonly length: number | Expr | null;
    readonly rows: () => Expr;
  },
  target: CpuTarget,
): Expr {
  const { plan, lhs, rowGroup, length } = block;
  const { axes } = kernel;
  const { buffer, index } = kernel.accesses[kernel.lhs]!;
  const storage = storageOf[kernel.buffers[buffer]!.dtype];
  const part = body.let(block.part, "part");
  const first = rowGroup === null ? null : body.let(mul(rowGroup, i32(rowsPerUnit)), "firstRow");
  const rows = first === null ? i32(axes[rowAxis ?? 0]!.extent) : min(i32(rowsPerUnit), sub(block.rows(), first));
  const source = first === null ? lhs : body.let(advance(lhs, first, index.coefficients[rowAxis!]! * elementBytes[storage]), "source");
  const blocked = kBlock === null ? -1 : axesOf(kernel, "k")[kBlock.depth]!;
  const counts = (axis: number): Expr => {
    if (axis === rowAxis) return rows;
    if (axis !== blocked) return i32(axes[axis]!.extent);
    return typeof length === "number" ? i32(length) : length!;
  };
  emitLhsBlock(body, plan, storage, source, part, counts, target);
  return first === null ? part : body.let(advance(part, sub(i32(0), first), blockStep(plan, rowAxis!) * 4), "lhs");
}
