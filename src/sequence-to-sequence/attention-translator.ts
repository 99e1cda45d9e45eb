/** A recurrent encoder and a decoder that looks at its outputs. */
import type { Tensor } from "../graph/index.ts";
import { Bidirectional } from "../layers/bidirectional.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { GRU } from "../layers/gru.ts";
import { Input } from "../layers/input-layer.ts";
import { Model } from "../models/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { AttentionDecoder } from "./attention-decoder.ts";

/** Options of `attentionTranslator`. */
export interface AttentionTranslatorOptions {
  readonly sourceVocabularySize: number;
  readonly targetVocabularySize: number;
  /** Width of the vectors of tokens. Default 256. */
  readonly embeddingDim?: number;
  /** Width of the states: of the decoder, and of the encoder in each direction. Default 256. */
  readonly units?: number;
  /** Default 0.3. */
  readonly dropout?: number;
  readonly name?: string;
}

/**
 * A model `[source, target] -> logits`: int32 `[batch, time]` each, token 0 padding, the target beginning with the start
 * token; logits `[batch, time, targetVocabularySize]` of the token that comes after each (teacher forcing: all of them in
 * one pass). A bidirectional GRU reads, Bahdanau's decoder writes. D. Bahdanau, K. Cho, Y. Bengio, 2015.
 *
 * @example
 * const model = text.attentionTranslator({ sourceVocabularySize: 4000, targetVocabularySize: 4000 });
 * model.compile({ optimizer: "adam", loss: text.SequenceCrossentropy() });
 */
export function attentionTranslator(options: AttentionTranslatorOptions): Model {
  checkOptions("attentionTranslator", options, [
    "sourceVocabularySize",
    "targetVocabularySize",
    "embeddingDim",
    "units",
    "dropout",
    "name",
  ]);
  const { sourceVocabularySize, targetVocabularySize, embeddingDim = 256, units = 256, dropout = 0.3 } = options;
  const source = Input({ shape: [null], dtype: "int32", name: "source" });
  const target = Input({ shape: [null], dtype: "int32", name: "target" });
  const table = (name: string, inputDim: number): Embedding => Embedding({ name, inputDim, outputDim: embeddingDim, maskZero: true });

  const read = Dropout({ rate: dropout })(table("source_embedding", sourceVocabularySize)(source));
  const encoder = Bidirectional({ name: "encoder", layer: GRU({ units, returnSequences: true, returnState: true }) });
  const [encoded, forward, backward] = encoder(read) as [Tensor, Tensor, Tensor];
  const state = Dense({ units, activation: "tanh", name: "first_state" })(Concatenate({ name: "last_states" })([forward, backward]));

  const words = Dropout({ rate: dropout })(table("target_embedding", targetVocabularySize)(target));
  const looked = AttentionDecoder({ units, name: "decoder" })(words, Dropout({ rate: dropout })(encoded), state) as Tensor;
  const readout = Dense({ units: embeddingDim, activation: "tanh", name: "readout" })(Concatenate({ name: "seen" })([looked, words]));
  const logits = Dense({ units: targetVocabularySize, name: "logits" })(Dropout({ rate: dropout })(readout));
  return new Model({ inputs: [source, target], outputs: logits, name: options.name ?? "attention_translator" }) as unknown as Model;
}
