/**
 * nabla without anything registered: no back-end, no names. For bundles that hold only what they use:
 *
 * @example
 * import { registerBackend, Sequential } from "nabla/core";
 * import { createWasmBackend } from "nabla/backends/wasm";
 * import { Dense } from "nabla/layers";
 * import { Zeros } from "nabla/initializers";
 * registerBackend("wasm", () => createWasmBackend());
 * const model = new Sequential([Dense({ units: 1, kernelInitializer: Zeros(), biasInitializer: Zeros(), inputShape: [2] })]);
 */

// Tensors.
export type { DType, TypedArray } from "./dtype/index.ts";
export {
  type HostData,
  type NestedArray,
  type Shape,
  type StringData,
  StringTensor,
  Tensor,
  type TensorTree,
  Variable,
  type VariableOptions,
} from "./graph/index.ts";
export { arange, eye, full, linspace, ones, stopGradient, type TensorLike, zeros } from "./ops/index.ts";
export { type StringTensorOptions, tensor, type TensorFunction, type TensorOptions } from "./ops/tensor.ts";
export { defineOp } from "./ops/define-op.ts";

// Transforms of functions.
export { customGradient, type WithGradient } from "./ops/custom-gradient.ts";
export { grad, gradients, hessian, jacobian, valueAndGrad } from "./autodiff/index.ts";
export { vmap, type VmapOptions } from "./vectorization/index.ts";
export { jit } from "./runtime/index.ts";

// Where it runs.
export { backendInfo, getBackend, registerBackend, setBackend } from "./runtime/index.ts";
export { setRandomSeed } from "./random/index.ts";

// What layers and models are made of.
export {
  type CallOptions,
  define,
  DTypePolicy,
  dtypePolicy,
  Input,
  type InputOptions,
  type InputShape,
  Layer,
  setDtypePolicy,
  type WeightOptions,
} from "./layers/index.ts";
// Not from the barrel: its Model brings tables, JSON and texts, which registerModels brings here.
export type { CompileOptions } from "./models/compiled.ts";
export type { EvaluateOptions, FitOptions, PredictOptions } from "./models/fit-options.ts";
export { Model, type ModelOptions } from "./models/model.ts";
export type { LossData, StepData, StepLogs } from "./models/step.ts";
export { modelFromJSON, registerModels } from "./models/model-from-json.ts";
export { Sequential, type SequentialOptions } from "./models/sequential.ts";

// Files.
export type { LoadModelOptions, LoadWeightsOptions, SaveOptions } from "./saving/model-files.ts";
export { loadModel } from "./saving/load-when-used.ts";
