/** Maxima of windows, which take no positions. */
import type { Primitive } from "../../graph/index.ts";
import type { Op } from "../flat-graph.ts";

/** Maximum over windows: what is left of windowGather(x, windowArgmax(x)). Made here, by name, for the kernel builder. */
function windowMax(like: Primitive): Primitive {
  if (like.lowering.kind !== "windowArgmax") return like;
  return { ...like, name: "windowMax", lowering: { kind: "windowMax", geometry: like.lowering.geometry } };
}

const windowMaxima = new Map<Primitive, Primitive>();

/** A gather of the largest elements of windows as their maximum; other operations as they are. */
export function withWindowMax(op: Op, producer: readonly (Op | undefined)[]): Op {
  if (op.primitive.lowering.kind !== "windowGather") return op;
  const argmax = producer[op.inputs[1]!];
  if (argmax === undefined || argmax.primitive.lowering.kind !== "windowArgmax" || argmax.inputs[0] !== op.inputs[0]) return op;
  if (
    JSON.stringify(argmax.primitive.lowering.geometry(argmax.attributes)) !== JSON.stringify(op.primitive.lowering.geometry(op.attributes))
  )
    return op;
  let primitive = windowMaxima.get(argmax.primitive);
  if (primitive === undefined) windowMaxima.set(argmax.primitive, (primitive = windowMax(argmax.primitive)));
  return { ...op, primitive, attributes: argmax.attributes, inputs: [op.inputs[0]!] };
}
