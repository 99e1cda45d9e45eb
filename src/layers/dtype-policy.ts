/** At which precision a layer keeps its weights and passes its values on. */
import { floatx } from "../config/index.ts";
import { type DType, dtypes, isShortFloat, type ShortFloat, widened } from "../dtype/index.ts";
import { nearestNames, UnknownNameError } from "../errors.ts";
import { isPlainObject, readingAs, Tensor, type Variable } from "../graph/index.ts";
import { castTo } from "../ops/promote.ts";
import { type Config, insteadOf, type SerializedObject } from "../serialization/index.ts";
import { isQuantizedPolicy, quantizationParts } from "./quantized/parts.ts";
import type { QuantizationMode } from "../quantizers/index.ts";
import { attachMask, maskOf } from "./masks.ts";
import { mapStructure } from "./structure.ts";

/** Names of policies: a dtype, or float32 weights with values in two bytes. */
export type DTypePolicyName = DType | "mixed_bfloat16" | "mixed_float16";

/** Names of policies whose layers keep quantized weights: `int8_from_float32`, `int4/128_from_float32`, ... */
export type QuantizedPolicyName = `${"int8" | "int4" | "float8" | "gptq" | "awq"}${string}_from_${string}`;

/** What a layer's `dtype` can be. */
export type DTypeOption = DTypePolicyName | QuantizedPolicyName | DTypePolicy;

const mixed: Readonly<Record<string, ShortFloat>> = { mixed_bfloat16: "bfloat16", mixed_float16: "float16" };

/**
 * The precision of a layer: weights and values in a dtype, or with "mixed_bfloat16" and "mixed_float16" weights in float32
 * and values in two bytes. What such a layer is given (inputs, its weights) is rounded to the format, what it gives is a
 * tensor of the format, and gradients on their way back are rounded too. Every operation rounds its result, as Keras does,
 * so that what is kept for gradients takes two bytes; within an operation (a sum of products, a softmax, a variance)
 * arithmetic is float32's. Batch and layer normalization compute in float32 between their input and their output, with
 * weights that are not rounded. Micikevicius et al. 2018, arXiv:1710.03740.
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

  /** Dtype of values; the dtype itself unless it is mixed. */
  get computeDtype(): DType {
    return mixed[this.sourceName] ?? (this.sourceName as DType);
  }

  /** Dtype of weights. */
  get variableDtype(): DType {
    return mixed[this.sourceName] === undefined ? (this.sourceName as DType) : "float32";
  }

  /** The format of two bytes that values are stored in; null: none. */
  get shortFormat(): ShortFloat | null {
    const { computeDtype } = this;
    return isShortFloat(computeDtype) ? computeDtype : null;
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
  if (typeof name === "string" && (Object.hasOwn(dtypes, name) || Object.hasOwn(mixed, name))) return name as DTypePolicyName;
  const known = [...Object.keys(dtypes), ...Object.keys(mixed)];
  const near = typeof name === "string" ? nearestNames(name, known) : [];
  throw new UnknownNameError({
    where,
    problem: "this dtype does not exist",
    expected: known.join(", "),
    received: JSON.stringify(name) ?? String(name),
    ...(name === "half"
      ? { advice: 'write "float16", or "mixed_float16", which keeps float32 weights' }
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

/** Sets the policy of layers that are made from now on without `dtype`; null: that of `config.floatx()`. */
export function setDtypePolicy(policy: DTypeOption | null): void {
  defaultPolicy = policy === null ? null : policyOf("setDtypePolicy", policy);
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

/** A tensor of one float dtype as another, with its mask; other tensors as they are. */
function withDType(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype || widened(x.dtype) !== "float32") return x;
  const converted = castTo(x, dtype);
  const mask = maskOf(x);
  if (mask !== null) attachMask(converted, mask);
  return converted;
}

/** Whether a layer's own computation runs in float32, so that layers inside it give it float32. */
let isWide = false;

/**
 * A computation whose inputs and weights are values of a short format. `inFormat`: it computes in the format itself, so
 * that what it keeps for gradients takes two bytes too, and its outputs are what it makes of them (as in Keras, a layer may
 * give another dtype); otherwise in float32, with `weights` as they are, and only what goes in and comes out is rounded.
 */
export function computedInFormat(
  format: ShortFloat,
  weights: readonly Variable[],
  inputs: readonly unknown[],
  compute: (inputs: readonly unknown[]) => unknown,
  inFormat: boolean,
): unknown {
  const stored = (structure: unknown): unknown =>
    mapStructure(structure, (leaf) => (leaf instanceof Tensor ? withDType(leaf, format) : leaf));
  const wide = (structure: unknown): unknown =>
    mapStructure(structure, (leaf) => (leaf instanceof Tensor && leaf.dtype === format ? withDType(leaf, "float32") : leaf));
  const outside = isWide;
  const run = weights.reduce<() => unknown>(
    (inner, weight) => () => readingAs(weight, (inFormat ? stored : wide)(weight.read()) as Tensor, inner),
    () => compute(inputs.map((input) => (inFormat ? stored(input) : wide(stored(input))))),
  );
  isWide = !inFormat;
  try {
    const outputs = run();
    return inFormat ? (outside ? wide(outputs) : outputs) : outside ? outputs : stored(outputs);
  } finally {
    isWide = outside;
  }
}
