/** What optimizers share: learning rate, step count, clipping, weight decay, moving averages, accumulation, slots. */
import { ShapeError, StateError, ValueError } from "../errors.ts";
import type { DType } from "../dtype/index.ts";
import { type ConcreteShape, formatShape, sameShape, type Shape, type Tensor, Variable, withScope } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { add, clip, divide, equal, less, logicalAnd, mod, multiply, notEqual, subtract, where } from "../ops/numpy/arithmetic.ts";
import { full, zeros } from "../ops/numpy/create.ts";
import { statelessCalls } from "../ops/stateless-calls.ts";
import { abs, cast } from "../ops/numpy/elementwise.ts";
import { checkOptions, type Config, fromConfig, isSerialized, snakeCaseKeys } from "../serialization/index.ts";
import { clipByGlobalNorm, clipByNorm } from "./clipping.ts";
import { deserialize, LearningRateSchedule, serialize } from "./schedules/schedule.ts";

/** What a learning rate can be set to. */
export type LearningRate = number | LearningRateSchedule;

/** Options that every optimizer takes. */
export interface OptimizerOptions {
  /** A number, or a schedule. */
  learningRate?: LearningRate | object;
  /** Fraction of each variable that is taken off per unit of learning rate. Default null: none. */
  weightDecay?: number | null;
  /** Largest norm of one gradient. */
  clipnorm?: number | null;
  /** Largest absolute value of an element of a gradient. */
  clipvalue?: number | null;
  /** Largest norm of all gradients together. */
  globalClipnorm?: number | null;
  /** Whether to keep a moving average of the variables. Default false. */
  useEma?: boolean;
  /** Default 0.99. */
  emaMomentum?: number;
  /** After how many steps the variables become their average; null (default): at the end of training. */
  emaOverwriteFrequency?: number | null;
  /** Factor of the loss that gradients are divided by. */
  lossScaleFactor?: number | null;
  /**
   * After how many calls an update is made, with the mean of their gradients. Default null: each. As in Keras 3.4, every call
   * clips its gradients and decays the weights, those that do not update too.
   */
  gradientAccumulationSteps?: number | null;
  name?: string | null;
}

const commonOptions = [
  "learningRate",
  "weightDecay",
  "clipnorm",
  "clipvalue",
  "globalClipnorm",
  "useEma",
  "emaMomentum",
  "emaOverwriteFrequency",
  "lossScaleFactor",
  "gradientAccumulationSteps",
  "name",
  "isLegacyOptimizer",
  "jitCompile",
] as const;

/** Slot values this small become zero. Below it, what a slot contributes is under rounding, and subnormal numbers would come next, which are 20 times slower. */
const smallest = 1e-30;

/** `x`, but 0 where |x| < 1e-30: keeps decaying slots away from subnormal numbers. */
export function flushed(x: Tensor): Tensor {
  return where(less(abs(x), smallest), 0, x);
}

/**
 * An optimizer: `apply(gradients, variables)` changes the variables. Nothing runs; within a traced step everything is part
 * of its program. A class of one's own implements `updateStep`, and `build` if it has slots.
 */
export abstract class Optimizer {
  /** Keras's name of the class. */
  static readonly className: string = "";
  static readonly fromConfig: typeof fromConfig = fromConfig;

  readonly name: string;
  weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly globalClipnorm: number | null;
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number | null;
  readonly lossScaleFactor: number | null;
  readonly gradientAccumulationSteps: number | null;
  /** Whether slots exist. */
  built = false;

  readonly #iterations: Variable;
  #rate: Variable | LearningRateSchedule;
  /** What the rate was last set to from outside. */
  #lastRate = 0;
  readonly #variables: Variable[] = [];
  readonly #positions = new Map<Variable, number>();
  #trainable: readonly Variable[] = [];
  #averages: readonly Variable[] = [];
  #accumulators: readonly Variable[] = [];
  readonly #undecayed = new Set<Variable>();
  readonly #undecayedNames: string[] = [];
  /** Within `apply`: whether this call updates (gradient accumulation). */
  #gate: Tensor | null = null;
  /** Within `applyWhere`: whether anything changes. */
  #condition: Tensor | null = null;

