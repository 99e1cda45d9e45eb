/** What a model holds while it is trained: what it was compiled with, its steps, the queue of its calls. */
import type { Direction, TrainingRun } from "../callbacks/index.ts";
import { StateError } from "../errors.ts";
import { type HostValues, Tensor, type Trace } from "../graph/index.ts";
import { flattenStructure } from "../layers/structure.ts";
import type { Metric } from "../metrics/index.ts";
import * as ops from "../ops/index.ts";
import { scalarsOf } from "./compile-metrics.ts";
import { type CompileOptions, Compiled } from "./compiled.ts";
import type { Slot } from "./data-binding.ts";
import type { Model } from "./model.ts";
import { ModelQueue } from "./model-queue.ts";
import { PendingMetrics } from "./pending-metrics.ts";
import { rareData } from "./parts.ts";
import { asList, layoutOf, LogStep, outputTensors, OutputStep, type PerOutput, type StepLogs, unpackerFor } from "./step.ts";
import type { TextStage } from "./text-stage.ts";
import { type DataPlan, missingTargets, type TrainingData } from "./training-data.ts";

/** What a model takes and gives, told from data. */
export interface InferredPlan {
  /** Of which data. */
  readonly key: string;
  readonly inputs: readonly Slot[];
  readonly structure: unknown;
  readonly outputs: readonly Slot[];
}

/** Steps, losses and metrics of one model. */
export class ModelSession {
  readonly queue: ModelQueue = new ModelQueue();
  compiled: Compiled | null = null;
  /** The run of `fit` that goes on at present. */
  run: TrainingRun | null = null;
  readonly #model: Model<unknown, unknown>;
  readonly #steps = new Map<string, LogStep>();
  readonly #outputSteps = new Map<string, OutputStep>();
  #lastTraining: LogStep | null = null;
  #plan: DataPlan | null = null;
  /** The step asked for last. */
  #recent: { readonly kind: "train" | "test"; readonly data: TrainingData; readonly step: LogStep } | null = null;
  /** Of models that are no graph: found by tracing the first data. */
  inferred: InferredPlan | null = null;

  constructor(model: Model<unknown, unknown>) {
    this.#model = model;
    rareData.loadBy(() => import("./rare.ts"));
  }

