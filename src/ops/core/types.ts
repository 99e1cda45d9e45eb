/** Dtypes of tensors, and values outside the graph. */
import { type DType, dtypes, isFloat, largestFinite, type TypedArray } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import { currentScope, Tensor } from "../../graph/index.ts";
import { Variable } from "../../graph/variable.ts";
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { truth } from "../numpy/elementwise.ts";
import { castTo, constantLike } from "../promote.ts";

/** The dtype, by its name. */
export function dtype(x: TensorLike): DType {
  return x instanceof Tensor || x instanceof Variable ? x.dtype : asTensor(x).dtype;
}

/** Whether `x` is a tensor (not a variable, and not data). */
export function isTensor(x: unknown): x is Tensor {
  return x instanceof Tensor;
}

/** Elements in row-major order as a typed array of the caller's own: `await x.data()`. */
export async function convertToNumpy(x: TensorLike): Promise<TypedArray> {
  return await asTensor(x).data();
}

/** Least and largest finite number; undefined for float64, which has those of all others, and bool. */
function rangeOf(dtype: DType): readonly [number, number] | undefined {
  if (dtype === "float64" || dtype === "bool") return undefined;
  return isFloat(dtype) ? [-largestFinite(dtype), largestFinite(dtype)] : dtypes[dtype].range;
}

/** `x` moved into the range of the dtype, then converted. To bool: whether it is not zero. NaN becomes 0 in integers. */
export const saturateCast: (x: TensorLike, dtype: DType) => Tensor = defineOp("saturateCast", (x: TensorLike, target: DType) => {
  if (dtypes[target] === undefined) {
    throw new ValueError({
      where: currentScope(),
      problem: "there is no such dtype",
      expected: Object.keys(dtypes).join(", "),
      received: String(target),
    });
  }
  const t = asTensor(x);
  if (target === "bool") return truth(t);
  const [range, own] = [rangeOf(target), rangeOf(t.dtype)];
  const wide = t.dtype === "bool" ? P.convert(t, "int32") : t;
  if (range === undefined) return castTo(wide, target);
  const low = own === undefined ? range[0] : Math.max(range[0], own[0]);
  const high = own === undefined ? range[1] : Math.min(range[1], own[1]);
  const isWider = isFloat(wide.dtype) && isFloat(target) && wide.dtype === target;
  if (isWider || wide.dtype === target) return wide;
  // 2147483647 is no float32: what rounds up beyond it saturates in the conversion.
  return castTo(P.minimum(P.maximum(wide, constantLike(low, wide)), constantLike(high, wide)), target);
});
