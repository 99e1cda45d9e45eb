/** Operations of neural networks (`keras.ops.nn`). */
export {
  elu,
  gelu,
  hardSigmoid,
  hardSilu,
  hardSwish,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  swish,
} from "./activation.ts";
export { dotProductAttention } from "./attention.ts";
export { adaptiveAveragePool, adaptiveMaxPool } from "./adaptive-pool.ts";
export { depthToSpace, fold, spaceToDepth, unfold } from "./blocks.ts";
export { conv, convTranspose, depthwiseConv, separableConv } from "./conv.ts";
export { binaryCrossentropy } from "./crossentropy.ts";
export { ctcDecode, ctcLoss } from "./ctc.ts";
export { layerNormalization, rmsNormalization } from "./layer-normalization.ts";
export { psnr } from "./psnr.ts";
export { batchNormalization, moments, normalize } from "./normalization.ts";
export { multiHot, oneHot } from "./one-hot.ts";
export { averagePool, maxPool } from "./pool.ts";
export { celu, glu, hardShrink, softShrink, sparsemax, sparsePlus, sparseSigmoid, squareplus, tanhShrink, threshold } from "./shrinking.ts";
export { polar } from "../numpy/complex.ts";
