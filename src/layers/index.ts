/** Layers (`keras.layers`), and what is needed to write one. */
export { Activation, ActivationLayer, type ActivationOptions } from "./activation.ts";
export { Add, AddLayer } from "./add.ts";
export { resetAutoNames } from "./auto-names.ts";
export { Average, AverageLayer } from "./average.ts";
export { AveragePooling1D, AveragePooling1DLayer } from "./average-pooling1d.ts";
export { AveragePooling2D, AveragePooling2DLayer } from "./average-pooling2d.ts";
export { AveragePooling3D, AveragePooling3DLayer } from "./average-pooling3d.ts";
export { BatchNormalization, BatchNormalizationLayer, type BatchNormalizationOptions } from "./batch-normalization.ts";
export { Concatenate, ConcatenateLayer, type ConcatenateOptions } from "./concatenate.ts";
export { Conv1D, Conv1DLayer } from "./conv1d.ts";
export { Conv2D, Conv2DLayer } from "./conv2d.ts";
export { Conv3D, Conv3DLayer } from "./conv3d.ts";
export { ConvolutionLayer, type ConvolutionOptions } from "./convolution.ts";
export type { DataFormat } from "./data-format.ts";
export { define } from "./define.ts";
export { Dense, DenseLayer, type DenseOptions } from "./dense.ts";
export { Dropout, DropoutLayer, type DropoutOptions } from "./dropout.ts";
export { ELU, ELULayer, type ELUOptions } from "./elu.ts";
export { Embedding, EmbeddingLayer, type EmbeddingOptions } from "./embedding.ts";
export { Flatten, FlattenLayer, type FlattenOptions } from "./flatten.ts";
export { GlobalAveragePooling1D, GlobalAveragePooling1DLayer } from "./global-average-pooling1d.ts";
export { GlobalAveragePooling2D, GlobalAveragePooling2DLayer } from "./global-average-pooling2d.ts";
export { GlobalAveragePooling3D, GlobalAveragePooling3DLayer } from "./global-average-pooling3d.ts";
export { GlobalMaxPooling1D, GlobalMaxPooling1DLayer } from "./global-max-pooling1d.ts";
export { GlobalMaxPooling2D, GlobalMaxPooling2DLayer } from "./global-max-pooling2d.ts";
export { GlobalMaxPooling3D, GlobalMaxPooling3DLayer } from "./global-max-pooling3d.ts";
export type { GlobalPoolingOptions } from "./global-pooling.ts";
export { InputLayer, InputLayerLayer, Input, type InputOptions } from "./input-layer.ts";
export { type CallOptions, type InputShape, Layer, type WeightOptions } from "./layer.ts";
export {
  type ActivationIdentifier,
  type ConstraintIdentifier,
  type InitializerIdentifier,
  type LayerOptions,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";
export { LeakyReLU, LeakyReLULayer, type LeakyReLUOptions } from "./leaky-relu.ts";
export { attachMask, maskOf } from "./masks.ts";
export { MaxPooling1D, MaxPooling1DLayer } from "./max-pooling1d.ts";
export { MaxPooling2D, MaxPooling2DLayer } from "./max-pooling2d.ts";
export { MaxPooling3D, MaxPooling3DLayer } from "./max-pooling3d.ts";
export { Maximum, MaximumLayer } from "./maximum.ts";
export { MergeLayer } from "./merge.ts";
export { Minimum, MinimumLayer } from "./minimum.ts";
export { Multiply, MultiplyLayer } from "./multiply.ts";
export type { PoolingOptions } from "./pooling.ts";
export { registerLayers } from "./register-layers.ts";
export { deserialize, get, layerRegistry, serialize } from "./registry.ts";
export { ReLU, ReLULayer, type ReLUOptions } from "./relu.ts";
export { Rescaling, RescalingLayer, type RescalingOptions } from "./rescaling.ts";
export { Reshape, ReshapeLayer, type ReshapeOptions } from "./reshape.ts";
export { Resizing, ResizingLayer, type ResizingOptions } from "./resizing.ts";
export { SimpleRNN, SimpleRNNLayer, type SimpleRNNOptions, type RecurrentCallOptions } from "./simple-rnn.ts";
export { Softmax, SoftmaxLayer, type SoftmaxOptions } from "./softmax.ts";
export { SpectralNormalization, SpectralNormalizationLayer, type SpectralNormalizationOptions } from "./spectral-normalization.ts";
export type { Structure } from "./structure.ts";
export { Subtract, SubtractLayer } from "./subtract.ts";
export { WrapperLayer, type WrapperOptions } from "./wrapper.ts";
