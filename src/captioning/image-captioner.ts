/** Images to sentences. */
import { ValueError } from "../errors.ts";
import { dataTensor, formatShape, Tensor } from "../graph/index.ts";
import { Input, type Layer } from "../layers/index.ts";
import { Model } from "../models/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { jit } from "../runtime/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { beamSearch, type WordTokenizer } from "../text/index.ts";
import { CaptionDecoder, CaptionDecoderLayer, type CaptionDecoderOptions, type CaptionState } from "./caption-decoder.ts";

/** What a captioner writes words with: a WordTokenizer, or anything that has as much (a BytePairTokenizer). */
export type CaptionTokenizer = Pick<WordTokenizer, "vocabularySize" | "tokenToId" | "encode" | "decode">;

/** Options of ImageCaptioner. */
export interface ImageCaptionerOptions extends Omit<CaptionDecoderOptions, "vocabularySize" | "name" | "dtype" | "trainable"> {
  /** From images to a map of features `[batch, height, width, channels]` (without attention a vector will do); its input shape is known. */
  readonly encoder: Model<Tensor, Tensor>;
  readonly tokenizer: CaptionTokenizer;
}

/** A captioner's model, from images and tokens to the logits of the next tokens. */
export type CaptionModel = Model<readonly [Tensor, Tensor], Tensor>;

/** A model that was a captioner's, for instance read from a file (`customObjects: { CaptionDecoder: CaptionDecoderLayer }`). */
export interface TrainedCaptioner {
  readonly model: CaptionModel;
  readonly tokenizer: CaptionTokenizer;
}

/** Options of `caption`. */
export interface CaptionOptions {
  /** Captions that are followed at a time; 1 is greedy search. Default 3. */
  readonly beamWidth?: number;
  /** alpha of the length penalty of `beamSearch`. Default 0. */
  readonly lengthPenalty?: number;
  /** Most tokens, start and end included. Default 30. */
  readonly maxLength?: number;
  /** Images at a time. Default 64. */
  readonly batchSize?: number;
}

/** What is said of an image. */
export interface Caption {
  readonly text: string;
  /** Sum of the log probabilities of its words and its end, by the length penalty. */
  readonly score: number;
}

/** Where the captioner looked before every word. */
export interface CaptionAttention {
  /** The words, and at the end the end token. */
  readonly words: readonly string[];
  /** `[words, height, width]` of the feature map; each sums to 1. */
  readonly maps: Tensor;
}

const padToken = "[PAD]";
const startToken = "[START]";
const endToken = "[END]";

/**
 * A convolutional encoder and an LSTM decoder that together describe images: Vinyals and others, "Show and Tell", 2015; with
 * attention Xu and others, "Show, Attend and Tell", 2015. `model` is trained like any other, on
 * `[[images, tokens], targets]` that `teacherForcing` makes; `caption` searches for the likeliest sentence.
 *
 * @example
 * const captioner = new ImageCaptioner({ encoder, tokenizer, units: 256 });
 * captioner.model.compile({ optimizer: "adam", loss: captioner.loss() });
 * const { tokens, targets } = captioner.teacherForcing(captions);
 * await captioner.model.fit([images, tokens], targets, { epochs: 10 });
 * const [first] = await captioner.caption(images);
 */
export class ImageCaptioner {
  readonly model: CaptionModel;
  readonly tokenizer: CaptionTokenizer;
  readonly encoder: Layer;
  readonly decoder: CaptionDecoderLayer;
  readonly #encode: (images: Tensor) => Tensor;
  readonly #start: (features: Tensor) => CaptionState;
  readonly #step: (tokens: Tensor, state: CaptionState) => { logits: Tensor; state: CaptionState };

