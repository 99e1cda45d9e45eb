/** At which precision a layer keeps its weights and passes its values on. */
import { floatx } from "../config/index.ts";
import { type DType, dtypes, isShortFloat } from "../dtype/index.ts";
import { nearestNames, UnknownNameError } from "../errors.ts";
import { isPlainObject, readingAs, Tensor, type Variable } from "../graph/index.ts";
import { roundToFormat, type ShortFormat } from "../ops/numpy/round-to-format.ts";
import { type Config, insteadOf, type SerializedObject } from "../serialization/index.ts";
import { isQuantizedPolicy, quantizationParts } from "./quantized/parts.ts";
import type { QuantizationMode } from "../quantizers/index.ts";
import { attachMask, maskOf } from "./masks.ts";
import { mapStructure } from "./structure.ts";

/** Names of policies: a dtype, or float32 weights with values in 16 bits. */
export type DTypePolicyName = DType | "mixed_bfloat16" | "mixed_float16";

/** Names of policies whose layers keep quantized weights: `int8_from_float32`, `int4/128_from_float32`, ... */
export type QuantizedPolicyName = `${"int8" | "int4" | "float8"}${string}_from_${string}`;

/** What a layer's `dtype` can be. */
export type DTypeOption = DTypePolicyName | QuantizedPolicyName | DTypePolicy;

const mixed: Readonly<Record<string, ShortFormat>> = { mixed_bfloat16: "bfloat16", mixed_float16: "float16" };

/**
 * The precision of a layer. "float32" and the other dtypes: weights and values in it. "mixed_bfloat16" and
 * "mixed_float16": weights are kept in float32, and what the layer is given (inputs, its trainable weights) and what it
 * gives is rounded to 16 bits, gradients on their way back too. In between, arithmetic is float32's: what a machine with
 * 16-bit storage and float32 arithmetic computes. Micikevicius et al. 2018, arXiv:1710.03740.
 *
 * @example
 * const policy = new DTypePolicy("mixed_bfloat16");
 * layers.Dense({ units: 64, dtype: policy });
 */
export class DTypePolicy {
  /** The name of the dtypes: for a quantized policy, that of the policy it was made from. */
  readonly sourceName: DTypePolicyName;

  /** Throws UnknownNameError for a name that does not exist here. */
  constructor(name: DTypePolicyName) {
    this.sourceName = checkedName("DTypePolicy", name);
  }

  /** Keras's name of the policy. */
  get name(): string {
    return this.sourceName;
  }

  /** How weights are quantized; null: they are not. */
  get quantizationMode(): QuantizationMode | null {
    return null;
  }

  /** Format of values; the dtype itself unless it is mixed. */
  get computeDtype(): DType | ShortFormat {
    return mixed[this.sourceName] ?? (this.sourceName as DType);
  }

  /** Dtype of weights. */
  get variableDtype(): DType {
    return this.shortFormat === null ? (this.sourceName as DType) : "float32";
  }

  /** The short format that values are rounded to; null: none. */
  get shortFormat(): ShortFormat | null {
    return mixed[this.sourceName] ?? null;
  }

  /** The policy of the layer at a path (null: not built yet); the policy itself unless it is a map of policies. */
  forPath(_path: string | null): DTypePolicy {
    return this;
  }

  /** Whether it has policies of its own for paths. */
  get isMap(): boolean {
    return false;
  }

  /** What stands in the place of this policy when the layer at a path gets another one. */
  with(_path: string, policy: DTypePolicy): DTypePolicy {
    return policy;
  }

  /** Keras's configuration. */
  getConfig(): Config {
    return { name: this.name };
  }

  /** Keras's JSON. */
  toJSON(): SerializedObject {
    return { module: "keras", class_name: "DTypePolicy", config: this.getConfig(), registered_name: null };
  }
}

function checkedName(where: string, name: unknown): DTypePolicyName {
  if (name === "int64") return "int32";
  if (typeof name === "string" && ((Object.hasOwn(dtypes, name) && !isShortFloat(name)) || Object.hasOwn(mixed, name)))
    return name as DTypePolicyName;
  const known = [...Object.keys(dtypes).filter((dtype) => !isShortFloat(dtype)), ...Object.keys(mixed)];
  const short = typeof name === "string" && ["float16", "bfloat16", "half"].includes(name);
  const near = typeof name === "string" ? nearestNames(name, known) : [];
  throw new UnknownNameError({
    where,
    problem: short ? "weights are not kept in 16 bits" : "this dtype does not exist",
    expected: known.join(", "),
    received: JSON.stringify(name) ?? String(name),
    ...(short
      ? { advice: `"mixed_${name === "half" ? "float16" : name}" keeps float32 weights` }
      : near.length > 0
        ? { advice: `perhaps "${near[0]!}"` }
        : {}),
  });
}

let defaultPolicy: DTypePolicy | null = null;

/** The policy of layers that are made without `dtype`. */
export function dtypePolicy(): DTypePolicy {
  return defaultPolicy ?? new DTypePolicy(floatx());
}

/** Sets the policy of layers that are made from now on without `dtype`. */
export function setDtypePolicy(policy: DTypeOption): void {
  defaultPolicy = policyOf("setDtypePolicy", policy);
}

/** The policy that an option or Keras's JSON names: a name, a policy, a `DTypePolicy` object; null: the default one. */
export function policyOf(where: string, option: unknown): DTypePolicy {
  if (option === null || option === undefined) return dtypePolicy();
  if (option instanceof DTypePolicy) return option;
  if (isQuantizedPolicy(option)) return quantizationParts(where).policyOf(where, option);
  const instead = isPlainObject(option) && typeof option.class_name === "string" ? insteadOf(option.class_name) : undefined;
  if (instead !== undefined) {
    throw new UnknownNameError({
      where,
      problem: "this policy of Keras does not exist here",
      expected: [...Object.keys(dtypes), ...Object.keys(mixed)].join(", "),
      received: JSON.stringify(option),
      advice: instead,
    });
  }
  const name: unknown = isPlainObject(option) && isPlainObject(option.config) ? option.config.name : option;
  // A map of policies without a default writes null for the default policy's name.
  return name === null ? dtypePolicy() : new DTypePolicy(checkedName(where, name));
}

const roundedTo = new WeakMap<Tensor, ShortFormat>();

/** A tensor rounded to a short format, with its mask; itself where it holds no float32 values or was made so. */
function inFormat(x: Tensor, format: ShortFormat): Tensor {
  if (x.dtype !== "float32" || roundedTo.get(x) === format) return x;
  const short = roundToFormat(x, format);
  roundedTo.set(short, format);
  const mask = maskOf(x);
  if (mask !== null) attachMask(short, mask);
  return short;
}

/** A computation whose inputs, weights and outputs are values of a short format. */
export function computedInFormat(
  format: ShortFormat,
  weights: readonly Variable[],
  inputs: readonly unknown[],
  compute: (inputs: readonly unknown[]) => unknown,
): unknown {
  const short = (structure: unknown): unknown =>
    mapStructure(structure, (leaf) => (leaf instanceof Tensor ? inFormat(leaf, format) : leaf));
  const run = weights
    .filter(({ dtype }) => dtype === "float32")
    .reduce<() => unknown>(
      (inner, weight) => () => readingAs(weight, inFormat(weight.read(), format), inner),
      () => compute(inputs.map(short)),
    );
  return short(run());
}
