/** Steps: one traced program per kind of step and layout of its data, found again without rebuilding anything. */
import type { TypedArray } from "../dtype/index.ts";
import { dataTensor, type HostValues, type Tensor, type Trace, trace } from "../graph/index.ts";
import { flattenStructure, packStructure } from "../layers/structure.ts";
import { type RunOptions, Traced } from "../runtime/index.ts";
import { scalarsOf } from "./compile-metrics.ts";
import type { TextStage } from "./text-stage.ts";
import type { TrainingData } from "./training-data.ts";

/** Targets or weights of samples: of the only output, or one entry per output; null: none. */
export type PerOutput = Tensor | null | readonly (Tensor | null)[];

/** What a step computes with: tensors of one batch. Of a model with one input and one output these are tensors. */
export interface StepData<X = Tensor, Y = Tensor, W = Tensor | null> {
  /** Inputs in the structure that the model takes. */
  readonly x: X;
  /** Targets: a tensor for a model with one output, else one entry per output (null: no target). */
  readonly y: Y;
  /** Weights of the samples: one tensor for all outputs, or one entry per output; null: none. */
  readonly sampleWeight: W;
}

/** What a step of any model computes with. */
export type AnyStepData<X = unknown> = StepData<X, PerOutput, PerOutput>;

/** What a loss or metrics are computed from: a batch and what the model gave for it. */
export interface LossData<X = unknown> extends Partial<AnyStepData<X>> {
  readonly yPred?: unknown;
  readonly training?: boolean;
}

/** Values of a step by name: losses and results of metrics. */
export type StepLogs = Record<string, Tensor>;

/** A step that gives numbers by name. */
export class LogStep {
  /** Names of the numbers, sorted; known after the first run. */
  names: readonly string[] = [];
  readonly #traced: Traced;
  readonly #compute: (tensors: readonly Tensor[]) => StepLogs;
  #last: readonly HostValues[] | null = null;
  /** Values of the last run that ended, by position; null where the back-end keeps them. */
  #values: readonly TypedArray[] | null = null;

  constructor(compute: (data: AnyStepData) => StepLogs, unpack: (tensors: readonly Tensor[]) => AnyStepData) {
    // Results of metrics may be numbers by name.
    this.#compute = (tensors) => scalarsOf("loss", compute(unpack(tensors)));
    this.#traced = new Traced((...tensors: Tensor[]) => {
      const logs = this.#compute(tensors);
      this.names = Object.keys(logs).sort();
      return this.names.map((name) => logs[name]!);
    });
  }

  /** Runs on one batch; the arrays are read before this returns. Its numbers come with `logs`. */
  run(arrays: readonly HostValues[], options?: RunOptions): void | Promise<void> {
    this.#last = arrays;
    const out = this.#traced.run(arrays, options);
    if (out instanceof Promise) return out.then((values) => this.#ended(values));
    this.#ended(out);
  }

  #ended(values: readonly TypedArray[]): void {
    this.#values = values.length === this.names.length ? values : null;
  }

  /** The graph of the last run with its batch as data, for looking into it; null before the first run. */
  traceLast(): Trace<StepLogs> | null {
    const arrays = this.#last;
    return arrays === null ? null : trace(() => this.#compute(arrays.map(({ values, shape, dtype }) => dataTensor(values, shape, dtype))));
  }

  /** The numbers of the last run, by name; a promise where they have to be fetched from the back-end (`reads: false`). */
  logs(): Record<string, number> | Promise<Record<string, number>> {
    if (this.#values !== null) return this.#byName(this.#values);
    const values = this.#traced.readLast();
    return values instanceof Promise ? values.then((known) => this.#byName(known)) : this.#byName(values);
  }

  #byName(values: readonly TypedArray[]): Record<string, number> {
    const logs: Record<string, number> = {};
    const names = this.names;
    for (let i = 0; i < names.length; i++) logs[names[i]!] = values[i]![0]!;
    return logs;
  }
}

/** Outputs of one batch: their structure, and values in the order of its leaves. */
export interface Outputs {
  readonly tree: unknown;
  readonly values: readonly TypedArray[];
}

/** A step that gives the outputs of a model. */
export class OutputStep {
  readonly #traced: Traced;

  constructor(compute: (data: AnyStepData) => unknown, unpack: (tensors: readonly Tensor[]) => AnyStepData) {
    this.#traced = new Traced((...tensors: Tensor[]) => compute(unpack(tensors)));
  }

  /**
   * Runs on one batch: the structure of the outputs, and values in the order of its leaves. The values are for tensors or
   * to be copied: users get no array that stands in them.
   */
  run(arrays: readonly HostValues[]): Outputs | Promise<Outputs> {
    const tree = this.#traced.resultTree(arrays);
    const values = this.#traced.run(arrays, { held: true });
    return values instanceof Promise ? values.then((known) => ({ tree, values: known })) : { tree, values };
  }
}

/** How the arrays of a step follow each other, as text. */
export function layoutOf(data: TrainingData): string {
  const present = (arrays: readonly unknown[]): string => arrays.map((array) => (array === null ? "0" : "1")).join("");
  return `${data.inputs.length}/${present(data.targets)}/${present(data.weights)}`;
}

/** Makes a step's data from its tensors, for data laid out like `data`. */
export function unpackerFor(
  data: TrainingData,
  inputStructure: unknown,
  stage: TextStage | null = null,
): (tensors: readonly Tensor[]) => AnyStepData {
  const inputs = stage === null ? data.inputs.length : stage.arrayCount;
  const targets = data.targets.map((target) => target !== null);
  const weights = data.weights.map((weight) => weight !== null);
  return (tensors) => {
    let next = inputs;
    const take = (present: boolean): Tensor | null => (present ? tensors[next++]! : null);
    const y = targets.map(take);
    const w = weights.map(take);
    const leaves = stage === null ? tensors : stage.leaves(tensors);
    const x = inputStructure === null ? leaves[0]! : packStructure(inputStructure, leaves);
    return { x, y: y.length === 1 ? y[0]! : y, sampleWeight: w.length === 0 ? null : w.length === 1 ? w[0]! : w };
  };
}

/** A list of what may be one or several. */
export function asList<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** Tensors of a structure of predictions, in the order of the model's outputs. */
export function outputTensors(predictions: unknown): Tensor[] {
  return flattenStructure(predictions) as Tensor[];
}
