/** The metrics of a model: lists per output, updated inside the step. */
import { ValueError } from "../errors.ts";
import { isPlainObject, Tensor, Variable } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import { maskOf } from "../layers/masks.ts";
import * as metrics from "../metrics/index.ts";
import * as ops from "../ops/index.ts";
import { perOutput } from "./compile-loss.ts";

/** One metric: a name, an object of `metrics`, or a function of labels and predictions. */
export type MetricIdentifier = metrics.MetricIdentifier;

/** Metrics of one output. */
export type OutputMetrics = MetricIdentifier | readonly (MetricIdentifier | null)[] | null;

/** Metrics of a model: a list for a model with one output, a list of lists by position, or an object by output name. */
export type MetricsOption = readonly OutputMetrics[] | { readonly [output: string]: OutputMetrics };

/** A metric of targets and predictions. */
interface UpdatedMetric {
  updateState(yTrue: Tensor, yPred: Tensor, options: metrics.UpdateOptions): void;
}

interface NamedMetric {
  readonly metric: metrics.Metric;
  readonly weighted: boolean;
  readonly output: number;
  /** Key in logs and history. */
  readonly key: string;
}

/** What `compile({ metrics, weightedMetrics })` asks for. */
export class CompiledMetrics {
  readonly #requests: readonly { readonly identifier: MetricIdentifier; readonly output: number; readonly weighted: boolean }[];
  readonly #outputNames: readonly string[];
  #named: NamedMetric[] | null = null;

  constructor(where: string, plain: MetricsOption | null, weighted: MetricsOption | null, outputNames: readonly string[]) {
    this.#outputNames = outputNames;
    this.#requests = [
      ...requestsOf(where, "metrics", plain, outputNames, false),
      ...requestsOf(where, "weightedMetrics", weighted, outputNames, true),
    ];
    for (const { identifier } of this.#requests) if (!isGeneric(identifier)) metrics.get(identifier);
  }

  /** Whether a first step has made the metric objects. */
  get built(): boolean {
    return this.#named !== null;
  }

  /** The metric objects; none before the first step. */
  get metrics(): metrics.Metric[] {
    return (this.#named ?? []).map(({ metric }) => metric);
  }

  /** State of all metrics. */
  get variables(): Variable[] {
    return this.metrics.flatMap((metric) => metric.variables);
  }

  /** Keys of the results in logs. */
  get keys(): string[] {
    return (this.#named ?? []).map(({ key }) => key);
  }

  /** Updates the metrics with one batch and gives the results so far, by key. Called inside a trace. */
  update(yTrue: readonly (Tensor | null)[], yPred: readonly Tensor[], sampleWeights: readonly (Tensor | null)[]): Record<string, Tensor> {
    this.#named ??= this.#build(yTrue, yPred);
    for (const { metric, weighted, output } of this.#named) {
      const prediction = yPred[output]!;
      const truth = yTrue[output] ?? null;
      if (truth === null) continue;
      (metric as UpdatedMetric).updateState(truth, prediction, {
        sampleWeight: weighted ? (sampleWeights[output] ?? null) : null,
        mask: maskOf(prediction),
      });
    }
    return this.results();
  }

  /** Results so far by key; none before the first update. */
  results(): Record<string, Tensor> {
    return Object.assign({}, ...(this.#named ?? []).map(({ metric, key }) => scalarsOf(key, metric.result()))) as Record<string, Tensor>;
  }

  /** Sets all metrics back. */
  reset(): void {
    for (const metric of this.metrics) metric.resetState();
  }

  #build(yTrue: readonly (Tensor | null)[], yPred: readonly Tensor[]): NamedMetric[] {
    const counts = new Map<string, number>();
    const severalOutputs = this.#outputNames.length > 1;
    return this.#requests.map(({ identifier, output, weighted }) => {
      const metric = metrics.resolveMetric(identifier, (yTrue[output] ?? yPred[output]!).shape, yPred[output]!.shape);
      const prefix = severalOutputs ? `${this.#outputNames[output]!}_` : "";
      let key = `${prefix}${metric.name}`;
      if (counts.has(key) && weighted) key = `${prefix}weighted_${metric.name}`;
      const count = counts.get(key) ?? 0;
      counts.set(key, count + 1);
      return { metric, weighted, output, key: count === 0 ? key : `${key}_${count}` };
    });
  }
}

/** Results as numbers by name: those of an object by its keys, those of a vector (a score per class) as `key_0`, `key_1`, ... */
export function scalarsOf(key: string, result: unknown): Record<string, Tensor> {
  if (typeof result === "number" || result instanceof Variable) return scalarsOf(key, ops.convertToTensor(result));
  if (!(result instanceof Tensor)) {
    if (!isPlainObject(result)) {
      throw new ValueError({
        where: "the logs of a step",
        problem: `"${key}" is no number`,
        expected: "scalars by name: losses, and results of metrics",
        received: describe(result),
      });
    }
    return Object.assign({}, ...Object.entries(result).map(([name, value]) => scalarsOf(name, value))) as Record<string, Tensor>;
  }
  if (result.rank === 0) return { [key]: result };
  // Picked by masks: few metrics give several numbers, and slices bring pads and concatenations into every bundle.
  const flat = ops.reshape(result, [-1]);
  const positions = Array.from({ length: flat.dim(0) }, (_, i) => i);
  return Object.fromEntries(
    positions.map((at) => [
      `${key}_${at}`,
      ops.sum(
        ops.where(
          positions.map((i) => i === at),
          flat,
          0,
        ),
      ),
    ]),
  );
}

function requestsOf(
  where: string,
  what: string,
  given: MetricsOption | null,
  outputNames: readonly string[],
  weighted: boolean,
): { identifier: MetricIdentifier; output: number; weighted: boolean }[] {
  if (given === null) return [];
  if (!Array.isArray(given) && !isPlainObject(given)) {
    throw new ValueError({
      where,
      problem: `${what} are a list or an object`,
      expected: '["accuracy"] or { outputName: ["accuracy"] }',
      received: describe(given),
    });
  }
  const lists: OutputMetrics[] =
    outputNames.length === 1 && Array.isArray(given)
      ? [given.flat() as (MetricIdentifier | null)[]]
      : perOutput<OutputMetrics>(where, what, given as OutputMetrics[], outputNames, null);
  return lists.flatMap((list, output) => {
    const identifiers = (Array.isArray(list) ? list : [list]) as (MetricIdentifier | null)[];
    return identifiers.flatMap((identifier) => (identifier === null ? [] : [{ identifier, output, weighted }]));
  });
}

/** Whether a name means one of several metrics, depending on shapes. */
function isGeneric(identifier: MetricIdentifier): boolean {
  return typeof identifier === "string" && ["accuracy", "acc", "crossentropy", "ce"].includes(identifier.toLowerCase());
}
