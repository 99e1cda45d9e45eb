/** The half of a captioner that speaks: an LSTM that is shown an image and says one word after the other. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import {
  type CallOptions,
  Dense,
  type DenseLayer,
  Dropout,
  type DropoutLayer,
  Embedding,
  type EmbeddingLayer,
  Layer,
  LSTMCell,
  type LSTMCellLayer,
  type LayerOptions,
} from "../layers/index.ts";
import { required } from "../layers/layer-options.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";

/** Options of CaptionDecoder. */
export interface CaptionDecoderOptions extends LayerOptions {
  /** Number of tokens. */
  readonly vocabularySize: number;
  /** Width of the LSTM's state. Default 256. */
  readonly units?: number;
  /** Width of a word's vector. Default 128. */
  readonly embeddingDim?: number;
  /** Whether it looks at the image again before every word (Xu 2015), or once, before the first (Vinyals 2015). Default true. */
  readonly attention?: boolean;
  /** Width of the small network that decides where to look. Default 128. */
  readonly attentionUnits?: number;
  /** With attention: whether a learned vector is added to the features of each place. Without one, or traces of the image's edges in the features, attention cannot tell left from right. Default true. */
  readonly positions?: boolean;
  /** Share of what the words are chosen from that is dropped in training. Default 0. */
  readonly dropout?: number;
}

/** What the decoder remembers between two words. Shapes: h, c `[n, units]`; features `[n, places, channels]`; keys `[n, places, attentionUnits]`. */
export interface CaptionState {
  readonly [name: string]: Tensor;
  readonly h: Tensor;
  readonly c: Tensor;
}

/** One word further. */
export interface CaptionStep {
  /** `[n, vocabulary]`. */
  readonly logits: Tensor;
  readonly state: CaptionState;
  /** Where it looked: `[n, places]`, sums 1; null without attention. */
  readonly attention: Tensor | null;
}

/**
 * Logits of the next word of captions, given the image and the words before (teacher forcing).
 *
 * Without attention the image is the first input of the LSTM, before the words: O. Vinyals and others, "Show and Tell", 2015;
 * the logits are a dense layer of its state. With attention state and memory begin as dense layers of the mean feature, and
 * before every word weights over the places, `softmax(v tanh(U a_i + W h))`, make one vector `z = beta sum of alpha_i a_i`
 * (`beta` a gate from h) that the LSTM takes beside the word; logits are `L (y + L_h h + L_z z)`: K. Xu and others, "Show,
 * Attend and Tell", 2015, equations 4 to 9, soft attention.
 *
 * Shapes: [features `[batch, height, width, channels]` (without attention also `[batch, channels]`; a map is flattened),
 * tokens int32 `[batch, length]`] -> `[batch, length, vocabularySize]`.
 *
 * @example
 * const logits = CaptionDecoder({ vocabularySize: 1000, units: 256 })([encoder(images), tokens]);
 */
export class CaptionDecoderLayer extends Layer<CaptionDecoderOptions> {
  static override readonly className: string = "CaptionDecoder";
  declare vocabularySize: number;
  declare units: number;
  declare embeddingDim: number;
  declare attention: boolean;
  declare attentionUnits: number;
  declare positions: boolean;
  declare dropout: number;
  /** Of the places, `[places, channels]`. */
  position: Variable | null = null;
  readonly embedding: EmbeddingLayer;
  readonly cell: LSTMCellLayer;
  readonly logits: DenseLayer;
  readonly drop: DropoutLayer;
  /** Without attention: the image as a first word. */
  readonly imageWord: DenseLayer | null = null;
  readonly looking: Looking | null = null;

