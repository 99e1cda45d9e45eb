/** Layers (`keras.layers`), and what is needed to write one. */
// Preprocessing.

// Changes of images at random.
export { AutoContrast, AutoContrastLayer, type AutoContrastOptions } from "./auto-contrast.ts";
export { AugMix, AugMixLayer, type AugMixOptions } from "./aug-mix.ts";
export {
  ContrastLimitedAdaptiveHistogramEqualization,
  ContrastLimitedAdaptiveHistogramEqualizationLayer,
  type ContrastLimitedAdaptiveHistogramEqualizationOptions,
} from "./contrast-limited-adaptive-histogram-equalization.ts";
export { CutMix, CutMixLayer, type CutMixOptions } from "./cut-mix.ts";
export { Equalization, EqualizationLayer, type EqualizationOptions } from "./equalization.ts";
export { type BoxData, MaxNumBoundingBoxes, MaxNumBoundingBoxesLayer, type MaxNumBoundingBoxesOptions } from "./max-num-bounding-boxes.ts";
export { MixUp, MixUpLayer, type MixUpOptions } from "./mix-up.ts";
export { Pipeline, PipelineLayer, type PipelineOptions } from "./pipeline.ts";
export { RandAugment, RandAugmentLayer, type RandAugmentOptions } from "./rand-augment.ts";
export { RandomBrightness, RandomBrightnessLayer, type RandomBrightnessOptions } from "./random-brightness.ts";
export { RandomColorDegeneration, RandomColorDegenerationLayer, type RandomColorDegenerationOptions } from "./random-color-degeneration.ts";
export { RandomColorJitter, RandomColorJitterLayer, type RandomColorJitterOptions } from "./random-color-jitter.ts";
export { RandomContrast, RandomContrastLayer, type RandomContrastOptions } from "./random-contrast.ts";
export { RandomCrop, RandomCropLayer, type RandomCropOptions } from "./random-crop.ts";
export { RandomElasticTransform, RandomElasticTransformLayer, type RandomElasticTransformOptions } from "./random-elastic-transform.ts";
export { RandomErasing, RandomErasingLayer, type RandomErasingOptions } from "./random-erasing.ts";
export { RandomFlip, RandomFlipLayer, type RandomFlipOptions } from "./random-flip.ts";
export { RandomGaussianBlur, RandomGaussianBlurLayer, type RandomGaussianBlurOptions } from "./random-gaussian-blur.ts";
export { RandomGrayscale, RandomGrayscaleLayer, type RandomGrayscaleOptions } from "./random-grayscale.ts";
export { RandomHue, RandomHueLayer, type RandomHueOptions } from "./random-hue.ts";
export { RandomInvert, RandomInvertLayer, type RandomInvertOptions } from "./random-invert.ts";
export { RandomPerspective, RandomPerspectiveLayer, type RandomPerspectiveOptions } from "./random-perspective.ts";
export { RandomPosterization, RandomPosterizationLayer, type RandomPosterizationOptions } from "./random-posterization.ts";
export { RandomRotation, RandomRotationLayer, type RandomRotationOptions } from "./random-rotation.ts";
export { RandomSaturation, RandomSaturationLayer, type RandomSaturationOptions } from "./random-saturation.ts";
export { RandomSharpness, RandomSharpnessLayer, type RandomSharpnessOptions } from "./random-sharpness.ts";
export { RandomShear, RandomShearLayer, type RandomShearOptions } from "./random-shear.ts";
export { RandomTranslation, RandomTranslationLayer, type RandomTranslationOptions } from "./random-translation.ts";
export { RandomZoom, RandomZoomLayer, type RandomZoomOptions } from "./random-zoom.ts";
export { Solarization, SolarizationLayer, type SolarizationOptions } from "./solarization.ts";
export { type Drawn, type ImageData, RandomImageLayer, type RandomImageOptions, type Range } from "./random-image-layer.ts";
export { type FillMode, type PixelInterpolation, SpatialLayer, type SpatialOptions } from "./spatial-layer.ts";
export { ValueRangeLayer, type ValueRangeOptions } from "./value-range-layer.ts";

// Spectrograms.
export { MelSpectrogram, MelSpectrogramLayer, type MelSpectrogramOptions } from "./mel-spectrogram.ts";
export { type SpectrogramMode, STFTSpectrogram, STFTSpectrogramLayer, type STFTSpectrogramOptions } from "./stft-spectrogram.ts";

