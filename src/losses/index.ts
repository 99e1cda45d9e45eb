/** Losses (`keras.losses`). */
export {
  BinaryCrossentropy,
  binaryCrossentropy,
  BinaryCrossentropyLoss,
  BinaryFocalCrossentropy,
  binaryFocalCrossentropy,
  BinaryFocalCrossentropyLoss,
  type BinaryFocalOptions,
  CategoricalCrossentropy,
  categoricalCrossentropy,
  CategoricalCrossentropyLoss,
  CategoricalFocalCrossentropy,
  categoricalFocalCrossentropy,
  CategoricalFocalCrossentropyLoss,
  type CategoricalFocalOptions,
  type CrossentropyLossOptions,
  SparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
  SparseCategoricalCrossentropyLoss,
  type SparseCrossentropyOptions,
} from "./crossentropy.ts";
export { Circle, circle, type CircleFunctionOptions, CircleLoss, type CircleOptions } from "./circle.ts";
export { CTC, ctc, CTCLoss } from "./ctc.ts";
export { KLDivergence, klDivergence, KLDivergenceLoss, Poisson, poisson, PoissonLoss } from "./divergence.ts";
export {
  CategoricalHinge,
  categoricalHinge,
  CategoricalHingeLoss,
  Hinge,
  hinge,
  HingeLoss,
  SquaredHinge,
  squaredHinge,
  SquaredHingeLoss,
} from "./hinge.ts";
export {
  CategoricalGeneralizedCrossEntropy,
  categoricalGeneralizedCrossEntropy,
  CategoricalGeneralizedCrossEntropyLoss,
  type GeneralizedCrossEntropyOptions,
} from "./generalized-crossentropy.ts";
export { type CustomLossFunction, FunctionLoss, Loss, type LossCallOptions, type LossFunction, type LossOptions } from "./loss.ts";
export { Exponential, exponential, ExponentialLoss, Logistic, logistic, LogisticLoss } from "./margin-exponential.ts";
export type { Reduction } from "./reduction.ts";
export {
  Huber,
  huber,
  HuberLoss,
  type HuberOptions,
  LogCosh,
  logCosh,
  LogCoshLoss,
  MeanAbsoluteError,
  meanAbsoluteError,
  MeanAbsoluteErrorLoss,
  MeanAbsolutePercentageError,
  meanAbsolutePercentageError,
  MeanAbsolutePercentageErrorLoss,
  MeanSquaredError,
  meanSquaredError,
  MeanSquaredErrorLoss,
  MeanSquaredLogarithmicError,
  meanSquaredLogarithmicError,
  MeanSquaredLogarithmicErrorLoss,
} from "./regression.ts";
export { deserialize, get, type LossIdentifier, lossRegistry, registerLosses, serialize } from "./registry.ts";
export {
  CosineSimilarity,
  cosineSimilarity,
  CosineSimilarityLoss,
  type CosineSimilarityOptions,
  Dice,
  dice,
  DiceLoss,
  type DiceOptions,
  Tversky,
  tversky,
  TverskyLoss,
  type TverskyWeights,
} from "./similarity.ts";
