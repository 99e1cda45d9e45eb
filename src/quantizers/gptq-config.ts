/** GPTQ: errors of rounding a weight are made up for by the weights that follow. */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions, type Config, optionsOfConfig } from "../serialization/index.ts";
import { CalibratedQuantizationConfig, type CalibratedConfigOptions } from "./calibrated-config.ts";

/** Options of GPTQConfig. */
export interface GPTQConfigOptions extends CalibratedConfigOptions {
  /** 2, 3, 4 (default) or 8. */
  readonly weightBits?: number;
  /** Whether every output has scales of its own. Default true. */
  readonly perChannel?: boolean;
  /** What is added to the Hessian's diagonal, as a share of its mean. Default 0.01. */
  readonly hessianDamping?: number;
  /** Whether the zero point is the middle number. Default false. */
  readonly symmetric?: boolean;
  /** Whether inputs that matter most are rounded first. Default false. */
  readonly activationOrder?: boolean;
  /**
   * By what errors are spread: rows of the Hessian's inverse as in Keras (default), or of the inverse's Cholesky factor as in
   * the paper, which leaves much smaller errors. No configuration holds it: Keras knows no such option.
   */
  readonly spreadBy?: "inverse" | "cholesky";
}

// prettier-ignore
const names = [
  "dataset", "tokenizer", "weightBits", "numSamples", "perChannel", "sequenceLength", "hessianDamping", "groupSize", "symmetric",
  "activationOrder", "quantizationLayerStructure",
  "spreadBy",
] as const;

/**
 * Weights of 2, 3, 4 or 8 bits that keep the outputs for given data near: inputs of a kernel are rounded one after the
 * other, and the error of each is spread over the inputs that follow, by the inverse of the Hessian `2 X^T X / n` of the
 * squared error. Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", 2023;
 * as in Keras with the rows of the inverse itself unless `spreadBy` says otherwise.
 *
 * @example
 * const config = quantizers.GPTQConfig({ dataset: texts, tokenizer, groupSize: 64 });
 * await model.quantize("gptq", { config });
 */
export class GPTQConfigClass extends CalibratedQuantizationConfig {
  static override readonly className: string = "GPTQConfig";
  override readonly weightBits: number;
  readonly perChannel: boolean;
  readonly hessianDamping: number;
  readonly symmetric: boolean;
  readonly activationOrder: boolean;
  readonly spreadBy: "inverse" | "cholesky";

  /** Throws ValueError for numbers outside of their ranges. */
  constructor(options: GPTQConfigOptions) {
    checkOptions("GPTQConfig", options, names);
    super(options);
    const { weightBits = 4, perChannel = true, hessianDamping = 0.01, symmetric = false, activationOrder = false } = options;
    if (![2, 3, 4, 8].includes(weightBits))
      throw new ValueError({
        where: "GPTQConfig",
        problem: "numbers have not so many bits",
        expected: "2, 3, 4 or 8",
        received: String(weightBits),
      });
    if (!(hessianDamping >= 0 && hessianDamping <= 1))
      throw new ValueError({
        where: "GPTQConfig",
        problem: "hessianDamping is a share",
        expected: "from 0 to 1",
        received: String(hessianDamping),
      });
    this.spreadBy = options.spreadBy ?? "inverse";
    if (this.spreadBy !== "inverse" && this.spreadBy !== "cholesky")
      throw new ValueError({
        where: "GPTQConfig",
        problem: "errors are not spread by this",
        expected: '"inverse" or "cholesky"',
        received: JSON.stringify(options.spreadBy),
      });
    this.weightBits = weightBits;
    this.perChannel = perChannel;
    this.hessianDamping = hessianDamping;
    this.symmetric = symmetric;
    this.activationOrder = activationOrder;
  }

  override get mode(): "gptq" {
    return "gptq";
  }

  override getConfig(): Config {
    return {
      ...this.sharedConfig(),
      per_channel: this.perChannel,
      sequence_length: this.sequenceLength,
      hessian_damping: this.hessianDamping,
      group_size: this.groupSize,
      symmetric: this.symmetric,
      activation_order: this.activationOrder,
      quantization_layer_structure: null,
    };
  }

  /** The quantization of Keras's configuration. */
  static fromConfig(config: Config): GPTQConfigClass {
    return new GPTQConfigClass(optionsOfConfig(config) as never);
  }
}

/** GPTQ; see {@link GPTQConfigClass}. */
export const GPTQConfig: CallableClass<typeof GPTQConfigClass> = /* @__PURE__ */ callableClass(GPTQConfigClass);
export type GPTQConfig = GPTQConfigClass;
