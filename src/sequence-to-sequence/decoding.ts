/** Translators asked one token at a time, with what they have read and said kept. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import type { BidirectionalLayer } from "../layers/bidirectional.ts";
import { attachMask } from "../layers/masks.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../models/index.ts";
import * as ops from "../ops/index.ts";
import { AttentionDecoderLayer } from "./attention-decoder.ts";
import type { KeyValueCache } from "./cached-attention.ts";
import type { TokenAndPositionEmbeddingLayer } from "./token-and-position-embedding.ts";
import { TransformerDecoderLayer } from "./transformer-decoder.ts";
import { TransformerEncoderLayer } from "./transformer-encoder.ts";

/** Tensors that belong together, in lists and objects. */
export type TensorParts = Tensor | readonly TensorParts[] | { readonly [name: string]: TensorParts };

/** A translator as functions of tensors; `Encoded`: what it has read, `State`: what it has said. All build graphs only. */
export interface Decoding<Encoded extends TensorParts, State extends TensorParts> {
  /** Longest sequence, null where there is no bound. */
  readonly sequenceLength: number | null;
  /** Reads: int32 `[batch, source]`, token 0 padding. */
  encode(source: Tensor): Encoded;
  /** The state of `width` rows for every sentence, before the first token; rows first in every tensor. */
  begin(encoded: Encoded, width: number, maxLength: number): State;
  /** Says: tokens int32 `[n]` at a place (int32 scalar), n a multiple of the sentences -> logits `[n, vocabulary]`. */
  step(encoded: Encoded, tokens: Tensor, position: Tensor, state: State): { logits: Tensor; state: State };
  /** How much every token of the target looks at every one of the source: `[batch, target, source]`. */
  attention(source: Tensor, target: Tensor): Tensor;
}

/** The decoding of a model of `transformerTranslator` or `attentionTranslator`. Throws ValueError for another. */
export function decodingOf(model: Model): Decoding<TensorParts, TensorParts> {
  const has = (cls: new (...args: never[]) => Layer<never>): boolean => model.layers.some((layer) => layer instanceof cls);
  const wide = <E extends TensorParts, S extends TensorParts>(decoding: Decoding<E, S>): Decoding<TensorParts, TensorParts> =>
    // What one function of a decoding gives goes into the next, and nowhere else.
    decoding;
  if (has(TransformerDecoderLayer)) return wide(transformerDecoding(model));
  if (has(AttentionDecoderLayer)) return wide(attentionDecoding(model));
  throw new ValueError({
    where: model.label,
    problem: "this model is no translator",
    expected: "a model of transformerTranslator or attentionTranslator",
    received: model.layers.map((layer) => layer.className).join(", "),
  });
}

type TransformerEncoded = { readonly mask: Tensor; readonly caches: readonly KeyValueCache[] };

function transformerDecoding(model: Model): Decoding<TransformerEncoded, readonly KeyValueCache[]> {
  const sourceEmbedding = model.getLayer("source_embedding") as TokenAndPositionEmbeddingLayer;
  const targetEmbedding = model.getLayer("target_embedding") as TokenAndPositionEmbeddingLayer;
  const encoders = model.layers.filter((layer) => layer instanceof TransformerEncoderLayer);
  const decoders = model.layers.filter((layer) => layer instanceof TransformerDecoderLayer);
  const normed = (name: string, x: Tensor): Tensor =>
    model.layers.some((layer) => layer.name === name) ? (model.getLayer(name)(...([x] as never[])) as Tensor) : x;
  const read = (source: Tensor): { mask: Tensor; encoded: Tensor } => {
    const mask = ops.notEqual(source, 0);
    const first = sourceEmbedding(source);
    const encoded = encoders.reduce((x, layer) => layer(x, { paddingMask: mask }) as Tensor, first);
    return { mask, encoded: normed("encoder_norm", encoded) };
  };
  return {
    sequenceLength: Math.min(sourceEmbedding.sequenceLength, targetEmbedding.sequenceLength),
    encode: (source) => {
      const { mask, encoded } = read(source);
      return { mask, caches: decoders.map((layer) => layer.prepare(encoded)) };
    },
    begin: ({ mask }, width, maxLength) => decoders.map((layer) => layer.emptyCache(mask.dim(0) * width, maxLength)),
    step: ({ mask, caches }, tokens, position, state) => {
      let x = targetEmbedding(ops.expandDims(tokens, 1), { startIndex: position });
      const next = decoders.map((layer, i) => {
        const [y, cache] = layer.step(x, { past: state[i]!, position, encoded: caches[i]!, encoderPaddingMask: mask });
        x = y;
        return cache;
      });
      const logits = targetEmbedding(normed("decoder_norm", x), { reverse: true });
      return { logits: ops.squeeze(logits, 1), state: next };
    },
    attention: (source, target) => {
      const { mask, encoded } = read(source);
      const padding = { encoderPaddingMask: mask, decoderPaddingMask: ops.notEqual(target, 0) };
      let x = targetEmbedding(target);
      let last = x;
      for (const layer of decoders)
        [x, last] = layer(x, encoded, { ...padding, returnAttentionScores: true }) as unknown as [Tensor, Tensor];
      // The last layer's heads, on average.
      return ops.mean(last, { axis: 1 });
    },
  };
}

type AttentionEncoded = { readonly encoded: Tensor; readonly keys: Tensor; readonly mask: Tensor; readonly state: Tensor };

function attentionDecoding(model: Model): Decoding<AttentionEncoded, Tensor> {
  const call = (name: string, ...inputs: unknown[]): unknown => model.getLayer(name)(...(inputs as never[]));
  const decoder = model.layers.find((layer) => layer instanceof AttentionDecoderLayer)!;
  const encode = (source: Tensor): AttentionEncoded => {
    const words = call("source_embedding", source) as Tensor;
    const mask = ops.notEqual(source, 0);
    attachMask(words, mask);
    const encoder = model.getLayer("encoder") as BidirectionalLayer;
    const [encoded, forward, backward] = encoder(words) as unknown as [Tensor, Tensor, Tensor];
    const state = call("first_state", ops.concatenate([forward, backward], { axis: -1 })) as Tensor;
    return { encoded, keys: decoder.prepare(encoded, mask).keys, mask, state };
  };
  return {
    sequenceLength: null,
    encode,
    begin: ({ state }, width) => ops.repeat(state, width, { axis: 0 }),
    step: (read, tokens, _position, state) => {
      const words = call("target_embedding", tokens) as Tensor;
      const { output, state: next } = decoder.step(words, state, read);
      const readout = call("readout", ops.concatenate([output, words], { axis: -1 })) as Tensor;
      return { logits: call("logits", readout) as Tensor, state: next };
    },
    attention: (source, target) => {
      const { encoded, mask, state } = encode(source);
      const words = call("target_embedding", target) as Tensor;
      const options = { encoderMask: mask, returnAttentionScores: true };
      const [, weights] = decoder(words, encoded, state, options) as unknown as [Tensor, Tensor];
      return weights;
    },
  };
}
