/** Layers whose weights can be stored as whole numbers of few bits. */
import type { Tensor, Variable } from "../graph/index.ts";
import type { QuantizationConfig, QuantizationMode } from "../quantizers/index.ts";
import type { Config } from "../serialization/index.ts";
import { AdaptableLayer, type AdaptableOptions } from "./adaptable-layer.ts";
import { policyOf } from "./dtype-policy.ts";
import type { OptionDefaults } from "./layer-options.ts";
import type { QuantizeOptions } from "./layer.ts";
import type { QuantizedWeight } from "./quantized/forms.ts";
import { quantizationParts } from "./quantized/parts.ts";
import type { StoredArray } from "./stored-variables.ts";

/** Options of layers with weights that can be quantized. */
export interface QuantizableOptions extends AdaptableOptions {
  /** How weights are quantized where `dtype` says that they are; `quantize` sets it. */
  readonly quantizationConfig?: QuantizationConfig | null;
}

/**
 * A layer that `quantize("int8")` or a `dtype` such as "int8_from_float32" gives stored weights of few bits. They are
 * trained no more; adapters (`enableLora`) are, and files hold the weights with the adapters in them, as Keras's do.
 */
export abstract class QuantizableLayer<Options extends QuantizableOptions, Q extends QuantizedWeight> extends AdaptableLayer<Options> {
  declare quantizationConfig: QuantizationConfig | null;
  #quantized: Q | null = null;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, { ...defaults, quantizationConfig: null });
    if (this.quantizationConfig !== null)
      this.quantizationConfig = quantizationParts(this.label).configOf(this.label, this.quantizationConfig);
  }

  /** Keras 3.4 knows no such key, which only quantized layers need. */
  override getConfig(): Config {
    const { quantization_config: _, ...config } = super.getConfig();
    const written = this.quantizationConfig;
    return written === null ? config : { ...config, quantization_config: written.toJSON() };
  }

  /** The weights in their stored form; null where they are floats. */
  protected get quantized(): Q | null {
    return this.#quantized;
  }

  /** Makes the stored form by the layer's policy. */
  protected abstract makeQuantized(): Q;

  /** Puts the float weights away and the stored form in their place; `fill`: with their values. */
  protected abstract store(quantized: Q, fill: boolean): void;

  /** The class itself: subclasses may compute something else with their weights. */
  protected abstract get isPlain(): boolean;

  /** To be called in `build`: whether the policy asks for stored weights, which then exist. */
  protected buildQuantized(): boolean {
    if (this.quantizationMode === null) return false;
    this.#quantized = this.makeQuantized();
    this.store(this.#quantized, false);
    return true;
  }

  /** Whether a model's `quantize` stores this layer's weights. */
  canQuantize(mode: QuantizationMode, typeCheck: boolean): boolean {
    return this.modes.includes(mode) && (this.isPlain || !typeCheck);
  }

  /** In which ways the weights can be stored. */
  protected abstract get modes(): readonly QuantizationMode[];

  override quantize(mode: QuantizationMode | null = null, options: QuantizeOptions = {}): void {
    const where = `${this.label}.quantize`;
    const parts = quantizationParts(where);
    const config = parts.resolve(where, mode, options.config ?? null);
    this.checkQuantizable(where);
    parts.checkLayer(where, this.isPlain || options.typeCheck === false, this.className, config);
    this.become(config, (quantized) => this.store(quantized, true));
  }

  /** Throws StateError where there are no weights yet, or they are quantized. */
  protected checkQuantizable(where: string): void {
    quantizationParts(where).checkQuantizable(where, this.built, this.#quantized === null ? null : this.policy.name);
  }

  /** Gives the weights the stored form of a configuration; `fill` puts values into it. */
  protected become(config: QuantizationConfig, fill: (quantized: Q) => void): void {
    const policy = policyOf(`${this.label}.quantize`, `${config.policyName}_from_${this.policy.sourceName}`);
    this.quantizationConfig = config;
    this.withPolicy(policy, () => {
      this.#quantized = this.makeQuantized();
      fill(this.#quantized);
    });
  }

  override loadOwnVariables(store: ReadonlyMap<string, StoredArray>): void {
    super.loadOwnVariables(this.#quantized?.completed?.(store, this.beside.length) ?? store);
  }

  protected override inFileOrder<T extends Variable | Tensor>(stored: readonly T[]): (T | Variable)[] {
    return this.#quantized?.besideFirst === true ? [...this.beside, ...stored] : super.inFileOrder(stored);
  }

  protected override get stored(): readonly Variable[] {
    return this.#quantized === null || this.#quantized.keepsWeight
      ? [...super.stored, ...(this.#quantized?.variables ?? [])]
      : this.#quantized.variables;
  }

  protected override get savesApart(): boolean {
    return this.#quantized !== null || this.loraEnabled;
  }

  protected override encoded(weight: Tensor): readonly Tensor[] {
    return this.#quantized === null ? [weight] : this.#quantized.encode(weight);
  }

  protected override floatWeight(): Tensor {
    return this.#quantized === null || this.#quantized.keepsWeight ? super.floatWeight() : this.#quantized.decode();
  }
}
