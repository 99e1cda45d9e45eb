/** Policies by paths of layers. */
import { UnknownNameError, ValueError } from "../errors.ts";
import type { QuantizationMode } from "../quantizers/index.ts";
import type { Config, SerializedObject } from "../serialization/index.ts";
import { DTypePolicy, type DTypeOption, policyOf } from "./dtype-policy.ts";

/** Options of DTypePolicyMap. */
export interface DTypePolicyMapOptions {
  /** The policy where no path fits. Default: that of `setDtypePolicy`. */
  readonly defaultPolicy?: DTypeOption | null;
  /** Policies by path, or by a regular expression that the whole path fits. */
  readonly policyMap?: Readonly<Record<string, DTypeOption>>;
}

/**
 * The whole of a path, as a pattern. Patterns come from files too, so that those which could take for ever are refused:
 * repetitions of groups, and more than three repetitions.
 */
function matcherOf(pattern: string): RegExp {
  const wrong = (problem: string): ValueError =>
    new ValueError({ where: "DTypePolicyMap", problem, expected: 'for example "encoder/.*"', received: JSON.stringify(pattern) });
  const bare = pattern.replace(/\\./g, "x").replace(/\[[^\]]*\]/g, "x");
  if (/\)[*+{]/.test(bare) || (bare.match(/[*+{]/g) ?? []).length > 3) throw wrong("matching this pattern could take too long");
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch {
    throw wrong("this is no regular expression");
  }
}

/**
 * A policy that is another one for each layer, by the path it is built at: the policy of exactly that path, else of the
 * one regular expression that fits all of it, else `defaultPolicy`.
 *
 * @example
 * const policies = new dtypePolicies.DTypePolicyMap({ policyMap: { "encoder/.*": "mixed_bfloat16" } });
 * layers.Dense({ units: 64, dtype: policies });
 */
export class DTypePolicyMap extends DTypePolicy {
  static readonly className: string = "DTypePolicyMap";
  readonly defaultPolicy: DTypePolicy;
  readonly #given: DTypeOption | null;
  readonly #policies = new Map<string, DTypePolicy>();

  /** Throws ValueError where the default is a map itself. */
  constructor(options: DTypePolicyMapOptions = {}) {
    const { defaultPolicy = null, policyMap = {} } = options;
    const policy = policyOf("DTypePolicyMap", defaultPolicy);
    super(policy.sourceName);
    if (policy instanceof DTypePolicyMap)
      throw new ValueError({
        where: "DTypePolicyMap",
        problem: "the default policy is a map itself",
        expected: "a policy",
        received: policy.name,
      });
    this.defaultPolicy = policy;
    this.#given = defaultPolicy;
    for (const [path, entry] of Object.entries(policyMap)) this.set(path, entry);
  }

  override get name(): string {
    return `map_${this.defaultPolicy.name}`;
  }

  override get quantizationMode(): QuantizationMode | null {
    return this.defaultPolicy.quantizationMode;
  }

  /** Number of entries. */
  get size(): number {
    return this.#policies.size;
  }

  /** The policy of a path. Throws ValueError where several regular expressions fit. */
  get(path: string): DTypePolicy {
    const exact = this.#policies.get(path);
    if (exact !== undefined) return exact;
    const fitting = [...this.#policies.keys()].filter((pattern) => matcherOf(pattern).test(path));
    if (fitting.length > 1)
      throw new ValueError({
        where: "DTypePolicyMap",
        problem: `several policies fit the path "${path}"`,
        expected: "one",
        received: fitting.join(", "),
      });
    return fitting.length === 0 ? this.defaultPolicy : this.#policies.get(fitting[0]!)!;
  }

  /** Adds a policy. Throws ValueError where the path has one. */
  set(path: string, policy: DTypeOption): this {
    if (this.#policies.has(path))
      throw new ValueError({ where: "DTypePolicyMap", problem: "the path has a policy", expected: "a new path", received: path });
    matcherOf(path);
    this.#policies.set(path, policyOf("DTypePolicyMap", policy));
    return this;
  }

  /** Whether exactly this path has a policy. */
  has(path: string): boolean {
    return this.#policies.has(path);
  }

  /** Takes a policy out. Throws UnknownNameError where there is none. */
  delete(path: string): void {
    if (this.#policies.delete(path)) return;
    throw new UnknownNameError({
      where: "DTypePolicyMap.delete",
      problem: "no policy has this path",
      expected: [...this.#policies.keys()].join(", "),
      received: path,
    });
  }

  /** Paths and their policies, in the order in which they were added. */
  [Symbol.iterator](): IterableIterator<[string, DTypePolicy]> {
    return this.#policies.entries();
  }

  override forPath(path: string | null): DTypePolicy {
    return path === null ? this.defaultPolicy : this.get(path);
  }

  override get isMap(): boolean {
    return true;
  }

  override with(path: string, policy: DTypePolicy): DTypePolicy {
    this.#policies.set(path, policy);
    return this;
  }

  /** Keras's configuration. Names that follow the default policy are null where the default is left open. */
  override getConfig(): Config {
    const open = this.#given === null;
    const json = (policy: DTypePolicy): SerializedObject => {
      const written = policy.toJSON();
      const config = written.config as Config;
      if (!open) return written;
      return { ...written, config: { ...config, ["source_name" in config ? "source_name" : "name"]: null } };
    };
    const given = this.#given;
    return {
      default_policy: given instanceof DTypePolicy ? given.toJSON() : given,
      policy_map: Object.fromEntries([...this.#policies].map(([path, policy]) => [path, json(policy)])),
    };
  }

  override toJSON(): SerializedObject {
    return { module: "keras.dtype_policies", class_name: "DTypePolicyMap", config: this.getConfig(), registered_name: null };
  }
}