  constructor(options: CaptionDecoderOptions) {
    super(options, {
      vocabularySize: required,
      units: 256,
      embeddingDim: 128,
      attention: true,
      attentionUnits: 128,
      positions: true,
      dropout: 0,
    });
    this.embedding = Embedding({ inputDim: this.vocabularySize, outputDim: this.embeddingDim, name: "words" });
    this.cell = LSTMCell({ units: this.units, name: "lstm_cell" });
    this.logits = Dense({ units: this.vocabularySize, name: "logits" });
    this.drop = Dropout({ rate: this.dropout, name: "drop" });
    if (this.attention) this.looking = new Looking(this.units, this.embeddingDim, this.attentionUnits);
    else this.imageWord = Dense({ units: this.embeddingDim, name: "image_word" });
    if (this.looking !== null) this.parts = this.looking.layers;
  }

  /** The layers of the attention, where they are found as weights of this one. */
  parts: readonly Layer[] = [];

  override build(shapes: readonly Shape[]): void {
    const [features] = shapes as readonly [Shape, Shape];
    this.#checkFeatures(features);
    const channels = features.at(-1)!;
    const flat = features.slice(1).reduce<number>((size, extent) => size * (extent ?? Number.NaN), 1);
    this.embedding.build();
    if (this.looking !== null) {
      this.looking.build(channels);
      if (this.positions)
        this.position = this.addWeight({ name: "position", shape: [flat / channels, channels], initializer: "random_uniform" });
    }
    this.imageWord?.build([null, flat]);
    this.cell.build([null, this.embeddingDim + (this.attention ? channels : 0)]);
    this.logits.build([null, this.attention ? this.embeddingDim : this.units]);
  }

  #checkFeatures(shape: Shape): void {
    const fits = this.attention ? shape.length === 4 : shape.length >= 2;
    if (fits && shape.slice(1).every((extent) => extent !== null)) return;
    throw new ShapeError({
      where: this.label,
      problem: this.attention ? "attention needs a map of features of known size" : "the features of an image need a known size",
      expected: this.attention ? "[batch, height, width, channels]" : "[batch, channels] or [batch, height, width, channels]",
      received: formatShape(shape),
      advice: "leave out the pooling and Flatten at the end of the encoder, or set attention to false",
    });
  }

  /** The state before the first word. Shapes: features as in the call. */
  start(features: Tensor): CaptionState {
    const batch = features.dim(0);
    if (this.looking !== null) return this.looking.start(features, this.position);
    const zeros = ops.zeros([batch, this.units], { dtype: features.dtype });
    const image = this.imageWord!(ops.reshape(features, [batch, features.size / batch]));
    const [h, c] = this.cell(image, [zeros, zeros])[1] as readonly [Tensor, Tensor];
    return { h, c };
  }

  /** One word further. Shapes: tokens int32 `[n]`. */
  step(tokens: Tensor, state: CaptionState): CaptionStep {
    const word = this.embedding(tokens);
    const { h, c, z, attention } = this.#advance(word, state);
    const hidden = this.looking === null ? h : this.looking.hidden(word, h, z!);
    return { logits: this.logits(hidden), state: { ...state, h, c }, attention };
  }

  #advance(word: Tensor, state: CaptionState): { h: Tensor; c: Tensor; z: Tensor | null; attention: Tensor | null } {
    const look = this.looking?.look(state) ?? null;
    const input = look === null ? word : ops.concatenate([word, look.z], { axis: -1 });
    const [h, c] = this.cell(input, [state.h, state.c])[1] as readonly [Tensor, Tensor];
    return { h, c, z: look?.z ?? null, attention: look?.weights ?? null };
  }

  /** States, and where it looked, of every word. Shapes: hidden `[batch, length, ...]`; attention `[batch, length, places]`. */
  unfold(features: Tensor, tokens: Tensor): { hidden: Tensor; attention: Tensor | null } {
    const start = this.start(features);
    const words = this.embedding(tokens);
    const [, stacks] = ops.scan(
      ({ h, c }: { h: Tensor; c: Tensor }, word: Tensor) => {
        const next = this.#advance(word, { ...start, h, c });
        const seen = next.z === null ? {} : { z: next.z, attention: next.attention! };
        return [
          { h: next.h, c: next.c },
          { h: next.h, ...seen },
        ] as const;
      },
      { h: start.h, c: start.c },
      ops.transpose(words, [1, 0, 2]),
    );
    const { h, z, attention } = Object.fromEntries(
      Object.entries<Tensor>(stacks).map(([name, stack]) => [name, ops.transpose(stack, [1, 0, 2])]),
    );
    if (this.looking === null) return { hidden: h!, attention: null };
    return { hidden: this.looking.hidden(words, h!, z!), attention: attention! };
  }

  override call([features, tokens]: readonly [Tensor, Tensor], { training = false }: CallOptions = {}): Tensor {
    const { hidden } = this.unfold(features, tokens);
    return this.logits(this.drop(hidden, { training }));
  }

  override computeMask(_inputs?: unknown, _mask?: unknown): null {
    return null;
  }
}

