/** Graph to smaller graph: equal operations become one, views compose, neutral elements and dead code go. */
import { type DType, isShortFloat } from "../../dtype/index.ts";
import { sameShape } from "../../graph/index.ts";
import { type FlatGraph, type Op, producers, withoutDeadOps } from "../flat-graph.ts";
import { rarePasses } from "../parts.ts";
import type { PadJoiner } from "./join-pads.ts";

/** Rewrites until nothing changes (one pass suffices: operations are visited after their inputs). */
export function simplify(graph: FlatGraph): FlatGraph {
  const out: FlatGraph = { ops: [], types: [...graph.types], parameters: graph.parameters, results: [], data: graph.data };
  const replaced = new Map<number, number>();
  const current = (value: number): number => replaced.get(value) ?? value;
  const known = new Map<string, readonly number[]>();
  const producer = producers({ ...graph, ops: [] });
  const rank0Constants = new Map<number, number>();
  let pads: PadJoiner | undefined;
  for (const original of graph.ops) {
    let op: Op = { ...original, inputs: original.inputs.map(current) };
    op = composeViews(op, producer);
    const same = neutral(op, out, producer, rank0Constants);
    if (same !== undefined) {
      replaced.set(op.outputs[0]!, same);
      continue;
    }
    if (op.primitive.lowering.kind === "windowGather") op = rarePasses.get().withWindowMax(op, producer);
    if (op.primitive.name === "pad") pads ??= new (rarePasses.get().PadJoiner)(graph.types, (value) => rank0Constants.get(value) === 0);
    if (pads !== undefined) op = pads.joined(op);
    const key = keyOf(op, out.types[op.outputs[0]!]!.dtype);
    const before = key === undefined ? undefined : known.get(key);
    if (before !== undefined) {
      op.outputs.forEach((value, i) => replaced.set(value, before[i]!));
      continue;
    }
    if (key !== undefined) known.set(key, op.outputs);
    if (op.primitive.lowering.kind === "constant") rank0Constants.set(op.outputs[0]!, Number(op.attributes["value"]));
    for (const value of op.outputs) producer[value] = op;
    out.ops.push(op);
  }
  out.results.push(...graph.results.map(current));
  return withoutDeadOps(out);
}

/** Text that is equal for equal operations, or undefined for those with bodies. */
function keyOf(op: Op, dtype: string): string | undefined {
  const { kind } = op.primitive.lowering;
  if (kind === "scan" || kind === "while" || kind === "cond") return undefined;
  const attributes =
    kind === "scalar" ? "" : kind === "constant" ? constantKey(Number(op.attributes["value"])) : JSON.stringify(op.attributes);
  return `${op.primitive.name}|${attributes}|${dtype}|${op.inputs.join(",")}`;
}

/** JSON knows neither -0 nor NaN. */
function constantKey(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** reshape(reshape x) -> reshape x. */
function composeViews(op: Op, producer: readonly (Op | undefined)[]): Op {
  const inner = op.inputs.length === 1 ? producer[op.inputs[0]!] : undefined;
  if (inner !== undefined && op.primitive.lowering.kind === "reshape" && inner.primitive.lowering.kind === "reshape") {
    return { ...op, inputs: [inner.inputs[0]!] };
  }
  return op;
}

/** The value that an operation leaves unchanged, or undefined. */
function neutral(
  op: Op,
  graph: FlatGraph,
  producer: readonly (Op | undefined)[],
  constants: ReadonlyMap<number, number>,
): number | undefined {
  const { lowering, name } = op.primitive;
  const [x, y] = op.inputs;
  const type = graph.types[op.outputs[0]!]!;
  const unchanged = x !== undefined && sameShape(graph.types[x]!.shape, type.shape) && graph.types[x]!.dtype === type.dtype;
  switch (lowering.kind) {
    case "identity":
      return x;
    case "reshape":
      return unchanged ? x : undefined;
    case "view": {
      if (!unchanged) return undefined;
      const view = lowering.view(graph.types[x]!, type, op.attributes);
      if (view.divisors !== undefined && view.divisors.some((d) => d !== 1)) return undefined;
      const isIdentity = view.indices.every(
        (index, axis) =>
          index.constant === 0 && index.coefficients.every((c, i) => c === (i === axis ? 1 : 0) || (type.shape[i] === 1 && i !== axis)),
      );
      return isIdentity && type.shape.every((extent, axis) => extent === 1 || view.indices[axis]!.coefficients[axis] === 1) ? x : undefined;
    }
    case "concatenate":
      return op.inputs.length === 1 ? x : undefined;
    case "reduce": {
      const axes = op.attributes["axes"];
      return Array.isArray(axes) && axes.length === 0 ? x : undefined;
    }
    case "scalar": {
      if (lowering.op === "convert") return unchanged ? x : widenedFrom(x!, type.dtype, graph, producer);
      if (op.inputs.length !== 2 || x === undefined || y === undefined) return undefined;
      const left = splat(x, producer, constants);
      const right = splat(y, producer, constants);
      // Only where the result is the same for every x: x + 0 would turn -0 into 0.
      if (name === "multiply") return right === 1 ? x : left === 1 ? y : undefined;
      if (name === "divide" && right === 1) return x;
      if (name === "subtract" && right === 0) return x;
      return undefined;
    }
    default:
      return undefined;
  }
}

/** The value of `dtype` that `x` is the conversion of to one with all of its values; undefined: it is none. */
function widenedFrom(x: number, dtype: DType, graph: FlatGraph, producer: readonly (Op | undefined)[]): number | undefined {
  const inner = producer[x];
  if (!isShortFloat(dtype) || inner?.primitive.lowering.kind !== "scalar" || inner.primitive.lowering.op !== "convert") return undefined;
  const isExact = graph.types[x]!.dtype === "float32" || graph.types[x]!.dtype === "float64";
  return isExact && graph.types[inner.inputs[0]!]!.dtype === dtype ? inner.inputs[0] : undefined;
}

/** The constant that fills a value, or undefined. */
function splat(value: number, producer: readonly (Op | undefined)[], constants: ReadonlyMap<number, number>): number | undefined {
  let current = value;
  for (;;) {
    const known = constants.get(current);
    if (known !== undefined) return known;
    const op = producer[current];
    if (op === undefined) return undefined;
    const { lowering } = op.primitive;
    if (lowering.kind !== "reshape" && op.primitive.name !== "broadcastInDim") return undefined;
    current = op.inputs[0]!;
  }
}
