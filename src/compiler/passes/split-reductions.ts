/**
 * Large reductions to few values become two kernels, partials and their combination, so that threads share the work and
 * float32 sums stay accurate. The split is a function of the shape only.
 */
import { type Affine, stridesOf } from "../../graph/index.ts";
import type { Draft } from "../draft.ts";
import { affineAxis, weightedSum } from "../kernels/affine.ts";
import type { Access, Axis, Entry, Store } from "../kernels/kernel.ts";
import { Expression } from "../kernels/kernel-builder.ts";
import type { ScheduledKernel } from "../target.ts";
import { Joiner } from "./merge-kernels.ts";

/** Elements below which a reduction is one kernel. */
const SMALL = 65536;
/** Fewest elements that one partial value covers. */
const SHORTEST = 64;

/** Splits every reduction that is worth it. */
export function splitReductions(kernels: readonly ScheduledKernel[], draft: Draft): ScheduledKernel[] {
  return kernels.flatMap((bound) => split(bound, draft) ?? [bound]);
}

/** Largest divisor of `extent` between 64 and 4096, or 0. */
function blockLength(extent: number): number {
  for (let length = Math.min(4096, Math.floor(extent / 4)); length >= SHORTEST; length--) if (extent % length === 0) return length;
  return 0;
}

function split(bound: ScheduledKernel, draft: Draft): ScheduledKernel[] | undefined {
  const { kernel } = bound;
  if (kernel.kind !== "reduce" || kernel.reducers.some(({ reducer }) => reducer === "argmax" || reducer === "argmin")) return undefined;
  const size = (axes: readonly Axis[]): number => axes.reduce((n, axis) => n * axis.extent, 1);
  const parallel = kernel.axes.filter((axis) => axis.role === "parallel");
  const reduce = kernel.axes.filter((axis) => axis.role === "reduce");
  if (size(kernel.axes) < SMALL || size(parallel) > 4096 || size(reduce) < 8 * SHORTEST) return undefined;

  // New axes: blocks (parallel), the old parallel axes, the rest of the reduction. `terms[axis]` is where an old axis went.
  const p = parallel.length;
  const blocks: Axis[] = [];
  const rest: Axis[] = [];
  const terms: (readonly { axis: "block" | "rest" | "parallel"; position: number; scale: number }[])[] = parallel.map((_, i) => [{ axis: "parallel", position: i, scale: 1 }]);
  let remaining = size(reduce);
  for (const axis of reduce) {
    const covered = size(blocks);
    if (rest.length > 0 || covered >= 16) {
      terms.push([{ axis: "rest", position: rest.length, scale: 1 }]);
      rest.push(axis);
    } else if (remaining / axis.extent >= SHORTEST) {
      terms.push([{ axis: "block", position: blocks.length, scale: 1 }]);
      blocks.push({ ...axis, role: "parallel" });
    } else {
      const length = blockLength(axis.extent);
      if (length === 0) {
        terms.push([{ axis: "rest", position: rest.length, scale: 1 }]);
        rest.push(axis);
      } else {
        terms.push([
          { axis: "block", position: blocks.length, scale: length },
          { axis: "rest", position: rest.length, scale: 1 },
        ]);
        blocks.push({ extent: axis.extent / length, role: "parallel", dynamic: false });
        rest.push({ extent: length, role: "reduce", dynamic: false });
      }
    }
    remaining /= axis.extent;
  }
  if (size(blocks) < 4) return undefined;

  const axes = [...blocks, ...parallel, ...rest];
  const rank = axes.length;
  const place = { block: 0, parallel: blocks.length, rest: blocks.length + p };
  const move = (f: Affine): Affine => {
    const coefficients = new Array<number>(rank).fill(0);
    f.coefficients.forEach((c, axis) => {
      for (const term of terms[axis]!) coefficients[place[term.axis] + term.position]! += c * term.scale;
    });
    return { constant: f.constant, coefficients };
  };
  const change = (access: Access): Access => ({
    ...access,
    index: move(access.index),
    guards: access.guards.map((guard) => ({ ...guard, index: move(guard.index) })),
    dynamic: access.dynamic.map((term) => ({ ...term, offset: move(term.offset) })),
  });
  const outer = [...blocks, ...parallel];
  const partialIndex = (over: number): Affine => weightedSum(outer.map((_, i) => affineAxis(over, i)), stridesOf(outer.map((axis) => axis.extent)), over);
  const partials = kernel.reducers.map(({ dtype }) => ({ id: draft.add(dtype, size(outer)), dtype, elements: size(outer) }));

  const first = new Joiner(rank);
  const expression = new Expression();
  const at = first.entries(bound, kernel.expression, expression, undefined, change);
  const stores = partials.map((buffer, i): Store => ({ access: first.builder.access(buffer, "write", partialIndex(rank)), value: i }));
  const partial = first.builder.bound({
    kind: "reduce",
    axes,
    buffers: first.builder.kernelBuffers(),
    accesses: first.builder.accesses,
    scalars: first.builder.scalarTypes,
    label: kernel.label,
    expression: expression.entries,
    reducers: kernel.reducers.map((reducer) => ({ ...reducer, value: at[reducer.value]! })),
    epilogue: partials.map(({ dtype }, index): Entry => ({ op: "accumulator", index, dtype })),
    stores,
  });

  // Combination: parallel axes as before, then the blocks.
  const second = new Joiner(p + blocks.length);
  const over = p + blocks.length;
  const combineStrides = stridesOf(outer.map((axis) => axis.extent));
  const combineIndex = weightedSum(outer.map((_, i) => affineAxis(over, i < blocks.length ? p + i : i - blocks.length)), combineStrides, over);
  const values = new Expression();
  const loaded = partials.map((buffer) => values.add({ op: "load", access: second.builder.access(buffer, "read", combineIndex), dtype: buffer.dtype }));
  const narrow = (f: Affine): Affine => ({ constant: f.constant, coefficients: Array.from({ length: over }, (_, i) => (i < p ? f.coefficients[i]! : 0)) });
  const narrowAccess = (access: Access): Access => ({
    ...access,
    index: narrow(access.index),
    guards: access.guards.map((guard) => ({ ...guard, index: narrow(guard.index) })),
    dynamic: access.dynamic.map((term) => ({ ...term, offset: narrow(term.offset) })),
  });
  const epilogue = new Expression();
  const after = second.entries(bound, kernel.epilogue, epilogue, undefined, narrowAccess);
  const combineStores = second.stores(bound, kernel.stores, after, narrowAccess);
  const combine = second.builder.bound({
    kind: "reduce",
    axes: [...parallel, ...blocks.map((axis): Axis => ({ ...axis, role: "reduce" }))],
    buffers: second.builder.kernelBuffers(),
    accesses: second.builder.accesses,
    scalars: second.builder.scalarTypes,
    label: kernel.label,
    expression: values.entries,
    reducers: kernel.reducers.map((reducer, i) => ({ ...reducer, value: loaded[i]! })),
    epilogue: epilogue.entries,
    stores: combineStores,
  });
  return [partial, combine];
}
