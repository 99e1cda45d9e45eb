/** What a layer assigns to its variables, which may be kept in fewer bits than it computes in. */
import type { Tensor, Variable } from "../graph/index.ts";
import { castTo } from "../ops/promote.ts";

/** Assigns a value, converted to the variable's dtype. */
export function assignRounded(variable: Variable, value: Tensor): void {
  variable.assign(castTo(value, variable.dtype));
}
