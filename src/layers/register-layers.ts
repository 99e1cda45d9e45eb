/** Registering every built-in layer. */
import { Activation } from "./activation.ts";
import { ActivityRegularization } from "./activity-regularization.ts";
import { AdaptiveAveragePooling1D } from "./adaptive-average-pooling1d.ts";
import { AdaptiveAveragePooling2D } from "./adaptive-average-pooling2d.ts";
import { AdaptiveAveragePooling3D } from "./adaptive-average-pooling3d.ts";
import { AdaptiveMaxPooling1D } from "./adaptive-max-pooling1d.ts";
import { AdaptiveMaxPooling2D } from "./adaptive-max-pooling2d.ts";
import { AdaptiveMaxPooling3D } from "./adaptive-max-pooling3d.ts";
import { Add } from "./add.ts";
import { AdditiveAttention } from "./additive-attention.ts";
import { AlphaDropout } from "./alpha-dropout.ts";
import { Attention } from "./attention.ts";
import { AveragePooling1D } from "./average-pooling1d.ts";
import { AveragePooling2D } from "./average-pooling2d.ts";
import { AveragePooling3D } from "./average-pooling3d.ts";
import { Average } from "./average.ts";
import { BatchNormalization } from "./batch-normalization.ts";
import { Bidirectional } from "./bidirectional.ts";
import { Concatenate } from "./concatenate.ts";
import { ConvLSTM1D } from "./conv-lstm1d.ts";
import { ConvLSTM2D } from "./conv-lstm2d.ts";
import { ConvLSTM3D } from "./conv-lstm3d.ts";
import { Conv1DTranspose } from "./conv1d-transpose.ts";
import { Conv1D } from "./conv1d.ts";
import { Conv2DTranspose } from "./conv2d-transpose.ts";
import { Conv2D } from "./conv2d.ts";
import { Conv3DTranspose } from "./conv3d-transpose.ts";
import { Conv3D } from "./conv3d.ts";
import { Cropping1D } from "./cropping1d.ts";
import { Cropping2D } from "./cropping2d.ts";
import { Cropping3D } from "./cropping3d.ts";
import { Dense } from "./dense.ts";
import { DepthwiseConv1D } from "./depthwise-conv1d.ts";
import { DepthwiseConv2D } from "./depthwise-conv2d.ts";
import { Dot } from "./dot.ts";
import { Dropout } from "./dropout.ts";
import { EinsumDense } from "./einsum-dense.ts";
import { ELU } from "./elu.ts";
import { Embedding } from "./embedding.ts";
import { Flatten } from "./flatten.ts";
import { GaussianDropout } from "./gaussian-dropout.ts";
import { GaussianNoise } from "./gaussian-noise.ts";
import { GlobalAveragePooling1D } from "./global-average-pooling1d.ts";
import { GlobalAveragePooling2D } from "./global-average-pooling2d.ts";
import { GlobalAveragePooling3D } from "./global-average-pooling3d.ts";
import { GlobalMaxPooling1D } from "./global-max-pooling1d.ts";
import { GlobalMaxPooling2D } from "./global-max-pooling2d.ts";
import { GlobalMaxPooling3D } from "./global-max-pooling3d.ts";
import { GroupNormalization } from "./group-normalization.ts";
import { GroupQueryAttention } from "./grouped-query-attention.ts";
import { GRUCell } from "./gru-cell.ts";
import { GRU } from "./gru.ts";
import { Identity } from "./identity.ts";
import { InputLayer } from "./input-layer.ts";
import { Lambda } from "./lambda.ts";
import { LayerNormalization } from "./layer-normalization.ts";
import { LeakyReLU } from "./leaky-relu.ts";
import { LocalResponseNormalization } from "./local-response-normalization.ts";
import { LSTMCell } from "./lstm-cell.ts";
import { LSTM } from "./lstm.ts";
import { Masking } from "./masking.ts";
import { MaxPooling1D } from "./max-pooling1d.ts";
import { MaxPooling2D } from "./max-pooling2d.ts";
import { MaxPooling3D } from "./max-pooling3d.ts";
import { Maximum } from "./maximum.ts";
import { Minimum } from "./minimum.ts";
import { MultiHeadAttention } from "./multi-head-attention.ts";
import { Multiply } from "./multiply.ts";
import { Permute } from "./permute.ts";
import { PReLU } from "./prelu.ts";
import { layerRegistry } from "./registry.ts";
import { preprocessingLayers } from "./preprocessing-layers.ts";
import { ReLU } from "./relu.ts";
import { RepeatVector } from "./repeat-vector.ts";
import { Rescaling } from "./rescaling.ts";
import { Reshape } from "./reshape.ts";
import { Resizing } from "./resizing.ts";
import { ReversibleEmbedding } from "./reversible-embedding.ts";
import { RMSNormalization } from "./rms-normalization.ts";
import { RNN } from "./rnn.ts";
import { SeparableConv1D } from "./separable-conv1d.ts";
import { SeparableConv2D } from "./separable-conv2d.ts";
import { SimpleRNNCell } from "./simple-rnn-cell.ts";
import { SimpleRNN } from "./simple-rnn.ts";
import { Softmax } from "./softmax.ts";
import { SpatialDropout1D } from "./spatial-dropout1d.ts";
import { SpatialDropout2D } from "./spatial-dropout2d.ts";
import { SpatialDropout3D } from "./spatial-dropout3d.ts";
import { TernaryDense } from "./ternary-dense.ts";
import { SpectralNormalization } from "./spectral-normalization.ts";
import { StackedRNNCells } from "./stacked-rnn-cells.ts";
import { Subtract } from "./subtract.ts";
import { TimeDistributed } from "./time-distributed.ts";
import { UnitNormalization } from "./unit-normalization.ts";
import { UpSampling1D } from "./up-sampling1d.ts";
import { UpSampling2D } from "./up-sampling2d.ts";
import { UpSampling3D } from "./up-sampling3d.ts";
import { Wrapper } from "./wrapper.ts";
import { ZeroPadding1D } from "./zero-padding1d.ts";
import { ZeroPadding2D } from "./zero-padding2d.ts";
import { ZeroPadding3D } from "./zero-padding3d.ts";

