/** The metrics of `compile` as one, before a first step has made them. */
import type { Tensor, Variable } from "../graph/index.ts";
import { Metric, type UpdateOptions } from "../metrics/index.ts";
import type { PerOutput, StepLogs } from "./step.ts";

/** What updates and reads the metrics of a model. */
export interface MetricsSource {
  updateMetrics(y: PerOutput, yPred: unknown, sampleWeight: PerOutput): StepLogs;
  compiledResults(): StepLogs;
}

/**
 * Keras's `compile_metrics`: which metrics there are shows with the first targets, so that a step of one's own that goes
 * through `model.metrics` finds one that stands for all. Its result has all results by name.
 */
export class PendingMetrics extends Metric {
  static override readonly className: string = "CompileMetrics";
  readonly #source: MetricsSource;

  constructor(source: MetricsSource) {
    super("compile_metrics");
    this.#source = source;
  }

  override updateState(yTrue: PerOutput, yPred: unknown, options: UpdateOptions = {}): void {
    this.#source.updateMetrics(yTrue, yPred, (options.sampleWeight ?? null) as Tensor | null);
  }

  override result(): StepLogs {
    return this.#source.compiledResults();
  }

  /** Those that a step has made have states of their own. */
  override get variables(): readonly Variable[] {
    return [];
  }
}
