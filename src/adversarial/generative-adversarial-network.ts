/** The generative adversarial network with the non-saturating loss. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import type { Config, CustomObjects } from "../serialization/index.ts";
import { AdversarialNetwork, type AdversarialNetworkOptions, applied } from "./adversarial-network.ts";

/** Options of GenerativeAdversarialNetwork. */
export interface GenerativeAdversarialNetworkOptions extends AdversarialNetworkOptions {
  /** Default 1. */
  readonly discriminatorSteps?: number;
  /**
   * How far the targets of real images are taken below 1; those of generated ones stay 0 (one-sided, T. Salimans et al.,
   * "Improved techniques for training GANs", 2016, section 3.4). From 0 to, not including, 1. Default 0.
   */
  readonly labelSmoothing?: number;
}

/**
 * The discriminator D tells real images from generated ones by cross-entropy, and the generator G makes it say "real":
 * `L_D = -mean(t log D(x) + (1 - t) log(1 - D(x))) - mean(log(1 - D(G(z))))` with t = 1 - labelSmoothing, and
 * `L_G = -mean(log D(G(z)))`, which does not saturate where the discriminator is sure. D is the sigmoid of the
 * discriminator's score. I. Goodfellow et al., "Generative adversarial nets", 2014, section 3; with the networks of
 * `dcganGenerator` and `dcganDiscriminator` it is A. Radford et al., "Unsupervised representation learning with deep
 * convolutional generative adversarial networks", 2015, whose optimizers (Adam, rate 2e-4, beta1 0.5) are the default.
 *
 * @example
 * const gan = new GenerativeAdversarialNetwork({ generator: dcganGenerator(), discriminator: dcganDiscriminator() });
 * gan.compile();
 * await gan.fit(images, null, { epochs: 10, batchSize: 64 }); // images from -1 to 1
 * const digits = await gan.generate(64, { seed: 1 });
 */
export class GenerativeAdversarialNetwork extends AdversarialNetwork {
  static override readonly className: string = "GenerativeAdversarialNetwork";
  readonly labelSmoothing: number;

  /** Throws ValueError and ShapeError. */
  constructor(options: GenerativeAdversarialNetworkOptions) {
    const where = "GenerativeAdversarialNetwork";
    super(where, options, ["labelSmoothing"], { discriminatorSteps: 1 });
    this.labelSmoothing = options.labelSmoothing ?? 0;
    if (!(this.labelSmoothing >= 0 && this.labelSmoothing < 1))
      throw new ValueError({
        where,
        problem: "labelSmoothing does not make sense",
        expected: "from 0 to, not including, 1",
        received: String(this.labelSmoothing),
      });
  }

  protected override discriminatorLossOf(real: Tensor, fake: Tensor, training: boolean): Tensor {
    const [a, b] = [applied(this.discriminator, real, training), applied(this.discriminator, fake, training)];
    // -t log s(a) - (1 - t) log(1 - s(a)) = softplus(-a) + (1 - t) a
    const smoothed = ops.add(ops.softplus(ops.negative(a)), ops.multiply(a, this.labelSmoothing));
    return ops.add(ops.mean(smoothed), ops.mean(ops.softplus(b)));
  }

  protected override generatorLossOf(scores: Tensor): Tensor {
    return ops.mean(ops.softplus(ops.negative(scores)));
  }

  protected override defaultOptimizers(): ReturnType<AdversarialNetwork["defaultOptimizers"]> {
    const adam = (): optimizers.Optimizer => optimizers.Adam({ learningRate: 2e-4, beta1: 0.5 });
    return { generator: adam(), discriminator: adam() };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), label_smoothing: this.labelSmoothing };
  }

  /** A network made from its configuration. */
  static override fromConfig(config: Config, customObjects: CustomObjects = {}): never {
    const options = AdversarialNetwork.optionsOf(config, customObjects);
    return new GenerativeAdversarialNetwork({ ...options, labelSmoothing: config.label_smoothing as number }) as never;
  }
}
