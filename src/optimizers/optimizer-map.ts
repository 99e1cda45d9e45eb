/** Which optimizer changes which variables, by their paths. */
import { ValueError } from "../errors.ts";
import type { Variable } from "../graph/index.ts";
import { callableClass, type CallableClass, type Config, isSerialized, type SerializedObject } from "../serialization/index.ts";
import { Optimizer } from "./optimizer.ts";
import { optimizerRegistry } from "./optimizer-registry.ts";

/** Options of OptimizerMap. */
export interface OptimizerMapOptions {
  /** Optimizers by path of a variable, or by regular expression that matches whole paths. */
  readonly optimizerMap?: Readonly<Record<string, Optimizer | SerializedObject>> | null;
}

interface DefaultOptimizer {
  readonly defaultOptimizer: Optimizer | SerializedObject;
}

/**
 * Optimizers by path of a variable. A key is the path itself (`"encoder/dense/kernel"`), or a regular expression of whole
 * paths (`"encoder/.*"`); a variable that no key matches goes to the default optimizer.
 *
 * @example
 * const map = optimizers.OptimizerMap(optimizers.SGD(), { optimizerMap: { "encoder/.*": optimizers.Adam() } });
 */
export class OptimizerMapClass {
  static readonly className: string = "OptimizerMap";
  readonly defaultOptimizer: Optimizer;
  readonly #optimizers = new Map<string, Optimizer>();

  /** `OptimizerMap(defaultOptimizer, { optimizerMap })`, or all in one object. Throws ValueError for what is no optimizer. */
  constructor(defaultOptimizer: Optimizer | (OptimizerMapOptions & DefaultOptimizer), more: OptimizerMapOptions = {}) {
    const options = defaultOptimizer instanceof Optimizer ? { ...more, defaultOptimizer } : defaultOptimizer;
    this.defaultOptimizer = optimizerOf("defaultOptimizer", options.defaultOptimizer);
    for (const [path, optimizer] of Object.entries(options.optimizerMap ?? {})) this.set(path, optimizerOf(path, optimizer));
  }

  /** Number of keys. */
  get size(): number {
    return this.#optimizers.size;
  }

  /** Keys, in the order in which they were set. */
  keys(): IterableIterator<string> {
    return this.#optimizers.keys();
  }

  /** Optimizers, in the order of the keys. */
  values(): IterableIterator<Optimizer> {
    return this.#optimizers.values();
  }

  /** Sets the optimizer of a path or regular expression. Throws ValueError for a key that is set, or no regular expression. */
  set(key: string, optimizer: Optimizer): this {
    if (typeof key !== "string" || key === "" || this.#optimizers.has(key)) {
      throw new ValueError({
        where: "optimizers.OptimizerMap",
        problem: this.#optimizers.has(key) ? "the key is set already" : "this is no key",
        expected: "a path of variables, or a regular expression of whole paths, set once",
        received: JSON.stringify(key) ?? typeof key,
      });
    }
    try {
      wholly(key);
    } catch (error) {
      throw new ValueError({
        where: "optimizers.OptimizerMap",
        problem: `this is no regular expression: ${(error as Error).message}`,
        received: JSON.stringify(key),
      });
    }
    this.#optimizers.set(key, optimizerOf(key, optimizer));
    return this;
  }

  /** Takes a key out; whether it was there. */
  delete(key: string): boolean {
    return this.#optimizers.delete(key);
  }

  /** The optimizer of a path: of the key that equals it, else of the one that matches it. Throws ValueError where several match. */
  get(path: string): Optimizer {
    const exact = this.#optimizers.get(path);
    if (exact !== undefined) return exact;
    const matching = [...this.#optimizers.keys()].filter((key) => wholly(key).test(path));
    if (matching.length > 1) {
      throw new ValueError({
        where: "optimizers.OptimizerMap",
        problem: `several keys match the variable ${path}`,
        expected: "at most one",
        received: matching.map((key) => JSON.stringify(key)).join(", "),
      });
    }
    return matching.length === 1 ? this.#optimizers.get(matching[0]!)! : this.defaultOptimizer;
  }

  /** The optimizer of a variable. */
  of(variable: Variable): Optimizer {
    return this.get(variable.path);
  }

  /** Keras's configuration. */
  getConfig(): Config {
    return {
      default_optimizer: optimizerRegistry.serialize(this.defaultOptimizer),
      optimizer_map: Object.fromEntries([...this.#optimizers].map(([key, optimizer]) => [key, optimizerRegistry.serialize(optimizer)])),
    };
  }

  /** Keras's JSON. */
  toJSON(): SerializedObject {
    return { module: "keras.optimizers", class_name: "OptimizerMap", config: this.getConfig(), registered_name: null };
  }

  /** The map that Keras's configuration describes. */
  static fromConfig(config: Config): OptimizerMapClass {
    const { default_optimizer: defaultOptimizer, optimizer_map: optimizerMap } = config;
    return new OptimizerMapClass({
      defaultOptimizer: defaultOptimizer as SerializedObject,
      optimizerMap: optimizerMap as Record<string, SerializedObject>,
    });
  }
}

/** The regular expression of whole paths that a key stands for. */
function wholly(key: string): RegExp {
  return new RegExp(`^(?:${key})$`);
}

function optimizerOf(what: string, value: unknown): Optimizer {
  if (value instanceof Optimizer) return value;
  if (isSerialized(value)) return optimizerRegistry.deserialize(value);
  throw new ValueError({
    where: "optimizers.OptimizerMap",
    problem: `${what}: this is no optimizer`,
    expected: "for example optimizers.Adam()",
    received: value === null ? "null" : typeof value,
  });
}

/** Which optimizer changes which variables; see {@link OptimizerMapClass}. */
export const OptimizerMap: CallableClass<typeof OptimizerMapClass> = /* @__PURE__ */ callableClass(OptimizerMapClass);
export type OptimizerMap = OptimizerMapClass;
