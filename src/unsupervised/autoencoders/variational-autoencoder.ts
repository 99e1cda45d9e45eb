/** Autoencoders whose codes are distributions, so that new samples can be drawn. */
import type { Direction } from "../../callbacks/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { formatShape, sameShape, Tensor } from "../../graph/index.ts";
import { Input } from "../../layers/input-layer.ts";
import type { CallOptions } from "../../layers/layer.ts";
import { describe, type LayerOptions } from "../../layers/layer-options.ts";
import { nonNegative } from "../../layers/option-checks.ts";
import * as metrics from "../../metrics/index.ts";
import type { BatchStream, CompileOptions, DataStructure, Model, PredictOptions, StepData } from "../../models/index.ts";
import * as ops from "../../ops/index.ts";
import { normal } from "../../random/index.ts";
import { callableClass, type CallableClass, checkOptions, type Config, type CustomObjects } from "../../serialization/index.ts";
import { type AnyModel, BaseAutoencoder, checkFit, checkPart, partFromConfig } from "./base-autoencoder.ts";
import { checkFinite } from "./checked-data.ts";
import { Sampling } from "./sampling.ts";

/** Options of VariationalAutoencoder. */
export interface VariationalAutoencoderOptions extends LayerOptions {
  /** From samples to the list [mean, logVariance] of the codes' normal distribution. */
  readonly encoder: Model<Tensor, Tensor[]>;
  /** From codes to the parameter of the samples' distribution: probabilities (sigmoid) or means. */
  readonly decoder: Model;
  /** Distribution of the elements of a sample: of values in 0 .. 1, or normal with the deviation `stddev`. Default "bernoulli". */
  readonly likelihood?: "bernoulli" | "gaussian";
  /** Standard deviation of the elements around their means, for "gaussian". Default 1. */
  readonly stddev?: number;
  /** Factor of the divergence (I. Higgins and others, "beta-VAE", 2017). Default 1: the evidence lower bound. */
  readonly beta?: number;
  /** Makes the model draw the same codes in every run. */
  readonly seed?: number | null;
}

/** Normal distributions of codes. */
export interface CodeDistribution {
  readonly mean: Tensor;
  /** Natural logarithm of the variance. */
  readonly logVariance: Tensor;
}

/** Options of `generate`. */
export interface GenerateOptions extends PredictOptions {
  /** Makes the draw repeat. */
  readonly seed?: number | null;
}

/**
 * A variational autoencoder, trained by `fit(x)` on `-E log p(x | z) + beta KL(q(z | x) | N(0, 1))`, z one draw from
 * `q(z | x) = N(mean, exp(logVariance))`. It brings its own loss: compile it with an optimizer alone. Metrics, means per
 * sample in nats: `elbo` (the bound, with beta 1), `reconstruction_loss` (-log p(x | z)), `kl_loss`. `predict` reconstructs
 * from the means, calling the model draws. D. Kingma, M. Welling, "Auto-encoding variational Bayes", 2013, equation 10.
 *
 * Shapes: x `[batch, ...]` -> `[batch, ...]`. Throws ShapeError where encoder and decoder do not fit together.
 *
 * @example
 * const inputs = Input({ shape: [784] });
 * const hidden = layers.Dense({ units: 400, activation: "relu" })(inputs);
 * const code = (): Tensor => layers.Dense({ units: 20 })(hidden);
 * const encoder = new Model({ inputs, outputs: [code(), code()] });
 * const vae = new VariationalAutoencoder({ encoder, decoder });
 * vae.compile({ optimizer: "adam" });
 * await vae.fit(x, null, { epochs: 10 });
 * const digits = await vae.generate(100, { seed: 1 });
 */
export class VariationalAutoencoderModel extends BaseAutoencoder {
  static override readonly className: string = "VariationalAutoencoder";
  readonly sampling: Sampling;
  readonly likelihood: "bernoulli" | "gaussian";
  readonly stddev: number;
  /** Factor of the divergence; read at the next trace. */
  beta: number;
  readonly elboTracker: metrics.Mean;
  readonly reconstructionTracker: metrics.Mean;
  readonly klTracker: metrics.Mean;
  /** The distribution that the last call drew from. */
  #drawn: CodeDistribution | null = null;

