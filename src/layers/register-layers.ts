/** Registering every built-in layer. */
import { Activation } from "./activation.ts";
import { Add } from "./add.ts";
import { Average } from "./average.ts";
import { AveragePooling1D } from "./average-pooling1d.ts";
import { AveragePooling2D } from "./average-pooling2d.ts";
import { AveragePooling3D } from "./average-pooling3d.ts";
import { BatchNormalization } from "./batch-normalization.ts";
import { Concatenate } from "./concatenate.ts";
import { Conv1D } from "./conv1d.ts";
import { Conv2D } from "./conv2d.ts";
import { Conv3D } from "./conv3d.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { ELU } from "./elu.ts";
import { Embedding } from "./embedding.ts";
import { Flatten } from "./flatten.ts";
import { GlobalAveragePooling1D } from "./global-average-pooling1d.ts";
import { GlobalAveragePooling2D } from "./global-average-pooling2d.ts";
import { GlobalAveragePooling3D } from "./global-average-pooling3d.ts";
import { GlobalMaxPooling1D } from "./global-max-pooling1d.ts";
import { GlobalMaxPooling2D } from "./global-max-pooling2d.ts";
import { GlobalMaxPooling3D } from "./global-max-pooling3d.ts";
import { InputLayer } from "./input-layer.ts";
import { LeakyReLU } from "./leaky-relu.ts";
import { MaxPooling1D } from "./max-pooling1d.ts";
import { MaxPooling2D } from "./max-pooling2d.ts";
import { MaxPooling3D } from "./max-pooling3d.ts";
import { Maximum } from "./maximum.ts";
import { Minimum } from "./minimum.ts";
import { Multiply } from "./multiply.ts";
import { layerRegistry } from "./registry.ts";
import { ReLU } from "./relu.ts";
import { Rescaling } from "./rescaling.ts";
import { Reshape } from "./reshape.ts";
import { Resizing } from "./resizing.ts";
import { SimpleRNN } from "./simple-rnn.ts";
import { Softmax } from "./softmax.ts";
import { SpectralNormalization } from "./spectral-normalization.ts";
import { Subtract } from "./subtract.ts";

/** Registers every built-in layer under Keras's names. */
export function registerLayers(): void {
  const classes = [
    Activation,
    Add,
    Average,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    Concatenate,
    Conv1D,
    Conv2D,
    Conv3D,
    Dense,
    Dropout,
    ELU,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    InputLayer,
    LeakyReLU,
    Maximum,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    Minimum,
    Multiply,
    ReLU,
    Rescaling,
    Reshape,
    Resizing,
    SimpleRNN,
    Softmax,
    SpectralNormalization,
    Subtract,
  ];
  for (const cls of classes) layerRegistry.register(cls);
}
