/** Deep autoencoders that are trained level by level before they are trained as a whole. */
import type { Callback, History } from "../../callbacks/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { formatShape, type Shape, type Tensor } from "../../graph/index.ts";
import { Input } from "../../layers/input-layer.ts";
import { Layer } from "../../layers/layer.ts";
import { describe, type LayerOptions } from "../../layers/layer-options.ts";
import { type CompileOptions, type DataStructure, type FitOptions, Sequential } from "../../models/index.ts";
import * as optimizers from "../../optimizers/index.ts";
import { callableClass, type CallableClass, checkOptions, type Config, type CustomObjects } from "../../serialization/index.ts";
import { Autoencoder, AutoencoderModel } from "./autoencoder.ts";
import { partFromConfig } from "./base-autoencoder.ts";

/** One level of a stack. */
export interface AutoencoderLevel {
  /** From the codes of the level below (samples, for the first) to those of this level: a layer, or a Sequential of several. */
  readonly encoder: Layer;
  /** Back again. */
  readonly decoder: Layer;
  /** What is done to what goes in, while this level is trained. Default: nothing. */
  readonly corruption?: Layer | null;
}

/** Options of StackedAutoencoder. */
export interface StackedAutoencoderOptions extends LayerOptions {
  /** Shape of a sample. */
  readonly inputShape: Shape;
  /** The levels, the one next to the samples first. */
  readonly levels: readonly AutoencoderLevel[];
}

/** Options of `pretrain`: those of `fit` for each level, and how a level is compiled. */
export interface PretrainOptions extends Pick<FitOptions, "batchSize" | "verbose" | "shuffle" | "validationSplit" | "signal"> {
  /** Every level gets a new one of the same configuration. Default "adam". */
  readonly optimizer?: CompileOptions["optimizer"];
  /** Between codes and their reconstructions; one for all levels. Default "mse". */
  readonly loss?: CompileOptions["loss"];
  /** Passes over the samples, for all levels or for each. Default 10. */
  readonly epochs?: number | readonly number[];
  /** Callbacks of a level. */
  readonly callbacks?: (level: number) => readonly Callback[];
}

/**
 * A deep autoencoder for greedy layer-wise pre-training: `pretrain(x)` trains every level as an autoencoder of the codes of
 * the level below it, corrupted where the level says so. The whole is one network of the very same layers, all encoders
 * and then all decoders in reverse, for `fit`; `classifier` puts a classifier on the codes for fine-tuning with labels.
 * Y. Bengio and others, "Greedy layer-wise training of deep networks", 2007; P. Vincent and others, "Stacked denoising
 * autoencoders", 2010.
 *
 * Shapes: x `[batch, ...inputShape]` -> the same. Throws ShapeError where a level does not give back the shape it takes.
 *
 * @example
 * const stacked = new StackedAutoencoder({
 *   inputShape: [784],
 *   levels: [
 *     { encoder: layers.Dense({ units: 256, activation: "relu" }), decoder: layers.Dense({ units: 784, activation: "sigmoid" }) },
 *     { encoder: layers.Dense({ units: 64, activation: "relu" }), decoder: layers.Dense({ units: 256, activation: "relu" }) },
 *   ],
 * });
 * await stacked.pretrain(x, { epochs: 10 });
 * const classifier = stacked.classifier({ units: 10 });
 */
export class StackedAutoencoderModel extends AutoencoderModel {
  static override readonly className: string = "StackedAutoencoder";
  readonly #levels: readonly AutoencoderLevel[];
  readonly #autoencoders: readonly Autoencoder[];

  constructor(options: StackedAutoencoderOptions) {
    const where = "StackedAutoencoder";
    checkOptions(where, options, ["inputShape", "levels", "name", "trainable", "dtype"]);
    const { inputShape, levels, ...rest } = options;
    const autoencoders = autoencodersOf(where, inputShape, levels);
    const stack = (name: string, shape: Shape, parts: readonly Layer[]): Sequential =>
      new Sequential({ name, layers: [Input({ shape }), ...parts] });
    const encoder = stack(
      "encoder",
      inputShape,
      levels.map((level) => level.encoder),
    );
    const decoder = stack("decoder", autoencoders.at(-1)!.codeShape, levels.map((level) => level.decoder).reverse());
    super({ encoder, decoder, ...rest });
    this.#levels = levels;
    this.#autoencoders = autoencoders;
  }

