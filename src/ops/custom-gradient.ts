/** Functions with a gradient of the user's own. */
import { ValueError } from "../errors.ts";
import { currentScope, Tensor } from "../graph/index.ts";
import { fullLike, withGradient } from "../primitives/index.ts";
import { asTensor, type TensorLike } from "./as-tensor.ts";
import { defineOp } from "./define-op.ts";

/** What a function with a custom gradient returns: its value or values, and the cotangents of its arguments from those of the values. */
export type WithGradient<V extends Tensor | readonly Tensor[]> = readonly [
  value: V,
  gradient: (...cotangents: Tensor[]) => Tensor | readonly (Tensor | null)[],
];

/**
 * `f` with a gradient of its own. `f(...xs)` returns `[value, gradient]`, or `[values, gradient]` with a list;
 * `gradient` takes one cotangent per value and gives one per argument (null: none), as a graph of operations.
 * Variables that `f` reads get no gradient: pass them as arguments.
 * Throws ValueError where `f` returns something else, or, when a gradient is taken, where `gradient` does.
 *
 * @example
 * // log(1 + exp(x)), whose own gradient overflows
 * const log1pExp = customGradient((x) => {
 *   const e = ops.exp(x);
 *   return [ops.log(ops.add(1, e)), (upstream) => ops.multiply(upstream, ops.subtract(1, ops.divide(1, ops.add(1, e))))];
 * });
 */
export function customGradient<V extends Tensor | readonly Tensor[]>(f: (...xs: Tensor[]) => WithGradient<V>): (...xs: TensorLike[]) => V {
  return defineOp(f.name === "" ? "customGradient" : f.name, (...given: TensorLike[]): V => {
    const xs = given.map((x) => asTensor(x));
    const returned: unknown = f(...xs);
    if (!isWithGradient(returned)) {
      throw new ValueError({
        where: currentScope(),
        problem: "the function of customGradient does not return [value, gradient]",
        expected: "[tensor or list of tensors, a function of the cotangents]",
        received: Array.isArray(returned) ? `a list of ${returned.length}` : String(returned),
      });
    }
    const [value, gradient] = returned;
    if (value instanceof Tensor) return withGradient(value, xs, (cotangent) => listOf(gradient(cotangent))) as V;
    // Cotangents are linear in those of the values, so that each value may carry its own share.
    const values = value;
    const shares = values.map((y, i) =>
      withGradient(y, xs, (cotangent) => listOf(gradient(...values.map((other, j) => (i === j ? cotangent : fullLike(other, 0)))))),
    );
    return shares as readonly Tensor[] as V;
  });
}

function isWithGradient(value: unknown): value is WithGradient<Tensor | readonly Tensor[]> {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[1] !== "function") return false;
  const first: unknown = value[0];
  return first instanceof Tensor || (Array.isArray(first) && first.every((part) => part instanceof Tensor));
}

function listOf(cotangents: Tensor | readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  return cotangents instanceof Tensor ? [cotangents] : cotangents;
}
