/** Activation functions (`keras.activations`). */
export {
  elu, exponential, gelu, hardSigmoid, hardSilu, hardSwish, hardTanh, leakyRelu, linear, logSigmoid, logSoftmax, mish, relu, relu6,
  type ReluOptions, selu, sigmoid, silu, softmax, softplus, softsign, swish, tanh,
} from "./functions.ts";
export { registerActivations } from "./register-activations.ts";
export { type Activation, type ActivationFunction, type ActivationIdentifier, deserialize, get, registerActivation, serialize } from "./registry.ts";
