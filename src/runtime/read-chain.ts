/**
 * Chains of read tensors. A read tensor keeps its inputs, so that gradients can be taken through it; a loop that reads
 * each step's result would keep every step. Chains that grow too long are cut at the old end.
 */
import type { Node, Structure, Tensor } from "../graph/index.ts";

/** Reads that a chain keeps behind its newest one (up to twice as many, so that cutting is cheap per read). */
export const keptReads = 1000;
/** Bytes of values that a chain keeps (up to twice as many), once it is longer than `shortReads`. */
export const keptBytes: number = 256 * 2 ** 20;
/** A chain this short is never cut for its bytes. */
export const shortReads = 16;

/** Position of a read node in its chain: counted since the beginning, and where the chain was cut last. */
interface Link {
  readonly depth: number;
  readonly bytes: number;
  readonly cutDepth: number;
  readonly cutBytes: number;
}

const links = new WeakMap<Node, Link>();

/**
 * Notes that `root` (reference `reference` in `structure`) was read, with `bytes` of values; `captured` are the valued
 * leaves `a0, a1, ...` of the structure. Cuts the chain where it is too long.
 */
export function noteRead(root: Tensor, reference: string, structure: Structure, captured: readonly Tensor[], bytes: number): void {
  const behind = longestBehind(reference, structure, captured);
  const link: Link = { depth: behind.depth + 1, bytes: behind.bytes + bytes, cutDepth: behind.cutDepth, cutBytes: behind.cutBytes };
  const tooLong = link.depth - link.cutDepth > 2 * keptReads;
  const tooLarge = link.bytes - link.cutBytes > 2 * keptBytes && link.depth - link.cutDepth > shortReads;
  if (!tooLong && !tooLarge) {
    links.set(root.node, link);
    return;
  }
  const depth = tooLong ? link.depth - keptReads : link.depth - Math.ceil(shortReads / 2);
  const cutBytes = cutBehind(root.node, depth, tooLong ? 0 : link.bytes - keptBytes);
  links.set(root.node, { ...link, cutDepth: depth, cutBytes: Math.max(link.cutBytes, cutBytes) });
}

const start: Link = { depth: 0, bytes: 0, cutDepth: 0, cutBytes: 0 };

function longestBehind(reference: string, structure: Structure, captured: readonly Tensor[]): Link {
  const longer = (a: Link, b: Link): Link => ({
    depth: Math.max(a.depth, b.depth),
    bytes: Math.max(a.bytes, b.bytes),
    cutDepth: Math.max(a.cutDepth, b.cutDepth),
    cutBytes: Math.max(a.cutBytes, b.cutBytes),
  });
  const leaves = captured.map((tensor) => links.get(tensor.node) ?? start);
  if (leaves.every((link) => link === start)) return start;
  const computed: Link[] = [];
  const of = (name: string): Link => {
    if (name.startsWith("a")) return leaves[Number(name.slice(1))] ?? start;
    const position = name.indexOf(".");
    return position < 0 ? start : computed[Number(name.slice(0, position))]!;
  };
  for (const { inputs } of structure.nodes) computed.push(inputs.map(of).reduce(longer, start));
  return of(reference);
}

/** Drops the inputs of the nodes behind `newest` that are at most `depth` reads from the beginning, or hold `bytes` and less before them. */
function cutBehind(newest: Node, depth: number, bytes: number): number {
  let reached = 0;
  const seen = new Set<Node>([newest]);
  const stack: Node[] = [newest];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const link = node === newest ? undefined : links.get(node);
    if (link !== undefined && (link.depth <= depth || link.bytes <= bytes)) {
      reached = Math.max(reached, link.bytes);
      if (node.inputs.length > 0) node.sever();
      continue;
    }
    for (const input of node.inputs) {
      if (!seen.has(input.node)) {
        seen.add(input.node);
        stack.push(input.node);
      }
    }
  }
  return reached;
}
