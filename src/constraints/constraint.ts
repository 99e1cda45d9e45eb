/** What constraints share. */
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { KerasObject } from "../serialization/index.ts";

/** What a weight is changed to after each update: `constraint(w)` has the shape of w. */
export abstract class Constraint extends KerasObject {
  abstract override call(w: TensorLike): Tensor;
}
