/** Statistics of activations and gradients, layer by layer. */
import { gradients } from "../autodiff/index.ts";
import { isFloat } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { isSymbolic, Tensor } from "../graph/index.ts";
import { withObserver } from "../layers/call-context.ts";
import { Layer } from "../layers/index.ts";
import { flattenStructure, mapStructure } from "../layers/structure.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback } from "./callback.ts";

/** Statistics of the elements of one tensor. */
export interface TensorStatistics {
  readonly mean: number;
  readonly standardDeviation: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Euclidean norm. */
  readonly norm: number;
  /** Share of elements that are 0: dead units after a relu. */
  readonly zeros: number;
}

/** What one call of a layer gave, at the end of an epoch. */
export interface LayerRecord {
  readonly epoch: number;
  /** Name of the layer. */
  readonly layer: string;
  readonly className: string;
  readonly activation: TensorStatistics;
  /** Of the loss with respect to the activation; null where nothing flows back. */
  readonly gradient: TensorStatistics | null;
  /** Per trainable weight of the layer itself: norms of weight and gradient. */
  readonly weights: Readonly<Record<string, { readonly norm: number; readonly gradientNorm: number }>>;
}

/** Options of LayerStatistics. */
export interface LayerStatisticsOptions {
  /** A batch that the statistics are made of: inputs as the model takes them, and targets. */
  readonly x: unknown;
  readonly y: TensorLike | readonly TensorLike[];
  /** Every how many epochs. Default 1. */
  readonly frequency?: number;
}

/** What the callback needs of a model. */
interface StatisticsModel {
  (x: unknown, options: { readonly training: boolean }): unknown;
  computeLoss(data: {
    readonly x: unknown;
    readonly y: Tensor | readonly Tensor[];
    readonly yPred: unknown;
    readonly sampleWeight: null;
    readonly training: boolean;
  }): Tensor;
}

/**
 * At the end of an epoch runs a batch forward and backward and keeps, for every layer, statistics of its activation, of
 * the loss's gradient with respect to it, and the norms of its weights and their gradients. Nothing of the model changes.
 * Vanishing and exploding gradients and dead units show in `records`.
 *
 * @example
 * const statistics = new callbacks.LayerStatistics({ x: xTrain, y: yTrain });
 * await model.fit(xTrain, yTrain, { epochs: 5, callbacks: [statistics] });
 * console.table(statistics.records.map(({ epoch, layer, gradient }) => ({ epoch, layer, gradient: gradient?.norm })));
 */
export class LayerStatisticsCallback extends Callback {
  /** What was measured, epoch by epoch, layers in the order of their calls. */
  records: LayerRecord[] = [];
  readonly #options: LayerStatisticsOptions;
  readonly #frequency: number;

