/** Tables as vectors (`keras.utils.FeatureSpace`). */
export { FeatureSpace, FeatureSpaceClass, type FeatureData, type FeatureSpaceOptions } from "./feature-space.ts";
export type { BinnedOptions, CategoricalOptions, Cross, Feature, FeatureKind, FeatureMode } from "./feature.ts";
