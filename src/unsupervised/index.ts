/** Learning without labels (`nabla/unsupervised`). */
export { sparseEncode, type SparseEncodeOptions, sparseObjective } from "./sparse-coding/sparse-encode.ts";
export { DictionaryLearning, type DictionaryLearningOptions } from "./sparse-coding/dictionary-learning.ts";
export { samplePatches, type SamplePatchesOptions } from "./sparse-coding/patches.ts";
