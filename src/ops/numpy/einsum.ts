/** Einstein's summation: products of tensors, summed over the axes whose label is not in the output. */
import { isByte } from "../../dtype/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import type { TensorLike } from "../as-tensor.ts";
import { asTensor } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcast, castTo, promote } from "../promote.ts";
import { permute } from "./shaping.ts";

/** A tensor whose axes have labels. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/**
 * `einsum("bij,bjk->bik", x, y)`. Labels are letters; "..." stands for axes that broadcast; a label twice in one
 * operand takes the diagonal. Without "->", the output has the labels that occur once, in alphabetical order.
 * Operands are contracted pair by pair from the left, each pair by one `dotGeneral`.
 */
export const einsum: (subscripts: string, ...operands: readonly TensorLike[]) => Tensor = defineOp(
  "einsum",
  (subscripts: string, ...operands: readonly TensorLike[]) => {
    const promoted = promote(operands.map((x) => asTensor(x)));
    const small = promoted.length > 0 && isByte(promoted[0]!.dtype);
    const tensors = small ? promoted.map((t) => castTo(t, "int32")) : promoted;
    const { inputs, output } = parse(subscripts, tensors);
    checkExtents(subscripts, inputs, tensors);
    const extents = new Map<string, number>();
    inputs.forEach((labels, i) =>
      labels.forEach((label, axis) => extents.set(label, Math.max(extents.get(label) ?? 1, concreteShape(tensors[i]!)[axis]!))),
    );
    const parts = tensors.map((tensor, i) => diagonals(spread({ tensor, labels: inputs[i]! }, extents)));
    let result = sumOnly(parts[0]!, [output, ...parts.slice(1).map((part) => part.labels)]);
    for (let i = 1; i < parts.length; i++) {
      const later = [output, ...parts.slice(i + 1).map((part) => part.labels)];
      const next = sumOnly(parts[i]!, [...later, result.labels]);
      result = contractPair(sumOnly(result, [...later, next.labels]), next, later.flat());
    }
    return permute(
      result.tensor,
      output.map((label) => result.labels.indexOf(label)),
    );
  },
);

function parse(subscripts: string, tensors: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const fail = (problem: string): never => {
    throw new ValueError({
      where: currentScope(),
      problem,
      expected: 'subscripts such as "bij,bjk->bik"',
      received: JSON.stringify(subscripts),
    });
  };
  const [left, right, extra] = subscripts.replace(/\s/g, "").split("->");
  if (left === undefined || extra !== undefined || !/^[A-Za-z.,]*$/.test(left + (right ?? ""))) return fail("the subscripts are malformed");
  const terms = left.split(",");
  if (terms.length !== tensors.length) fail(`${terms.length} terms for ${tensors.length} operands`);
  // Broadcast axes are labelled from the right: "*0" is the last.
  const expand = (term: string, count: number): string[] => {
    const [before, after, more] = term.split("...");
    if (more !== undefined || term.replace("...", "").includes(".")) fail("a term has dots that are no ellipsis");
    if (after === undefined) return [...term];
    return [...before!, ...Array.from({ length: count }, (_, i) => `*${count - 1 - i}`), ...after];
  };
  let widest = 0;
  const inputs = terms.map((term, i) => {
    const named = term.replace("...", "").length;
    const rank = tensors[i]!.rank;
    const count = term.includes("...") ? rank - named : 0;
    if (count < 0 || (count === 0 && !term.includes("...") && named !== rank)) {
      throw new ShapeError({
        where: currentScope(),
        problem: `operand ${i} does not have as many axes as its term`,
        expected: `"${term}"`,
        received: formatShape(tensors[i]!.shape),
      });
    }
    widest = Math.max(widest, count);
    return expand(term, count);
  });
  if (right !== undefined) {
    const output = expand(right, right.includes("...") ? widest : 0);
    const known = new Set(inputs.flat());
    if (output.some((label) => !known.has(label))) fail("the output has a label that no operand has");
    if (new Set(output).size !== output.length) fail("the output has a label twice");
    return { inputs, output };
  }
  const all = inputs.flat();
  const once = [...new Set(all)].filter((label) => !label.startsWith("*") && all.filter((other) => other === label).length === 1);
  return { inputs, output: [...Array.from({ length: widest }, (_, i) => `*${widest - 1 - i}`), ...once.sort()] };
}

function checkExtents(subscripts: string, inputs: readonly (readonly string[])[], tensors: readonly Tensor[]): void {
  const extents = new Map<string, number>();
  inputs.forEach((labels, i) =>
    labels.forEach((label, axis) => {
      const extent = concreteShape(tensors[i]!)[axis]!;
      const known = extents.get(label) ?? 1;
      const broadcasts = extent === 1 || known === 1;
      if (extent !== known && !broadcasts) {
        throw new ShapeError({
          where: currentScope(),
          problem: `label "${label}" of "${subscripts}" stands for two extents`,
          expected: String(known),
          received: `${extent} in operand ${i} of shape ${formatShape(tensors[i]!.shape)}`,
        });
      }
      extents.set(label, Math.max(known, extent));
    }),
  );
}

/** Axes of extent 1 whose label is longer elsewhere, broadcast. */
function spread({ tensor, labels }: Labelled, extents: ReadonlyMap<string, number>): Labelled {
  const shape = concreteShape(tensor);
  const wanted = labels.map((label, axis) => (shape[axis] === 1 ? extents.get(label)! : shape[axis]!));
  return { tensor: broadcast(tensor, wanted), labels };
}

/** A label that stands twice: only elements of equal positions, by a mask and a sum. */
function diagonals({ tensor, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second < 0) return { tensor, labels };
  const shape = concreteShape(tensor);
  const same = P.equal(P.iota(shape, labels.indexOf(labels[second]!), "int32"), P.iota(shape, second, "int32"));
  const masked = P.select(same, tensor, broadcast(P.constant(0, tensor.dtype), shape));
  return diagonals({ tensor: P.reduceSum(masked, [second]), labels: labels.filter((_, axis) => axis !== second) });
}

/** Sums axes whose label nobody else has. */
function sumOnly({ tensor, labels }: Labelled, others: readonly (readonly string[])[]): Labelled {
  const needed = new Set(others.flat());
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: P.reduceSum(tensor, axes), labels: labels.filter((label) => needed.has(label)) };
}

function contractPair(a: Labelled, b: Labelled, later: readonly string[]): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => later.includes(label));
  const summed = shared.filter((label) => !later.includes(label));
  const tensor = P.dotGeneral(a.tensor, b.tensor, {
    lhsBatch: batch.map((label) => a.labels.indexOf(label)),
    rhsBatch: batch.map((label) => b.labels.indexOf(label)),
    lhsContract: summed.map((label) => a.labels.indexOf(label)),
    rhsContract: summed.map((label) => b.labels.indexOf(label)),
  });
  const free = (labels: readonly string[]): string[] => labels.filter((label) => !shared.includes(label));
  return { tensor, labels: [...batch, ...free(a.labels), ...free(b.labels)] };
}
