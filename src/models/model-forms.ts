/** What models say of themselves: tables, and Keras's JSON of functional models and of what was compiled. */
import { Provided } from "../parts/provided.ts";
import type { Config, CustomObjects } from "../serialization/index.ts";
import type { Compiled, CompileOptions } from "./compiled.ts";
import type { Model, ModelOptions } from "./model.ts";
import type { SummaryOptions } from "./summary.ts";

/** How models are printed, written and read. */
export interface ModelForms {
  /** Prints the table of a model. */
  readonly summarize: (model: Model<unknown, unknown>, options: SummaryOptions) => void;
  /** Text of Keras's JSON. */
  readonly jsonText: (json: Config) => string;
  readonly functionalConfig: (model: Model<unknown, unknown>) => Config;
  readonly functionalParts: (config: Config, customObjects: CustomObjects) => ModelOptions<unknown, unknown>;
  /** Keras's `compile_config`. */
  readonly compileConfig: (compiled: Compiled) => Config;
  readonly compileOptions: (where: string, config: Config, customObjects: CustomObjects) => CompileOptions;
}

/** Given by functional-model.ts, through which `Model` is exported: a program that trains a Sequential does without. */
export const modelForms: Provided<ModelForms> = /* @__PURE__ */ new Provided<ModelForms>(
  "summaries and JSON of models",
  'import { registerModels } from "nabla/core" and call it',
);
