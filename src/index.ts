/** nabla: deep learning in TypeScript. Keras's API over a compiled computational graph. */
import "./register.ts";

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
export { grad, gradients, hessian, jacobian, remat, type RematOptions, valueAndGrad } from "./autodiff/index.ts";
export { vmap, type VmapOptions } from "./vectorization/index.ts";
export { jit } from "./runtime/index.ts";

// Where it runs.
export { backendInfo, getBackend, registerBackend, setBackend } from "./runtime/index.ts";
export { setRandomSeed } from "./random/index.ts";

// Keras.
export {
  type CallOptions,
  define,
  DTypePolicy,
  dtypePolicy,
  Input,
  type InputOptions,
  type InputShape,
  Layer,
  RematScope,
  type RematScopeOptions,
  setDtypePolicy,
  type WeightOptions,
} from "./layers/index.ts";
export {
  type BatchStream,
  cloneModel,
  type CloneModelOptions,
  type CompileOptions,
  type EvaluateOptions,
  type FitOptions,
  type LossData,
  Model,
  modelFromJSON,
  type ModelOptions,
  type PredictOptions,
  Sequential,
  type SequentialOptions,
  type StepData,
  type StepLogs,
} from "./models/index.ts";
export * as activations from "./activations/index.ts";
export * as applications from "./applications/index.ts";
export * as callbacks from "./callbacks/index.ts";
export * as config from "./keras-config.ts";
export * as constraints from "./constraints/index.ts";
export * as data from "./data/index.ts";
export * as datasets from "./datasets/index.ts";
export * as distillation from "./distillation/index.ts";
export * as dtypePolicies from "./keras-dtype-policies.ts";
export * as evaluation from "./evaluation/index.ts";
export * as errors from "./errors.ts";
export * as initializers from "./initializers/index.ts";
export * as layers from "./layers/index.ts";
export * as losses from "./losses/index.ts";
export * as metrics from "./metrics/index.ts";
export * as mixedPrecision from "./keras-mixed-precision.ts";
export * as models from "./keras-models.ts";
export * as ops from "./ops/index.ts";
export * as optimizers from "./optimizers/index.ts";
export * as quantizers from "./quantizers/index.ts";
export * as random from "./random/index.ts";
export * as regularizers from "./regularizers/index.ts";
export * as saving from "./saving/index.ts";
export { loadModel, type LoadModelOptions, type LoadWeightsOptions, saveModel, type SaveOptions } from "./saving/index.ts";
export * as text from "./text/index.ts";
export * as utils from "./keras-utils.ts";
export * as visualization from "./visualization/index.ts";
export { plotModel, type PlotModelOptions } from "./visualization/index.ts";