// Plain layers.
export { Activation, ActivationLayer, type ActivationOptions } from "./activation.ts";
export { ActivityRegularization, ActivityRegularizationLayer, type ActivityRegularizationOptions } from "./activity-regularization.ts";
export { type AdaptBatch, type AdaptData, type AdaptOptions } from "./adapt-data.ts";
export { AdaptableLayer, type AdaptableOptions, type AdaptedWeight, type LoraOptions } from "./adaptable-layer.ts";
export { AdaptiveAveragePooling1D, AdaptiveAveragePooling1DLayer } from "./adaptive-average-pooling1d.ts";
export { AdaptiveAveragePooling2D, AdaptiveAveragePooling2DLayer } from "./adaptive-average-pooling2d.ts";
export { AdaptiveAveragePooling3D, AdaptiveAveragePooling3DLayer } from "./adaptive-average-pooling3d.ts";
export { AdaptiveMaxPooling1D, AdaptiveMaxPooling1DLayer } from "./adaptive-max-pooling1d.ts";
export { AdaptiveMaxPooling2D, AdaptiveMaxPooling2DLayer } from "./adaptive-max-pooling2d.ts";
export { AdaptiveMaxPooling3D, AdaptiveMaxPooling3DLayer } from "./adaptive-max-pooling3d.ts";
export {
  AdaptiveAveragePoolingLayer,
  AdaptiveMaxPoolingLayer,
  AdaptivePoolingLayer,
  type AdaptivePoolingOptions,
} from "./adaptive-pooling.ts";
export { add, Add, AddLayer } from "./add.ts";
export { AdditiveAttention, AdditiveAttentionLayer, type AdditiveAttentionOptions } from "./additive-attention.ts";
export { AlphaDropout, AlphaDropoutLayer, type AlphaDropoutOptions } from "./alpha-dropout.ts";
export { type MultiHeadAttentionCallOptions } from "./attention-arguments.ts";
export { type AttentionMasks } from "./attention-masks.ts";
export { type AttentionProjectionOptions } from "./attention-projections.ts";
export {
  Attention,
  type AttentionCallOptions,
  AttentionLayer,
  type AttentionLayerOptions,
  type AttentionOptions,
  ScoredAttention,
} from "./attention.ts";
export { resetAutoNames } from "./auto-names.ts";
export { AveragePooling1D, AveragePooling1D as AvgPool1D, AveragePooling1DLayer } from "./average-pooling1d.ts";
export { AveragePooling2D, AveragePooling2D as AvgPool2D, AveragePooling2DLayer } from "./average-pooling2d.ts";
export { AveragePooling3D, AveragePooling3D as AvgPool3D, AveragePooling3DLayer } from "./average-pooling3d.ts";
export { average, Average, AverageLayer } from "./average.ts";
export { BatchNormalization, BatchNormalizationLayer, type BatchNormalizationOptions } from "./batch-normalization.ts";
export { Bidirectional, BidirectionalLayer, type BidirectionalOptions, type MergeMode } from "./bidirectional.ts";
export {
  CategoryEncoding,
  CategoryEncodingLayer,
  type CategoryEncodingOptions,
  type CategoryEncodingCallOptions,
} from "./category-encoding.ts";
export { CenterCrop, CenterCropLayer, type CenterCropOptions } from "./center-crop.ts";
export { concatenate, Concatenate, ConcatenateLayer, type ConcatenateOptions } from "./concatenate.ts";
export { ConvLSTMCell, type ConvLSTMCellOptions } from "./conv-lstm-cell.ts";
export { ConvLSTMLayer, type ConvLSTMOptions } from "./conv-lstm.ts";
export { ConvLSTM1D, ConvLSTM1DLayer } from "./conv-lstm1d.ts";
export { ConvLSTM2D, ConvLSTM2DLayer } from "./conv-lstm2d.ts";
export { ConvLSTM3D, ConvLSTM3DLayer } from "./conv-lstm3d.ts";
export { Conv1DTranspose, Conv1DTranspose as Convolution1DTranspose, Conv1DTransposeLayer } from "./conv1d-transpose.ts";
export { Conv1D, Conv1D as Convolution1D, Conv1DLayer } from "./conv1d.ts";
export { Conv2DTranspose, Conv2DTranspose as Convolution2DTranspose, Conv2DTransposeLayer } from "./conv2d-transpose.ts";
export { Conv2D, Conv2D as Convolution2D, Conv2DLayer } from "./conv2d.ts";
export { Conv3DTranspose, Conv3DTranspose as Convolution3DTranspose, Conv3DTransposeLayer } from "./conv3d-transpose.ts";
export { Conv3D, Conv3D as Convolution3D, Conv3DLayer } from "./conv3d.ts";
export { ConvolutionTransposeLayer, type ConvolutionTransposeOptions } from "./convolution-transpose.ts";
export { type ConvolutionPadding } from "./convolution-window.ts";
export { ConvolutionLayer, type ConvolutionOptions } from "./convolution.ts";
export { CroppingLayer, type CroppingOptions } from "./cropping.ts";
export { Cropping1D, Cropping1DLayer } from "./cropping1d.ts";
export { Cropping2D, Cropping2DLayer } from "./cropping2d.ts";
export { Cropping3D, Cropping3DLayer } from "./cropping3d.ts";
export { type DataFormat } from "./data-format.ts";
export { define } from "./define.ts";
export { DenseCell, type DenseCellOptions } from "./dense-cell.ts";
export { Dense, DenseLayer, type DenseOptions } from "./dense.ts";
export { DepthwiseConv1D, DepthwiseConv1DLayer } from "./depthwise-conv1d.ts";
export { DepthwiseConv2D, DepthwiseConv2DLayer } from "./depthwise-conv2d.ts";
export { DepthwiseConvolutionLayer, type DepthwiseConvolutionOptions } from "./depthwise-convolution.ts";
export { Discretization, DiscretizationLayer, type DiscretizationOptions } from "./discretization.ts";
export { dot, Dot, DotLayer, type DotOptions } from "./dot.ts";
export { Dropout, DropoutLayer, type DropoutOptions } from "./dropout.ts";
export {
  DTypePolicy,
  type DTypeOption,
  dtypePolicy,
  type DTypePolicyName,
  type QuantizedPolicyName,
  policyOf as dtypePolicyOf,
  setDtypePolicy,
} from "./dtype-policy.ts";
export { AWQDTypePolicy, CalibratedDTypePolicy, GPTQDTypePolicy } from "./calibrated-dtype-policy.ts";
export { DTypePolicyMap, type DTypePolicyMapOptions } from "./dtype-policy-map.ts";
export {
  Int4DTypePolicy,
  QuantizedDTypePolicy,
  type QuantizedDTypePolicyOptions,
  QuantizedFloat8DTypePolicy,
  type QuantizedFloat8DTypePolicyOptions,
} from "./quantized-dtype-policy.ts";
export { type QuantizableOptions } from "./quantizable-layer.ts";
export { registerQuantization } from "./quantized/register-quantization.ts";
export { EinsumDense, EinsumDenseLayer, type EinsumDenseOptions } from "./einsum-dense.ts";
export { ELU, ELULayer, type ELUOptions } from "./elu.ts";
export { Embedding, EmbeddingLayer, type EmbeddingOptions } from "./embedding.ts";
export { type OutputMode } from "./encode-categories.ts";
export { Flatten, FlattenLayer, type FlattenOptions } from "./flatten.ts";
export { GaussianDropout, GaussianDropoutLayer, type GaussianDropoutOptions } from "./gaussian-dropout.ts";
export { GaussianNoise, GaussianNoiseLayer, type GaussianNoiseOptions } from "./gaussian-noise.ts";
export {
  GlobalAveragePooling1D,
  GlobalAveragePooling1D as GlobalAvgPool1D,
  GlobalAveragePooling1DLayer,
} from "./global-average-pooling1d.ts";
export {
  GlobalAveragePooling2D,
  GlobalAveragePooling2D as GlobalAvgPool2D,
  GlobalAveragePooling2DLayer,
} from "./global-average-pooling2d.ts";
export {
  GlobalAveragePooling3D,
  GlobalAveragePooling3D as GlobalAvgPool3D,
  GlobalAveragePooling3DLayer,
} from "./global-average-pooling3d.ts";
export { GlobalMaxPooling1D, GlobalMaxPooling1D as GlobalMaxPool1D, GlobalMaxPooling1DLayer } from "./global-max-pooling1d.ts";
export { GlobalMaxPooling2D, GlobalMaxPooling2D as GlobalMaxPool2D, GlobalMaxPooling2DLayer } from "./global-max-pooling2d.ts";
export { GlobalMaxPooling3D, GlobalMaxPooling3D as GlobalMaxPool3D, GlobalMaxPooling3DLayer } from "./global-max-pooling3d.ts";
export { type GlobalPoolingOptions } from "./global-pooling.ts";
export { GroupNormalization, GroupNormalizationLayer, type GroupNormalizationOptions } from "./group-normalization.ts";
export { GroupQueryAttention, GroupQueryAttentionLayer, type GroupQueryAttentionOptions } from "./grouped-query-attention.ts";
export { GRUCell, GRUCellLayer, type GRUCellOptions } from "./gru-cell.ts";
export { GRU, GRULayer, type GRUOptions } from "./gru.ts";
export { HashedCrossing, HashedCrossingLayer, type HashedCrossingOptions } from "./hashed-crossing.ts";
export { Hashing, HashingLayer, type HashingOptions } from "./hashing.ts";
export { Identity, IdentityLayer } from "./identity.ts";
export { ImageLayer, type ImageLayerOptions } from "./image-layer.ts";
export { IndexLookupLayer, type IndexLookupOptions } from "./index-lookup.ts";
export { InputLayer, InputLayerLayer, Input, type InputOptions } from "./input-layer.ts";
export { IntegerLookup, IntegerLookupLayer, type IntegerLookupOptions } from "./integer-lookup.ts";
export { Lambda, LambdaLayer, type LambdaFunction, type LambdaOptions } from "./lambda.ts";
export { LayerNormalization, LayerNormalizationLayer, type LayerNormalizationOptions } from "./layer-normalization.ts";
export {
  type ActivationIdentifier,
  type ConstraintIdentifier,
  type InitializerIdentifier,
  type LayerOptions,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";
export { type CallOptions, type InputShape, Layer } from "./layer.ts";
export { LeakyReLU, LeakyReLULayer, type LeakyReLUOptions } from "./leaky-relu.ts";
export {
  LocalResponseNormalization,
  LocalResponseNormalizationLayer,
  type LocalResponseNormalizationOptions,
} from "./local-response-normalization.ts";
export { LSTMCell, LSTMCellLayer, type LSTMCellOptions } from "./lstm-cell.ts";
export { LSTM, LSTMLayer, type LSTMOptions } from "./lstm.ts";
export { Masking, MaskingLayer, type MaskingOptions } from "./masking.ts";
export { attachMask, maskOf } from "./masks.ts";
export { MaxPooling1D, MaxPooling1D as MaxPool1D, MaxPooling1DLayer } from "./max-pooling1d.ts";
export { MaxPooling2D, MaxPooling2D as MaxPool2D, MaxPooling2DLayer } from "./max-pooling2d.ts";
export { MaxPooling3D, MaxPooling3D as MaxPool3D, MaxPooling3DLayer } from "./max-pooling3d.ts";
export { maximum, Maximum, MaximumLayer } from "./maximum.ts";
export { MergeLayer } from "./merge.ts";
export { minimum, Minimum, MinimumLayer } from "./minimum.ts";
export { MultiHeadAttention, MultiHeadAttentionLayer, type MultiHeadAttentionOptions } from "./multi-head-attention.ts";
export { multiply, Multiply, MultiplyLayer } from "./multiply.ts";
export { Normalization, NormalizationLayer, type NormalizationOptions, type NestedNumbers } from "./normalization.ts";
export { Permute, PermuteLayer, type PermuteOptions } from "./permute.ts";
export { type PoolingOptions } from "./pooling.ts";
export { PReLU, PReLULayer, type PReLUOptions } from "./prelu.ts";
export { type InitialState, type RecurrentCallOptions, RecurrentLayer, type RecurrentOptions } from "./recurrent-layer.ts";
export { registerLayers } from "./register-layers.ts";
export { deserialize, get, layerRegistry, serialize } from "./registry.ts";
export { type RematMode, RematScope, type RematScopeOptions } from "./remat-scope.ts";
export { ReLU, ReLULayer, type ReLUOptions } from "./relu.ts";
export { RepeatVector, RepeatVectorLayer, type RepeatVectorOptions } from "./repeat-vector.ts";
export { Rescaling, RescalingLayer, type RescalingOptions } from "./rescaling.ts";
export { Reshape, ReshapeLayer, type ReshapeOptions } from "./reshape.ts";
export { Resizing, ResizingLayer, type ResizingOptions } from "./resizing.ts";
export {
  ReversibleEmbedding,
  ReversibleEmbeddingLayer,
  type ReversibleEmbeddingOptions,
  type ReversibleEmbeddingCallOptions,
} from "./reversible-embedding.ts";
export { RMSNormalization, RMSNormalizationLayer, type RMSNormalizationOptions } from "./rms-normalization.ts";
export { RNNCell, type RecurrentCell, type RecurrentWeightOptions, type StateSize, type States } from "./rnn-cell.ts";
export { RNN, RNNLayer, type RNNOptions } from "./rnn.ts";
export { SeparableConv1D, SeparableConv1D as SeparableConvolution1D, SeparableConv1DLayer } from "./separable-conv1d.ts";
export { SeparableConv2D, SeparableConv2D as SeparableConvolution2D, SeparableConv2DLayer } from "./separable-conv2d.ts";
export { SeparableConvolutionLayer, type SeparableConvolutionOptions } from "./separable-convolution.ts";
export { SimpleRNNCell, SimpleRNNCellLayer, type SimpleRNNCellOptions } from "./simple-rnn-cell.ts";
export { SimpleRNN, SimpleRNNLayer, type SimpleRNNOptions } from "./simple-rnn.ts";
export { Softmax, SoftmaxLayer, type SoftmaxOptions } from "./softmax.ts";
export { SpatialDropoutLayer, type SpatialDropoutOptions } from "./spatial-dropout.ts";
export { SpatialDropout1D, SpatialDropout1DLayer } from "./spatial-dropout1d.ts";
export { SpatialDropout2D, SpatialDropout2DLayer } from "./spatial-dropout2d.ts";
export { SpatialDropout3D, SpatialDropout3DLayer } from "./spatial-dropout3d.ts";
export { SpectralNormalization, SpectralNormalizationLayer, type SpectralNormalizationOptions } from "./spectral-normalization.ts";
export { StackedRNNCells, StackedRNNCellsLayer, type StackedRNNCellsOptions } from "./stacked-rnn-cells.ts";
export { StringLookup, StringLookupLayer, type StringLookupOptions } from "./string-lookup.ts";
export { type Structure } from "./structure.ts";
export { subtract, Subtract, SubtractLayer } from "./subtract.ts";
export { type TextInput, TextLayer } from "./text-layer.ts";
export { TernaryDense, TernaryDenseLayer, type TernaryDenseOptions } from "./ternary-dense.ts";
export {
  TextVectorization,
  TextVectorizationLayer,
  type TextVectorizationOptions,
  type Split,
  type Standardize,
} from "./text-vectorization.ts";
export { TimeDistributed, TimeDistributedLayer, type TimeDistributedOptions } from "./time-distributed.ts";
export { UnitNormalization, UnitNormalizationLayer, type UnitNormalizationOptions } from "./unit-normalization.ts";
export { UpSampling1D, UpSampling1DLayer, type UpSampling1DOptions } from "./up-sampling1d.ts";
export { UpSampling2D, UpSampling2DLayer, type UpSampling2DOptions } from "./up-sampling2d.ts";
export { UpSampling3D, UpSampling3DLayer, type UpSampling3DOptions } from "./up-sampling3d.ts";
export { type WeightOptions } from "./weight-options.ts";
export { WrapperLayer, type WrapperOptions, Wrapper } from "./wrapper.ts";
export { ZeroPaddingLayer, type ZeroPaddingOptions } from "./zero-padding.ts";
export { ZeroPadding1D, ZeroPadding1DLayer } from "./zero-padding1d.ts";
export { ZeroPadding2D, ZeroPadding2DLayer } from "./zero-padding2d.ts";
export { ZeroPadding3D, ZeroPadding3DLayer } from "./zero-padding3d.ts";
export { InputSpec, type InputSpecOptions } from "./input-spec.ts";
export type { RenormClipping } from "./batch-renormalization.ts";
