/** Axes split, permuted and joined by a pattern of names. */
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { permute } from "../numpy/shaping.ts";

/** `b (h p) c` as [["b"], ["h", "p"], ["c"]]. */
function groupsOf(side: string, pattern: string): string[][] {
  const tokens = side.match(/\w+|\([^()]*\)/g) ?? [];
  const rest = side.replace(/\w+|\([^()]*\)/g, "").trim();
  if (rest !== "") {
    throw new ValueError({
      where: currentScope(),
      problem: "the pattern is malformed",
      expected: 'names and groups of names in parentheses, such as "b (h p) c -> b h (p c)"',
      received: JSON.stringify(pattern),
    });
  }
  return tokens.map((token) => token.replace(/[()]/g, " ").trim().split(/\s+/).filter((name) => name !== "")); // prettier-ignore
}

/**
 * A tensor with its axes rearranged by an einops-like pattern: names stand for axes, parentheses for axes that are one.
 * `axesLengths` gives the extents that the shape does not tell.
 *
 * @example
 * ops.rearrange(images, "b (h p) (w q) c -> b h w (p q c)", { p: 2, q: 2 });
 */
export const rearrange: (tensor: TensorLike, pattern: string, axesLengths?: Readonly<Record<string, number>>) => Tensor = defineOp(
  "rearrange",
  (tensor: TensorLike, pattern: string, axesLengths: Readonly<Record<string, number>> = {}) => {
    const x = asTensor(tensor);
    const sides = pattern.split("->");
    if (sides.length !== 2) {
      throw new ValueError({
        where: currentScope(),
        problem: "the pattern has not two sides",
        expected: '"left -> right"',
        received: JSON.stringify(pattern),
      });
    }
    const [left, right] = sides.map((side) => groupsOf(side, pattern)) as [string[][], string[][]];
    const [from, to] = [left.flat(), right.flat()];
    const same = new Set(from).size === from.length && from.length === to.length && to.every((name) => from.includes(name));
    if (!same) {
      throw new ValueError({
        where: currentScope(),
        problem: "the two sides do not have the same names, once each",
        expected: from.join(" "),
        received: to.join(" "),
      });
    }
    const shape = concreteShape(x);
    const wrong = (): ShapeError =>
      new ShapeError({
        where: currentScope(),
        problem: "the tensor does not fit the pattern",
        expected: `${sides[0]!.trim()} with ${JSON.stringify(axesLengths)}`,
        received: formatShape(shape),
        advice: "give all but one extent of each group",
      });
    if (left.length !== shape.length) throw wrong();
    const extents = new Map<string, number>();
    left.forEach((names, axis) => {
      const unknown = names.filter((name) => axesLengths[name] === undefined);
      const known = names.reduce((product, name) => product * (axesLengths[name] ?? 1), 1);
      const rest = shape[axis]! / known;
      if (unknown.length > 1 || !Number.isInteger(rest) || (unknown.length === 0 && rest !== 1)) throw wrong();
      for (const name of names) extents.set(name, axesLengths[name] ?? rest);
    });
    const split = P.reshape(x, from.map((name) => extents.get(name)!)); // prettier-ignore
    const moved = permute(split, to.map((name) => from.indexOf(name))); // prettier-ignore
    return P.reshape(moved, right.map((names) => names.reduce((product, name) => product * extents.get(name)!, 1))); // prettier-ignore
  },
);
