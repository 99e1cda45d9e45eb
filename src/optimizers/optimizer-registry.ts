/** The registry of optimizers: apart from the list of what is in it, for optimizers that hold others. */
import { Registry } from "../serialization/index.ts";
import type { Optimizer } from "./optimizer.ts";

/** Every known optimizer. */
export const optimizerRegistry: Registry<Optimizer> = /* @__PURE__ */ new Registry<Optimizer>("optimizer", "keras.optimizers");
