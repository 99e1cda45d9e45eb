/** Moves a map that reads a reduction or contraction at the same place into its epilogue (bias, activation, scale). */
import { compose, sameAffine } from "../kernels/affine.ts";
import type { Affine } from "../../graph/index.ts";
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
  if (
    consumer.stores.some((store) => context.draft.buffers[map.buffers[consumer.accesses[store.access]!.buffer]!]!.place?.kind === "state")
  )
    return undefined;
  const store = kernel.stores.find((candidate) => producer.buffers[kernel.accesses[candidate.access]!.buffer] === buffer);
  if (store === undefined) return undefined;
  const stored = kernel.accesses[store.access]!;
  if (stored.guards.length > 0 || stored.dynamic.length > 0) return undefined;
  const position = map.buffers.indexOf(buffer);
  const loads = consumer.accesses.filter((access) => access.buffer === position);
  const axes = matchAxes(kernel, consumer, stored, loads);
  if (axes === undefined || graph.hasDetour(producer, map)) return undefined;
  // A kernel with several results: the map may read others of them too, and then at the same place, from registers.
  const taken = new Map<number, number>();
  for (const candidate of kernel.stores) {
    const access = kernel.accesses[candidate.access]!;
    const id = producer.buffers[access.buffer]!;
    const at = map.buffers.indexOf(id);
    if (at < 0) continue;
    const fits =
      access.guards.length === 0 &&
      access.dynamic.length === 0 &&
      sameAffine(access.index, stored.index) &&
      consumer.accesses.every((other) => other.buffer !== at || (other.guards.length === 0 && sameAffine(other.index, loads[0]!.index)));
    if (!fits || graph.writers(id).size !== 1) return undefined;
    taken.set(id, candidate.value);
  }
  const others = [...graph.readers(buffer)].filter((reader) => reader !== map);
  const isKept = others.length > 0 || context.pinned.has(buffer);
  // A kept value would be delayed by whatever else the map waits for.
  if (others.length > 0 && [...graph.producers(map)].some((other) => other !== producer && !graph.reaches(other, producer)))
    return undefined;

  const rank = kernel.axes.length;
  const change = (access: Access): Access => ({
    ...access,
    index: compose(access.index, axes, rank),
    guards: access.guards.map((guard) => ({ ...guard, index: compose(guard.index, axes, rank) })),
  });
  const joiner = new Joiner(rank);
  const expression = new Expression();
  const epilogue = new Expression();
  const body = kernel.kind === "reduce" ? joiner.entries(producer, kernel.expression, expression) : [];
  const after = joiner.entries(producer, kernel.epilogue, epilogue);
  const lhs = kernel.kind === "contract" ? joiner.access(producer, kernel.lhs, "read") : 0;
  const rhs = kernel.kind === "contract" ? joiner.access(producer, kernel.rhs, "read") : 0;
  const moved = joiner.entries(
    map,
    consumer.expression,
    epilogue,
    (read) => (taken.has(read) ? after[taken.get(read)!]! : undefined),
    change,
  );
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
      ? {
          kind: "reduce",
          ...shared,
          expression: expression.entries,
          reducers: kernel.reducers.map((reducer) => ({ ...reducer, value: body[reducer.value]! })),
        }
      : { kind: "contract", ...shared, roles: kernel.roles, lhs, rhs };
  const bound = joiner.builder.bound(fused);
  graph.remove(producer);
  graph.remove(map);
  graph.add(bound);
  return bound;
}

/**
 * For each axis of the map, its value as a function of the producer's parallel axes, where both walk the stored buffer
 * in the same way (one axis of the map may be several of the producer: position = 2 * quotient + rest); else undefined.
 */
function matchAxes(kernel: Kernel, consumer: MapKernel, stored: Access, loads: readonly Access[]): Affine[] | undefined {
  const load = loads[0];
  if (load === undefined || loads.some((other) => other.guards.length > 0 || !sameAffine(other.index, load.index))) return undefined;
  if (load.index.constant !== stored.index.constant) return undefined;
  const rank = kernel.axes.length;
  const open = new Set(kernel.axes.flatMap((axis, j) => (axis.role === "parallel" && axis.extent > 1 ? [j] : [])));
  const axes: Affine[] = [];
  for (let i = 0; i < consumer.axes.length; i++) {
    const { extent } = consumer.axes[i]!;
    const stride = load.index.coefficients[i]!;
    const coefficients = new Array<number>(rank).fill(0);
    let covered = 1;
    while (covered < extent) {
      const next = [...open].find(
        (j) => stored.index.coefficients[j] === stride * covered && extent % (covered * kernel.axes[j]!.extent) === 0,
      );
      if (next === undefined) return undefined;
      open.delete(next);
      coefficients[next] = covered;
      covered *= kernel.axes[next]!.extent;
    }
    axes.push({ constant: 0, coefficients });
  }
  return open.size === 0 ? axes : undefined;
}
