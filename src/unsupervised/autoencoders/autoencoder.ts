/** Autoencoders: plain, sparse, denoising, convolutional, as their parts are. */
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import { Input } from "../../layers/input-layer.ts";
import { Layer } from "../../layers/layer.ts";
import { describe, type LayerOptions } from "../../layers/layer-options.ts";
import type { Model } from "../../models/index.ts";
import { callableClass, type CallableClass, checkOptions, type Config, type CustomObjects } from "../../serialization/index.ts";
import { type AnyModel, BaseAutoencoder, checkFit, checkPart, partFromConfig } from "./base-autoencoder.ts";

/** Options of Autoencoder. */
export interface AutoencoderOptions extends LayerOptions {
  /** From samples to codes. A sparse autoencoder has an activity regularizer there. */
  readonly encoder: Model;
  /** From codes to samples. */
  readonly decoder: Model;
  /** What is done to samples in training, before they are encoded (`GaussianNoise`, `MaskingNoise`, ...). Default: nothing. */
  readonly corruption?: Layer | null;
}

/**
 * A model from samples to their reconstructions, `decoder(encoder(corruption(x)))`, trained by `fit(x)`: the samples are
 * their own targets, and where there is a corruption the clean samples are (P. Vincent and others, "Extracting and composing
 * robust features with denoising autoencoders", 2008). Compile it with a loss between samples, such as "mse".
 *
 * Shapes: x `[batch, ...]` -> `[batch, ...]`. Throws ShapeError where encoder and decoder do not fit together.
 *
 * @example
 * const encoder = new Sequential([layers.Dense({ units: 64, activation: "relu", inputDim: 784 })]);
 * const decoder = new Sequential([layers.Dense({ units: 784, activation: "sigmoid", inputDim: 64 })]);
 * const autoencoder = new Autoencoder({ encoder, decoder });
 * autoencoder.compile({ optimizer: "adam", loss: "mse" });
 * await autoencoder.fit(x, null, { epochs: 10 });
 * const codes = await autoencoder.encode(x);
 */
export class AutoencoderModel extends BaseAutoencoder {
  static override readonly className: string = "Autoencoder";
  /** What is done to samples in training; null: nothing. */
  readonly corruption: Layer | null;

  constructor(options: AutoencoderOptions) {
    const where = "Autoencoder";
    checkOptions(where, options, ["encoder", "decoder", "corruption", "name", "trainable", "dtype"]);
    const { encoder, decoder, corruption = null, ...rest } = options;
    const parts = [checkPart(where, "encoder", encoder), checkPart(where, "decoder", decoder)] as const;
    const { inputs, outputs } = connected(where, ...parts, corruption);
    super(inputs, outputs, ...parts, rest);
    this.corruption = corruption;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), corruption: this.corruption?.toJSON() ?? null };
  }

  /** An autoencoder made from its configuration, with new weights. */
  static override fromConfig(config: Config, customObjects: CustomObjects = {}): never {
    const { encoder, decoder, corruption, ...rest } = config;
    const part = (json: unknown): Layer | null => partFromConfig("Autoencoder.fromConfig", json, customObjects);
    const options = { ...rest, encoder: part(encoder), decoder: part(decoder), corruption: part(corruption) };
    // A static method is inherited: the class that was asked.
    return new (this as unknown as new (options: object) => never)(options);
  }
}

/** A model from samples to their reconstructions; see {@link AutoencoderModel}. */
export const Autoencoder: CallableClass<typeof AutoencoderModel> = /* @__PURE__ */ callableClass(AutoencoderModel);
export type Autoencoder = AutoencoderModel;

function connected(where: string, encoder: AnyModel, decoder: AnyModel, corruption: Layer | null): { inputs: Tensor; outputs: Tensor } {
  if (corruption !== null && !((corruption as unknown) instanceof Layer))
    throw new ValueError({
      where,
      problem: "the corruption is no layer",
      expected: "a layer: MaskingNoise({ rate: 0.25 })",
      received: describe(corruption),
    });
  const sample = encoder.inputs as Tensor;
  checkFit(where, "the encoder does not give what the decoder takes", (encoder.outputs as Tensor).shape, (decoder.inputs as Tensor).shape);
  checkFit(where, "the decoder does not give samples of the shape that the encoder takes", (decoder.outputs as Tensor).shape, sample.shape);
  const inputs = Input({ shape: sample.shape.slice(1), dtype: sample.dtype });
  const given = corruption === null ? inputs : (corruption(inputs) as Tensor);
  return { inputs, outputs: decoder(encoder(given)) as Tensor };
}
