/** How the weights of layers and what they are given become whole numbers of few bits (`layer.quantize`). */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions, type Config, type SerializedObject } from "../serialization/index.ts";
import { AbsMaxQuantizer, AbsMaxQuantizerClass } from "./abs-max.ts";
import { Quantizer } from "./quantizer.ts";
import { deserialize, serialize } from "./registry.ts";

/**
 * Ways of storing weights: whole numbers of 8 or 4 bits; floats that are rounded to 8 bits where they are used; whole numbers
 * that are chosen on data ("gptq", "awq").
 */
export type QuantizationMode = "int8" | "int4" | "float8" | "gptq" | "awq";

/** Options of a quantization. */
export interface QuantizationConfigOptions {
  /** Makes the stored weights. Default: the largest absolute value of each output. */
  readonly weightQuantizer?: Quantizer | null;
  /** Makes whole numbers of what a layer is given; null: it stays as it is. */
  readonly activationQuantizer?: Quantizer | "default" | null;
}

/** What quantizations share. */
export abstract class QuantizationConfig {
  static readonly className: string = "QuantizationConfig";
  readonly weightQuantizer: Quantizer | null;
  readonly activationQuantizer: Quantizer | null;

  constructor(weightQuantizer: Quantizer | null, activationQuantizer: Quantizer | null) {
    const where = (this.constructor as typeof QuantizationConfig).className;
    for (const quantizer of [weightQuantizer, activationQuantizer]) {
      if (quantizer === null || quantizer instanceof Quantizer) continue;
      throw new ValueError({
        where,
        problem: "this is no quantizer",
        expected: "quantizers.AbsMaxQuantizer(), or null",
        received: typeof quantizer,
      });
    }
    this.weightQuantizer = weightQuantizer;
    this.activationQuantizer = activationQuantizer;
  }

  abstract get mode(): QuantizationMode;

  /** What the name of a layer's policy begins with: the mode, and what else decides the shapes of weights. */
  get policyName(): string {
    return this.mode;
  }

  /** Keras's configuration. */
  getConfig(): Config {
    const json = (quantizer: Quantizer | null): SerializedObject | null => (quantizer === null ? null : serialize(quantizer));
    return { weight_quantizer: json(this.weightQuantizer), activation_quantizer: json(this.activationQuantizer) };
  }

  /** Keras's JSON. */
  toJSON(): SerializedObject {
    const { className } = this.constructor as typeof QuantizationConfig;
    return { module: "keras.quantizers", class_name: className, config: this.getConfig(), registered_name: null };
  }
}

function quantizersOf(config: Config): { weightQuantizer: Quantizer | null; activationQuantizer: Quantizer | null } {
  const made = (json: unknown): Quantizer | null => (json === null || json === undefined ? null : deserialize(json as SerializedObject));
  return { weightQuantizer: made(config.weight_quantizer), activationQuantizer: made(config.activation_quantizer) };
}

function checkWeightQuantizer(where: string, quantizer: Quantizer | null, range: readonly number[] | null): void {
  if (quantizer === null) return;
  const values = quantizer instanceof AbsMaxQuantizerClass ? quantizer.valueRange : null;
  if (quantizer.outputDtype === "int8" && (range === null || (values?.[0] === range[0] && values?.[1] === range[1]))) return;
  throw new ValueError({
    where,
    problem: "the quantizer of weights gives other numbers than are stored",
    expected: `outputDtype "int8"${range === null ? "" : `, valueRange [${range.join(", ")}]`}`,
    received: JSON.stringify(quantizer.getConfig()),
  });
}

/**
 * Weights as int8 with one scale per output; what a layer is given becomes int8 too, by its largest absolute value.
 */
export class Int8QuantizationConfigClass extends QuantizationConfig {
  static override readonly className: string = "Int8QuantizationConfig";

  /** Throws ValueError where the quantizer of weights gives no int8. */
  constructor(options: QuantizationConfigOptions = {}) {
    checkOptions("Int8QuantizationConfig", options, ["weightQuantizer", "activationQuantizer"]);
    const { weightQuantizer = null, activationQuantizer = "default" } = options;
    super(weightQuantizer, activationQuantizer === "default" ? AbsMaxQuantizer() : activationQuantizer);
    checkWeightQuantizer("Int8QuantizationConfig", weightQuantizer, null);
  }

