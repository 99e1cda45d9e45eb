/** The Wasserstein GAN with gradient penalty. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import * as metrics from "../metrics/index.ts";
import * as ops from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import type { Config, CustomObjects } from "../serialization/index.ts";
import { AdversarialNetwork, type AdversarialNetworkOptions, applied } from "./adversarial-network.ts";
import { gradientPenalty } from "./gradient-penalty.ts";

/** Options of WassersteinGAN. */
export interface WassersteinGANOptions extends AdversarialNetworkOptions {
  /** Default 5. */
  readonly discriminatorSteps?: number;
  /** Factor of the penalty. Default 10. */
  readonly gradientPenaltyWeight?: number;
}

/**
 * The critic's scores estimate the earth mover's distance W between real and generated images, which the generator makes
 * smaller: `L_D = mean D(G(z)) - mean D(x) + lambda P`, `L_G = -mean D(G(z))`, P the `gradientPenalty` that keeps the critic's
 * slope near 1. Logs: `wasserstein_distance` (the estimate of W) and `gradient_penalty` (P) beside both losses. I. Gulrajani
 * et al., "Improved training of Wasserstein GANs", 2017, algorithm 1, whose optimizers (Adam, rate 1e-4, beta1 0,
 * beta2 0.9) are the default. The critic has no batch normalization: the penalty is one of each image by itself.
 *
 * @example
 * const discriminator = dcganDiscriminator({ normalization: null });
 * const gan = new WassersteinGAN({ generator: dcganGenerator(), discriminator });
 * gan.compile();
 * await gan.fit(images, null, { epochs: 10, batchSize: 5 * 64 });
 */
export class WassersteinGAN extends AdversarialNetwork {
  static override readonly className: string = "WassersteinGAN";
  readonly gradientPenaltyWeight: number;
  readonly distance: metrics.Mean;
  readonly penalty: metrics.Mean;

  /** Throws ValueError and ShapeError; ValueError too for a critic with batch normalization. */
  constructor(options: WassersteinGANOptions) {
    const where = "WassersteinGAN";
    super(where, options, ["gradientPenaltyWeight"], { discriminatorSteps: 5 });
    this.gradientPenaltyWeight = options.gradientPenaltyWeight ?? 10;
    if (!(Number.isFinite(this.gradientPenaltyWeight) && this.gradientPenaltyWeight >= 0))
      throw new ValueError({
        where,
        problem: "gradientPenaltyWeight does not make sense",
        expected: "a number from 0",
        received: String(this.gradientPenaltyWeight),
      });
    const mixing = this.discriminator.layers.find((layer) => /^Batch/.test((layer.constructor as { className?: string }).className ?? ""));
    if (mixing !== undefined)
      throw new ValueError({
        where,
        problem: "the critic mixes the images of a batch, and the penalty is one of each image by itself",
        expected: "layer normalization, or none",
        received: mixing.label,
        advice: 'dcganDiscriminator({ normalization: "layer" }), or null',
      });
    this.distance = new metrics.Mean({ name: "wasserstein_distance" });
    this.penalty = new metrics.Mean({ name: "gradient_penalty" });
  }

  protected override discriminatorLossOf(real: Tensor, fake: Tensor, training: boolean): Tensor {
    const critic = (x: Tensor): Tensor => applied(this.discriminator, x, training);
    const distance = ops.subtract(ops.mean(critic(real)), ops.mean(critic(fake)));
    const penalty = gradientPenalty(critic, real, fake, { seed: this.noiseSeeds });
    const weight = { sampleWeight: ops.full([], real.dim(0)) };
    this.distance.updateState(distance, weight);
    this.penalty.updateState(penalty, weight);
    return ops.subtract(ops.multiply(penalty, this.gradientPenaltyWeight), distance);
  }

  protected override generatorLossOf(scores: Tensor): Tensor {
    return ops.negative(ops.mean(scores));
  }

  protected override defaultOptimizers(): ReturnType<AdversarialNetwork["defaultOptimizers"]> {
    const adam = (): optimizers.Optimizer => optimizers.Adam({ learningRate: 1e-4, beta1: 0, beta2: 0.9 });
    return { generator: adam(), discriminator: adam() };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), gradient_penalty_weight: this.gradientPenaltyWeight };
  }

  /** A network made from its configuration. */
  static override fromConfig(config: Config, customObjects: CustomObjects = {}): never {
    const options = AdversarialNetwork.optionsOf(config, customObjects);
    return new WassersteinGAN({ ...options, gradientPenaltyWeight: config.gradient_penalty_weight as number }) as never;
  }
}
