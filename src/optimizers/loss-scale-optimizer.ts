/** Dynamic loss scaling around another optimizer. */
import { ValueError } from "../errors.ts";
import type { Shape, Variable } from "../graph/index.ts";
import { type Tensor, withScope } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { add, divide, equal, multiply, where } from "../ops/numpy/arithmetic.ts";
import { isfinite } from "../ops/numpy/elementwise.ts";
import { all } from "../ops/numpy/reduce.ts";
import { stack } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass, type Config, isSerialized, type SerializedObject } from "../serialization/index.ts";
import { type LearningRate, Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { optimizerRegistry } from "./optimizer-registry.ts";
import type { LearningRateSchedule } from "./schedules/index.ts";

/** Options of LossScaleOptimizer. */
export interface LossScaleOptions {
  /** The optimizer that makes the steps. */
  innerOptimizer: Optimizer | SerializedObject | string;
  /** Default 32768. */
  initialScale?: number;
  /** After how many finite steps the scale doubles. Default 2000. */
  dynamicGrowthSteps?: number;
  name?: string | null;
}

const inheritedDefaults: Readonly<Record<string, unknown>> = {
  weightDecay: null,
  clipnorm: null,
  globalClipnorm: null,
  clipvalue: null,
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: null,
  lossScaleFactor: null,
  gradientAccumulationSteps: null,
};

/**
 * Scales the loss, so that small gradients do not vanish in a short float format, and the gradients back. A step with a
 * gradient that is not finite changes nothing and halves the scale; `dynamicGrowthSteps` finite ones in a row double it.
 * Micikevicius et al. 2018, arXiv:1710.03740, section 3.2. Take gradients of `scaleLoss(loss)`.
 */
export class LossScaleOptimizerClass extends Optimizer {
  static override readonly className: string = "LossScaleOptimizer";
  readonly innerOptimizer: Optimizer;
  readonly initialScale: number;
  readonly dynamicGrowthSteps: number;
  #counter: Variable | null = null;
  #scale: Variable | null = null;

  constructor(options: LossScaleOptions | Optimizer) {
    const given: LossScaleOptions = options instanceof Optimizer ? { innerOptimizer: options } : options;
    const { innerOptimizer, initialScale, dynamicGrowthSteps, ...rest } = given;
    // Keras 3.4 writes the options of the base class, which mean nothing here.
    const base = rest as OptimizerOptions & Record<string, unknown>;
    for (const [key, fallback] of Object.entries(inheritedDefaults)) {
      if (base[key] === undefined || base[key] === fallback) continue;
      throw new ValueError({
        where: "optimizers.LossScaleOptimizer",
        problem: `${key} does nothing here`,
        received: JSON.stringify(base[key]),
        advice: "give it to the inner optimizer",
      });
    }
    super("loss_scale_optimizer", 0, { ...base });
    this.innerOptimizer = innerOptimizer instanceof Optimizer ? innerOptimizer : optimizerRegistry.get(innerOptimizer);
    if (!(this.innerOptimizer instanceof Optimizer) || this.innerOptimizer.lossScaleFactor !== null) {
      throw new ValueError({
        where: "optimizers.LossScaleOptimizer",
        problem: "the inner optimizer must be an optimizer without lossScaleFactor",
        expected: "for example optimizers.Adam()",
        received: isSerialized(innerOptimizer) ? innerOptimizer.class_name : typeof innerOptimizer,
      });
    }
    this.initialScale = initialScale ?? 2 ** 15;
    this.dynamicGrowthSteps = dynamicGrowthSteps ?? 2000;
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    this.#counter = this.addState("step_counter", [], "int32");
    this.#scale = this.addState("dynamic_scale", [], "float32", this.initialScale);
    this.innerOptimizer.build(variables);
    super.build(variables);
  }

  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.innerOptimizer.variables];
  }

  override orderAs(shapes: readonly Shape[]): void {
    this.innerOptimizer.orderAs(shapes.slice(super.variables.length));
  }

  override get iterations(): Variable {
    return this.innerOptimizer.iterations;
  }

  override get learningRate(): Variable | Tensor {
    return this.innerOptimizer.learningRate;
  }
  override set learningRate(rate: LearningRate) {
    this.innerOptimizer.learningRate = rate;
  }

  override get learningRateSchedule(): LearningRateSchedule | null {
    return this.innerOptimizer.learningRateSchedule;
  }

  /** What the loss is multiplied by at present. */
  get dynamicScale(): Tensor | number {
    return this.#scale === null ? this.initialScale : this.#scale.read();
  }

  override currentLearningRate(): Tensor {
    return this.innerOptimizer.currentLearningRate();
  }

  override get scalesLoss(): boolean {
    return true;
  }

  override scaleLoss(loss: Tensor): Tensor {
    return multiply(loss, this.dynamicScale);
  }

  override apply(gradients: readonly (TensorLike | null)[], variables?: readonly Variable[]): void {
    withScope(`optimizer "${this.name}"`, () => {
      if (!this.built && variables !== undefined) this.build(variables);
      const [counter, scale] = [this.#counter!, this.#scale!];
      const given = gradients as readonly (Tensor | null)[];
      // One array of all answers: a chain of conjunctions would be many kernels, one after another.
      const finite = all(stack(given.filter((gradient) => gradient !== null).map((gradient) => all(isfinite(gradient)))));
      const factor = scale.read();
      const unscaled = given.map((gradient, i) =>
        gradient === null || variables?.[i]?.overwrittenByGradient === true ? gradient : divide(gradient, factor),
      );
      this.innerOptimizer.applyWhere(finite, unscaled, variables);
      const count = counter.read();
      const grows = equal(count, this.dynamicGrowthSteps - 1);
      this.assign(counter, where(finite, where(grows, 0, add(count, 1)), 0));
      this.assign(scale, multiply(factor, where(finite, where(grows, 2, 1), 0.5)));
    });
  }

  protected override updateStep(): void {
    // The inner optimizer makes the steps.
  }

  override finalizeVariableValues(variables?: readonly Variable[]): void {
    this.innerOptimizer.finalizeVariableValues(variables);
  }

  protected override options(): Record<string, unknown> {
    const { innerOptimizer, initialScale, dynamicGrowthSteps } = this;
    return { innerOptimizer: optimizerRegistry.serialize(innerOptimizer), initialScale, dynamicGrowthSteps };
  }

  override getConfig(): Config {
    const { learning_rate: _none, ...config } = super.getConfig();
    return config;
  }
}
/** Dynamic loss scaling around another optimizer. */
export const LossScaleOptimizer: CallableClass<typeof LossScaleOptimizerClass> = /* @__PURE__ */ callableClass(LossScaleOptimizerClass);
export type LossScaleOptimizer = LossScaleOptimizerClass;
