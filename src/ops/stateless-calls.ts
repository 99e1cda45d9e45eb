/** Calls that take the values of variables and give their new ones, instead of changing anything: who makes them possible. */
import type { Tensor, Variable } from "../graph/index.ts";
import { Provided } from "../parts/provided.ts";
import type { TensorLike } from "./as-tensor.ts";

/** Variables of one kind and what they are to be. */
export interface GivenValues {
  /** What errors call them: "trainableVariables". */
  readonly name: string;
  readonly variables: readonly Variable[];
  readonly values: readonly TensorLike[];
}

/** Runs `f` with values in the place of variables: its result, and the values of each kind afterwards. */
export type WithValues = <T>(
  where: string,
  given: readonly GivenValues[],
  f: () => T,
) => { readonly result: T; readonly after: readonly Tensor[][] };

/** Given with `Model` of the package root, and by `registerModels`: few programs call models so. */
export const statelessCalls: Provided<WithValues> = /* @__PURE__ */ new Provided<WithValues>(
  "stateless calls",
  'import { registerModels } from "nabla/core" and call it',
);
