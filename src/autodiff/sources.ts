/** Arguments of functions that are differentiated. */
import { ValueError } from "../errors.ts";
import { dataTensor, hostValues, isHostData, Tensor, Variable } from "../graph/index.ts";

/** What the function receives, and the tensor to differentiate by. */
export interface Source<X> {
  readonly argument: X;
  readonly source: Tensor;
}

/** A tensor, a Variable (differentiated by its present version) or data (made a tensor). Throws ValueError for anything else. */
export function asSource<X>(where: string, x: X): Source<X> {
  if (x instanceof Tensor) return { argument: x, source: x };
  if (x instanceof Variable) return { argument: x, source: x.read() };
  if (!isHostData(x)) {
    throw new ValueError({
      where,
      problem: "the argument is nothing to differentiate by",
      expected: "a Tensor, a Variable, or data",
      received: typeof x,
      advice: "for trees of tensors use gradients(ys, xs)",
    });
  }
  const host = hostValues(where, x, {});
  const source = dataTensor(host.values, host.shape, host.dtype);
  // Functions of data take tensors as well: that is what they are given.
  return { argument: source as X & Tensor, source };
}
