/** A model that lives in a worker, as the thread sees it that asked for it. */
import { type Callback, History } from "../callbacks/index.ts";
import type { CallbackModel, Direction } from "../callbacks/callback-model.ts";
import { isDataset } from "../data/dataset-brand.ts";
import { StateError, ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import type { CompileOptions, DataStructure, EvaluateOptions, FitOptions, Model, PredictOptions } from "../models/index.ts";
import { verboseOf } from "../models/fit-options.ts";
import type { BatchStream } from "../models/index.ts";
import type { Optimizer } from "../optimizers/index.ts";
import type { SaveOptions } from "../saving/model-files.ts";
import type { FileTarget } from "../saving/source.ts";
import type { Connection } from "./connection.ts";
import { type AnyModel, setValues } from "./model-state.ts";
import { pack, type Parcel, unpack } from "./pack-data.ts";
import { PageCallbacks } from "./page-callbacks.ts";
import type { WorkerCalls } from "./protocol.ts";

/** What every run in a worker takes beside the options of the same name of a model. */
export interface WorkerRunOptions {
  /** Whether the buffers of typed arrays move to the worker (they are empty here afterwards) instead of being copied. Default false. */
  readonly transfer?: boolean;
}

/** Options of `WorkerModel.fit`: those of `Model.fit`. Callbacks run on this thread. */
export type WorkerFitOptions = FitOptions & WorkerRunOptions;

type Batch = { sampleWeight?: DataStructure | null };

/**
 * A model in a worker: `fit`, `evaluate`, `predict` and the rest as on a model, with the same options. Calls run one after
 * another, in the order they were made; callbacks run on this thread, and training waits for them. Errors arrive with their
 * class and all their parts. Made by `inWorker` and `connect`.
 */
export class WorkerModel<I = Tensor, O = Tensor> implements CallbackModel {
  readonly name: string;
  /** The History of the last `fit`. */
  history: History | null = null;
  readonly #connection: Connection;
  readonly #id: number;
  /** The model that was sent: what callbacks look at that need an optimizer. */
  readonly #local: AnyModel | null;
  #run: number | null = null;
  #stopTraining = false;
  #closed = false;

  /** Use `inWorker` or `connect`. */
  constructor(connection: Connection, id: number, name: string, local: Model<I, O> | null) {
    this.#connection = connection;
    this.#id = id;
    this.name = name;
    this.#local = local as AnyModel | null;
  }

  /** Setting it ends `fit` after the present batch. */
  get stopTraining(): boolean {
    return this.#stopTraining;
  }
  set stopTraining(stop: boolean) {
    this.#stopTraining = stop;
    // Inside a hook the reply carries it; from anywhere else it is told at once.
    if (stop && this.#run !== null) void this.#connection.call("stop", { run: this.#run, aborts: false }).catch(ignore);
  }

  /** The optimizer of the model that was sent: shows the learning rate while callbacks run, and takes a new one. */
  get optimizer(): Optimizer | undefined {
    return this.#local?.compiled === true ? this.#local.optimizer : undefined;
  }

  #sent(where: string): AnyModel {
    if (this.#local !== null) return this.#local;
    throw new StateError({
      where,
      problem: "the model was made in the worker, this thread knows only its name",
      advice: "compile it where it is made",
    });
  }

  directionOf(key: string): Direction | null {
    return this.#local?.directionOf(key) ?? null;
  }

  /** Optimizer, loss and metrics; as `Model.compile`, but to be awaited. */
  async compile(options: CompileOptions): Promise<void> {
    const local = this.#sent(`${this.name}.compile`);
    local.compile(options);
    await this.#call("compile", { model: this.#id, config: local.getCompileConfig()! });
  }

  /** Trains; as `Model.fit`. */
  async fit(x: DataStructure | BatchStream, y: DataStructure | null = null, options: WorkerFitOptions = {}): Promise<History> {
    const { callbacks, signal, transfer, ...rest } = options;
    if (isDataset(x) && x.cardinality === Infinity && rest.stepsPerEpoch == null) {
      throw new ValueError({
        where: `${this.name}.fit`,
        problem: "the data has no end",
        expected: "stepsPerEpoch: how many steps make an epoch",
        received: "stepsPerEpoch null",
      });
    }
    const reply = await this.#start("fit", { x, y, rest, callbacks: callbacks ?? [], signal: signal ?? null, move: transfer ?? false });
    const history = new History();
    history.setModel(this);
    history.history = reply.history;
    history.epoch = reply.epoch;
    return (this.history = history);
  }

  /** Loss and metrics over data; as `Model.evaluate`. */
  async evaluate(
    x: DataStructure | BatchStream,
    y: DataStructure | null = null,
    options: EvaluateOptions & WorkerRunOptions = {},
  ): Promise<Record<string, number>> {
    const { callbacks, transfer, ...rest } = options;
    return await this.#start("evaluate", { x, y, rest, callbacks: callbacks ?? [], signal: null, move: transfer ?? false });
  }

  /** Outputs for data; as `Model.predict`. */
  async predict(x: DataStructure | BatchStream, options: PredictOptions & WorkerRunOptions = {}): Promise<O> {
    const { callbacks, transfer, ...rest } = options;
    const packed = await this.#start("predict", { x, y: null, rest, callbacks: callbacks ?? [], signal: null, move: transfer ?? false });
    return unpack(packed) as O;
  }

  /** One training step on one batch; as `Model.trainOnBatch`. */
  async trainOnBatch(
    x: DataStructure,
    y: DataStructure | null = null,
    options: Batch & { classWeight?: Readonly<Record<number, number>> | null } = {},
  ): Promise<Record<string, number>> {
    return await this.#batch("trainOnBatch", x, y, options);
  }

  /** One evaluation step on one batch; as `Model.testOnBatch`. */
  async testOnBatch(x: DataStructure, y: DataStructure | null = null, options: Batch = {}): Promise<Record<string, number>> {
    return await this.#batch("testOnBatch", x, y, options);
  }

  /** Outputs for one batch; as `Model.predictOnBatch`. */
  async predictOnBatch(x: DataStructure): Promise<O> {
    const { value, transfer } = await pack(`${this.name}.predictOnBatch`, x);
    return unpack(await this.#call("predictBatch", { model: this.#id, x: value }, transfer)) as O;
  }

  async #batch(
    kind: "trainOnBatch" | "testOnBatch",
    x: DataStructure,
    y: DataStructure | null,
    options: object,
  ): Promise<Record<string, number>> {
    const { value, transfer } = await pack(`${this.name}.${kind}`, { x, y, options });
    const packed = value as { x: unknown; y: unknown; options: Record<string, unknown> };
    return await this.#call("batch", { model: this.#id, kind, ...packed }, transfer);
  }

  /** Copies of all weights, in the order of `weights` of the model. */
  async getWeights(): Promise<Tensor[]> {
    return unpack(await this.#call("getWeights", this.#id)) as Tensor[];
  }

  /** Sets all weights. Throws ShapeError where number or shapes differ. */
  async setWeights(weights: readonly Tensor[]): Promise<void> {
    const { value, transfer } = await pack(`${this.name}.setWeights`, weights);
    await this.#call("setWeights", { model: this.#id, weights: value }, transfer);
  }

  /**
   * Gives a model of this thread everything that training changed: weights, moving statistics, the state of the optimizer
   * (where both are compiled). Throws ValueError where its layers differ.
   *
   * @example
   * const remote = await inWorker(model);
   * await remote.fit(x, y, { epochs: 10 });
   * await remote.copyTo(model);
   */
  async copyTo(model: Model<I, O>): Promise<void> {
    const values = await this.#call("values", this.#id);
    setValues(`${this.name}.copyTo`, model as unknown as AnyModel, values);
  }

  /** Saves the model of the worker; as `Model.save`. */
  async save(target: FileTarget, options: SaveOptions = {}): Promise<void> {
    const { modelEndings, saveAs } = await import("../saving/model-files.ts");
    await saveAs(`${this.name}.save`, target, options, modelEndings, (format) => this.#call("file", { model: this.#id, format }));
  }

  /** Chooses the back-end of the worker: `wasm`, `webgpu`, ... */
  async setBackend(name: string): Promise<void> {
    await this.#call("setBackend", name);
  }

  /** What runs in the worker: see `backendInfo`. */
  async backendInfo(): Promise<Readonly<Record<string, string | number | boolean>>> {
    return await this.#call("backendInfo", null);
  }

  /** Forgets the model there, and ends the worker if `inWorker` started it. Calls that are under way end with StateError. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#connection.release(this.#id);
  }

  /** `await using model = await inWorker(...)` closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #call<K extends keyof WorkerCalls>(
    name: K,
    request: WorkerCalls[K]["request"],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<WorkerCalls[K]["reply"]> {
    if (this.#closed) throw new StateError({ where: this.name, problem: "the model was closed", advice: "call inWorker again" });
    return await this.#connection.call(name, request, transfer);
  }

  async #start<K extends "fit" | "evaluate" | "predict">(
    kind: K,
    given: {
      readonly x: unknown;
      readonly y: unknown;
      readonly rest: object;
      readonly callbacks: readonly Callback[];
      readonly signal: AbortSignal | null;
      readonly move: boolean;
    },
  ): Promise<WorkerCalls[K]["reply"]> {
    const where = `${this.name}.${kind}`;
    const { verbose, epochs } = given.rest as FitOptions;
    const callbacks = new PageCallbacks(given.callbacks, this, {
      verbose: verboseOf(where, verbose),
      epochs: kind === "fit" ? (epochs ?? 1) : 1,
    });
    const connection = this.#connection;
    const streams: number[] = [];
    const openStream = (stream: unknown): { stream: number; repeats: boolean } | null => {
      const opened = connection.streams.add(stream);
      if (opened !== null) streams.push(opened.stream);
      return opened;
    };
    const run = connection.begin(callbacks);
    const stop = (): void => void connection.call("stop", { run, aborts: true }).catch(ignore);
    try {
      const { x, y } = given;
      const { value, transfer }: Parcel = await pack(where, { x, y, options: given.rest }, { move: given.move, openStream });
      const packed = value as { x: unknown; y: unknown; options: Record<string, unknown> };
      this.#stopTraining = false;
      this.#run = run;
      const aborted = given.signal?.aborted ?? false;
      const running = this.#call(kind, { model: this.#id, run, ...packed, hooks: callbacks.hooks, aborted }, transfer);
      // After the call itself, since messages arrive in order.
      given.signal?.addEventListener("abort", stop, { once: true });
      return await running;
    } finally {
      given.signal?.removeEventListener("abort", stop);
      if (this.#run === run) this.#run = null;
      connection.end(run);
      for (const stream of streams) connection.streams.remove(stream);
    }
  }
}

function ignore(): void {
  // The run has ended by itself, or its own call tells what happened.
}
