/** A loop without the outputs that nobody reads: what was kept for a gradient that nobody took costs nothing. */
import { type Node, Subgraph, type Tensor } from "../../graph/index.ts";
import { nodesBelow, type ScanAttributes, scanAttributes } from "../../primitives/index.ts";
import type { Op } from "../flat-graph.ts";

/** Carries that a needed output depends on: their last value is needed, or a kept result of the body uses them. */
function neededCarries(body: Subgraph, carries: number, results: readonly Tensor[], isNeeded: (output: number) => boolean): boolean[] {
  const needed = Array.from({ length: carries }, (_, i) => isNeeded(i));
  for (;;) {
    const used = new Set<Node>(nodesBelow([...results, ...body.results.slice(0, carries).filter((_, i) => needed[i]!)]));
    const before = needed.filter(Boolean).length;
    for (let i = 0; i < carries; i++) needed[i] ||= used.has(body.parameters[i]!.node);
    if (needed.filter(Boolean).length === before) return needed;
  }
}

/** A scan whose outputs are those that are needed, whose body computes no others and takes what it uses; other operations as they are. */
export function pruneScan(op: Op, isNeeded: (value: number) => boolean): Op {
  if (op.primitive.lowering.kind !== "scan") return op;
  const { body, carries, xs, length, reverse } = scanAttributes(op.attributes);
  const results = body.results.filter((_, i) => i >= carries && isNeeded(op.outputs[i]!));
  const kept = neededCarries(body, carries, results, (i) => isNeeded(op.outputs[i]!));
  const newCarries = body.results.filter((_, i) => i < carries && kept[i]!);
  const used = new Set<Node>(nodesBelow([...newCarries, ...results]));
  const stays = body.parameters.map((parameter, i) => (i < carries ? kept[i]! : used.has(parameter.node)));
  if (newCarries.length + results.length === body.results.length && stays.every(Boolean)) return op;
  const attributes: ScanAttributes = {
    body: new Subgraph(
      body.parameters.filter((_, i) => stays[i]!),
      [...newCarries, ...results],
    ),
    carries: newCarries.length,
    xs: stays.slice(carries, carries + xs).filter(Boolean).length,
    length,
    reverse,
  };
  return {
    ...op,
    attributes,
    inputs: op.inputs.filter((_, i) => stays[i]!),
    outputs: op.outputs.filter((value, i) => (i < carries ? kept[i]! : isNeeded(value))),
  };
}
