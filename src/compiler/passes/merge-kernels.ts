/**
 * Joins kernels over the same iteration space: a map into the map that reads it at the same place, maps that share an
 * input (an optimizer's update of one parameter), and reductions of one input (mean and mean of squares).
 */
import type { Draft } from "../draft.ts";
import { sameAffine } from "../kernels/affine.ts";
import type { Access, Entry, Kernel, MapKernel, ReduceKernel, Store } from "../kernels/kernel.ts";
import { Expression, KernelBuilder } from "../kernels/kernel-builder.ts";
import { rarePasses } from "../parts.ts";
import type { Limits, ScheduledKernel } from "../target.ts";
import { isUpdated, KernelGraph, readBuffers, writtenBuffers } from "./kernel-graph.ts";

/** Largest expression of a joined kernel. */
const MAX_ENTRIES = 192;

/** What a pass over kernels must know besides them. */
export interface JoinContext {
  readonly draft: Draft;
  readonly limits: Limits;
  /** Buffers that are read outside of these kernels (results, states, other blocks). */
  readonly pinned: ReadonlySet<number>;
}

/** Joins what can be joined; the order of the result respects the data. */
export function mergeKernels(kernels: readonly ScheduledKernel[], context: JoinContext): ScheduledKernel[] {
  const graph = new KernelGraph(kernels);
  const queue = [...kernels];
  while (queue.length > 0) {
    const consumer = queue.shift()!;
    if (!graph.kernels.has(consumer)) continue;
    const joined = joinWithProducer(graph, consumer, context) ?? joinWithSibling(graph, consumer, context);
    if (joined !== undefined) queue.unshift(joined);
  }
  return inOrder(graph);
}

/** Topological order by data, as close to the present order as possible. */
export function inOrder(graph: KernelGraph): ScheduledKernel[] {
  const order: ScheduledKernel[] = [];
  const done = new Set<ScheduledKernel>();
  const visit = (root: ScheduledKernel): void => {
    const stack: { kernel: ScheduledKernel; rest: ScheduledKernel[] }[] = [{ kernel: root, rest: [...graph.producers(root)] }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (done.has(top.kernel)) {
        stack.pop();
        continue;
      }
      const next = top.rest.pop();
      if (next === undefined) {
        done.add(top.kernel);
        order.push(top.kernel);
        stack.pop();
      } else if (!done.has(next)) stack.push({ kernel: next, rest: [...graph.producers(next)] });
    }
  };
  for (const kernel of graph.kernels) visit(kernel);
  return order;
}

function sameSpace(a: Kernel, b: Kernel): boolean {
  return a.axes.length === b.axes.length && a.axes.every((axis, i) => axis.extent === b.axes[i]!.extent && axis.role === b.axes[i]!.role);
}

/** Whether an access has neither guards nor indices from data. */
export function isPlain(access: Access): boolean {
  return access.guards.length === 0 && access.dynamic.length === 0;
}

/** Accesses of a kernel to one buffer. */
export function accessesTo(bound: ScheduledKernel, buffer: number): Access[] {
  const position = bound.buffers.indexOf(buffer);
  return bound.kernel.accesses.filter((access) => access.buffer === position);
}

function joinWithProducer(graph: KernelGraph, consumer: ScheduledKernel, context: JoinContext): ScheduledKernel | undefined {
  if (consumer.kernel.kind !== "map") return undefined;
  for (const buffer of readBuffers(consumer)) {
    const writers = graph.writers(buffer);
    if (writers.size !== 1) continue;
    const found = [...writers][0]!;
    if (found === consumer || found.kernel.kind !== "map" || !sameSpace(found.kernel, consumer.kernel)) continue;
    // The producer may store several values: each that the consumer reads must be read where it is stored.
    const passed = [...writtenBuffers(found)].filter((written) => consumer.buffers.includes(written));
    if (!passed.every((written) => isPassedInPlace(found, consumer, written) || rarePasses.get().areApart(found, consumer, written)))
      continue;
    if (graph.hasDetour(found, consumer)) continue;
    const joined = joinMaps(found, consumer, (written) => isNeeded(graph, written, found, consumer, context));
    if (joined === undefined || !fits(joined, context)) continue;
    replace(graph, [found, consumer], joined);
    return joined;
  }
  return undefined;
}

