/** Sums of pieces that were padded to one shape (the gradient of a split) are the pieces side by side. */
import { concatenatePrimitive } from "../../primitives/index.ts";
import type { FlatGraph, Op } from "../flat-graph.ts";

/** A value padded with zeros in front and behind along one axis. */
interface Piece {
  readonly value: number;
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

/** Finds sums of padded pieces that lie side by side. */
export class PadJoiner {
  readonly #types: FlatGraph["types"];
  readonly #isZero: (value: number) => boolean;
  /** Per value: the disjoint pieces that it is the sum of. */
  readonly #pieces = new Map<number, readonly Piece[]>();

  constructor(types: FlatGraph["types"], isZero: (value: number) => boolean) {
    this.#types = types;
    this.#isZero = isZero;
  }

  /** The operation, or the concatenation that it amounts to (where a sum gave 0 for 0 + -0, it gives -0). */
  joined(op: Op): Op {
    const output = op.outputs[0]!;
    if (op.primitive.name === "pad") {
      const piece = this.#pieceOf(op);
      if (piece !== undefined) this.#pieces.set(output, [piece]);
    }
    if (op.primitive.name !== "add") return op;
    const [left, right] = op.inputs.map((input) => this.#pieces.get(input));
    if (left === undefined || right === undefined || left[0]!.axis !== right[0]!.axis) return op;
    const pieces = [...left, ...right].sort((a, b) => a.start - b.start);
    if (pieces.some((piece, i) => i > 0 && piece.start < pieces[i - 1]!.end)) return op;
    this.#pieces.set(output, pieces);
    const { axis } = pieces[0]!;
    const isWhole = pieces.every((piece, i) => piece.start === (i === 0 ? 0 : pieces[i - 1]!.end));
    if (!isWhole || pieces.at(-1)!.end !== this.#types[output]!.shape[axis]) return op;
    return { ...op, primitive: concatenatePrimitive, attributes: { axis }, inputs: pieces.map(({ value }) => value) };
  }

  #pieceOf(op: Op): Piece | undefined {
    const [value, fill] = op.inputs;
    const [low, high, interior] = ["low", "high", "interior"].map((key) => op.attributes[key] as readonly number[]);
    if (!this.#isZero(fill!) || interior!.some((count) => count !== 0)) return undefined;
    const padded = low!.flatMap((count, axis) => (count !== 0 || high![axis] !== 0 ? [axis] : []));
    const axis = padded[0];
    if (padded.length !== 1 || low![axis!]! < 0 || high![axis!]! < 0) return undefined;
    const start = low![axis!]!;
    return { value: value!, axis: axis!, start, end: start + this.#types[value!]!.shape[axis!]! };
  }
}
