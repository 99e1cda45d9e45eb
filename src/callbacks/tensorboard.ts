/** Writes event files that TensorBoard shows. */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type Logs } from "./callback.ts";
import { optimizerOf, readLearningRate } from "./learning-rate.ts";
import { EventFile } from "./tensorboard/event-file.ts";
import { graphDefinition, type TraceableModel } from "./tensorboard/graph-definition.ts";
import type { Message } from "./tensorboard/message.ts";
import { histogramSummary, imageSummary, modelSummary, scalarSummary } from "./tensorboard/summaries.ts";
import { weightImage } from "./tensorboard/weight-image.ts";

/** Options of TensorBoard. */
export interface TensorBoardOptions {
  /** Folder of the event files. Default "logs". */
  readonly logDir?: string;
  /** Every how many epochs histograms of the weights are written; 0 (default): never. */
  readonly histogramFreq?: number;
  /** Whether the model's graph is written. Default true. */
  readonly writeGraph?: boolean;
  /** Whether weights are written as images, beside histograms. Default false. */
  readonly writeImages?: boolean;
  /** Whether the number of steps per second is written. Default false. */
  readonly writeStepsPerSecond?: boolean;
  /** "epoch" (default), "batch", or a number of batches: how often losses and metrics are written. */
  readonly updateFreq?: "epoch" | "batch" | number;
}

/**
 * Scalars of every epoch (`epoch_loss`, `epoch_learning_rate`, ...) and, if wanted, of batches; histograms and images of
 * weights; the graph of the model. Training's values go to `logDir/train`, validation's to `logDir/validation`. Files
 * only grow, by whole records: TensorBoard may read while training writes.
 *
 * @example
 * await model.fit(x, y, { epochs: 5, callbacks: [callbacks.TensorBoard({ logDir: "logs", histogramFreq: 1 })] });
 */
export class TensorBoardCallback extends Callback {
  readonly logDir: string;
  readonly histogramFreq: number;
  readonly writeGraph: boolean;
  readonly writeImages: boolean;
  readonly writeStepsPerSecond: boolean;
  readonly updateFreq: "epoch" | number;
  #train: EventFile | null = null;
  #validation: EventFile | null = null;
  #trainBatch = 0;
  #epochBatch = 0;
  #batchStart = 0;
  #epochStart = 0;

