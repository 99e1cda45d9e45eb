/** A transformer that reads one sequence and writes another. */
import type { Tensor } from "../graph/index.ts";
import * as initializers from "../initializers/index.ts";
import { Dropout } from "../layers/dropout.ts";
import { Input } from "../layers/input-layer.ts";
import { LayerNormalization } from "../layers/layer-normalization.ts";
import { Model } from "../models/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { TokenAndPositionEmbedding } from "./token-and-position-embedding.ts";
import { TransformerDecoder } from "./transformer-decoder.ts";
import { TransformerEncoder } from "./transformer-encoder.ts";

/** Options of `transformerTranslator`. */
export interface TransformerTranslatorOptions {
  readonly sourceVocabularySize: number;
  readonly targetVocabularySize: number;
  /** Longest sequence that is read or written. Default 64. */
  readonly sequenceLength?: number;
  /** Default 256. */
  readonly width?: number;
  /** Width of the feed-forward parts. Default 512. */
  readonly intermediateDim?: number;
  /** Default 4. */
  readonly numHeads?: number;
  /** Default 3. */
  readonly encoderLayers?: number;
  /** Default 3. */
  readonly decoderLayers?: number;
  /** Default 0.1. */
  readonly dropout?: number;
  /** Whether the parts normalise what they read instead of their sum. Default true. */
  readonly normalizeFirst?: boolean;
  /** Default "sine". */
  readonly positions?: "learnt" | "sine";
  /** Whether the scores of the tokens come from the table that the decoder reads its tokens in. Default true. */
  readonly tieWeights?: boolean;
  readonly name?: string;
}

const optionNames = [
  "sourceVocabularySize",
  "targetVocabularySize",
  "sequenceLength",
  "width",
  "intermediateDim",
  "numHeads",
  "encoderLayers",
  "decoderLayers",
  "dropout",
  "normalizeFirst",
  "positions",
  "tieWeights",
  "name",
];

/**
 * A model `[source, target] -> logits`: int32 `[batch, time]` each, token 0 padding, the target beginning with the start
 * token; logits `[batch, time, targetVocabularySize]` of the token that comes after each (teacher forcing: all of them in
 * one pass). A. Vaswani and others, "Attention is all you need", 2017.
 *
 * @example
 * const model = text.transformerTranslator({ sourceVocabularySize: 4000, targetVocabularySize: 4000 });
 * model.compile({ optimizer: "adam", loss: text.SequenceCrossentropy({ labelSmoothing: 0.1 }) });
 */
export function transformerTranslator(options: TransformerTranslatorOptions): Model {
  checkOptions("transformerTranslator", options, optionNames);
  const { sourceVocabularySize, targetVocabularySize, sequenceLength = 64, width = 256, intermediateDim = 512, numHeads = 4 } = options;
  const { encoderLayers = 3, decoderLayers = 3, dropout = 0.1, normalizeFirst = true, positions = "sine", tieWeights = true } = options;
  const source = Input({ shape: [null], dtype: "int32", name: "source" });
  const target = Input({ shape: [null], dtype: "int32", name: "target" });
  const embedding = (name: string, vocabularySize: number, tied: boolean): TokenAndPositionEmbedding =>
    TokenAndPositionEmbedding({
      name,
      vocabularySize,
      sequenceLength,
      embeddingDim: width,
      positions,
      tieWeights: tied,
      maskZero: true,
      scale: true,
      embeddingsInitializer: initializers.RandomNormal({ mean: 0, stddev: width ** -0.5 }),
    });
  const parts = { intermediateDim, numHeads, dropout, normalizeFirst };

  let encoded = Dropout({ rate: dropout })(embedding("source_embedding", sourceVocabularySize, true)(source));
  for (let i = 1; i <= encoderLayers; i++) encoded = TransformerEncoder({ ...parts, name: `encoder_${i}` })(encoded) as Tensor;
  if (normalizeFirst) encoded = LayerNormalization({ epsilon: 1e-5, name: "encoder_norm" })(encoded);

  const words = embedding("target_embedding", targetVocabularySize, tieWeights);
  let written = Dropout({ rate: dropout })(words(target));
  for (let i = 1; i <= decoderLayers; i++) written = TransformerDecoder({ ...parts, name: `decoder_${i}` })(written, encoded) as Tensor;
  if (normalizeFirst) written = LayerNormalization({ epsilon: 1e-5, name: "decoder_norm" })(written);
  const logits = words(written, { reverse: true });
  return new Model({ inputs: [source, target], outputs: logits, name: options.name ?? "transformer_translator" }) as unknown as Model;
}
