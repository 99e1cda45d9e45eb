/** Several optimizers, each for some of the variables. */
import { StateError, ValueError } from "../errors.ts";
import { type Shape, type Tensor, type Variable, withScope } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";

import { add, divide, where } from "../ops/numpy/arithmetic.ts";
import { callableClass, type CallableClass, type Config, isSerialized } from "../serialization/index.ts";
import { LossScaleOptimizerClass } from "./loss-scale-optimizer.ts";
import { Optimizer } from "./optimizer.ts";
import { OptimizerMapClass } from "./optimizer-map.ts";

/** Chooses the optimizer of a variable. */
export type OptimizerSelector = (variable: Variable) => Optimizer;

/** Options of MultiOptimizer. */
export interface MultiOptimizerOptions {
  /** An OptimizerMap, or a function from variables to optimizers. */
  readonly optimizerMap: OptimizerMapClass | OptimizerSelector | object;
  /** Factor of the loss that gradients are divided by; the optimizers must have none of their own. */
  readonly lossScaleFactor?: number | null;
  readonly name?: string | null;
}

/**
 * Hands every variable to one of several optimizers, which an OptimizerMap or a function chooses by the variable. All of
 * it is one program. Learning rates are those of `optimizers`; this one has none.
 *
 * @example
 * const optimizer = optimizers.MultiOptimizer(
 *   optimizers.OptimizerMap(optimizers.SGD(), { optimizerMap: { "encoder/.*": optimizers.Adam() } }),
 * );
 */
export class MultiOptimizerClass extends Optimizer {
  static override readonly className: string = "MultiOptimizer";
  readonly optimizerMap: OptimizerMapClass | OptimizerSelector;
  #inner: Optimizer[] = [];
  readonly #chosen = new Map<Variable, Optimizer>();

  constructor(options: MultiOptimizerOptions | OptimizerMapClass | OptimizerSelector) {
    const bare = options instanceof OptimizerMapClass || typeof options === "function";
    const { optimizerMap, ...rest } = bare ? { optimizerMap: options } : options;
    super("multi_optimizer", 0, rest);
    const map: unknown = isSerialized(optimizerMap) ? OptimizerMapClass.fromConfig(optimizerMap.config as Config) : optimizerMap;
    if (!(map instanceof OptimizerMapClass) && typeof map !== "function") {
      throw new ValueError({
        where: "optimizers.MultiOptimizer",
        problem: "nothing says which variable goes to which optimizer",
        expected: "an OptimizerMap, or a function from variables to optimizers",
        received: map === null ? "null" : typeof map,
      });
    }
    this.optimizerMap = map as OptimizerMapClass | OptimizerSelector;
    if (map instanceof OptimizerMapClass) for (const optimizer of [...map.values(), map.defaultOptimizer]) this.#adopt(optimizer, "");
  }

  /** The optimizers, in the order of the map, the default one last. */
  get optimizers(): readonly Optimizer[] {
    return this.#inner;
  }

  #adopt(optimizer: unknown, path: string): void {
    const where = path === "" ? "optimizers.MultiOptimizer" : `optimizers.MultiOptimizer, variable ${path}`;
    if (!(optimizer instanceof Optimizer) || optimizer instanceof MultiOptimizerClass || optimizer instanceof LossScaleOptimizerClass) {
      throw new ValueError({
        where,
        problem: "this cannot be one of several optimizers",
        expected: "an optimizer that is no MultiOptimizer and no LossScaleOptimizer",
        received: optimizer instanceof Optimizer ? optimizer.name : typeof optimizer,
        advice: "put the MultiOptimizer into a LossScaleOptimizer, not the other way round",
      });
    }
    if (optimizer.lossScaleFactor !== null && optimizer.lossScaleFactor !== this.lossScaleFactor) {
      throw new ValueError({
        where,
        problem: "lossScaleFactor is one for all optimizers",
        expected: `lossScaleFactor of the MultiOptimizer, ${this.lossScaleFactor}`,
        received: `${optimizer.lossScaleFactor} at ${optimizer.name}`,
      });
    }
    if (!this.#inner.includes(optimizer)) this.#inner.push(optimizer);
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    const choose = this.optimizerMap instanceof OptimizerMapClass ? this.optimizerMap.of.bind(this.optimizerMap) : this.optimizerMap;
    for (const variable of variables) {
      const optimizer = choose(variable);
      this.#adopt(optimizer, variable.path);
      this.#chosen.set(variable, optimizer);
    }
    for (const optimizer of this.#inner) {
      const own = variables.filter((variable) => this.#chosen.get(variable) === optimizer);
      if (own.length > 0) optimizer.build(own);
    }
    super.build(variables);
  }

  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.#inner.flatMap((optimizer) => optimizer.variables)];
  }

