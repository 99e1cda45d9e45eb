/** What quantizations share that look at data first. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import type { Config } from "../serialization/index.ts";
import { QuantizationConfig } from "./quantization-config.ts";

/** Ways of quantizing that need data. */
export type CalibratedMode = "gptq" | "awq";

/** Makes token ids of a text. */
export type CalibrationTokenizer = ((text: string) => TensorLike) | { tokenize(text: string): TensorLike };

/** A layer or a model, as far as data run through it. */
export type CalibrationLayer = object;

/** In which order data run through a model, and where layers are quantized. */
export interface QuantizationLayerStructure {
  /** What the data go through first, in order: an embedding, say. */
  readonly preBlockLayers?: readonly CalibrationLayer[];
  /** Layers or models behind each other: each is quantized on what the quantized ones before it give. */
  readonly sequentialBlocks: readonly CalibrationLayer[];
}

/** Options of quantizations that look at data. */
export interface CalibratedConfigOptions {
  /** Texts, or arrays of token ids; without a tokenizer: inputs of the first layer as they are, each a batch. */
  readonly dataset: Iterable<string | TensorLike> | AsyncIterable<string | TensorLike> | null;
  /** Makes token ids of texts. */
  readonly tokenizer?: CalibrationTokenizer | null;
  /** How many sequences are cut from the tokens, or how many inputs are looked at. Default 128. */
  readonly numSamples?: number;
  /** Tokens of a sequence. Default 512. */
  readonly sequenceLength?: number;
  /** How many inputs of a kernel share a scale; -1: all. Default 128. */
  readonly groupSize?: number;
  /** Default: what the model's `getQuantizationLayerStructure` says. */
  readonly quantizationLayerStructure?: QuantizationLayerStructure | null;
}

/** The options that all have, with their defaults. */
const shared = { numSamples: 128, sequenceLength: 512, groupSize: 128 } as const;

/** What quantizations share that look at data before they choose numbers. Data and tokenizer are in no configuration. */
export abstract class CalibratedQuantizationConfig extends QuantizationConfig {
  readonly dataset: CalibratedConfigOptions["dataset"];
  readonly tokenizer: CalibrationTokenizer | null;
  readonly numSamples: number;
  readonly sequenceLength: number;
  readonly groupSize: number;
  readonly quantizationLayerStructure: QuantizationLayerStructure | null;

  constructor(options: CalibratedConfigOptions) {
    super(null, null);
    const where = (this.constructor as typeof CalibratedQuantizationConfig).className;
    this.dataset = options.dataset;
    this.tokenizer = options.tokenizer ?? null;
    this.quantizationLayerStructure = options.quantizationLayerStructure ?? null;
    this.numSamples = checkedCount(where, "numSamples", options.numSamples ?? shared.numSamples);
    this.sequenceLength = checkedCount(where, "sequenceLength", options.sequenceLength ?? shared.sequenceLength);
    this.groupSize = options.groupSize ?? shared.groupSize;
    if (this.groupSize !== -1) checkedCount(where, "groupSize", this.groupSize);
  }

  abstract override get mode(): CalibratedMode;

  /** Bits of a stored number. */
  abstract get weightBits(): number;

  override get policyName(): string {
    return `${this.mode}/${this.weightBits}/${this.groupSize}`;
  }

  /** Keras's configuration: without data and layers, which are needed once. */
  protected sharedConfig(): Config {
    return { dataset: null, tokenizer: null, weight_bits: this.weightBits, num_samples: this.numSamples };
  }
}

/** A positive whole number. Throws ValueError. */
export function checkedCount(where: string, name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new ValueError({
    where,
    problem: `${name} is a number of things`,
    expected: name === "groupSize" ? "1, 2, ..., or -1 for all inputs of an output" : "1, 2, ...",
    received: String(value),
  });
}

/** What a calibration knows of the inputs of a kernel. */
export interface InputStatistics {
  /** Counts inputs `[samples, inputs]`. */
  add(inputs: Tensor): void;
  /** The statistics, computed. */
  settle(): Promise<Tensor>;
}