  override get mode(): "int8" {
    return "int8";
  }

  /** The quantization of Keras's configuration. */
  static fromConfig(config: Config): Int8QuantizationConfigClass {
    return new Int8QuantizationConfigClass(quantizersOf(config));
  }
}

/** Options of Int4QuantizationConfig. */
export interface Int4QuantizationConfigOptions extends QuantizationConfigOptions {
  /** How many inputs share a scale and a zero point; null or -1: all of them, without zero point. Default 128. */
  readonly blockSize?: number | null;
}

/**
 * Weights as two numbers of 4 bits a byte, with a scale and a zero point per output and block of inputs. What a layer is
 * given stays as it is unless a quantizer is named, which needs `blockSize: null`.
 */
export class Int4QuantizationConfigClass extends QuantizationConfig {
  static override readonly className: string = "Int4QuantizationConfig";
  /** Null: one scale per output. */
  readonly blockSize: number | null;

  /** Throws ValueError for a block size that is none, and for quantizers beside blocks. */
  constructor(options: Int4QuantizationConfigOptions = {}) {
    const where = "Int4QuantizationConfig";
    checkOptions(where, options, ["weightQuantizer", "activationQuantizer", "blockSize"]);
    const { weightQuantizer = null, activationQuantizer = "default", blockSize = 128 } = options;
    super(weightQuantizer, activationQuantizer === "default" ? null : activationQuantizer);
    if (blockSize !== null && blockSize !== -1 && !(Number.isInteger(blockSize) && blockSize > 0))
      throw new ValueError({
        where,
        problem: "blockSize is a number of inputs",
        expected: "1, 2, ..., or null",
        received: String(blockSize),
      });
    this.blockSize = blockSize;
    if (blockSize !== null && blockSize > 0 && (this.weightQuantizer !== null || this.activationQuantizer !== null))
      throw new ValueError({
        where,
        problem: "blocks of inputs have their own quantization",
        expected: "no quantizers, or blockSize: null",
        received: `blockSize ${blockSize}`,
      });
    checkWeightQuantizer(where, weightQuantizer, [-8, 7]);
  }

  override get mode(): "int4" {
    return "int4";
  }

  override get policyName(): string {
    return `int4/${this.blockSize ?? -1}`;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), block_size: this.blockSize };
  }

  /** The quantization of Keras's configuration; without a block size, as older versions write it, one scale per output. */
  static fromConfig(config: Config): Int4QuantizationConfigClass {
    return new Int4QuantizationConfigClass({
      ...quantizersOf(config),
      blockSize: (config.block_size as number | null | undefined) ?? null,
    });
  }
}

/** Training with floats of 8 bits: weights stay float32, products are computed of values rounded to 8 bits. */
export class Float8QuantizationConfigClass extends QuantizationConfig {
  static override readonly className: string = "Float8QuantizationConfig";

  constructor() {
    super(null, null);
  }

  override get mode(): "float8" {
    return "float8";
  }

  override getConfig(): Config {
    return {};
  }

  /** The quantization of Keras's configuration. */
  static fromConfig(_config: Config): Float8QuantizationConfigClass {
    return new Float8QuantizationConfigClass();
  }
}

/** Weights as int8; see {@link Int8QuantizationConfigClass}. */
export const Int8QuantizationConfig: CallableClass<typeof Int8QuantizationConfigClass> =
  /* @__PURE__ */ callableClass(Int8QuantizationConfigClass);
export type Int8QuantizationConfig = Int8QuantizationConfigClass;
/** Weights as numbers of 4 bits; see {@link Int4QuantizationConfigClass}. */
export const Int4QuantizationConfig: CallableClass<typeof Int4QuantizationConfigClass> =
  /* @__PURE__ */ callableClass(Int4QuantizationConfigClass);
export type Int4QuantizationConfig = Int4QuantizationConfigClass;
/** Training with floats of 8 bits; see {@link Float8QuantizationConfigClass}. */
export const Float8QuantizationConfig: CallableClass<typeof Float8QuantizationConfigClass> =
  /* @__PURE__ */ callableClass(Float8QuantizationConfigClass);
export type Float8QuantizationConfig = Float8QuantizationConfigClass;