/** Registers every built-in layer under Keras's names. */
export function registerLayers(): void {
  const classes = [
    Activation,
    ActivityRegularization,
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
    Add,
    AdditiveAttention,
    AlphaDropout,
    Attention,
    Average,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    Bidirectional,
    Concatenate,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    ConvLSTM1D,
    ConvLSTM2D,
    ConvLSTM3D,
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dot,
    Dropout,
    EinsumDense,
    ELU,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    GroupNormalization,
    GroupQueryAttention,
    GRU,
    GRUCell,
    Identity,
    InputLayer,
    Lambda,
    LayerNormalization,
    LeakyReLU,
    LocalResponseNormalization,
    LSTM,
    LSTMCell,
    Masking,
    Maximum,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    Minimum,
    MultiHeadAttention,
    Multiply,
    Permute,
    PReLU,
    ReLU,
    RepeatVector,
    Rescaling,
    Reshape,
    Resizing,
    ReversibleEmbedding,
    RMSNormalization,
    RNN,
    SeparableConv1D,
    SeparableConv2D,
    SimpleRNN,
    SimpleRNNCell,
    Softmax,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
    SpectralNormalization,
    TernaryDense,
    StackedRNNCells,
    Subtract,
    TimeDistributed,
    UnitNormalization,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    Wrapper,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
  ];
  for (const cls of [...classes, ...preprocessingLayers()]) layerRegistry.register(cls);
  // Keras's class of this name is exported under another one; files may have either.
  layerRegistry.register(GroupQueryAttention, ["GroupedQueryAttention"]);
}