  constructor(options: TensorBoardOptions | string = {}) {
    super();
    const given = typeof options === "string" ? { logDir: options } : options;
    checkOptions("TensorBoard", given, ["logDir", "histogramFreq", "writeGraph", "writeImages", "writeStepsPerSecond", "updateFreq"]);
    this.logDir = given.logDir ?? "logs";
    this.histogramFreq = given.histogramFreq ?? 0;
    this.writeGraph = given.writeGraph ?? true;
    this.writeImages = given.writeImages ?? false;
    this.writeStepsPerSecond = given.writeStepsPerSecond ?? false;
    this.updateFreq = given.updateFreq === "batch" ? 1 : (given.updateFreq ?? "epoch");
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where: "TensorBoard", problem, expected, received: JSON.stringify(received) ?? typeof received });
    if (typeof this.logDir !== "string" || this.logDir === "") throw wrong("logDir is the path of a folder", '"logs"', given.logDir);
    if (!Number.isInteger(this.histogramFreq) || this.histogramFreq < 0)
      throw wrong("histogramFreq is a number of epochs", "0, 1, 2, ...", given.histogramFreq);
    const frequency = this.updateFreq;
    if (frequency !== "epoch" && !(Number.isInteger(frequency) && frequency > 0))
      throw wrong("updateFreq has no such choice", '"epoch", "batch" or a number of batches', given.updateFreq);
  }

  #trainFile(): EventFile {
    return (this.#train ??= new EventFile(`${this.logDir}/train`));
  }

  #validationFile(): EventFile {
    return (this.#validation ??= new EventFile(`${this.logDir}/validation`));
  }

  override async onTrainBegin(): Promise<void> {
    this.#train = null;
    this.#validation = null;
    this.#trainBatch = 0;
    const model = this.model as Partial<TraceableModel> & { toJSON?(): unknown; graph?: unknown };
    if (!this.writeGraph || model.graph === null || model.graph === undefined) return;
    const file = this.#trainFile();
    if (typeof model.toJSON === "function") file.summary(0, [modelSummary("keras", JSON.stringify(model))]);
    const definition = typeof model.predictStep === "function" ? graphDefinition(model as TraceableModel) : null;
    if (definition !== null) file.graph(definition);
    await file.flush();
  }

  override onEpochBegin(): void {
    this.#epochStart = performance.now();
    this.#epochBatch = this.#trainBatch;
  }

  override onTrainBatchBegin(): void {
    this.#batchStart = performance.now();
  }

  override readsBatchLogs(): boolean {
    return this.updateFreq !== "epoch" && (this.#trainBatch + 1) % this.updateFreq === 0;
  }

  override onTrainBatchEnd(_batch: number, logs: Logs): void | Promise<void> {
    this.#trainBatch++;
    if (this.updateFreq === "epoch" || this.#trainBatch % this.updateFreq !== 0) return;
    const values = scalars(logs, "batch_");
    if (this.writeStepsPerSecond) values.push(scalarSummary("batch_steps_per_second", 1000 / (performance.now() - this.#batchStart)));
    const file = this.#trainFile();
    file.summary(this.#trainBatch, values);
    return file.flush();
  }

  override async onTestEnd(logs: Logs): Promise<void> {
    const step = this.model.optimizer === undefined ? 0 : await this.model.optimizer.iterations.read().item();
    const file = this.#validationFile();
    file.summary(step, scalars(logs, "evaluation_", "_vs_iterations"));
    await file.flush();
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const entries = Object.entries(logs);
    const training: Record<string, number> = Object.fromEntries(entries.filter(([key]) => !key.startsWith("val_")));
    training.learning_rate = await readLearningRate(optimizerOf("TensorBoard", this.model));
    if (this.writeStepsPerSecond)
      training.steps_per_second = (1000 * (this.#trainBatch - this.#epochBatch)) / (performance.now() - this.#epochStart);
    const file = this.#trainFile();
    file.summary(epoch, scalars(training, "epoch_"));
    if (this.histogramFreq > 0 && epoch % this.histogramFreq === 0) file.summary(epoch, await this.#weights());
    await file.flush();
    const validation = Object.fromEntries(entries.filter(([key]) => key.startsWith("val_")).map(([key, value]) => [key.slice(4), value]));
    if (Object.keys(validation).length === 0) return;
    this.#validationFile().summary(epoch, scalars(validation, "epoch_"));
    await this.#validationFile().flush();
  }

  async #weights(): Promise<Message[]> {
    const values: Message[] = [];
    for (const weight of this.model.weights ?? []) {
      const data = await weight.data();
      values.push(histogramSummary(`${weight.path}/histogram`, data));
      const image = this.writeImages ? weightImage(data, weight.shape) : null;
      if (image !== null) values.push(await imageSummary(`${weight.path}/image`, image.pixels, image.shape));
    }
    return values;
  }

  override async onTrainEnd(): Promise<void> {
    await this.#train?.flush();
    await this.#validation?.flush();
  }
}

function scalars(logs: Logs, prefix: string, suffix = ""): Message[] {
  return Object.entries(logs).map(([name, value]) => scalarSummary(`${prefix}${name}${suffix}`, value));
}

/** Writes event files; see {@link TensorBoardCallback}. */
export const TensorBoard: CallableClass<typeof TensorBoardCallback> = /* @__PURE__ */ callableClass(TensorBoardCallback);
export type TensorBoard = TensorBoardCallback;