  constructor(options: LayerStatisticsOptions) {
    super();
    checkOptions("LayerStatistics", options ?? {}, ["x", "y", "frequency"]);
    this.#options = options;
    this.#frequency = options?.frequency ?? 1;
    if (
      options?.x === undefined ||
      options.y === undefined ||
      options.y === null ||
      !(Number.isInteger(this.#frequency) && this.#frequency > 0)
    ) {
      throw new ValueError({
        where: "LayerStatistics",
        problem: "statistics are made of a batch, every so many epochs",
        expected: "{ x, y, frequency: 1 }",
        received: `an object with ${Object.keys(options ?? {}).join(", ") || "nothing"}`,
      });
    }
  }

  override onTrainBegin(): void {
    this.records = [];
  }

  override async onEpochEnd(epoch: number): Promise<void> {
    if (epoch % this.#frequency === 0) this.records.push(...(await this.#measure(epoch)));
  }

  async #measure(epoch: number): Promise<LayerRecord[]> {
    const model = this.#model();
    const states = (this.model.variables ?? []).map((variable) => [variable, variable.read()] as const);
    const calls: { readonly layer: Layer; readonly output: Tensor }[] = [];
    const observe = (layer: object, outputs: unknown): void => {
      if (!(layer instanceof Layer) || layer === (model as object)) return;
      for (const output of flattenStructure(outputs))
        if (output instanceof Tensor && isFloat(output.dtype) && !isSymbolic(output)) calls.push({ layer: layer as Layer, output });
    };
    const x = mapStructure(this.#options.x, (leaf) => asTensor(leaf as TensorLike));
    const given = this.#options.y;
    const y = Array.isArray(given) && given[0] instanceof Tensor ? (given as Tensor[]) : asTensor(given as TensorLike);
    const versions = new Map((this.model.trainableWeights ?? []).map((weight) => [weight, weight.read()] as const));
    const yPred = withObserver(observe, () => model(x, { training: true }));
    const loss = model.computeLoss({ x, y, yPred, sampleWeight: null, training: true });
    const outputs = calls.map(({ output }) => output);
    const all = gradients([loss], [...outputs, ...versions.values()]);
    const flows = all.slice(0, outputs.length);
    const weightGradients = new Map([...versions.keys()].map((weight, i) => [weight, all[outputs.length + i]!] as const));
    // The forward pass moved moving statistics and seeds: they get back what they were.
    for (const [variable, value] of states) variable.assign(value);
    const rows = calls.flatMap(({ output }, i) => [statistics(output), statistics(flows[i]!)]);
    const norms = [...versions].flatMap(([weight, version]) => [
      ops.norm(ops.ravel(version)),
      ops.norm(ops.ravel(weightGradients.get(weight)!)),
    ]);
    const values = rows.length === 0 ? new Float32Array(0) : await ops.ravel(ops.stack(rows)).data();
    const normValues = norms.length === 0 ? new Float32Array(0) : await ops.stack(norms.map((norm) => ops.cast(norm, "float32"))).data();
    const weights = [...versions.keys()];
    return calls.map(({ layer }, i): LayerRecord => {
      const gradient = readStatistics(values, 2 * i + 1);
      const own = weights.map((weight, at) => [weight, at] as const).filter(([weight]) => ownWeights(layer).includes(weight));
      return {
        epoch,
        layer: layer.name,
        className: layer.className,
        activation: readStatistics(values, 2 * i),
        gradient: gradient.norm === 0 ? null : gradient,
        weights: Object.fromEntries(
          own.map(([weight, at]) => [weight.name, { norm: normValues[2 * at]!, gradientNorm: normValues[2 * at + 1]! }]),
        ),
      };
    });
  }

  #model(): StatisticsModel {
    const model: object = this.model;
    if (isRunnable(model)) return model;
    throw new ValueError({
      where: "LayerStatistics",
      problem: "this is no model that can be run",
      expected: "a compiled model",
      received: this.model.name,
    });
  }
}

function isRunnable(model: object): model is StatisticsModel {
  return typeof model === "function" && typeof (model as Partial<StatisticsModel>).computeLoss === "function";
}

/** Weights of a layer that are not of its sublayers. */
function ownWeights(layer: Layer): Layer["weights"] {
  const inner = new Set(layer.sublayers.flatMap((sublayer) => sublayer.weights));
  return layer.weights.filter((weight) => !inner.has(weight));
}

const count = 6;

/** Statistics in one vector, so that all are read at once. */
function statistics(given: Tensor): Tensor {
  const x = ops.ravel(ops.cast(given, "float32"));
  const zeros = ops.mean(ops.cast(ops.equal(x, 0), "float32"));
  return ops.stack([ops.mean(x), ops.std(x), ops.min(x), ops.max(x), ops.norm(x), zeros]);
}

function readStatistics(values: ArrayLike<number>, row: number): TensorStatistics {
  const [mean, standardDeviation, minimum, maximum, norm, zeros] = Array.from({ length: count }, (_, i) => values[row * count + i]!);
  return { mean: mean!, standardDeviation: standardDeviation!, minimum: minimum!, maximum: maximum!, norm: norm!, zeros: zeros! };
}

/** Statistics of activations and gradients; see {@link LayerStatisticsCallback}. */
export const LayerStatistics: CallableClass<typeof LayerStatisticsCallback> = /* @__PURE__ */ callableClass(LayerStatisticsCallback);
export type LayerStatistics = LayerStatisticsCallback;