  override orderAs(shapes: readonly Shape[]): void {
    let at = super.variables.length;
    for (const optimizer of this.#inner) optimizer.orderAs(shapes.slice(at, (at += optimizer.variables.length)));
  }

  #noRate(): never {
    throw new StateError({
      where: "optimizers.MultiOptimizer",
      problem: "there is no one learning rate",
      advice: "read and set those of its `optimizers`",
    });
  }
  override get learningRate(): never {
    return this.#noRate();
  }
  override set learningRate(_rate: never) {
    this.#noRate();
  }

  override currentLearningRate(): Tensor {
    return this.#noRate();
  }

  override apply(gradients: readonly (TensorLike | null)[], variables?: readonly Variable[]): void {
    withScope(`optimizer "${this.name}"`, () => this.#dispatch(gradients as readonly (Tensor | null)[], variables, null));
  }

  override applyWhere(condition: Tensor, gradients: readonly (TensorLike | null)[], variables?: readonly Variable[]): void {
    withScope(`optimizer "${this.name}"`, () => this.#dispatch(gradients as readonly (Tensor | null)[], variables, condition));
  }

  #dispatch(gradients: readonly (Tensor | null)[], given: readonly Variable[] | undefined, condition: Tensor | null): void {
    if (!this.built) {
      if (given === undefined)
        throw new StateError({
          where: `optimizer "${this.name}"`,
          problem: "does not know its variables yet",
          advice: "pass them to apply, or call build",
        });
      this.build(given);
    }
    const variables = given ?? [...this.#chosen.keys()];
    if (gradients.length !== variables.length) {
      throw new ValueError({
        where: `optimizer "${this.name}"`,
        problem: "there must be one gradient per variable",
        expected: String(variables.length),
        received: String(gradients.length),
      });
    }
    for (const optimizer of this.#inner) {
      const own = variables.flatMap((variable, i) => {
        // An unknown variable is refused as every optimizer does it.
        this.positionOf(variable);
        return this.#chosen.get(variable) === optimizer ? [i] : [];
      });
      if (own.length === 0) continue;
      const factor = optimizer.lossScaleFactor === null ? this.lossScaleFactor : null;
      const parts = own.map((i) => (gradients[i] === null || factor === null ? gradients[i]! : divide(gradients[i]!, factor)));
      const targets = own.map((i) => variables[i]!);
      if (condition === null) optimizer.apply(parts, targets);
      else optimizer.applyWhere(condition, parts, targets);
    }
    const calls = this.iterations.read();
    const next = add(calls, 1);
    this.iterations.assign(condition === null ? next : where(condition, next, calls));
  }

  protected override updateStep(): void {
    // The inner optimizers make the steps.
  }

  override averageOf(variable: Variable): Variable | null {
    return this.#chosen.get(variable)?.averageOf(variable) ?? null;
  }

  override finalizeVariableValues(variables: readonly Variable[] = [...this.#chosen.keys()]): void {
    for (const optimizer of this.#inner) {
      const own = variables.filter((variable) => this.#chosen.get(variable) === optimizer);
      if (own.length > 0) optimizer.finalizeVariableValues(own);
    }
  }

  protected override options(): Record<string, unknown> {
    return {};
  }

  /** Keras's configuration. Throws ValueError where a function chooses the optimizers. */
  override getConfig(): Config {
    if (!(this.optimizerMap instanceof OptimizerMapClass))
      throw new ValueError({
        where: "optimizers.MultiOptimizer",
        problem: "a function that chooses optimizers cannot be written",
        expected: "an OptimizerMap",
        received: "a function",
      });
    return { optimizer_map: this.optimizerMap.toJSON(), loss_scale_factor: this.lossScaleFactor, name: this.name };
  }
}

/** Several optimizers, each for some of the variables; see {@link MultiOptimizerClass}. */
export const MultiOptimizer: CallableClass<typeof MultiOptimizerClass> = /* @__PURE__ */ callableClass(MultiOptimizerClass);
export type MultiOptimizer = MultiOptimizerClass;
