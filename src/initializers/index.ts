/** Initial values of weights (`keras.initializers`). */
export {
  Constant,
  ConstantInitializer,
  type ConstantOptions,
  Identity,
  IdentityInitializer,
  type IdentityOptions,
  Ones,
  OnesInitializer,
  Zeros,
  ZerosInitializer,
} from "./constant.ts";
export { Initializer, type InitializerDType, RandomInitializer, type SeedOption } from "./initializer.ts";
export { Orthogonal, OrthogonalInitializer, type OrthogonalOptions } from "./orthogonal.ts";
export {
  RandomNormal,
  RandomNormalInitializer,
  type RandomNormalOptions,
  RandomUniform,
  RandomUniformInitializer,
  type RandomUniformOptions,
  TruncatedNormal,
  TruncatedNormalInitializer,
} from "./random.ts";
export { deserialize, get, type InitializerIdentifier, initializerRegistry, registerInitializers, serialize } from "./registry.ts";
export { STFT, STFTInitializer, type STFTOptions, stftWindows } from "./stft.ts";
export {
  computeFans,
  type FanAxes,
  type FanMode,
  GlorotNormal,
  GlorotNormalInitializer,
  GlorotUniform,
  GlorotUniformInitializer,
  HeNormal,
  HeNormalInitializer,
  HeUniform,
  HeUniformInitializer,
  LecunNormal,
  LecunNormalInitializer,
  LecunUniform,
  LecunUniformInitializer,
  type ScalingDistribution,
  type SeedOptions,
  ScalingInitializer,
  VarianceScaling,
  VarianceScalingInitializer,
  type VarianceScalingOptions,
} from "./variance-scaling.ts";
