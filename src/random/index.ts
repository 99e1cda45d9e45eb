/** Random tensors and seeds (`keras.random`). */
export { binomial, type BinomialOptions, permutation, shuffle, type ShuffleOptions } from "./counts.ts";
export { beta, gamma, type GammaOptions } from "./gamma.ts";
export {
  categorical,
  type CategoricalOptions,
  dropout,
  type DropoutOptions,
  normal,
  type NormalOptions,
  randint,
  type RandintOptions,
  truncatedNormal,
  uniform,
  type UniformOptions,
} from "./distributions.ts";
export {
  globalSeedGenerator,
  makeDefaultSeed,
  randomState,
  type RandomState,
  restoreRandomState,
  type Seed,
  SeedGenerator,
  SeedGeneratorClass,
  type SeedGeneratorOptions,
} from "./seed-generator.ts";
export { resumeSeeds, seedState, setRandomSeed } from "./seeds.ts";
