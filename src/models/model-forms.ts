/** What few models that train need: tables, Keras's JSON of functional models and of what was compiled, and texts. */
import type { Shape, StringTensor, Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { Provided } from "../parts/provided.ts";
import type { Config, CustomObjects } from "../serialization/index.ts";
import type { Compiled, CompileOptions } from "./compiled.ts";
import type { FunctionalGraph } from "./functional-graph.ts";
import type { Model, ModelOptions } from "./model.ts";
import type { StateTree } from "./state-tree.ts";
import type { LossData } from "./step.ts";
import type { SummaryOptions } from "./summary.ts";
import type { TextStage } from "./text-stage.ts";

/** How models are printed, written and read, and what they do with texts. */
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
  /** What a functional model does with texts before its program. */
  readonly textStage: (where: string, graph: FunctionalGraph) => TextStage;
  readonly statelessLoss: (
    model: Model<unknown, unknown>,
    trainable: readonly TensorLike[],
    nonTrainable: readonly TensorLike[],
    metrics: readonly TensorLike[],
    data: LossData,
  ) => [Tensor, [Tensor[], Tensor[], Tensor[]]];
  readonly stateTree: (model: Model<unknown, unknown>) => StateTree;
  readonly setStateTree: (model: Model<unknown, unknown>, tree: Partial<StateTree>) => void;
  readonly fittedTexts: (where: string, name: string, given: Tensor | StringTensor, wanted: Shape) => Tensor | StringTensor;
}

/** Given by functional-model.ts, through which `Model` is exported: a program that trains a Sequential does without. */
export const modelForms: Provided<ModelForms> = /* @__PURE__ */ new Provided<ModelForms>(
  "summaries, JSON and texts of models",
  'import { registerModels } from "nabla/core" and call it',
);
