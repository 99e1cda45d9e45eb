/** Classes of Keras that do not exist here, and what to do instead. */
import { provideInstead } from "./instead.ts";

const wrapped = "the layer runs another framework: rebuild it from layers that exist here, or as a Layer of your own in customObjects";

/** By class name: what to do. */
const notHere: Readonly<Record<string, string>> = {
  TFSMLayer: wrapped,
  TorchModuleWrapper: wrapped,
  JaxLayer: wrapped,
  FlaxLayer: wrapped,
  TernaryDTypePolicy: "layers.TernaryDense computes with the weights -1, 0 and 1",
  OrbaxCheckpoint: "callbacks.ModelCheckpoint writes .keras and .weights.h5 files",
  RandomFourierFeatures: "Keras 3 has no such layer: Dense with a cosine activation and trainable: false is the same",
  LocallyConnected1D: "Keras 3 has no such layer: write it as a Layer of your own",
  LocallyConnected2D: "Keras 3 has no such layer: write it as a Layer of your own",
  ThresholdedReLU: "Keras 3 has no such layer: Activation with a function of your own is the same",
  CuDNNLSTM: "LSTM has the same weights",
  CuDNNGRU: "GRU with resetAfter: true has the same weights",
  DenseFeatures: "Keras 3 has no such layer: utils.FeatureSpace prepares features",
  SyncBatchNormalization: "BatchNormalization",
};

/** Makes known what to do instead, for errors that name such a class; importing "nabla" does it. */
export function registerNotHere(): void {
  provideInstead(notHere);
}
