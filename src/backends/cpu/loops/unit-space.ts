/** The space of a kernel's units of work: decoding unit numbers, and how many units a chunk takes. */
import { add, type Block, div, eq, get, i32, lt, min, mul, rem, sub } from "./block.ts";
import type { Expr } from "./ir.ts";

/** Nanoseconds of work a chunk should hold, about: far above the cost of handing it out. */
const shortestChunk = 3_000;
const longestChunk = 20_000;
/** Chunks of a kernel between these bounds: enough for threads to end at about the same time. */
const usualChunks = 16;

let isDividing = false;

/** Runs a lowering that shall only say how its work divides: the bodies of units are not emitted. */
export function withoutUnits<T>(lower: () => T): T {
  isDividing = true;
  try {
    return lower();
  } finally {
    isDividing = false;
  }
}

/**
 * Runs units [from, to) of the space `extents` (row-major; the first extent is never read, so it may be dynamic).
 * `outer` gets the positions on all dimensions but the last, and returns what to do for each position on the last. It
 * runs once per stretch of units that share the outer positions.
 */
export function forUnits(
  block: Block,
  from: Expr,
  to: Expr,
  extents: readonly number[],
  outer: (block: Block, positions: readonly Expr[]) => (block: Block, last: Expr | null) => void,
): void {
  if (isDividing) return;
  if (extents.length === 0) {
    block.if(lt(from, to), (body) => outer(body, [])(body, null));
    return;
  }
  if (extents.length === 1) {
    const each = outer(block, []);
    block.for("unit", from, to, 1, (body, unit) => each(body, unit));
    return;
  }
  const lastExtent = Math.max(1, extents.at(-1)!);
  const unit = block.declare("unit", from);
  const last = block.declare("last", rem(from, i32(lastExtent)));
  let rest = block.let(div(from, i32(lastExtent)), "rest");
  const outerVariables = extents
    .slice(0, -1)
    .map((extent, dimension) => ({ extent, dimension, variable: { name: `unit${dimension}`, type: "i32" as const } }));
  for (const { extent, dimension, variable } of outerVariables.toReversed()) {
    block.set(variable, dimension === 0 ? rest : rem(rest, i32(Math.max(1, extent))));
    if (dimension > 0) rest = block.let(div(rest, i32(Math.max(1, extent))), "rest");
  }
  block.while(lt(get(unit), to), (body) => {
    const start = get(last);
    const run = body.let(min(sub(to, get(unit)), sub(i32(lastExtent), start)), "run");
    const each = outer(
      body,
      outerVariables.map(({ variable }) => get(variable)),
    );
    body.for("row", start, add(start, run), 1, (inside, row) => each(inside, row));
    body.set(unit, add(get(unit), run));
    body.set(last, i32(0));
    carry(body, outerVariables.length - 1);
  });

  function carry(body: Block, dimension: number): void {
    const { variable, extent } = outerVariables[dimension]!;
    body.set(variable, add(get(variable), i32(1)));
    if (dimension === 0) return;
    body.if(eq(get(variable), i32(extent)), (wrapped) => {
      wrapped.set(variable, i32(0));
      carry(wrapped, dimension - 1);
    });
  }
}

/** Units of a chunk, at least 1, for units that take about `nanoseconds` each. */
export function grainOf(units: number, nanoseconds: number): number {
  const one = Math.max(nanoseconds, 0.1);
  const goal = Math.max(shortestChunk, Math.min(longestChunk, (units * one) / usualChunks));
  return Math.max(1, Math.min(units, Math.ceil(goal / one)));
}

/** Bounds [from, to) of block `index` of an axis that is cut into blocks of `length`. */
export function blockBounds(block: Block, index: Expr, length: number, extent: Expr): { readonly from: Expr; readonly to: Expr } {
  const from = block.let(mul(index, i32(length)), "from");
  return { from, to: block.let(min(add(from, i32(length)), extent), "to") };
}
