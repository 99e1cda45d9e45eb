/** Operations on tensors: `keras.ops` in camelCase. */
import * as image from "./image/index.ts";
import * as linalg from "./linalg/index.ts";

export { cond, foriLoop, scan, type ScanOptions, stopGradient, type TreeLike, whileLoop, type WhileLoopOptions } from "./core/control-flow.ts";
export { add, arctan2, type BinaryOp, clip, divide, divideNoNan, equal, floorDivide, greater, greaterEqual, isclose, type IscloseOptions, less, lessEqual, logaddexp, logicalAnd, logicalOr, logicalXor, maximum, minimum, mod, multiply, notEqual, power, subtract, trueDivide, where } from "./numpy/arithmetic.ts";
export { arange, array, convertToTensor, eye, type FillLikeOp, type FillOp, full, fullLike, identity, linspace, type LinspaceOptions, ndim, ones, onesLike, shape, size, tri, tril, triu, zeros, zerosLike } from "./numpy/create.ts";
export { einsum } from "./numpy/einsum.ts";
export { abs, absolute, arccos, arccosh, arcsin, arcsinh, arctan, arctanh, cast, ceil, copy, cos, cosh, erf, erfinv, exp, expm1, floor, isfinite, isFinite, isinf, isInf, isnan, isNan, log, log10, log1p, log2, logicalNot, nanToNum, negative, reciprocal, round, rsqrt, sign, sin, sinh, sqrt, square, tan, tanh, type UnaryOp } from "./numpy/elementwise.ts";
export { getItem, type IndexPart, scatter, scatterUpdate, slice, type SliceSpec, sliceUpdate, type Starts, take, takeAlongAxis } from "./numpy/indexing.ts";
export { dot, matmul, outer, tensordot, type TensordotAxes, vdot } from "./numpy/matmul.ts";
export { all, amax, amin, any, argmax, argmin, type ArgOp, type ArgOptions, average, type AverageOptions, countNonzero, cumprod, cumsum, type CumulativeOp, type ExtremumOp, type ExtremumOptions, logsumexp, max, mean, min, prod, type ReduceOp, type ReduceOptions, std, sum, var_ as var, variance } from "./numpy/reduce.ts";
export { append, broadcastTo, concatenate, diff, expandDims, flip, hstack, meshgrid, moveaxis, pad, type PadOptions, ravel, repeat, reshape, roll, split, squeeze, stack, swapaxes, tile, transpose, unstack, vstack } from "./numpy/shaping.ts";
export { type AxisOp, elu, gelu, hardSigmoid, hardSilu, hardSwish, hardTanh, leakyRelu, logSigmoid, logSoftmax, relu, relu6, selu, sigmoid, silu, softmax, softplus, softsign, swish } from "./nn/activation.ts";
export { conv, type ConvOp, type ConvOptions, convTranspose, type ConvTransposeOptions, depthwiseConv, separableConv } from "./nn/conv.ts";
export { binaryCrossentropy, categoricalCrossentropy, type CrossentropyOptions, sparseCategoricalCrossentropy } from "./nn/crossentropy.ts";
export { batchNormalization, type BatchNormalizationOptions, moments, type MomentsOptions, normalize, type NormalizeOptions } from "./nn/normalization.ts";
export { multiHot, oneHot, type OneHotOptions } from "./nn/one-hot.ts";
export { averagePool, maxPool, type PoolOp, type PoolOptions } from "./nn/pool.ts";
export { norm, type NormOptions } from "./linalg/norm.ts";
export { asTensor, type TensorLike } from "./as-tensor.ts";
export type { Axis } from "./arguments.ts";
export type { DataFormat, Padding } from "./nn/window-arguments.ts";
export { image, linalg };
