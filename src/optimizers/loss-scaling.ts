/** How `compile` scales losses of models that compute in float16. */
import { Provided } from "../parts/provided.ts";
import type { Optimizer } from "./optimizer.ts";

/** Puts an optimizer into a LossScaleOptimizer. Given by `registerOptimizers`: few programs compute in float16. */
export const lossScaling: Provided<(optimizer: Optimizer) => Optimizer> = /* @__PURE__ */ new Provided<(optimizer: Optimizer) => Optimizer>(
  "scaled losses",
  "compile with LossScaleOptimizer(optimizer), or with autoScaleLoss: false",
);
