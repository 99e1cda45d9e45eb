/** Moves a map that reads a reduction or contraction at the same place into its epilogue (bias, activation, scale). */
import { moveAxes } from "../kernels/affine.ts";
import type { Access, ContractKernel, Kernel, MapKernel, ReduceKernel } from "../kernels/kernel.ts";
import { Expression } from "../kernels/kernel-builder.ts";
import type { ScheduledKernel } from "../target.ts";
import { KernelGraph, readBuffers } from "./kernel-graph.ts";
import { inOrder, type JoinContext, Joiner, joinLabels } from "./merge-kernels.ts";

/** Fuses until nothing fits; the order of the result respects the data. */
export function fuseEpilogues(kernels: readonly ScheduledKernel[], context: JoinContext): ScheduledKernel[] {
  const graph = new KernelGraph(kernels);
  const queue = kernels.filter((bound) => bound.kernel.kind === "map");
  while (queue.length > 0) {
    const map = queue.shift()!;
    for (const buffer of readBuffers(map)) {
      const fused = fuse(graph, map, buffer, context);
      if (fused === undefined) continue;
      break;
    }
  }
  return inOrder(graph);
}

function fuse(graph: KernelGraph, map: ScheduledKernel, buffer: number, context: JoinContext): ScheduledKernel | undefined {
  const writers = graph.writers(buffer);
  if (writers.size !== 1) return undefined;
  const producer = [...writers][0]!;
  const { kernel } = producer;
  if (kernel.kind !== "reduce" && kernel.kind !== "contract") return undefined;
  const consumer = map.kernel as MapKernel;
  // Updates of states stay kernels of their own: their code is then shared by all parameters.
  if (kernel.kind === "contract" && consumer.stores.length > 1) return undefined;
  if (consumer.accesses.some((access) => access.dynamic.length > 0)) return undefined;
  if (consumer.stores.some((store) => context.draft.buffers[map.buffers[consumer.accesses[store.access]!.buffer]!]!.place?.kind === "state")) return undefined;
  const store = kernel.stores.find((candidate) => producer.buffers[kernel.accesses[candidate.access]!.buffer] === buffer);
  if (store === undefined) return undefined;
  const stored = kernel.accesses[store.access]!;
  if (stored.guards.length > 0 || stored.dynamic.length > 0) return undefined;
  const position = map.buffers.indexOf(buffer);
  const loads = consumer.accesses.filter((access) => access.buffer === position);
  const axes = matchAxes(kernel, consumer, stored, loads);
  if (axes === undefined || graph.hasDetour(producer, map)) return undefined;
  const others = [...graph.readers(buffer)].filter((reader) => reader !== map);
  const isKept = others.length > 0 || context.pinned.has(buffer);
  // A kept value would be delayed by whatever else the map waits for.
  if (others.length > 0 && [...graph.producers(map)].some((other) => other !== producer && !graph.reaches(other, producer))) return undefined;

  const rank = kernel.axes.length;
  const change = (access: Access): Access => ({
    ...access,
    index: moveAxes(access.index, axes, rank),
    guards: access.guards.map((guard) => ({ ...guard, index: moveAxes(guard.index, axes, rank) })),
  });
  const joiner = new Joiner(rank);
  const expression = new Expression();
  const epilogue = new Expression();
  const body = kernel.kind === "reduce" ? joiner.entries(producer, kernel.expression, expression) : [];
  const after = joiner.entries(producer, kernel.epilogue, epilogue);
  const lhs = kernel.kind === "contract" ? joiner.access(producer, kernel.lhs, "read") : 0;
  const rhs = kernel.kind === "contract" ? joiner.access(producer, kernel.rhs, "read") : 0;
  const moved = joiner.entries(map, consumer.expression, epilogue, (read) => (read === buffer ? after[store.value]! : undefined), change);
  const kept = kernel.stores.filter((candidate) => candidate !== store || isKept);
  const stores = [...joiner.stores(producer, kept, after), ...joiner.stores(map, consumer.stores, moved, change)];
  const shared = {
    axes: kernel.axes,
    buffers: joiner.builder.kernelBuffers(),
    accesses: joiner.builder.accesses,
    scalars: joiner.builder.scalarTypes,
    label: joinLabels(kernel.label, consumer.label),
    epilogue: epilogue.entries,
    stores,
  };
  if (joiner.builder.bufferIds.length > context.limits.buffersPerKernel) return undefined;
  const fused: ReduceKernel | ContractKernel =
    kernel.kind === "reduce"
      ? { kind: "reduce", ...shared, expression: expression.entries, reducers: kernel.reducers.map((reducer) => ({ ...reducer, value: body[reducer.value]! })) }
      : { kind: "contract", ...shared, roles: kernel.roles, lhs, rhs };
  const bound = joiner.builder.bound(fused);
  graph.remove(producer);
  graph.remove(map);
  graph.add(bound);
  return bound;
}

/** For each axis of the map the parallel axis of the producer that it walks together with, or undefined. */
function matchAxes(kernel: Kernel, consumer: MapKernel, stored: Access, loads: readonly Access[]): number[] | undefined {
  if (loads.length === 0) return undefined;
  const axes: number[] = [];
  const taken = new Set<number>();
  for (let i = 0; i < consumer.axes.length; i++) {
    const { extent } = consumer.axes[i]!;
    const stride = loads[0]!.index.coefficients[i]!;
    const match = kernel.axes.findIndex(
      (axis, j) => !taken.has(j) && axis.role === "parallel" && axis.extent === extent && (extent === 1 || stored.index.coefficients[j] === stride),
    );
    if (match < 0) {
      if (extent !== 1) return undefined;
      // An axis of extent 1 may stand anywhere; its coefficient never matters.
      axes.push(0);
      continue;
    }
    if (extent > 1) taken.add(match);
    axes.push(match);
  }
  const size = (list: readonly { extent: number; role: string }[]): number => list.reduce((n, axis) => (axis.role === "parallel" ? n * axis.extent : n), 1);
  if (size(kernel.axes) !== size(consumer.axes)) return undefined;
  for (const load of loads) {
    if (load.guards.length > 0 || load.index.constant !== stored.index.constant) return undefined;
    const moved = moveAxes({ ...load.index, coefficients: load.index.coefficients.map((c, i) => (consumer.axes[i]!.extent === 1 ? 0 : c)) }, axes, kernel.axes.length);
    if (moved.coefficients.some((c, j) => kernel.axes[j]!.extent > 1 && c !== stored.index.coefficients[j])) return undefined;
  }
  // Axes of extent 1 must not bring coefficients along.
  if (consumer.axes.some((axis, i) => axis.extent === 1 && consumer.accesses.some((access) => access.index.coefficients[i] !== 0 && kernel.axes[axes[i]!]!.extent !== 1))) return undefined;
  return axes;
}