/** Whether `consumer` reads `buffer` only at the element that `producer` stores at the same point. */
function isPassedInPlace(producer: ScheduledKernel, consumer: ScheduledKernel, buffer: number): boolean {
  const stored = accessesTo(producer, buffer);
  if (stored.length !== 1 || !isPlain(stored[0]!)) return false;
  return accessesTo(consumer, buffer).every((access) => isPlain(access) && sameAffine(access.index, stored[0]!.index));
}

function joinWithSibling(graph: KernelGraph, kernel: ScheduledKernel, context: JoinContext): ScheduledKernel | undefined {
  const { kind } = kernel.kernel;
  if (kind !== "map" && kind !== "reduce") return undefined;
  const points = kernel.kernel.axes.reduce((product, axis) => product * axis.extent, 1);
  for (const buffer of readBuffers(kernel)) {
    if (context.draft.buffers[buffer]!.elements < Math.min(points, 16)) continue;
    for (const sibling of graph.readers(buffer)) {
      if (sibling === kernel || sibling.kernel.kind !== kind || !sameSpace(sibling.kernel, kernel.kernel)) continue;
      const shared = accessesTo(sibling, buffer).some((a) => accessesTo(kernel, buffer).some((b) => sameAffine(a.index, b.index)));
      const covers = accessesTo(kernel, buffer).some((a) =>
        kernel.kernel.axes.every((axis, i) => axis.extent === 1 || a.index.coefficients[i] !== 0),
      );
      if (!shared || !covers || graph.reaches(sibling, kernel) || graph.reaches(kernel, sibling)) continue;
      const joined = kind === "map" ? joinMaps(sibling, kernel, () => true) : joinReductions(sibling, kernel);
      if (joined === undefined || !fits(joined, context)) continue;
      replace(graph, [sibling, kernel], joined);
      return joined;
    }
  }
  return undefined;
}

function replace(graph: KernelGraph, old: readonly ScheduledKernel[], joined: ScheduledKernel): void {
  for (const kernel of old) graph.remove(kernel);
  graph.add(joined);
}

function isNeeded(graph: KernelGraph, buffer: number, producer: ScheduledKernel, consumer: ScheduledKernel, context: JoinContext): boolean {
  if (context.pinned.has(buffer)) return true;
  return [...graph.readers(buffer)].some((reader) => reader !== producer && reader !== consumer);
}

function fits(joined: ScheduledKernel, context: JoinContext): boolean {
  const entries = "expression" in joined.kernel ? joined.kernel.expression.length : 0;
  return entries <= MAX_ENTRIES && joined.buffers.length <= context.limits.buffersPerKernel;
}

/** Copies accesses, entries and stores of kernels into one builder. */
export class Joiner {
  readonly builder: KernelBuilder;
  constructor(rank: number) {
    this.builder = new KernelBuilder(rank);
  }

  /** Position of a copy of one access of `bound`. */
  access(bound: ScheduledKernel, access: number, use: "read" | "write", change: (access: Access) => Access = (a) => a): number {
    const { buffer, index, guards, fill, dynamic } = change(bound.kernel.accesses[access]!);
    const { dtype, elements } = bound.kernel.buffers[buffer]!;
    const how = use === "write" && isUpdated(bound.kernel, buffer) ? "update" : use;
    return this.builder.access({ id: bound.buffers[buffer]!, dtype, elements }, how, index, guards, fill, dynamic);
  }

  /**
   * Copies a list of entries into `expression`; `replaced(buffer)` may give an entry that stands for a load of that
   * buffer. Returns where each entry went.
   */
  entries(
    bound: ScheduledKernel,
    list: readonly Entry[],
    expression: Expression,
    replaced: (buffer: number) => number | undefined = () => undefined,
    change: (access: Access) => Access = (a) => a,
    accumulatorShift = 0,
  ): number[] {
    const at: number[] = [];
    for (const entry of list) {
      switch (entry.op) {
        case "load": {
          const original = bound.kernel.accesses[entry.access]!;
          const instead = replaced(bound.buffers[original.buffer]!);
          if (instead !== undefined) {
            at.push(instead);
            break;
          }
          const moved = (access: Access): Access => {
            const changed = change(access);
            return { ...changed, dynamic: changed.dynamic.map((term) => ({ ...term, value: at[term.value]! })) };
          };
          at.push(expression.add({ ...entry, access: this.access(bound, entry.access, "read", moved) }));
          break;
        }
        case "parameter":
          at.push(expression.add({ ...entry, slot: this.builder.scalar(bound.scalars[entry.slot]!, bound.kernel.scalars[entry.slot]!) }));
          break;
        case "scalar":
        case "threefry":
          at.push(expression.add({ ...entry, args: entry.args.map((arg) => at[arg]!) }));
          break;
        case "accumulator":
          at.push(expression.add({ ...entry, index: entry.index + accumulatorShift }));
          break;
        case "position":
          at.push(expression.add({ ...entry, index: change({ buffer: 0, index: entry.index, guards: [], fill: 0, dynamic: [] }).index }));
          break;
        case "constant":
          at.push(expression.add(entry));
          break;
      }
    }
    return at;
  }