  constructor(options: ImageCaptionerOptions | TrainedCaptioner) {
    const { tokenizer } = options;
    for (const token of [padToken, startToken, endToken]) tokenizer.tokenToId(token);
    this.tokenizer = tokenizer;
    this.model = "model" in options ? options.model : captionModel(options);
    const { encoder, decoder } = partsOf(this.model, tokenizer);
    this.encoder = encoder;
    this.decoder = decoder;
    this.#encode = jit((x: Tensor) => encoder(x, { training: false }) as Tensor);
    this.#start = jit((features: Tensor) => decoder.start(features));
    this.#step = jit((last: Tensor, state: CaptionState) => {
      const { logits, state: next } = decoder.step(last, state);
      return { logits, state: next };
    });
  }

  /**
   * What the decoder reads and what it is to say: the start token and the words; the words and the end token. Rows are filled
   * up with 0, which the loss does not count. Shapes: n captions -> int32 `[n, length]` both. Throws ValueError for an empty
   * caption and for an unknown word.
   */
  teacherForcing(captions: readonly string[], options: { readonly length?: number } = {}): { tokens: Tensor; targets: Tensor } {
    const where = "ImageCaptioner.teacherForcing";
    checkOptions(where, options, ["length"]);
    const rows = captions.map((caption, index) => {
      const ids = this.tokenizer.encode(caption);
      if (ids.length > 0) return ids;
      throw new ValueError({
        where,
        problem: `caption ${index} has no words`,
        expected: "at least one word",
        received: JSON.stringify(caption),
      });
    });
    const length = options.length ?? Math.max(1, ...rows.map((row) => row.length + 1));
    const [start, end] = [this.tokenizer.tokenToId(startToken), this.tokenizer.tokenToId(endToken)];
    const tokens = new Int32Array(rows.length * length).fill(this.tokenizer.tokenToId(padToken));
    const targets = tokens.slice();
    rows.forEach((row, index) => {
      tokens.set([start, ...row].slice(0, length), index * length);
      targets.set([...row, end].slice(0, length), index * length);
    });
    const shape = [rows.length, length];
    return { tokens: dataTensor(tokens, shape, "int32"), targets: dataTensor(targets, shape, "int32") };
  }

  /** The likeliest caption of each image, by beam search over the decoder's state. Shapes: `[n, height, width, channels]`. */
  async caption(images: TensorLike, options: CaptionOptions = {}): Promise<Caption[]> {
    const where = "ImageCaptioner.caption";
    checkOptions(where, options, ["beamWidth", "lengthPenalty", "maxLength", "batchSize"]);
    const { beamWidth = 3, lengthPenalty = 0, maxLength = 30, batchSize = 64 } = options;
    const all = this.#images(where, images);
    const captions: Caption[] = [];
    for (let from = 0; from < all.dim(0); from += batchSize) {
      const count = Math.min(batchSize, all.dim(0) - from);
      const batch = ops.slice(all, [from, 0, 0, 0], [count, ...all.shape.slice(1)] as number[]);
      const found = await beamSearch<CaptionState>(
        async (tokens, length, state) => {
          const last = ops.reshape(ops.slice(tokens, [0, length - 1], [tokens.dim(0), 1]), [tokens.dim(0)]);
          const { logits, state: next } = this.#step(last, state);
          await logits.data();
          return { logits, state: next };
        },
        {
          state: this.#start(this.#encode(batch)),
          startTokens: this.tokenizer.tokenToId(startToken),
          endToken: this.tokenizer.tokenToId(endToken),
          padToken: this.tokenizer.tokenToId(padToken),
          maxLength,
          beamWidth,
          lengthPenalty,
        },
      );
      for (const [best] of found) captions.push({ text: this.tokenizer.decode(best?.tokens ?? []), score: best?.score ?? -Infinity });
    }
    return captions;
  }

  /**
   * Where the decoder looks before every word of a caption of one image `[height, width, channels]`. Throws ValueError for a
   * captioner without attention.
   */
  async attention(image: TensorLike, caption: string): Promise<CaptionAttention> {
    const where = "ImageCaptioner.attention";
    const one = ops.convertToTensor(image);
    const { tokens, targets } = this.teacherForcing([caption]);
    const features = this.#encode(this.#images(where, one.rank === 3 ? ops.expandDims(one, 0) : one));
    const { attention } = this.decoder.unfold(features, tokens);
    if (attention === null)
      throw new ValueError({
        where,
        problem: "this captioner looks at an image once, as a whole",
        expected: "attention: true",
        received: "attention: false",
      });
    const [, height, width] = features.shape as readonly number[];
    const ids = await targets.data();
    const words = Array.from(ids, (id) => this.tokenizer.decode([id]) || endToken);
    return { words, maps: ops.reshape(attention, [words.length, height!, width!]) };
  }

  #images(where: string, images: TensorLike): Tensor {
    const given = ops.convertToTensor(images);
    const wanted = this.model.inputs![0].shape;
    if (given.rank === wanted.length && wanted.every((extent, axis) => axis === 0 || extent === null || extent === given.shape[axis]))
      return given;
    throw new ValueError({
      where,
      problem: "these are not the images that the encoder takes",
      expected: formatShape(wanted),
      received: formatShape(given.shape),
    });
  }
}

/** The model of a captioner: an encoder, and a decoder that reads captions. */
function captionModel(options: ImageCaptionerOptions): CaptionModel {
  const { encoder, tokenizer, ...rest } = options;
  const where = "ImageCaptioner";
  checkOptions(where, rest, ["units", "embeddingDim", "attention", "attentionUnits", "positions", "dropout"]);
  const { inputs } = encoder;
  if (!(inputs instanceof Tensor))
    throw new ValueError({
      where,
      problem: "the encoder has no one input of known shape",
      expected: "a functional Model of one image, or a Sequential that begins with its Input",
      received: encoder.label,
    });
  const images = Input({ shape: inputs.shape.slice(1), dtype: inputs.dtype, name: "images" });
  const tokens = Input({ shape: [null], dtype: "int32", name: "tokens" });
  const decoder = CaptionDecoder({ ...rest, vocabularySize: tokenizer.vocabularySize, name: "decoder" });
  const outputs = decoder([encoder(images), tokens]);
  return new Model({ inputs: [images, tokens] as const, outputs, name: "captioner" });
}

/** Encoder and decoder in a captioner's model. Throws ValueError for another model, or one of another vocabulary. */
function partsOf(model: CaptionModel, tokenizer: CaptionTokenizer): { encoder: Layer; decoder: CaptionDecoderLayer } {
  const decoder = model.layers.find((layer) => layer instanceof CaptionDecoderLayer);
  const encoder = model.layers.find((layer) => layer !== decoder && layer.className !== "InputLayer");
  if (decoder !== undefined && encoder !== undefined && decoder.vocabularySize === tokenizer.vocabularySize) return { encoder, decoder };
  throw new ValueError({
    where: "ImageCaptioner",
    problem: decoder === undefined ? "this model is no captioner" : "model and tokenizer do not belong together",
    expected: decoder === undefined ? "an encoder and a CaptionDecoder" : `${decoder.vocabularySize} tokens`,
    received: decoder === undefined ? model.label : `${tokenizer.vocabularySize} tokens`,
  });
}
