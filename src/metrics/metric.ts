/** What metrics share: named state that accumulates over batches. */
import { floatx } from "../config/index.ts";
import { hostArray } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { type ConcreteShape, dataTensor, type Tensor, Variable } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { statelessCalls } from "../ops/stateless-calls.ts";
import { zeros } from "../ops/numpy/create.ts";
import { checkOptions, type Config, fromConfig, snakeCaseKeys } from "../serialization/index.ts";

/** Options that every metric takes. */
export interface MetricOptions {
  name?: string | null;
  /** Written into configurations, `config.floatx()` by default; metrics accumulate in float32, or counts would stop at 2,048. */
  dtype?: string | object | null;
}

/** Options of a state variable of a metric. */
export interface MetricVariableOptions {
  readonly shape: ConcreteShape;
  readonly name: string;
  /** Only "zeros". */
  readonly initializer?: "zeros";
}

/** Options of an update. */
export interface UpdateOptions {
  /** Weight of each sample (or element: it may have as many axes as the values). */
  sampleWeight?: TensorLike | null;
  /** False where a value does not count. */
  mask?: TensorLike | null;
}

/**
 * A metric: `updateState(...)` adds a batch, `result()` is a tensor, `resetState()` begins again. Nothing runs; within a
 * traced step everything is part of its program. A class of one's own implements these and makes its state by `addVariable`.
 */
export abstract class Metric {
  /** Keras's name of the class. */
  static readonly className: string = "";
  static readonly fromConfig: typeof fromConfig = fromConfig;

  /** Key in logs and histories. */
  name: string;
  readonly #dtype: string | object;
  readonly #variables: Variable[] = [];

  /** `known`: names of the options that the subclass takes itself. */
  constructor(defaultName: string, options: MetricOptions = {}, known: readonly string[] = []) {
    checkOptions(`metrics.${defaultName}`, options, ["name", "dtype", ...known]);
    this.name = options.name ?? defaultName;
    this.#dtype = options.dtype ?? floatx();
  }

  /** A new state variable, zero. Throws UnknownNameError for other options than these. */
  addVariable(options: MetricVariableOptions): Variable {
    checkOptions(`metric "${this.name}".addVariable`, options, ["shape", "name", "initializer"]);
    if (options.initializer !== undefined && options.initializer !== "zeros") {
      throw new ValueError({
        where: `metric "${this.name}".addVariable`,
        problem: "the state of a metric begins at zero, as `resetState` leaves it",
        expected: 'initializer: "zeros", or none',
        received: JSON.stringify(options.initializer),
      });
    }
    const variable = new Variable(() => zeros(options.shape, "float32"), {
      name: options.name,
      path: `${this.name}/${options.name}`,
      shape: options.shape,
      dtype: "float32",
      trainable: false,
    });
    this.#variables.push(variable);
    return variable;
  }

  /** The same as `addVariable`. */
  addWeight(options: MetricVariableOptions): Variable {
    return this.addVariable(options);
  }

  /** All state. */
  get variables(): readonly Variable[] {
    return this.#variables;
  }

  /** Adds a batch. */
  // Only `any` lets a metric whose class is not known be given what it takes.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  abstract updateState(...args: any[]): void;

  /** The metric of everything since the last reset: a tensor, or tensors by name. */
  // Which of them decides the class.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  abstract result(): any;

  /** `updateState` without state: the variables' values after a batch. */
  statelessUpdateState(metricVariables: readonly TensorLike[], ...args: Parameters<this["updateState"]>): Tensor[] {
    return this.#stateless("statelessUpdateState", metricVariables, () => this.updateState(...args)).after[0]!;
  }

  /** `result` of given values of the variables. */
  statelessResult(metricVariables: readonly TensorLike[]): ReturnType<this["result"]> {
    return this.#stateless("statelessResult", metricVariables, () => this.result() as ReturnType<this["result"]>).result;
  }

  /** Values of the variables with which everything begins. */
  statelessResetState(): Tensor[] {
    const { variables } = this;
    return this.#stateless("statelessResetState", variables, () => this.resetState()).after[0]!;
  }

  #stateless<T>(method: string, values: readonly TensorLike[], f: () => T): { readonly result: T; readonly after: readonly Tensor[][] } {
    const where = `metric "${this.name}".${method}`;
    return statelessCalls.get(where)(where, [{ name: "metricVariables", variables: this.variables, values }], f);
  }

  /** Forgets everything. */
  resetState(): void {
    // Values that are there already are stored without running anything.
    for (const variable of this.#variables)
      variable.assign(dataTensor(hostArray(variable.dtype, variable.size), variable.shape, variable.dtype));
  }

  /** Options beyond the name, in camelCase. */
  protected options(): Record<string, unknown> {
    return {};
  }

  /** Keras's configuration. */
  getConfig(): Config {
    return snakeCaseKeys({ name: this.name, dtype: this.#dtype, ...this.options() });
  }

  toJSON(): Config {
    return this.getConfig();
  }
}