  constructor(options: VariationalAutoencoderOptions) {
    const where = "VariationalAutoencoder";
    checkOptions(where, options, ["encoder", "decoder", "likelihood", "stddev", "beta", "seed", "name", "trainable", "dtype"]);
    const { encoder, decoder, likelihood = "bernoulli", stddev = 1, beta = 1, seed = null, ...rest } = options;
    const parts = [checkPart(where, "encoder", encoder), checkPart(where, "decoder", decoder)] as const;
    if (!["bernoulli", "gaussian"].includes(likelihood))
      throw new ValueError({
        where,
        problem: "there is no such likelihood",
        expected: '"bernoulli", "gaussian"',
        received: describe(likelihood),
      });
    if (!(Number.isFinite(stddev) && stddev > 0))
      throw new ValueError({ where, problem: "stddev is no standard deviation", expected: "stddev > 0", received: describe(stddev) });
    nonNegative(where, "beta", beta);
    const sampling = Sampling({ seed });
    const { inputs, outputs } = connected(where, ...parts, sampling);
    super(inputs, outputs, ...parts, rest);
    this.sampling = sampling;
    this.likelihood = likelihood;
    this.stddev = stddev;
    this.beta = beta;
    this.elboTracker = new metrics.Mean({ name: "elbo" });
    this.reconstructionTracker = new metrics.Mean({ name: "reconstruction_loss" });
    this.klTracker = new metrics.Mean({ name: "kl_loss" });
  }

  /** Throws ValueError where a loss is given: the model brings its own. */
  override compile(options: CompileOptions = {}): void {
    if (options.loss !== undefined && options.loss !== null)
      throw new ValueError({
        where: `${this.label}.compile`,
        problem: "the model brings its own loss, the evidence lower bound",
        expected: "no loss",
        received: describe(options.loss),
        advice: 'say how samples are distributed by the option likelihood: "bernoulli" or "gaussian"',
      });
    super.compile(options);
  }

  override call(inputs: Tensor, options: CallOptions = {}): Tensor {
    const [mean, logVariance] = this.encoder(inputs, options) as [Tensor, Tensor];
    this.#drawn = { mean, logVariance };
    return this.decoder(this.sampling([mean, logVariance]), options) as Tensor;
  }

  override computeLoss(data: Parameters<Model["computeLoss"]>[0]): Tensor {
    if (data.y !== null && data.y !== undefined)
      throw new ValueError({
        where: `${this.label}.fit`,
        problem: "the model takes no targets: it learns how the samples are distributed",
        expected: "fit(x), or batches of x alone",
        received: "x and y",
      });
    const { mean, logVariance } = this.#drawn!;
    const kl = gaussianDivergence(mean, logVariance);
    const reconstruction = this.#surprise(data.x as Tensor, data.yPred as Tensor);
    this.elboTracker.updateState(ops.negative(ops.add(reconstruction, kl)));
    this.reconstructionTracker.updateState(reconstruction);
    this.klTracker.updateState(kl);
    let bound = ops.add(reconstruction, ops.multiply(kl, this.beta));
    if (data.sampleWeight !== null) bound = ops.multiply(bound, ops.reshape(data.sampleWeight as Tensor, bound.shape));
    return this.losses.reduce((total, loss) => ops.add(total, ops.sum(loss)), ops.mean(bound));
  }

