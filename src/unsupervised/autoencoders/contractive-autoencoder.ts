/** Autoencoders whose codes change little where the samples do. */
import type { Tensor } from "../../graph/index.ts";
import { nonNegative } from "../../layers/option-checks.ts";
import * as metrics from "../../metrics/index.ts";
import * as ops from "../../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../../serialization/index.ts";
import type { Model } from "../../models/index.ts";
import { AutoencoderModel, type AutoencoderOptions } from "./autoencoder.ts";
import { squaredJacobianNorm } from "./jacobian-norm.ts";

/** Options of ContractiveAutoencoder. */
export interface ContractiveAutoencoderOptions extends AutoencoderOptions {
  /** Factor of the penalty. Default 1e-4. */
  readonly weight?: number;
}

/**
 * An autoencoder that is trained on `loss + weight |J|^2`, J the Jacobian of the codes by the sample, its squared Frobenius
 * norm exact and in the mean of the batch; the weights learn from it by second gradients. The metric `contraction` is
 * |J|^2. The penalty is that of the encoder as it is outside training: dropout does not drop there. S. Rifai and others,
 * "Contractive auto-encoders: explicit invariance during feature extraction", 2011, equation 7.
 *
 * The penalty costs about as much as a batch that is as many times larger as a code has elements.
 *
 * @example
 * const autoencoder = new ContractiveAutoencoder({ encoder, decoder, weight: 1e-3 });
 * autoencoder.compile({ optimizer: "adam", loss: "mse" });
 * await autoencoder.fit(x, null, { epochs: 10 });
 */
export class ContractiveAutoencoderModel extends AutoencoderModel {
  static override readonly className: string = "ContractiveAutoencoder";
  /** Factor of the penalty; read at the next trace. */
  weight: number;
  readonly contractionTracker: metrics.Mean;

  constructor(options: ContractiveAutoencoderOptions) {
    const { weight = 1e-4, ...rest } = options;
    super(rest);
    this.weight = nonNegative(this.label, "weight", weight);
    this.contractionTracker = new metrics.Mean({ name: "contraction" });
  }

  override computeLoss(data: Parameters<Model["computeLoss"]>[0]): Tensor {
    const loss = super.computeLoss(data);
    const encode = (x: Tensor): Tensor => this.encoder(x, { training: false }) as Tensor;
    const norms = squaredJacobianNorm(encode, data.x as Tensor);
    this.contractionTracker.updateState(norms);
    return ops.add(loss, ops.multiply(ops.mean(norms), this.weight));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), weight: this.weight };
  }
}

/** An autoencoder with a penalty on the Jacobian of its codes; see {@link ContractiveAutoencoderModel}. */
export const ContractiveAutoencoder: CallableClass<typeof ContractiveAutoencoderModel> =
  /* @__PURE__ */ callableClass(ContractiveAutoencoderModel);
export type ContractiveAutoencoder = ContractiveAutoencoderModel;