/** Soft attention over the places of a feature map, and the dense layers that go with it. */
class Looking {
  readonly key: DenseLayer;
  readonly query: DenseLayer;
  readonly score: DenseLayer;
  readonly gate: DenseLayer;
  readonly firstState: DenseLayer;
  readonly firstMemory: DenseLayer;
  readonly fromState: DenseLayer;
  readonly fromImage: DenseLayer;
  readonly #units: number;

  constructor(units: number, embeddingDim: number, width: number) {
    this.#units = units;
    this.key = Dense({ units: width, useBias: false, name: "key" });
    this.query = Dense({ units: width, name: "query" });
    this.score = Dense({ units: 1, useBias: false, name: "score" });
    this.gate = Dense({ units: 1, activation: "sigmoid", name: "gate" });
    this.firstState = Dense({ units, activation: "tanh", name: "first_state" });
    this.firstMemory = Dense({ units, activation: "tanh", name: "first_memory" });
    this.fromState = Dense({ units: embeddingDim, name: "from_state" });
    this.fromImage = Dense({ units: embeddingDim, name: "from_image" });
  }

  get layers(): readonly Layer[] {
    const { key, query, score, gate, firstState, firstMemory, fromState, fromImage } = this;
    return [key, query, score, gate, firstState, firstMemory, fromState, fromImage];
  }

  build(channels: number): void {
    this.key.build([null, null, channels]);
    for (const layer of [this.query, this.gate, this.fromState]) layer.build([null, this.#units]);
    for (const layer of [this.firstState, this.firstMemory, this.fromImage]) layer.build([null, channels]);
    this.score.build([null, null, this.key.units]);
  }

  start(features: Tensor, position: Variable | null): CaptionState {
    const [batch, height, width, channels] = features.shape as readonly number[];
    const seen = ops.reshape(features, [batch!, height! * width!, channels!]);
    const places = position === null ? seen : ops.add(seen, position);
    const mean = ops.mean(places, { axis: 1 });
    const [h, c] = [this.firstState(mean), this.firstMemory(mean)];
    return { h, c, features: places, keys: this.key(places) };
  }

  look({ h, features, keys }: CaptionState): { z: Tensor; weights: Tensor } {
    const query = ops.expandDims(this.query(h), 1);
    const scores = ops.squeeze(this.score(ops.tanh(ops.add(keys!, query))), -1);
    const weights = ops.softmax(scores, { axis: -1 });
    const seen = ops.squeeze(ops.matmul(ops.expandDims(weights, 1), features!), 1);
    return { z: ops.multiply(this.gate(h), seen), weights };
  }

  hidden(word: Tensor, h: Tensor, z: Tensor): Tensor {
    return ops.add(word, ops.add(this.fromState(h), this.fromImage(z)));
  }
}

/** An LSTM that says what an image shows; see {@link CaptionDecoderLayer}. */
export const CaptionDecoder: CallableClass<typeof CaptionDecoderLayer> = /* @__PURE__ */ callableClass(CaptionDecoderLayer);
export type CaptionDecoder = CaptionDecoderLayer;
