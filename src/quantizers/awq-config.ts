/** AWQ: inputs with large activations are scaled up before their weights are rounded. */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions, type Config, optionsOfConfig } from "../serialization/index.ts";
import { CalibratedQuantizationConfig, type CalibratedConfigOptions, checkedCount } from "./calibrated-config.ts";

/** Options of AWQConfig. */
export interface AWQConfigOptions extends CalibratedConfigOptions {
  /** Only 4. */
  readonly weightBits?: 4;
  /** How many exponents from 0 to 1 are tried beside 0. Default 20. */
  readonly numGridPoints?: number;
}

// prettier-ignore
const names = [
  "dataset", "tokenizer", "weightBits", "numSamples", "sequenceLength", "groupSize", "numGridPoints", "quantizationLayerStructure",
] as const;

/**
 * Weights of 4 bits whose inputs are scaled by `a^r` before they are rounded, a the largest absolute value of each input in
 * given data: weights that meet large values lose least. Of several r the one with the smallest error
 * `mean(((W - W') a)^2)` is taken. Lin et al., "AWQ: Activation-aware Weight Quantization for On-Device LLM Compression and
 * Acceleration", 2024.
 *
 * @example
 * const config = quantizers.AWQConfig({ dataset: texts, tokenizer, groupSize: 64 });
 * await model.quantize("awq", { config });
 */
export class AWQConfigClass extends CalibratedQuantizationConfig {
  static override readonly className: string = "AWQConfig";
  override readonly weightBits: number = 4;
  readonly numGridPoints: number;

  /** Throws ValueError for numbers outside of their ranges. */
  constructor(options: AWQConfigOptions) {
    checkOptions("AWQConfig", options, names);
    super(options);
    if ((options.weightBits ?? 4) !== 4)
      throw new ValueError({
        where: "AWQConfig",
        problem: "numbers have not so many bits",
        expected: "4",
        received: String(options.weightBits),
        advice: "GPTQConfig takes 2, 3, 4 or 8",
      });
    this.numGridPoints = checkedCount("AWQConfig", "numGridPoints", options.numGridPoints ?? 20);
  }

  override get mode(): "awq" {
    return "awq";
  }

  override getConfig(): Config {
    return {
      ...this.sharedConfig(),
      sequence_length: this.sequenceLength,
      group_size: this.groupSize,
      num_grid_points: this.numGridPoints,
      quantization_layer_structure: null,
    };
  }

  /** The quantization of Keras's configuration. */
  static fromConfig(config: Config): AWQConfigClass {
    return new AWQConfigClass(optionsOfConfig(config) as never);
  }
}

/** AWQ; see {@link AWQConfigClass}. */
export const AWQConfig: CallableClass<typeof AWQConfigClass> = /* @__PURE__ */ callableClass(AWQConfigClass);
export type AWQConfig = AWQConfigClass;
