/** Text in and out (`nabla/text`): subwords, translation, generation, scores of translations and transcripts. */
export { beamSearch, type BeamSearchOptions, type FoundSequence } from "./beam-search.ts";
export { bleu, type BleuOptions, type BleuScore, tokenize13a } from "./bleu.ts";
export { BytePairTokenizer, type BytePairTrainingOptions, type TokenizerJson } from "./byte-pair-tokenizer.ts";
export type { EncodeBatchOptions } from "./encode-batch.ts";
export type { Merge } from "./byte-pair-training.ts";
export { characterErrorRate, editDistance, wordErrorRate } from "./error-rate.ts";
export type { DecoderState, GenerationOptions, NextToken, NextTokenScores } from "./next-token.ts";
export { perplexity } from "./perplexity.ts";
export { sampleSequences, sampleToken, type SamplingOptions, type TokenChoice } from "./sampling.ts";
export { WordTokenizer, type WordTokenizerJson, type WordTrainingOptions } from "./word-tokenizer.ts";
export {
  AttentionDecoder,
  type AttentionDecoderCallOptions,
  type AttentionDecoderOptions,
  attentionTranslator,
  type AttentionTranslatorOptions,
  type Decoding,
  decodingOf,
  InverseSquareRootDecay,
  type InverseSquareRootDecayOptions,
  type KeyValueCache,
  type PositionCallOptions,
  PositionEmbedding,
  type PositionEmbeddingOptions,
  type PreparedEncoding,
  SequenceCrossentropy,
  type SequenceCrossentropyOptions,
  SinePositionEncoding,
  type SinePositionEncodingOptions,
  teacherForcedPairs,
  type TeacherForcedPairsOptions,
  type TensorParts,
  type TokenAndPositionCallOptions,
  TokenAndPositionEmbedding,
  type TokenAndPositionEmbeddingOptions,
  TransformerDecoder,
  type TransformerDecoderCallOptions,
  type TransformerDecoderOptions,
  type TransformerDecoderStep,
  TransformerEncoder,
  type TransformerEncoderCallOptions,
  type TransformerEncoderOptions,
  type TransformerLayerOptions,
  transformerTranslator,
  type TransformerTranslatorOptions,
  type TranslateOptions,
  type TranslationAttention,
  Translator,
  type TranslatorOptions,
} from "../sequence-to-sequence/index.ts";
