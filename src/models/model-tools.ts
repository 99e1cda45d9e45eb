/** Small tools around models (`keras.utils`). */
import { type DType, dtypes } from "../dtype/index.ts";
import { floatx } from "../config/index.ts";
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import { flattenTree, isSymbolic, Tensor } from "../graph/index.ts";
import { resetAutoNames } from "../layers/index.ts";
import { originOf } from "../ops/symbolic.ts";

/** Whether a value is a symbolic tensor: one of a model under construction, without a value. */
export function isKerasTensor(x: unknown): boolean {
  return x instanceof Tensor && isSymbolic(x);
}

/** The inputs that a symbolic tensor is computed from. Throws ValueError for a tensor that has a value. */
export function getSourceInputs(tensor: Tensor): Tensor[] {
  if (!isKerasTensor(tensor))
    throw new ValueError({
      where: "getSourceInputs",
      problem: "only symbolic tensors come from inputs",
      expected: "what layers give when they are called on inputs",
      received: String(tensor),
    });
  const found = new Set<Tensor>();
  const seen = new Set<Tensor>();
  const visit = (stack: Tensor[]): void => {
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const origin = originOf(next);
      if (origin === undefined) found.add(next);
      // From the first argument on.
      else stack.push(...flattenTree(origin.args).filter(isSymbolic).reverse());
    }
  };
  visit([tensor]);
  return [...found];
}

/** Automatic names of layers and models count from the beginning again. Memory needs no clearing: what is not held is freed. */
export function clearSession(): void {
  resetAutoNames();
}

/** A dtype by Keras's name: null is `config.floatx()`, int64 is int32 here. Throws UnknownNameError. */
export function standardizeDtype(dtype: string | null): DType {
  if (dtype === null) return floatx();
  const name = dtype === "int64" || dtype === "int" ? "int32" : dtype === "float" ? floatx() : dtype;
  if (Object.hasOwn(dtypes, name)) return name as DType;
  const near = nearestNames(name, Object.keys(dtypes));
  throw new UnknownNameError({
    where: "standardizeDtype",
    problem: "tensors have no such dtype",
    expected: Object.keys(dtypes).join(", "),
    received: JSON.stringify(dtype),
    ...(near.length > 0 ? { advice: `perhaps "${near[0]!}"` } : {}),
  });
}