  /** Starts anew with other losses, metrics and optimizer. */
  compile(options: CompileOptions): void {
    const { shortFormat, variableDtype } = this.#model.dtypePolicy;
    const scalesLoss = shortFormat === "float16" && variableDtype === "float32";
    this.compiled = new Compiled(`${this.#model.label}.compile`, options, this.#model.outputNames, scalesLoss);
    this.#steps.clear();
    this.#recent = null;
    this.#plan = null;
    this.#outputSteps.clear();
    this.#model.stopTraining = false;
  }

  /** What was compiled. Throws StateError before `compile`. */
  require(where: string): Compiled {
    if (this.compiled === null) {
      throw new StateError({
        where,
        problem: "the model is not compiled",
        advice: 'call model.compile({ optimizer: "adam", loss: "..." }) first',
      });
    }
    return this.compiled;
  }

  /** Forgets the programs: the layers changed. */
  forgetSteps(): void {
    this.#steps.clear();
    this.#recent = null;
    this.#plan = null;
    this.#outputSteps.clear();
    this.inferred = null;
  }

  /** The structure in which the model takes its inputs; null for one tensor. */
  inputStructure(): unknown {
    const inputs = this.#model.inputs;
    if (inputs === null) return this.inferred?.structure ?? null;
    return inputs instanceof Tensor ? null : inputs;
  }

  /** What data is to be matched with. `infer` has run for models that are no graph. */
  plan(): DataPlan {
    if (this.#plan !== null) return this.#plan;
    const inputs = this.#model.inputSlots ?? this.inferred?.inputs ?? [];
    const outputs = this.#model.outputSlots ?? this.inferred?.outputs ?? [];
    const keysOf = (structure: unknown): readonly string[] | null =>
      typeof structure === "object" && structure !== null && !Array.isArray(structure) && !(structure instanceof Tensor)
        ? Object.keys(structure).sort()
        : null;
    const plan: DataPlan = {
      inputs,
      inputKeys: keysOf(this.#model.inputs),
      outputs,
      outputKeys: this.#model.producerNames,
      loss: this.compiled?.loss ?? null,
      hasOwnStep: this.#model.hasOwnStep,
    };
    // What a model that is no graph takes is known of its last data only.
    if (this.#model.inputSlots !== null) this.#plan = plan;
    return plan;
  }

  /** Whether data can be matched without a trace of the model. */
  get isPlanned(): boolean {
    return this.#plan !== null || this.#model.inputSlots !== null;
  }

  /** The training or evaluation step for data laid out like this. */
  logStep(kind: "train" | "test", data: TrainingData): LogStep {
    // Arrays in memory are one layout for all steps.
    const recent = this.#recent;
    if (recent?.data === data && recent.kind === kind) return recent.step;
    const key = `${kind}/${layoutOf(data)}`;
    let step = this.#steps.get(key);
    if (step === undefined) {
      const model = this.#model;
      step = new LogStep(
        (batch) => (kind === "train" ? model.trainStep(batch) : model.testStep(batch)),
        unpackerFor(data, this.inputStructure(), this.textStage),
      );
      this.#steps.set(key, step);
    }
    if (kind === "train") this.#lastTraining = step;
    this.#recent = { kind, data, step };
    return step;
  }

  /** What the model does before its programs; null: nothing. */
  get textStage(): TextStage | null {
    return this.#model.graph?.textStage ?? null;
  }

  /** The arrays of a batch as its step takes them. */
  stepArrays(arrays: readonly HostValues[], data: TrainingData): readonly HostValues[] | Promise<readonly HostValues[]> {
    const stage = this.textStage;
    return stage === null ? arrays : stage.arrays(arrays, data);
  }

  /** The graph of the last training step with its batch as data; null before the first. */
  traceLastTraining(): Trace<StepLogs> | null {
    return this.#lastTraining?.traceLast() ?? null;
  }

  /** The prediction step for data laid out like this. */
  outputStep(data: TrainingData): OutputStep {
    const key = layoutOf(data);
    let step = this.#outputSteps.get(key);
    if (step === undefined) {
      step = new OutputStep((batch) => this.#model.predictStep(batch), unpackerFor(data, this.inputStructure(), this.textStage));
      this.#outputSteps.set(key, step);
    }
    return step;
  }

  /** The losses of the outputs plus those of the layers, inside a trace. Throws StateError where there are none. */
  totalLoss(y: PerOutput, yPred: unknown, sampleWeight: PerOutput): Tensor {
    const compiled = this.require(this.#model.label);
    const predictions = outputTensors(yPred);
    const own = compiled.loss?.total(targetsFor(y, predictions.length), predictions, weightsFor(sampleWeight, predictions.length)) ?? null;
    const all = [...(own === null ? [] : [own]), ...this.#model.losses.map((loss) => (loss.rank === 0 ? loss : ops.sum(loss)))];
    if (all.length === 0) {
      if (compiled.loss !== null) throw missingTargets(this.#model.label);
      throw new StateError({
        where: `${this.#model.label}.compile`,
        problem: "there is no loss to make smaller",
        expected: "a loss in compile, or layers that add one",
        advice: 'for example compile({ loss: "mse" })',
      });
    }
    return all.reduce((total, loss) => ops.add(total, ops.cast(loss, total.dtype)));
  }

  /** Adds a batch's loss to the mean that logs show, weighted by the number of samples. */
  trackLoss(loss: Tensor, x: unknown): void {
    const batch = (flattenStructure(x)[0] as Tensor).dim(0);
    this.require(this.#model.label).lossMean.updateState(loss, { sampleWeight: ops.full([], batch) });
  }

  /** Updates the metrics inside a trace; results so far by name. */
  updateMetrics(y: PerOutput, yPred: unknown, sampleWeight: PerOutput): StepLogs {
    const compiled = this.require(this.#model.label);
    const predictions = outputTensors(yPred);
    const results =
      compiled.metrics?.update(targetsFor(y, predictions.length), predictions, weightsFor(sampleWeight, predictions.length)) ?? {};
    return Object.assign({ loss: compiled.lossMean.result() }, results, ...this.#heldResults()) as StepLogs;
  }

  #heldResults(): StepLogs[] {
    return this.#model.heldMetrics.map((metric) => scalarsOf(metric.name, metric.result()));
  }

  /** Results of all metrics so far, by name; of those of `compile` once a step has made them. */
  metricsResult(): StepLogs {
    const { compiled } = this;
    const own = compiled === null ? {} : { loss: compiled.lossMean.result(), ...compiled.metrics?.results() };
    return Object.assign(own, ...this.#heldResults()) as StepLogs;
  }

  /** Results so far of the metrics of `compile`, by name. */
  compiledResults(): StepLogs {
    return (this.#outputsKnown() ? this.compiled?.metrics?.results() : undefined) ?? {};
  }

  /** The mean of the loss, and the metrics that a step has made; before it one that stands for all. */
  get metrics(): Metric[] {
    const compiled = this.compiled;
    if (compiled === null) return [];
    const made = this.#outputsKnown() ? (compiled.metrics?.metrics ?? []) : [];
    const { metrics = null, weightedMetrics = null } = compiled.options;
    const pending = made.length === 0 && (metrics !== null || weightedMetrics !== null);
    return [compiled.lossMean, ...(pending ? [new PendingMetrics(this)] : made)];
  }

  #outputsKnown(): boolean {
    return this.#model.outputNames !== null || this.inferred !== null;
  }

  /** Whether more or less of a logged value is better; null where that is not known. */
  directionOf(key: string): Direction | null {
    const name = key.replace(/^val_/, "");
    if (name === "loss" || name.endsWith("_loss")) return "down";
    const metrics = this.#outputsKnown() ? (this.compiled?.metrics ?? null) : null;
    // A vector's values are named key_0, key_1, ...
    const position = [name, name.replace(/_\d+$/, "")].map((key) => metrics?.keys.indexOf(key) ?? -1).find((index) => index >= 0) ?? -1;
    const metric = metrics?.metrics[position] ?? this.#model.heldMetrics.find((held) => held.name === name);
    return metric === undefined ? null : directionOfClass((metric.constructor as { className?: string }).className ?? "");
  }
}

/** Which way the metrics of a class get better. */
function directionOfClass(className: string): Direction | null {
  if (
    /Accuracy|Precision|Recall|^AUC$|Specificity|Sensitivity|^F1|FBeta|IoU|CosineSimilarity|Correlation|AtRecall$|R2Score|^True/.test(
      className,
    )
  )
    return "up";
  if (/Error|Crossentropy|Hinge|Divergence|^Poisson$|^False/.test(className)) return "down";
  return null;
}

/** One target per output. */
function targetsFor(y: PerOutput, outputs: number): (Tensor | null)[] {
  const list = y === null ? [] : asList(y);
  return Array.from({ length: outputs }, (_, index) => list[index] ?? null);
}

/** One weight per output; a single one stands for all. */
function weightsFor(weight: PerOutput, outputs: number): (Tensor | null)[] {
  if (weight === null) return new Array<null>(outputs).fill(null);
  const list = asList(weight);
  return Array.from({ length: outputs }, (_, index) => (list.length === 1 ? list[0]! : (list[index] ?? null)));
}