  /** `-log p(x | z)` of each sample, p given by what the decoder says. */
  #surprise(x: Tensor, given: Tensor): Tensor {
    if (this.likelihood === "bernoulli") return sumOverSample(ops.binaryCrossentropy(x, given));
    const variance = this.stddev ** 2;
    return sumOverSample(ops.add(ops.divide(ops.square(ops.subtract(x, given)), 2 * variance), 0.5 * Math.log(2 * Math.PI * variance)));
  }

  /** Reconstructions from the means of the codes: the same in every run. */
  override predictStep({ x }: StepData): unknown {
    return this.decoder(this.codesOf(x), { training: false });
  }

  protected override codesOf(x: Tensor): Tensor {
    return (this.encoder(x) as Tensor[])[0]!;
  }

  protected override get reconstructs(): boolean {
    return false;
  }

  /** Means of the codes of samples. Shapes: x [n, ...sample] -> [n, ...code]. */
  override async encode(x: DataStructure | BatchStream, options: PredictOptions = {}): Promise<Tensor> {
    return (await this.encodeDistribution(x, options)).mean;
  }

  /** Distributions of the codes of samples. Shapes: x [n, ...sample] -> twice [n, ...code]. */
  async encodeDistribution(x: DataStructure | BatchStream, options: PredictOptions = {}): Promise<CodeDistribution> {
    await checkFinite(`${this.label}.encode`, x);
    const [mean, logVariance] = (await this.encoder.predict(x, options)) as [Tensor, Tensor];
    return { mean, logVariance };
  }

  /** New samples: decoded draws from N(0, 1). Shapes: -> [count, ...sample]. */
  async generate(count: number, { seed = null, ...options }: GenerateOptions = {}): Promise<Tensor> {
    if (!Number.isInteger(count) || count < 1)
      throw new ValueError({
        where: `${this.label}.generate`,
        problem: "this is no number of samples",
        expected: "a whole number from 1",
        received: describe(count),
      });
    return await this.decode(normal([count, ...(this.codeShape as number[])], { seed }), options);
  }

  /**
   * The plane of two-dimensional codes as samples: codes at equal steps of probability of N(0, 1) along both axes, the first
   * from left to right, the second from top to bottom. Shapes: -> [size * size, ...sample]. Throws ShapeError where codes do
   * not have two elements.
   */
  async latentPlane(size: number, options: PredictOptions = {}): Promise<Tensor> {
    const where = `${this.label}.latentPlane`;
    if (!sameShape(this.codeShape, [2]))
      throw new ShapeError({ where, problem: "the codes do not lie in a plane", expected: "[2]", received: formatShape(this.codeShape) });
    if (!Number.isInteger(size) || size < 1)
      throw new ValueError({
        where,
        problem: "size counts the steps along an axis",
        expected: "a whole number from 1",
        received: describe(size),
      });
    const chances = ops.divide(ops.add(ops.arange(size, { dtype: "float32" }), 0.5), size);
    const quantiles = ops.multiply(ops.erfinv(ops.subtract(ops.multiply(chances, 2), 1)), Math.SQRT2);
    const across = ops.tile(ops.expandDims(quantiles, 0), [size, 1]);
    const down = ops.transpose(across);
    return await this.decode(ops.reshape(ops.stack([across, down], -1), [size * size, 2]), options);
  }

  override directionOf(key: string): Direction | null {
    return key.replace(/^val_/, "") === "elbo" ? "up" : super.directionOf(key);
  }

  override getConfig(): Config {
    const { likelihood, stddev, beta, sampling } = this;
    return { ...super.getConfig(), likelihood, stddev, beta, seed: sampling.seed };
  }

  /** A variational autoencoder made from its configuration, with new weights. */
  static override fromConfig(config: Config, customObjects: CustomObjects = {}): never {
    const { encoder, decoder, ...rest } = config;
    const part = (json: unknown): unknown => partFromConfig("VariationalAutoencoder.fromConfig", json, customObjects);
    return new (this as unknown as new (options: object) => never)({ ...rest, encoder: part(encoder), decoder: part(decoder) });
  }
}

/** An autoencoder whose codes are distributions; see {@link VariationalAutoencoderModel}. */
export const VariationalAutoencoder: CallableClass<typeof VariationalAutoencoderModel> =
  /* @__PURE__ */ callableClass(VariationalAutoencoderModel);
export type VariationalAutoencoder = VariationalAutoencoderModel;

/**
 * `KL(N(mean, exp(logVariance)) | N(0, 1)) = 1/2 sum (mean^2 + exp(logVariance) - 1 - logVariance)` of each sample. D. Kingma,
 * M. Welling, 2013, appendix B. Shapes: twice [batch, ...] -> [batch].
 */
export function gaussianDivergence(mean: Tensor, logVariance: Tensor): Tensor {
  const terms = ops.subtract(ops.add(ops.square(mean), ops.exp(logVariance)), ops.add(logVariance, 1));
  return ops.multiply(sumOverSample(terms), 0.5);
}

function sumOverSample(x: Tensor): Tensor {
  return ops.sum(ops.reshape(x, [x.dim(0), -1]), 1);
}

function connected(where: string, encoder: AnyModel, decoder: AnyModel, sampling: Sampling): { inputs: Tensor; outputs: Tensor } {
  const given = encoder.outputs;
  if (!Array.isArray(given) || given.length !== 2 || !given.every((part) => part instanceof Tensor))
    throw new ValueError({
      where,
      problem: "the encoder does not give the two parameters of a normal distribution",
      expected: "new Model({ inputs, outputs: [mean, logVariance] })",
      received: given instanceof Tensor ? "one output" : describe(given),
    });
  const [mean, logVariance] = given as [Tensor, Tensor];
  const sample = encoder.inputs as Tensor;
  checkFit(where, "mean and logVariance have different shapes", logVariance.shape, mean.shape);
  checkFit(where, "the encoder does not give what the decoder takes", mean.shape, (decoder.inputs as Tensor).shape);
  checkFit(where, "the decoder does not give samples of the shape that the encoder takes", (decoder.outputs as Tensor).shape, sample.shape);
  const inputs = Input({ shape: sample.shape.slice(1), dtype: sample.dtype });
  const codes = sampling(encoder(inputs) as Tensor[]);
  return { inputs, outputs: decoder(codes) as Tensor };
}
