/** Policies of layers whose weights are quantized. */
import { ValueError } from "../errors.ts";
import type { QuantizationMode } from "../quantizers/index.ts";
import { type Config, type SerializedObject } from "../serialization/index.ts";
import { DTypePolicy, dtypePolicy, type DTypePolicyName } from "./dtype-policy.ts";
import { describe } from "./layer-options.ts";

/** Options of policies with quantized weights. */
export interface QuantizedDTypePolicyOptions {
  /** The policy of everything that is not quantized. Default: that of `setDtypePolicy`. */
  readonly sourceName?: DTypePolicyName | null;
}

const modes: readonly string[] = ["int8", "int4", "float8", "gptq", "awq"];

/**
 * A policy with quantized weights: the name of `mode` "int8" and `sourceName` "float32" is "int8_from_float32". Throws
 * ValueError for another mode, and for int8 beside float16, whose range its scales leave.
 *
 * @example
 * layers.Dense({ units: 64, dtype: new dtypePolicies.QuantizedDTypePolicy("int8", { sourceName: "float32" }) });
 */
export class QuantizedDTypePolicy extends DTypePolicy {
  static readonly className: string = "QuantizedDTypePolicy";
  readonly #mode: QuantizationMode;

  constructor(mode: QuantizationMode, options: QuantizedDTypePolicyOptions = {}) {
    super(options.sourceName ?? dtypePolicy().sourceName);
    const where = new.target.className;
    if (!modes.includes(mode))
      throw new ValueError({
        where,
        problem: "weights are not quantized in this way",
        expected: modes.join(", "),
        received: describe(mode),
      });
    if (mode === "int8" && this.computeDtype === "float16")
      throw new ValueError({
        where,
        problem: "scales of int8 leave the range of float16",
        expected: 'sourceName "float32" or "mixed_bfloat16"',
        received: describe(this.sourceName),
      });
    this.#mode = mode;
  }

  override get name(): string {
    return `${this.#mode}_from_${this.sourceName}`;
  }

  override get quantizationMode(): QuantizationMode {
    return this.#mode;
  }

  override getConfig(): Config {
    return { mode: this.#mode, source_name: this.sourceName };
  }

  override toJSON(): SerializedObject {
    const { className } = this.constructor as typeof QuantizedDTypePolicy;
    return { module: "keras.dtype_policies", class_name: className, config: this.getConfig(), registered_name: null };
  }
}

/** Options of QuantizedFloat8DTypePolicy. */
export interface QuantizedFloat8DTypePolicyOptions extends QuantizedDTypePolicyOptions {
  /** Of how many steps the largest value decides the next scale. Default 1024. */
  readonly amaxHistoryLength?: number;
}

/** The policy of training with floats of 8 bits. Throws ValueError for a length that is none. */
export class QuantizedFloat8DTypePolicy extends QuantizedDTypePolicy {
  static override readonly className: string = "QuantizedFloat8DTypePolicy";
  readonly amaxHistoryLength: number;

  constructor(mode: "float8", options: QuantizedFloat8DTypePolicyOptions = {}) {
    super(mode, options);
    this.amaxHistoryLength = options.amaxHistoryLength ?? 1024;
    if (!(Number.isInteger(this.amaxHistoryLength) && this.amaxHistoryLength > 0))
      throw new ValueError({
        where: "QuantizedFloat8DTypePolicy",
        problem: "amaxHistoryLength is a number of steps",
        expected: "1, 2, ...",
        received: describe(options.amaxHistoryLength),
      });
  }

  override getConfig(): Config {
    return { ...super.getConfig(), amax_history_length: this.amaxHistoryLength };
  }
}

/**
 * The policy of weights of 4 bits: mode "int4/128" has a scale and a zero point for blocks of 128 inputs, "int4/-1" one
 * scale per output. Throws ValueError for another form.
 */
export class Int4DTypePolicy extends QuantizedDTypePolicy {
  static override readonly className: string = "Int4DTypePolicy";
  /** Null: one scale per output. */
  readonly blockSize: number | null;
  readonly #size: number;

  constructor(mode: string, options: QuantizedDTypePolicyOptions = {}) {
    const [base, size, more] = String(mode).split("/");
    const number = Number(size);
    if (base !== "int4" || more !== undefined || !(number === -1 || (Number.isInteger(number) && number > 0)))
      throw new ValueError({
        where: "Int4DTypePolicy",
        problem: "the mode has another form",
        expected: '"int4/<block size>" with a positive number, or -1',
        received: describe(mode),
      });
    super("int4", options);
    this.#size = number;
    this.blockSize = number === -1 ? null : number;
  }

  override get name(): string {
    return `int4/${this.#size}_from_${this.sourceName}`;
  }

  override getConfig(): Config {
    return { mode: `int4/${this.#size}`, source_name: this.sourceName };
  }
}
