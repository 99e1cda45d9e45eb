/** What all autoencoders share: two models, one after the other. */
import { ShapeError, ValueError } from "../../errors.ts";
import { formatShape, sameShape, type Shape, Tensor } from "../../graph/index.ts";
import type { History } from "../../callbacks/index.ts";
import { Dense } from "../../layers/dense.ts";
import { Flatten } from "../../layers/flatten.ts";
import { Input } from "../../layers/input-layer.ts";
import { Layer } from "../../layers/layer.ts";
import { describe, type LayerOptions } from "../../layers/layer-options.ts";
import { layerRegistry } from "../../layers/registry.ts";
import {
  type BatchStream,
  type DataStructure,
  type EvaluateOptions,
  type FitOptions,
  Model,
  type PredictOptions,
} from "../../models/index.ts";
import { isStream } from "../../models/batches.ts";
import * as ops from "../../ops/index.ts";
import { checkOptions, type Config, type CustomObjects, isSerialized, type SerializedObject } from "../../serialization/index.ts";
import type { ActivationIdentifier } from "../../activations/index.ts";
import { checkFinite } from "./checked-data.ts";

/** A model with any inputs and outputs. */
export type AnyModel = Model<unknown, unknown>;

/** Options of `classifier`. */
export interface ClassifierOptions {
  /** Number of classes. */
  readonly units: number;
  /** Default "softmax". */
  readonly activation?: ActivationIdentifier | null;
  readonly name?: string;
}

/** Options of `interpolate`. */
export interface InterpolateOptions extends PredictOptions {
  /** Number of samples from the first to the last, both included. Default 10. */
  readonly steps?: number;
}

/** An encoder and a decoder as one model from samples to their reconstructions. */
export abstract class BaseAutoencoder extends Model<Tensor, Tensor> {
  /** From samples to codes. */
  readonly encoder: AnyModel;
  /** From codes to samples. */
  readonly decoder: AnyModel;

  protected constructor(inputs: Tensor, outputs: Tensor, encoder: AnyModel, decoder: AnyModel, options: LayerOptions) {
    super({ inputs, outputs, ...options });
    this.encoder = encoder;
    this.decoder = decoder;
  }

  /** Shape of a code, without the axis of the batch. */
  get codeShape(): Shape {
    return (this.decoder.inputs as Tensor).shape.slice(1);
  }

  /** Shape of a sample, without the axis of the batch. */
  get sampleExtents(): Shape {
    return this.inputs!.shape.slice(1);
  }

  /** Codes as a graph: what `encode` and `classifier` use. */
  protected codesOf(x: Tensor): Tensor {
    return this.encoder(x) as Tensor;
  }

  /** Whether the samples are the targets where none are given. */
  protected get reconstructs(): boolean {
    return true;
  }