  /** `known`: names of the options that the subclass takes itself. */
  constructor(defaultName: string, defaultRate: number, options: OptimizerOptions, known: readonly string[] = []) {
    checkOptions(`optimizers.${defaultName}`, options, [...commonOptions, ...known]);
    this.name = options.name ?? defaultName;
    this.weightDecay = options.weightDecay ?? null;
    this.clipnorm = options.clipnorm ?? null;
    this.clipvalue = options.clipvalue ?? null;
    this.globalClipnorm = options.globalClipnorm ?? null;
    this.useEma = options.useEma ?? false;
    this.emaMomentum = options.emaMomentum ?? 0.99;
    this.emaOverwriteFrequency = options.emaOverwriteFrequency ?? null;
    this.lossScaleFactor = options.lossScaleFactor ?? null;
    this.gradientAccumulationSteps = options.gradientAccumulationSteps ?? null;
    this.#check();
    this.#iterations = new Variable(Int32Array.of(0), {
      name: "iteration",
      path: `${this.name}/iteration`,
      dtype: "int32",
      shape: [],
      trainable: false,
    });
    this.#variables.push(this.#iterations);
    const rate = options.learningRate ?? defaultRate;
    if (rate instanceof LearningRateSchedule) this.#rate = rate;
    else if (isSerialized(rate)) this.#rate = deserialize(rate);
    else {
      this.#lastRate = this.#checkRate(rate);
      this.#rate = new Variable(this.#lastRate, { name: "learning_rate", path: `${this.name}/learning_rate`, trainable: false });
      this.#variables.push(this.#rate);
    }
  }

  #check(): void {
    const where = `optimizer "${this.name}"`;
    const clips = [this.clipnorm, this.clipvalue, this.globalClipnorm];
    if (clips.filter((value) => value !== null).length > 1) {
      throw new ValueError({
        where,
        problem: "only one of clipnorm, clipvalue and globalClipnorm can be set",
        received: JSON.stringify(clips),
      });
    }
    for (const [name, value] of Object.entries({ clipnorm: clips[0], clipvalue: clips[1], globalClipnorm: clips[2] })) {
      if (value !== null && value !== undefined && !(value > 0))
        throw new ValueError({ where, problem: `${name} must be positive`, received: String(value) });
    }
    const steps = this.gradientAccumulationSteps;
    if (steps !== null && !(Number.isInteger(steps) && steps >= 2)) {
      throw new ValueError({ where, problem: "gradientAccumulationSteps must be an integer, 2 or more", received: String(steps) });
    }
    if (this.useEma && !(this.emaMomentum >= 0 && this.emaMomentum <= 1)) {
      throw new ValueError({ where, problem: "emaMomentum must be from 0 to 1", received: String(this.emaMomentum) });
    }
    const frequency = this.emaOverwriteFrequency;
    if (frequency !== null && !(Number.isInteger(frequency) && frequency >= 1)) {
      throw new ValueError({ where, problem: "emaOverwriteFrequency must be a positive integer", received: String(frequency) });
    }
  }

  #checkRate(rate: unknown): number {
    if (typeof rate === "number" && Number.isFinite(rate)) return rate;
    throw new ValueError({
      where: `optimizer "${this.name}"`,
      problem: "this is no learning rate",
      expected: "a number, or a schedule of optimizers.schedules",
      received: typeof rate === "number" ? String(rate) : (JSON.stringify(rate) ?? typeof rate),
    });
  }

  /** Number of `apply` calls so far, int32. */
  get iterations(): Variable {
    return this.#iterations;
  }

  /** The learning rate: a variable that can be assigned, or what the schedule says at present. */
  get learningRate(): Variable | Tensor {
    return this.#rate instanceof LearningRateSchedule ? this.currentLearningRate() : this.#rate;
  }
  /** Sets the learning rate; running programs see it at their next step. Throws StateError where a schedule decides. */
  set learningRate(rate: LearningRate) {
    if (rate instanceof LearningRateSchedule) {
      this.#rate = rate;
      return;
    }
    if (this.#rate instanceof LearningRateSchedule) {
      throw new StateError({
        where: `optimizer "${this.name}"`,
        problem: "the learning rate follows a schedule and cannot be set to a number",
        advice: "make the optimizer with a number if callbacks are to change it",
      });
    }
    this.#lastRate = this.#checkRate(rate);
    this.#rate.assign(this.#lastRate);
  }

  /** The schedule that the learning rate follows; null: it is a variable. */
  get learningRateSchedule(): LearningRateSchedule | null {
    return this.#rate instanceof LearningRateSchedule ? this.#rate : null;
  }

  /** The present learning rate as a tensor. */
  currentLearningRate(): Tensor {
    return this.#rate instanceof LearningRateSchedule ? this.#rate.call(this.iterations.read()) : this.#rate.read();
  }

  /** All state: step count, learning rate, slots, in Keras's order. */
  get variables(): readonly Variable[] {
    return this.#variables;
  }

  /** Puts `variables` into the order of a file whose arrays have these shapes: Keras's versions differ in the order of some. */
  orderAs(_shapes: readonly Shape[]): void {}

  /** Makes the slots. Called by the first `apply`; subclasses call it before they add their own. */
  build(variables: readonly Variable[]): void {
    this.#trainable = [...variables];
    const [averages, accumulators]: [Variable[], Variable[]] = [[], []];
    variables.forEach((variable, position) => {
      this.#positions.set(variable, position);
      if (this.useEma) averages.push(this.addSlot(variable, "average"));
      if (this.gradientAccumulationSteps !== null) accumulators.push(this.addSlot(variable, "gradient_accumulator"));
    });
    this.#averages = averages;
    this.#accumulators = accumulators;
    this.built = true;
  }

  /** A new state variable of the shape of `variable`, filled with `initial`. */
  protected addSlot(variable: Variable, name: string, initial = 0): Variable {
    return this.addState(`${variable.path.replaceAll("/", "_")}_${name}`, variable.shape, variable.dtype, initial);
  }

  /** A new state variable. Its path is the optimizer's name and its own, unless `path` says otherwise. */
  protected addState(name: string, shape: ConcreteShape, dtype: DType, initial = 0, path = `${this.name}/${name}`): Variable {
    const make = (): Tensor => (initial === 0 ? zeros(shape, dtype) : full(shape, initial, dtype));
    const state = new Variable(make, { name, path, shape, dtype, trainable: false });
    this.#variables.push(state);
    return state;
  }

  /** Position of a variable among those the optimizer was built for: which slot is its. */
  protected positionOf(variable: Variable): number {
    const position = this.#positions.get(variable);
    if (position !== undefined) return position;
    throw new StateError({
      where: `optimizer "${this.name}"`,
      problem: `the variable ${variable.path} is not one that the optimizer was built for`,
      advice: "make a new optimizer for other variables (compile the model again after changing which layers are trainable)",
    });
  }

  /** Assigns a variable or slot within `updateStep`; under gradient accumulation only in calls that update. */
  protected assign(variable: Variable, value: Tensor): void {
    this.#store(variable, value, this.#gate);
  }

  /** Adds to a variable or slot within `updateStep`. */
  protected assignAdd(variable: Variable, value: TensorLike): void {
    this.assign(variable, add(variable.read(), value));
  }

  /** Takes from a variable or slot within `updateStep`. */
  protected assignSub(variable: Variable, value: TensorLike): void {
    this.assign(variable, subtract(variable.read(), value));
  }

  #store(variable: Variable, value: Tensor, gate: Tensor | null = null): void {
    const next = value.dtype === variable.dtype ? value : cast(value, variable.dtype);
    const condition = gate === null || this.#condition === null ? (gate ?? this.#condition) : logicalAnd(gate, this.#condition);
    variable.assign(condition === null ? next : where(condition, next, variable.read()));
  }

  /** Called once per `apply`, before the variables: computes what they share. */
  protected beginStep(_learningRate: Tensor): void {}

  /** Assigns the new value of one variable (and its slots) by `assign`. */
  protected abstract updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void;

  /** No weight decay for these variables, or those whose path contains one of these strings. Before `build`. */
  excludeFromWeightDecay(options: { varList?: readonly Variable[]; varNames?: readonly string[] }): void {
    for (const variable of options.varList ?? []) this.#undecayed.add(variable);
    this.#undecayedNames.push(...(options.varNames ?? []));
  }

  /** Weight decay of a variable that is not excluded; null: none. */
  protected weightDecayOf(_variable: Variable): number | null {
    return this.weightDecay;
  }

  #decays(variable: Variable): boolean {
    return !this.#undecayed.has(variable) && !this.#undecayedNames.some((name) => variable.path.includes(name));
  }

  /**
   * Updates variables by their gradients; a null gradient leaves its variable alone. Without `variables`, those of `build`.
   * Throws ShapeError where a gradient does not fit, StateError for unknown variables.
   */
  apply(gradients: readonly (TensorLike | null)[], variables?: readonly Variable[]): void {
    const where = `optimizer "${this.name}"`;
    withScope(where, () => {
      const lists: readonly unknown[] = variables === undefined ? [gradients] : [gradients, variables];
      if (!lists.every(Array.isArray) || variables?.every((variable) => variable instanceof Variable) === false) {
        throw new ValueError({
          where,
          problem: "gradients and variables are two lists",
          expected: "apply([gradient, ...], [variable, ...]), with null for no gradient",
          received: lists.map((list) => (Array.isArray(list) ? "a list" : list === null ? "null" : typeof list)).join(" and "),
          advice: "variables are those of model.trainableWeights, or made by new Variable(...)",
        });
      }
      const given = gradients.map((gradient) => (gradient === null ? null : asTensor(gradient)));
      this.#apply(given, variables);
    });
  }

  /**
   * `apply` without state: the values of the variables it was built for and its own after a step,
   * `[trainableVariables, optimizerVariables]`. Throws StateError before `build`.
   */
  statelessApply(
    optimizerVariables: readonly TensorLike[],
    gradients: readonly (TensorLike | null)[],
    trainableVariables: readonly TensorLike[],
  ): [trainableVariables: Tensor[], optimizerVariables: Tensor[]] {
    const where = `optimizer "${this.name}".statelessApply`;
    if (!this.built)
      throw new StateError({ where, problem: "does not know its variables yet", advice: "call build(model.trainableVariables)" });
    const given = [
      { name: "trainableVariables", variables: this.#trainable, values: trainableVariables },
      { name: "optimizerVariables", variables: this.variables, values: optimizerVariables },
    ];
    const { after } = statelessCalls.get(where)(where, given, () => this.apply(gradients, this.#trainable));
    return [after[0]!, after[1]!];
  }

  /** `apply` for pairs of a gradient and its variable. */
  applyGradients(gradientsAndVariables: readonly (readonly [TensorLike | null, Variable])[]): void {
    this.apply(
      gradientsAndVariables.map(([gradient]) => gradient),
      gradientsAndVariables.map(([, variable]) => variable),
    );
  }

  /** `apply` where a scalar condition holds; else nothing changes, the number of steps included. */
  applyWhere(condition: Tensor, gradients: readonly (TensorLike | null)[], variables?: readonly Variable[]): void {
    this.#condition = condition;
    try {
      this.apply(gradients, variables);
    } finally {
      this.#condition = null;
    }
  }

  /** Whether `scaleLoss` scales. */
  get scalesLoss(): boolean {
    return this.lossScaleFactor !== null;
  }

  /** The loss to take gradients of: scaled as `apply` expects it (`lossScaleFactor`). */
  scaleLoss(loss: Tensor): Tensor {
    return this.lossScaleFactor === null ? loss : multiply(loss, this.lossScaleFactor);
  }

  #apply(given: readonly (Tensor | null)[], variables: readonly Variable[] | undefined): void {
    if (!this.built) {
      if (variables === undefined)
        throw new StateError({
          where: `optimizer "${this.name}"`,
          problem: "does not know its variables yet",
          advice: "pass them to apply, or call build",
        });
      this.build(variables);
    }
    const all = variables ?? this.#trainable;
    if (given.length !== all.length) {
      throw new ValueError({
        where: `optimizer "${this.name}"`,
        problem: "there must be one gradient per variable",
        expected: String(all.length),
        received: String(given.length),
      });
    }
    const targets: Variable[] = [];
    let gradients: Tensor[] = [];
    given.forEach((gradient, i) => {
      if (gradient === null) return;
      const variable = all[i]!;
      this.positionOf(variable);
      if (!sameShape(gradient.shape, variable.shape)) {
        throw new ShapeError({
          where: `optimizer "${this.name}"`,
          problem: `the gradient of ${variable.path} has another shape than the variable`,
          expected: formatShape(variable.shape),
          received: formatShape(gradient.shape),
        });
      }
      if (variable.overwrittenByGradient) return this.#store(variable, gradient);
      targets.push(variable);
      gradients.push(gradient);
    });
    if (targets.length === 0) return;
    if (this.lossScaleFactor !== null) gradients = gradients.map((g) => divide(g, this.lossScaleFactor!));
    const learningRate = this.currentLearningRate();
    const calls = this.iterations.read();
    const steps = this.gradientAccumulationSteps;
    // As in Keras 3.4, under accumulation too: every call clips the gradients it is given, and decays the weights.
    gradients = this.#clipped(gradients);
    for (const variable of targets) {
      const decay = this.#decays(variable) ? this.weightDecayOf(variable) : null;
      if (decay === null) continue;
      const value = variable.read();
      this.#store(variable, subtract(value, multiply(value, multiply(decay, learningRate))));
    }
    if (steps !== null) {
      this.#gate = equal(mod(add(calls, 1), steps), 0);
      const gate = this.#gate;
      gradients = targets.map((variable, i) => {
        const accumulator = this.#accumulators[this.positionOf(variable)]!;
        const total = add(accumulator.read(), gradients[i]!);
        this.#store(accumulator, where(gate, 0, total));
        return divide(total, steps);
      });
    }
    try {
      this.beginStep(learningRate);
      targets.forEach((variable, i) => this.updateStep(gradients[i]!, variable, learningRate));
    } finally {
      this.#gate = null;
    }
    if (this.useEma) this.#updateAverages(calls);
    for (const variable of targets) if (variable.constraint !== null) this.#store(variable, variable.constraint(variable.read()));
    this.#store(this.iterations, add(calls, 1));
  }

  #clipped(gradients: readonly Tensor[]): Tensor[] {
    if (this.clipnorm !== null) return gradients.map((g) => clipByNorm(g, this.clipnorm!));
    if (this.clipvalue !== null) return gradients.map((g) => clip(g, -this.clipvalue!, this.clipvalue!));
    if (this.globalClipnorm !== null) return clipByGlobalNorm(gradients, this.globalClipnorm);
    return [...gradients];
  }

  #updateAverages(calls: Tensor): void {
    const momentum = multiply(cast(notEqual(calls, 0), "float32"), this.emaMomentum);
    const frequency = this.emaOverwriteFrequency;
    const overwrite = frequency === null ? null : equal(mod(add(calls, 1), frequency), 0);
    this.#trainable.forEach((variable, i) => {
      const average = this.#averages[i]!;
      const next = flushed(add(multiply(momentum, average.read()), multiply(subtract(1, momentum), variable.read())));
      this.#store(average, next);
      if (overwrite !== null) this.#store(variable, next, overwrite);
    });
  }

  /** Moving average of a variable; null where none is kept (without `useEma`, or before the first step). */
  averageOf(variable: Variable): Variable | null {
    if (!this.useEma || !this.built) return null;
    return this.#averages[this.positionOf(variable)] ?? null;
  }

  /** At the end of training: the variables become their moving averages, if there are any. */
  finalizeVariableValues(variables: readonly Variable[] = this.#trainable): void {
    if (!this.useEma || !this.built) return;
    for (const variable of variables) variable.assign(this.#averages[this.positionOf(variable)]!.read());
  }

  /** Options beyond the common ones, in camelCase. */
  protected options(): Record<string, unknown> {
    return {};
  }

  /** Keras's configuration. A learning rate that only a running program changed is not in it. */
  getConfig(): Config {
    const {
      name,
      weightDecay,
      clipnorm,
      globalClipnorm,
      clipvalue,
      useEma,
      emaMomentum,
      emaOverwriteFrequency,
      lossScaleFactor,
      gradientAccumulationSteps,
    } = this;
    const learningRate = this.#rate instanceof LearningRateSchedule ? serialize(this.#rate) : Math.fround(this.#lastRate);
    return snakeCaseKeys({
      name,
      learningRate,
      weightDecay,
      clipnorm,
      globalClipnorm,
      clipvalue,
      useEma,
      emaMomentum,
      emaOverwriteFrequency,
      lossScaleFactor,
      gradientAccumulationSteps,
      ...this.options(),
    });
  }

  toJSON(): Config {
    return this.getConfig();
  }
}
