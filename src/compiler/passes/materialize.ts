/** Decides which values are written to buffers and which are expressions inside the kernels that read them. */
import { isShortFloat } from "../../dtype/index.ts";
import { type ScalarOp, sizeOf } from "../../graph/index.ts";
import type { Block } from "../draft.ts";
import type { Op } from "../flat-graph.ts";
import { isAffineReshape } from "./reshape-indices.ts";

/** Largest expression, in units of one addition, that is inlined into a consumer. */
const MAX_COST = 96;
/** Longest chain of operations that is inlined. */
const MAX_DEPTH = 48;

/** Of a conversion between dtypes. */
const conversionCost = 0.5;

const expensive: Partial<Record<ScalarOp, number>> = {
  exp: 8,
  expm1: 10,
  log: 10,
  log1p: 10,
  tanh: 12,
  sigmoid: 10,
  erf: 12,
  sin: 12,
  cos: 12,
  tan: 14,
  asin: 12,
  acos: 12,
  atan: 12,
  sinh: 12,
  cosh: 12,
  asinh: 14,
  acosh: 14,
  atanh: 14,
  atan2: 16,
  power: 20,
  divide: 3,
  sqrt: 3,
  rsqrt: 4,
  remainder: 4,
};

/**
 * Marks `block.materialized`. Values that already have a buffer stay as they are. No expression reads more buffers than a
 * kernel may bind besides the one it writes.
 */
export function materialize(block: Block): void {
  const { graph } = block;
  const mostLeaves = block.draft.limits.buffersPerKernel - 1;
  const leaves = new Map<number, ReadonlySet<number>>();
  const uses = new Array<number>(graph.types.length).fill(0);
  for (const op of graph.ops) for (const input of new Set(op.inputs)) uses[input]!++;
  for (const result of graph.results) uses[result]!++;
  // Whoever reads a conversion reads what was converted.
  const readers = [...uses];
  for (const op of graph.ops) if (isConversion(op)) readers[op.inputs[0]!] = Math.max(readers[op.inputs[0]!]!, uses[op.outputs[0]!]!);
  const forced = new Set(graph.results);
  const cost = new Array<number>(graph.types.length).fill(0);
  const depth = new Array<number>(graph.types.length).fill(0);
  for (const op of graph.ops) {
    for (const input of operandsInBuffers(op)) forced.add(viewBase(block, input));
  }
  for (const op of graph.ops) {
    limitLeaves(block, op, leaves, mostLeaves);
    if (!isInlineable(block, op)) {
      for (const output of op.outputs) block.materialized[output] = true;
      for (const input of buffersOnly(op)) block.materialized[input] = true;
      continue;
    }
    const output = op.outputs[0]!;
    if (op.primitive.lowering.kind === "reshape" && !isAffineReshape(block.type(op.inputs[0]!).shape, block.type(output).shape)) {
      block.materialized[op.inputs[0]!] = true;
    }
    for (const input of buffersOnly(op)) block.materialized[input] = true;
    // An expression under a broadcast would be computed again for every copy.
    if (op.primitive.lowering.kind === "view") {
      const input = op.inputs[0]!;
      if (sizeOf(block.type(output).shape) > sizeOf(block.type(input).shape) && cost[input]! > 0) block.materialized[input] = true;
    }
    let total = ownCost(op);
    let deepest = 0;
    for (const input of op.inputs) {
      if (block.materialized[input]) continue;
      total += cost[input]!;
      deepest = Math.max(deepest, depth[input]!);
    }
    cost[output] = total;
    depth[output] = deepest + 1;
    const shared = uses[output]! > 1 && !isCheap(block, op, total) && !isShiftOfKept(block, op, total, readers, leaves);
    if (forced.has(output) || shared || total > MAX_COST || deepest >= MAX_DEPTH) {
      block.materialized[output] = true;
    }
    if (block.materialized[output]) {
      cost[output] = 0;
      depth[output] = 0;
    } else leaves.set(output, leavesOf(block, op, leaves));
  }
}

/**
 * Whether recomputing a value reads as much as reading it would, and saves writing it: one operation on a value that is
 * kept for others too and on much smaller ones (`x - mean` beside `x`, also where `x` is kept in two bytes an element).
 */