  /** The levels as autoencoders of their own, with the very layers of the whole: to be trained one after the other. */
  get levels(): readonly Autoencoder[] {
    return this.#autoencoders;
  }

  /**
   * Trains the levels one after the other, each on the codes that the level below gives when nothing is corrupted. Gives
   * the History of each level. Throws ValueError for samples that are not finite.
   */
  async pretrain(x: DataStructure, options: PretrainOptions = {}): Promise<History[]> {
    const where = `${this.label}.pretrain`;
    const { optimizer = "adam", loss = "mse", epochs = 10, callbacks = () => [], ...rest } = options;
    const known = ["batchSize", "verbose", "shuffle", "validationSplit", "signal", "optimizer", "loss", "epochs", "callbacks"];
    checkOptions(where, options, known);
    if (typeof epochs !== "number" && epochs.length !== this.#levels.length)
      throw new ValueError({
        where,
        problem: "epochs does not name a number for every level",
        expected: `one number, or ${this.#levels.length}`,
        received: String(epochs.length),
      });
    const json = optimizers.serialize(optimizers.get(optimizer));
    const histories: History[] = [];
    let samples = x;
    for (const [level, autoencoder] of this.#autoencoders.entries()) {
      autoencoder.compile({ optimizer: optimizers.deserialize(json), loss });
      const passes = typeof epochs === "number" ? epochs : epochs[level]!;
      histories.push(await autoencoder.fit(samples, null, { verbose: 0, ...rest, epochs: passes, callbacks: [...callbacks(level)] }));
      if (level + 1 < this.#autoencoders.length) samples = await autoencoder.encode(samples, { batchSize: 1024 });
    }
    return histories;
  }

  override getConfig(): Config {
    const levels = this.#levels.map((level) => ({
      encoder: level.encoder.toJSON(),
      decoder: level.decoder.toJSON(),
      corruption: level.corruption?.toJSON() ?? null,
    }));
    return { ...Layer.prototype.getConfig.call(this), input_shape: this.sampleExtents, levels };
  }

  /** A stack made from its configuration, with new weights. */
  static override fromConfig(config: Config, customObjects: CustomObjects = {}): never {
    const { levels, input_shape: inputShape, ...rest } = config;
    const part = (json: unknown): Layer | null => partFromConfig("StackedAutoencoder.fromConfig", json, customObjects);
    const made = ((levels ?? []) as { encoder: unknown; decoder: unknown; corruption: unknown }[]).map((level) => ({
      encoder: part(level.encoder),
      decoder: part(level.decoder),
      corruption: part(level.corruption),
    }));
    return new (this as unknown as new (options: object) => never)({ ...rest, inputShape, levels: made });
  }
}

/** A deep autoencoder for greedy layer-wise pre-training; see {@link StackedAutoencoderModel}. */
export const StackedAutoencoder: CallableClass<typeof StackedAutoencoderModel> = /* @__PURE__ */ callableClass(StackedAutoencoderModel);
export type StackedAutoencoder = StackedAutoencoderModel;

function autoencodersOf(where: string, inputShape: Shape, levels: readonly AutoencoderLevel[]): Autoencoder[] {
  if (!Array.isArray(levels) || levels.length === 0)
    throw new ValueError({ where, problem: "there are no levels", expected: "a list of { encoder, decoder }", received: describe(levels) });
  let shape = inputShape;
  return (levels as readonly AutoencoderLevel[]).map(({ encoder, decoder, corruption = null }, index) => {
    for (const [what, part] of Object.entries({ encoder, decoder }))
      if (!((part as unknown) instanceof Layer))
        throw new ValueError({
          where,
          problem: `the ${what} of level ${index} is no layer`,
          expected: "a layer, or a Sequential of several",
          received: describe(part),
        });
    const encode = new Sequential({ name: `encoder_${index}`, layers: [Input({ shape }), encoder] });
    const code = (encode.outputs as Tensor).shape.slice(1);
    const decode = new Sequential({ name: `decoder_${index}`, layers: [Input({ shape: code }), decoder] });
    const back = (decode.outputs as Tensor).shape.slice(1);
    if (back.length !== shape.length || back.some((extent, axis) => extent !== shape[axis]))
      throw new ShapeError({
        where,
        problem: `level ${index} does not give back the shape it takes`,
        expected: formatShape(shape),
        received: formatShape(back),
        advice: "the decoder of a level is as wide as what its encoder takes",
      });
    shape = code;
    return Autoencoder({ name: `level_${index}`, encoder: encode, decoder: decode, corruption });
  });
}
