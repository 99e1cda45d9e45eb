/** Sequences read and written: transformers, attention, teacher forcing, translation. Exported from `nabla/text`. */
export {
  AttentionDecoder,
  type AttentionDecoderCallOptions,
  type AttentionDecoderOptions,
  type PreparedEncoding,
} from "./attention-decoder.ts";
export { attentionTranslator, type AttentionTranslatorOptions } from "./attention-translator.ts";
export type { KeyValueCache } from "./cached-attention.ts";
export { type Decoding, decodingOf, type TensorParts } from "./decoding.ts";
export { InverseSquareRootDecay, type InverseSquareRootDecayOptions } from "./inverse-square-root-schedule.ts";
export {
  type PositionCallOptions,
  PositionEmbedding,
  type PositionEmbeddingOptions,
  SinePositionEncoding,
  type SinePositionEncodingOptions,
} from "./position-encoding.ts";
export { teacherForcedPairs, type TeacherForcedPairsOptions } from "./sentence-pairs.ts";
export { SequenceCrossentropy, type SequenceCrossentropyOptions } from "./sequence-crossentropy.ts";
export {
  type TokenAndPositionCallOptions,
  TokenAndPositionEmbedding,
  type TokenAndPositionEmbeddingOptions,
} from "./token-and-position-embedding.ts";
export {
  TransformerDecoder,
  type TransformerDecoderCallOptions,
  type TransformerDecoderOptions,
  type TransformerDecoderStep,
} from "./transformer-decoder.ts";
export { TransformerEncoder, type TransformerEncoderCallOptions, type TransformerEncoderOptions } from "./transformer-encoder.ts";
export type { TransformerLayerOptions } from "./transformer-layer.ts";
export { transformerTranslator, type TransformerTranslatorOptions } from "./transformer-translator.ts";
export { type TranslateOptions, type TranslationAttention, Translator, type TranslatorOptions } from "./translator.ts";
