/** What `compile` was given. */
import { StateError, ValueError } from "../errors.ts";
import { describe } from "../layers/describe.ts";
import * as metrics from "../metrics/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { CompiledLoss, type LossOption, type LossWeights } from "./compile-loss.ts";
import { CompiledMetrics, type MetricsOption } from "./compile-metrics.ts";

/** An optimizer: a name, an object, or Keras's JSON. */
export type OptimizerIdentifier = string | optimizers.Optimizer | { readonly class_name: string; readonly config: unknown };

/** Options of `compile`. */
export interface CompileOptions {
  /** Default "rmsprop". */
  readonly optimizer?: OptimizerIdentifier;
  /** Default: none; then the losses of the layers (`addLoss`, regularizers) are all there is. */
  readonly loss?: LossOption;
  readonly lossWeights?: LossWeights | null;
  /** Shown beside the loss; not weighted by sample weights. "accuracy" is chosen to fit the targets. */
  readonly metrics?: MetricsOption | null;
  /** The same, weighted by sample and class weights. */
  readonly weightedMetrics?: MetricsOption | null;
  /** Whether a model of the policy "mixed_float16" scales its loss (see LossScaleOptimizer). Default true. */
  readonly autoScaleLoss?: boolean;
  /**
   * Steps of training between two calls of the callbacks' batch methods, which are then told of the last of them. Default
   * 1; "auto" leaves it at that, since a step waits for callbacks only where they ask for it.
   */
  readonly stepsPerExecution?: number | "auto";
  /** Only false: a step is traced once and runs as one program, so that there is nothing to be run line by line. */
  readonly runEagerly?: false | null;
  /** Makes no difference: a step always is one compiled program. */
  readonly jitCompile?: boolean | "auto" | null;
}

const compileOptionNames = [
  "optimizer",
  "loss",
  "lossWeights",
  "metrics",
  "weightedMetrics",
  "autoScaleLoss",
  "stepsPerExecution",
  "runEagerly",
  "jitCompile",
] as const;

/** Optimizer, losses and metrics of a compiled model. */
export class Compiled {
  readonly optimizer: optimizers.Optimizer;
  /** The mean of the loss over an epoch. */
  readonly lossMean: metrics.Mean;
  /** Steps between two calls of the callbacks' batch methods. */
  readonly stepsPerExecution: number;
  /** What it was made from. */
  readonly options: CompileOptions;
  readonly #where: string;
  #loss: CompiledLoss | null = null;
  #metrics: CompiledMetrics | null = null;
  #outputNames: readonly string[] | null = null;

  /** The optimizer of the options, which a scaled loss wraps. */
  readonly given: optimizers.Optimizer;

  /** `scalesLoss`: whether values are so short that gradients need scaling. */
  constructor(where: string, options: CompileOptions, outputNames: readonly string[] | null, scalesLoss = false) {
    checkOptions(where, options, compileOptionNames);
    if ((options.runEagerly ?? false) !== false) {
      throw new ValueError({
        where,
        problem: "a step does not run line by line: it is traced once and runs as one program",
        expected: "no runEagerly, or false",
        received: describe(options.runEagerly),
        advice: "call the model and the loss on a batch outside of fit to look at values; NaNOrigin names the operation that made a NaN",
      });
    }
    this.#where = where;
    this.options = options;
    const group = options.stepsPerExecution ?? 1;
    this.stepsPerExecution = group === "auto" ? 1 : group;
    if (!Number.isInteger(this.stepsPerExecution) || this.stepsPerExecution < 1)
      throw new ValueError({
        where,
        problem: "stepsPerExecution is a number of steps",
        expected: 'a whole number from 1, or "auto"',
        received: describe(group),
      });
    this.given = optimizers.get(options.optimizer ?? "rmsprop");
    const scales = scalesLoss && !this.given.scalesLoss && options.autoScaleLoss !== false;
    this.optimizer = scales ? optimizers.lossScaling.get(where)(this.given) : this.given;
    this.lossMean = new metrics.Mean({ name: "loss" });
    // A model whose outputs are not known yet is checked when they are; names of losses and metrics at once.
    if (outputNames !== null) this.resolve(outputNames);
  }

  /** Binds losses and metrics to the outputs. Throws where names or counts do not fit. */
  resolve(outputNames: readonly string[]): void {
    if (this.#outputNames !== null && this.#outputNames.join("/") === outputNames.join("/")) return;
    const { loss = null, lossWeights = null, metrics: plain = null, weightedMetrics = null } = this.options;
    this.#outputNames = outputNames;
    this.#loss = loss === null ? null : new CompiledLoss(this.#where, loss, lossWeights, outputNames);
    this.#metrics =
      plain === null && weightedMetrics === null ? null : new CompiledMetrics(this.#where, plain, weightedMetrics, outputNames);
  }

  /** The losses; null where there is none. */
  get loss(): CompiledLoss | null {
    this.#resolved();
    return this.#loss;
  }

  /** The metrics; null where there are none. */
  get metrics(): CompiledMetrics | null {
    this.#resolved();
    return this.#metrics;
  }

  #resolved(): void {
    if (this.#outputNames === null)
      throw new StateError({ where: this.#where, problem: "the outputs of the model are not known yet", advice: "call the model once" });
  }
}