function isShiftOfKept(
  block: Block,
  op: Op,
  total: number,
  readers: readonly number[],
  leaves: ReadonlyMap<number, ReadonlySet<number>>,
): boolean {
  const type = block.type(op.outputs[0]!);
  if (op.primitive.lowering.kind !== "scalar" || total > 1 + conversionCost || type.dtype === "bool") return false;
  const size = sizeOf(type.shape);
  const large = [...leavesOf(block, op, leaves)].filter((leaf) => sizeOf(block.type(leaf).shape) * 8 > size);
  const [kept] = large;
  if (large.length !== 1 || readers[kept!]! < 2 || sizeOf(block.type(kept!).shape) !== size) return false;
  return total <= 1 || isShortFloat(block.type(kept!).dtype);
}

/** Buffers that the inputs of an operation read, each input being a buffer itself or an expression. */
function leavesOf(block: Block, op: Op, leaves: ReadonlyMap<number, ReadonlySet<number>>): Set<number> {
  const found = new Set<number>();
  for (const input of op.inputs) {
    if (block.materialized[input]) found.add(input);
    else for (const leaf of leaves.get(input) ?? []) found.add(leaf);
  }
  return found;
}

/** Gives the widest inputs buffers of their own until the operation reads few enough. */
function limitLeaves(block: Block, op: Op, leaves: ReadonlyMap<number, ReadonlySet<number>>, most: number): void {
  const width = (input: number): number => (block.materialized[input] ? 0 : (leaves.get(input)?.size ?? 0));
  while (leavesOf(block, op, leaves).size > most) {
    const widest = op.inputs.reduce((a, b) => (width(b) > width(a) ? b : a));
    if (width(widest) < 2) return;
    block.materialized[widest] = true;
  }
}

/** Whether an operation can stand inside an expression. */
export function isInlineable(block: Block, op: Op): boolean {
  const { lowering } = op.primitive;
  switch (lowering.kind) {
    case "constant":
    case "iota":
    case "scalar":
    case "identity":
    case "reshape":
    case "gather":
    case "windowGather":
    case "rngBits":
      return true;
    case "view":
      return lowering.view(block.type(op.inputs[0]!), block.type(op.outputs[0]!), op.attributes).divisors === undefined;
    default:
      return false;
  }
}

/** Inputs that an operation reads at data-dependent places: they must be in buffers themselves. */
function buffersOnly(op: Op): readonly number[] {
  const { kind } = op.primitive.lowering;
  if (kind === "gather" || kind === "windowGather") return [op.inputs[0]!];
  if (kind === "scatter" || kind === "windowScatter" || kind === "scan" || kind === "while" || kind === "cond") return op.inputs;
  return [];
}

/** Inputs that an operation reads many times: they must be buffers, or plain views of buffers. */
function operandsInBuffers(op: Op): readonly number[] {
  const { kind } = op.primitive.lowering;
  if (kind === "contract" || kind === "windowSum" || kind === "windowArgmax" || kind === "windowMax") return op.inputs;
  return [];
}

/** The value that a chain of plain views (which read as 0 outside) finally reads. */
function viewBase(block: Block, value: number): number {
  let current = value;
  for (;;) {
    const op = block.producer[current];
    if (op === undefined || block.materialized[current] || !isInlineable(block, op)) return current;
    const { lowering } = op.primitive;
    const input = op.inputs[0]!;
    if (lowering.kind === "view") {
      const view = lowering.view(block.type(input), block.type(current), op.attributes);
      if (view.guarded.length > 0) return current;
    } else if (lowering.kind === "reshape") {
      if (!isAffineReshape(block.type(input).shape, block.type(current).shape)) return input;
    } else if (lowering.kind !== "identity") return current;
    current = input;
  }
}

function isConversion({ primitive: { lowering } }: Op): boolean {
  return lowering.kind === "scalar" && lowering.op === "convert";
}

function ownCost(op: Op): number {
  const { lowering } = op.primitive;
  if (lowering.kind === "scalar") return lowering.op === "convert" ? conversionCost : (expensive[lowering.op] ?? 1);
  if (lowering.kind === "rngBits") return 60;
  if (lowering.kind === "gather") return 2;
  if (lowering.kind === "windowGather") return 6;
  return 0;
}

/** Whether recomputing beats a round trip through memory: a view, or one trivial operation on one value. */
function isCheap(block: Block, op: Op, total: number): boolean {
  const { kind } = op.primitive.lowering;
  if (kind === "constant" || kind === "iota") return true;
  if (kind === "view" || kind === "reshape" || kind === "identity") return total < 1;
  return kind === "scalar" && op.inputs.length === 1 && total <= 1 && block.type(op.outputs[0]!).dtype !== "bool";
}
