/** What regularizers share. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { KerasObject } from "../serialization/index.ts";

/** A penalty on a weight or an output, added to the loss: `regularizer(x)` is a scalar. */
export abstract class Regularizer extends KerasObject {
  abstract override call(x: TensorLike): Tensor;
}

/** A finite number that is not negative. Throws ValueError. */
export function checkFactor(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ValueError({
    where: "regularizers",
    problem: `${name} is no factor`,
    expected: "a finite number, not negative",
    received: String(value),
  });
}
