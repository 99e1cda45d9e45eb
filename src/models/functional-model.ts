/** `Model`, with tables, JSON and texts of models. Sequential needs only the class, and takes it from model.ts. */
import { statelessCalls } from "../ops/stateless-calls.ts";
import { withValues } from "../ops/with-values.ts";
import { pythonJson } from "../serialization/python-json.ts";
import { compileConfig, compileOptionsOf } from "./compile-config.ts";
import { functionalConfig, functionalParts } from "./functional-config.ts";
import { modelForms } from "./model-forms.ts";
import { setStateTree, statelessLoss, stateTree } from "./state-tree.ts";
import { summarize } from "./summary.ts";
import { fittedTexts, TextStage } from "./text-stage.ts";

modelForms.provide({
  summarize,
  jsonText: pythonJson,
  functionalConfig,
  functionalParts,
  compileConfig,
  compileOptions: compileOptionsOf,
  textStage: (where, graph) => TextStage.of(where, graph),
  fittedTexts,
  statelessLoss,
  stateTree,
  setStateTree,
});
statelessCalls.provide(withValues);

export { Model, type ModelOptions } from "./model.ts";