  /** Trains, as Model's `fit` does; without `y` the samples themselves are the targets. A stream gives both: `[x, x]`. */
  override async fit(x: DataStructure | BatchStream, y: DataStructure | null = null, options: FitOptions = {}): Promise<History> {
    await checkFinite(`${this.label}.fit`, x);
    const { validationData: held } = options;
    // [xHeld, null] is completed in the same way.
    const validationData = isList(held) ? ([held[0], this.#target(held[0], held[1]), held[2] ?? null] as const) : held;
    const completed = validationData === undefined ? options : { ...options, validationData };
    return await super.fit(x, this.#target(x, y), completed);
  }

  /** Loss and metrics, as Model's `evaluate` gives them; without `y` the samples themselves are the targets. */
  override async evaluate(
    x: DataStructure | BatchStream,
    y: DataStructure | null = null,
    options: EvaluateOptions = {},
  ): Promise<Record<string, number>> {
    await checkFinite(`${this.label}.evaluate`, x);
    return await super.evaluate(x, this.#target(x, y), options);
  }

  override async trainOnBatch(
    x: DataStructure,
    y: DataStructure | null = null,
    options: Parameters<Model["trainOnBatch"]>[2] = {},
  ): Promise<Record<string, number>> {
    await checkFinite(`${this.label}.trainOnBatch`, x);
    return await super.trainOnBatch(x, this.#target(x, y), options);
  }

  override async testOnBatch(
    x: DataStructure,
    y: DataStructure | null = null,
    options: Parameters<Model["testOnBatch"]>[2] = {},
  ): Promise<Record<string, number>> {
    await checkFinite(`${this.label}.testOnBatch`, x);
    return await super.testOnBatch(x, this.#target(x, y), options);
  }

  #target(x: DataStructure | BatchStream, y: DataStructure | null): DataStructure | null {
    return y === null && this.reconstructs && !isStream(x) ? x : y;
  }

  /** Codes of samples, computed in batches, nothing corrupted. Shapes: x [n, ...sample] -> [n, ...code]. */
  async encode(x: DataStructure | BatchStream, options: PredictOptions = {}): Promise<Tensor> {
    await checkFinite(`${this.label}.encode`, x);
    return (await this.encoder.predict(x, options)) as Tensor;
  }

  /** Samples of codes, computed in batches. Shapes: codes [n, ...code] -> [n, ...sample]. */
  async decode(codes: DataStructure | BatchStream, options: PredictOptions = {}): Promise<Tensor> {
    await checkFinite(`${this.label}.decode`, codes);
    return (await this.decoder.predict(codes, options)) as Tensor;
  }

  /**
   * What lies between samples: the decoded codes on the straight line from each code to the other.
   * Shapes: from, to [n, ...sample] -> [n, steps, ...sample]. Throws ShapeError where both differ.
   */
  async interpolate(from: DataStructure, to: DataStructure, { steps = 10, ...options }: InterpolateOptions = {}): Promise<Tensor> {
    const where = `${this.label}.interpolate`;
    if (!Number.isInteger(steps) || steps < 2)
      throw new ValueError({ where, problem: "steps counts both ends", expected: "a whole number from 2", received: describe(steps) });
    const [a, b] = [await this.encode(from, options), await this.encode(to, options)];
    if (!sameShape(a.shape, b.shape))
      throw new ShapeError({
        where,
        problem: "there is not one end for every beginning",
        expected: formatShape(a.shape),
        received: formatShape(b.shape),
      });
    const share = ops.reshape(ops.linspace(0, 1, steps), [1, steps, ...a.shape.slice(1).map(() => 1)]);
    const [start, end] = [ops.expandDims(a, 1), ops.expandDims(b, 1)];
    const codes = ops.add(start, ops.multiply(ops.subtract(end, start), share));
    const [count, ...code] = a.shape as readonly number[];
    const samples = await this.decode(ops.reshape(codes, [count! * steps, ...code]), options);
    return ops.reshape(samples, [count!, steps, ...(samples.shape.slice(1) as number[])]);
  }

  /**
   * A classifier on the codes, for fine-tuning with labels: the encoder (its layers, not copies) and one fully connected
   * layer. Set `encoder.trainable = false` before `compile` to train that layer alone.
   *
   * @example
   * const classifier = autoencoder.classifier({ units: 10 });
   * classifier.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
   */
  classifier(options: ClassifierOptions): Model<Tensor, Tensor> {
    checkOptions(`${this.label}.classifier`, options, ["units", "activation", "name"]);
    const { units, activation = "softmax", name } = options;
    const inputs = Input({ shape: this.sampleExtents, dtype: this.inputs!.dtype });
    const codes = this.codesOf(inputs);
    const flat = codes.rank === 2 ? codes : Flatten()(codes);
    return new Model({ inputs, outputs: Dense({ units, activation })(flat), ...(name === undefined ? {} : { name }) });
  }

  /** Configuration of the two models, and what a class adds. */
  override getConfig(): Config {
    return { ...Layer.prototype.getConfig.call(this), encoder: this.encoder.toJSON(), decoder: this.decoder.toJSON() };
  }
}

/** Whether held-out data are arrays, not batches. */
function isList(held: FitOptions["validationData"]): held is readonly [DataStructure, DataStructure | null, (DataStructure | null)?] {
  return Array.isArray(held);
}

/** Throws ValueError where an option is no model from one tensor whose shape is known. */
export function checkPart(where: string, what: "encoder" | "decoder", part: unknown): AnyModel {
  if (!(part instanceof Model))
    throw new ValueError({
      where,
      problem: `the ${what} is no model`,
      expected: "a Sequential or a Model",
      received: describe(part),
      advice: `a single layer becomes one by new Sequential([layer])`,
    });
  const model = part as unknown as AnyModel;
  if (!(model.inputs instanceof Tensor))
    throw new ValueError({
      where,
      problem: `the ${what} does not take one tensor of a known shape`,
      expected: "a model with one input, whose shape is given",
      received: model.inputs === null ? "a model that is not built" : describe(model.inputs),
      advice: "give its first layer an inputShape, or make it from Input({ shape })",
    });
  return model;
}

/** Throws ShapeError where what one model gives is not what another takes or is to give. */
export function checkFit(where: string, problem: string, given: Shape, wanted: Shape): void {
  const fits = given.length === wanted.length && given.every((extent, axis) => axis === 0 || extent === wanted[axis]);
  if (!fits) throw new ShapeError({ where, problem, expected: formatShape(wanted), received: formatShape(given) });
}

/** A layer or model of a configuration, with new weights; null stays null. Throws ValueError. */
export function partFromConfig(where: string, json: unknown, customObjects: CustomObjects): Layer | null {
  if (json === null || json === undefined) return null;
  if (!isSerialized(json))
    throw new ValueError({ where, problem: "the configuration describes no layer", expected: "Keras's JSON", received: describe(json) });
  const { config, ...rest } = json as SerializedObject & { build_config?: unknown };
  const cls = layerRegistry.classFor({ ...rest, config }, customObjects) as unknown as {
    fromConfig(config: Config, customObjects: CustomObjects): Layer;
  };
  return cls.fromConfig((config ?? {}) as Config, customObjects);
}
