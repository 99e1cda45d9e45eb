/** nabla: deep learning in TypeScript. Keras's API over a compiled computational graph. */
import "./runtime/register.ts";
import "./ops/tensor-methods.ts";

export type { DType, TypedArray } from "./dtype/index.ts";
export * as errors from "./errors.ts";
export { type HostData, type NestedArray, type Shape, Tensor, type TensorTree, Variable, type VariableOptions } from "./graph/index.ts";

export { arange, eye, full, linspace, ones, stopGradient, type TensorLike, zeros } from "./ops/index.ts";
export { tensor, type TensorOptions } from "./ops/tensor.ts";
export { customGradient, type WithGradient } from "./ops/custom-gradient.ts";
export { defineOp } from "./ops/define-op.ts";
export { grad, gradients, valueAndGrad } from "./autodiff/index.ts";
export { backendInfo, getBackend, jit, registerBackend, setBackend } from "./runtime/index.ts";
export { setRandomSeed } from "./random/index.ts";

export * as ops from "./ops/index.ts";
export * as random from "./random/index.ts";