  /** Copies stores. */
  stores(bound: ScheduledKernel, list: readonly Store[], at: readonly number[], change: (access: Access) => Access = (a) => a): Store[] {
    return list.map((store) => ({ access: this.access(bound, store.access, "write", change), value: at[store.value]! }));
  }
}

function joinMaps(first: ScheduledKernel, second: ScheduledKernel, keepsStore: (buffer: number) => boolean): ScheduledKernel | undefined {
  const [a, b] = [first.kernel as MapKernel, second.kernel as MapKernel];
  const joiner = new Joiner(a.axes.length);
  const expression = new Expression();
  const atFirst = joiner.entries(first, a.expression, expression);
  const storedBy = new Map(a.stores.map((store) => [first.buffers[a.accesses[store.access]!.buffer]!, atFirst[store.value]!]));
  const atSecond = joiner.entries(second, b.expression, expression, (buffer) => storedBy.get(buffer));
  const kept = a.stores.filter((store) => keepsStore(first.buffers[a.accesses[store.access]!.buffer]!));
  const stores = [...joiner.stores(first, kept, atFirst), ...joiner.stores(second, b.stores, atSecond)];
  return joiner.builder.bound({
    kind: "map",
    axes: a.axes,
    buffers: joiner.builder.kernelBuffers(),
    accesses: joiner.builder.accesses,
    scalars: joiner.builder.scalarTypes,
    label: joinLabels(a.label, b.label),
    expression: expression.entries,
    stores,
  });
}

function joinReductions(first: ScheduledKernel, second: ScheduledKernel): ScheduledKernel {
  const [a, b] = [first.kernel as ReduceKernel, second.kernel as ReduceKernel];
  const joiner = new Joiner(a.axes.length);
  const expression = new Expression();
  const epilogue = new Expression();
  const atFirst = joiner.entries(first, a.expression, expression);
  const atSecond = joiner.entries(second, b.expression, expression);
  const reducers = [
    ...a.reducers.map((reducer) => ({ ...reducer, value: atFirst[reducer.value]! })),
    ...b.reducers.map((reducer) => ({ ...reducer, value: atSecond[reducer.value]! })),
  ];
  const afterFirst = joiner.entries(first, a.epilogue, epilogue);
  const afterSecond = joiner.entries(second, b.epilogue, epilogue, undefined, undefined, a.reducers.length);
  const stores = [...joiner.stores(first, a.stores, afterFirst), ...joiner.stores(second, b.stores, afterSecond)];
  return joiner.builder.bound({
    kind: "reduce",
    axes: a.axes,
    buffers: joiner.builder.kernelBuffers(),
    accesses: joiner.builder.accesses,
    scalars: joiner.builder.scalarTypes,
    label: joinLabels(a.label, b.label),
    expression: expression.entries,
    reducers,
    epilogue: epilogue.entries,
    stores,
  });
}

/** Label of a joined kernel: both names, once each. */
export function joinLabels(a: string, b: string): string {
  const parts = [...new Set([...a.split(" + "), ...b.split(" + ")])];
  return parts.length > 4 ? `${parts.slice(0, 3).join(" + ")} + ${parts[parts.length - 1]!}` : parts.join(" + ");
}

/** Buffers that some kernel of the list writes. */
export function allWritten(kernels: readonly ScheduledKernel[]): Set<number> {
  return new Set(kernels.flatMap((kernel) => [...writtenBuffers(kernel)]));
}
