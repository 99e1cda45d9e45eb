/** Makes all built-in activation functions known by name. */
import * as f from "./functions.ts";
import { type Activation, registerActivation } from "./registry.ts";

/** Registers every built-in activation function under Keras's names. */
export function registerActivations(): void {
  const builtIn: readonly (readonly [string, Activation, ...string[]])[] = [
    ["relu", f.relu],
    ["leaky_relu", f.leakyRelu],
    ["relu6", f.relu6],
    ["elu", f.elu],
    ["selu", f.selu],
    ["gelu", f.gelu],
    ["tanh", f.tanh],
    ["sigmoid", f.sigmoid],
    ["softplus", f.softplus],
    ["softsign", f.softsign],
    ["silu", f.silu, "swish"],
    ["exponential", f.exponential],
    ["hard_sigmoid", f.hardSigmoid],
    ["hard_silu", f.hardSilu, "hard_swish"],
    ["hard_tanh", f.hardTanh],
    ["log_sigmoid", f.logSigmoid],
    ["linear", f.linear],
    ["mish", f.mish],
    ["softmax", f.softmax],
    ["log_softmax", f.logSoftmax],
    ["celu", f.celu],
    ["glu", f.glu],
    ["hard_shrink", f.hardShrink],
    ["soft_shrink", f.softShrink],
    ["tanh_shrink", f.tanhShrink],
    ["sparse_plus", f.sparsePlus],
    ["sparse_sigmoid", f.sparseSigmoid],
    ["sparsemax", f.sparsemax],
    ["squareplus", f.squareplus],
  ];
  for (const [name, activation, ...aliases] of builtIn) registerActivation(name, activation, aliases);
}
