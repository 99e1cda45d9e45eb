/** `Model`, with the JSON of functional models. Sequential needs only the class, and takes it from model.ts. */
import { functionalConfig, functionalParts } from "./functional-config.ts";
import { provideFunctionalForm } from "./functional-form.ts";

provideFunctionalForm({ config: functionalConfig, parts: functionalParts });

export { Model, type ModelOptions } from "./model.ts";
