/** Keras's JSON of functional models, where a program has any. */
import { InternalError } from "../errors.ts";
import type { Config, CustomObjects } from "../serialization/index.ts";
import type { Model, ModelOptions } from "./model.ts";

/** How functional models are written and read. */
export interface FunctionalForm {
  readonly config: (model: Model<unknown, unknown>) => Config;
  readonly parts: (config: Config, customObjects: CustomObjects) => ModelOptions<unknown, unknown>;
}

let given: FunctionalForm | null = null;

/** Given by functional-model.ts, through which `Model` is exported: a program with Sequential alone does without. */
export function provideFunctionalForm(form: FunctionalForm): void {
  given = form;
}

/** The form. Whoever holds a functional model has imported it. */
export function functionalForm(): FunctionalForm {
  if (given === null)
    throw new InternalError("functional models", "their form was not given", "Model is imported from ./functional-model.ts");
  return given;
}
