/** Learning without labels (`nabla/unsupervised`). */
export { sparseEncode, type SparseEncodeOptions, sparseObjective } from "./sparse-coding/sparse-encode.ts";
export { DictionaryLearning, type DictionaryLearningOptions } from "./sparse-coding/dictionary-learning.ts";
export { samplePatches, type SamplePatchesOptions } from "./sparse-coding/patches.ts";

// Autoencoders.
export { Autoencoder, AutoencoderModel, type AutoencoderOptions } from "./autoencoders/autoencoder.ts";
export { BaseAutoencoder, type ClassifierOptions, type InterpolateOptions } from "./autoencoders/base-autoencoder.ts";
export {
  ContractiveAutoencoder,
  ContractiveAutoencoderModel,
  type ContractiveAutoencoderOptions,
} from "./autoencoders/contractive-autoencoder.ts";
export { squaredJacobianNorm } from "./autoencoders/jacobian-norm.ts";
export { KLSparsity, type KLSparsityOptions, KLSparsityRegularizer } from "./autoencoders/kl-sparsity.ts";
export { L1Sparsity, type L1SparsityOptions, L1SparsityRegularizer } from "./autoencoders/l1-sparsity.ts";
export { MaskingNoise, MaskingNoiseLayer, type MaskingNoiseOptions } from "./autoencoders/masking-noise.ts";
export { registerAutoencoders } from "./autoencoders/register-autoencoders.ts";
export { SaltAndPepperNoise, SaltAndPepperNoiseLayer, type SaltAndPepperNoiseOptions } from "./autoencoders/salt-and-pepper-noise.ts";
export { Sampling, SamplingLayer, type SamplingOptions } from "./autoencoders/sampling.ts";
export {
  type AutoencoderLevel,
  type PretrainOptions,
  StackedAutoencoder,
  StackedAutoencoderModel,
  type StackedAutoencoderOptions,
} from "./autoencoders/stacked-autoencoder.ts";
export {
  type CodeDistribution,
  gaussianDivergence,
  type GenerateOptions,
  VariationalAutoencoder,
  VariationalAutoencoderModel,
  type VariationalAutoencoderOptions,
} from "./autoencoders/variational-autoencoder.ts";
