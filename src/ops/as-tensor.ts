/** What stands for a tensor, and the tensor it stands for. */
import { floatx } from "../config/index.ts";
import type { DType } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { currentScope, dataTensor, type HostData, hostValues, isHostData, Tensor, Variable } from "../graph/index.ts";
import { constant, convert } from "../primitives/index.ts";

/** Whatever operations take as a tensor: a tensor, a variable, or data (numbers, typed arrays, nested arrays). */
export type TensorLike = Tensor | Variable | HostData;

/**
 * The tensor that `value` stands for, of `dtype` where that is given. Numbers are `config.floatx()` (float32), booleans bool, typed arrays
 * keep their type; data is copied. Throws ValueError for what is no data.
 */
export function asTensor(value: TensorLike, dtype?: DType): Tensor {
  if (value instanceof Tensor) return dtype === undefined || value.dtype === dtype ? value : convert(value, dtype);
  if (value instanceof Variable) return asTensor(value.read(), dtype);
  if (typeof value === "number") return constant(value, dtype ?? floatx());
  if (typeof value === "boolean") return constant(value ? 1 : 0, dtype ?? "bool");
  const where = currentScope() || "tensor";
  if (!isHostData(value)) {
    throw new ValueError({
      where,
      problem: "this is no tensor and no data",
      expected: "a Tensor, a Variable, a number, a boolean, a typed array, or nested arrays of them",
      received: describe(value),
    });
  }
  const host = hostValues(where, value, { dtype });
  return dataTensor(host.values, host.shape, host.dtype);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Promise) return "a Promise (an `await` is missing)";
  if (typeof value === "object") return `an object with keys ${Object.keys(value).slice(0, 5).join(", ") || "(none)"}`;
  return `a ${typeof value}`;
}
