/** Two networks that learn against each other: what the kinds of it share. */
import { gradients } from "../autodiff/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, Tensor } from "../graph/index.ts";
import { type CallOptions, layerRegistry } from "../layers/index.ts";
import { describe } from "../layers/layer-options.ts";
import * as metrics from "../metrics/index.ts";
import { Model } from "../models/index.ts";
import type { CompileOptions } from "../models/index.ts";
import * as ops from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import * as random from "../random/index.ts";
import { checkOptions, type Config, type CustomObjects, isSerialized } from "../serialization/index.ts";

/** What an adversarial network's `trainStep` and `testStep` take and give. */
type StepData = Parameters<Model["trainStep"]>[0];
type StepLogs = ReturnType<Model["trainStep"]>;

/** Options that every adversarial network takes. */
export interface AdversarialNetworkOptions {
  /** Makes images out of noise. Shapes: [n, ...noise] -> those of the data. */
  readonly generator: Model;
  /** Says of images how real they look, as a number that is not bounded: no sigmoid at its end. Shapes: those of the data -> [n, 1]. */
  readonly discriminator: Model;
  /** Steps of the discriminator for each of the generator; a batch is cut into as many parts. */
  readonly discriminatorSteps?: number;
  /** Makes the noise of training repeat. Default: the next default seed (`setRandomSeed`). */
  readonly seed?: number | null;
  readonly name?: string;
}

/** Options of an adversarial network's `compile`. */
export interface AdversarialCompileOptions extends CompileOptions {
  /** A name, an optimizer, or Keras's JSON. */
  readonly generatorOptimizer?: CompileOptions["optimizer"];
  readonly discriminatorOptimizer?: CompileOptions["optimizer"];
}

/** Names of the options that every adversarial network takes. */
export const adversarialOptionNames: readonly string[] = [
  "generator",
  "discriminator",
  "discriminatorSteps",
  "seed",
  "name",
  "trainable",
  "dtype",
];

/**
 * A generator and a discriminator as one Keras model: `fit(images)` trains both, `model(images)` gives the discriminator's
 * scores, `generate(n)` new images. Every update of a step (those of the discriminator, then the generator's) is part of
 * one program. I. Goodfellow et al., "Generative adversarial nets", 2014.
 *
 * A kind of one's own extends it with its two losses.
 */
export abstract class AdversarialNetwork extends Model<Tensor, Tensor> {
  readonly generator: Model;
  readonly discriminator: Model;
  readonly discriminatorSteps: number;
  readonly seed: number | null;
  readonly noiseSeeds: random.SeedGenerator;
  readonly generatorLoss: metrics.Mean;
  readonly discriminatorLoss: metrics.Mean;
  #optimizers: readonly [generator: optimizers.Optimizer, discriminator: optimizers.Optimizer] | null = null;

  /** Throws ValueError and ShapeError where the two networks do not fit each other. */
  constructor(
    where: string,
    options: AdversarialNetworkOptions,
    more: readonly string[],
    defaults: { readonly discriminatorSteps: number },
  ) {
    checkOptions(where, options, [...adversarialOptionNames, ...more]);
    super({ name: options.name ?? "adversarial_network" });
    const { generator, discriminator, discriminatorSteps = defaults.discriminatorSteps, seed = null } = options;
    const [, made] = endsOf(where, "generator", generator);
    const [seen, scores] = endsOf(where, "discriminator", discriminator);
    if (!meets(made, seen))
      throw new ShapeError({
        where,
        problem: "the generator's images are not what the discriminator looks at",
        expected: formatShape(seen),
        received: formatShape(made),
        advice: "give both the shape of the data: the generator at its end, the discriminator at its beginning",
      });
    if (scores.length !== 2 || scores[1] !== 1)
      throw new ShapeError({
        where,
        problem: "the discriminator does not give one number for each image",
        expected: "[null, 1]",
        received: formatShape(scores),
        advice: "end it with Dense({ units: 1 })",
      });
    if (!(Number.isInteger(discriminatorSteps) && discriminatorSteps > 0))
      throw new ValueError({
        where,
        problem: "discriminatorSteps does not make sense",
        expected: "a whole number from 1",
        received: String(discriminatorSteps),
      });
    this.generator = generator;
    this.discriminator = discriminator;
    this.discriminatorSteps = discriminatorSteps;
    this.seed = seed;
    this.noiseSeeds = new random.SeedGenerator({ seed });
    this.generatorLoss = new metrics.Mean({ name: "generator_loss" });
    this.discriminatorLoss = new metrics.Mean({ name: "discriminator_loss" });
    this.built = true;
  }

  /** The discriminator's loss for real and generated images of one batch, as a scalar. */
  protected abstract discriminatorLossOf(real: Tensor, fake: Tensor, training: boolean): Tensor;

  /** The generator's loss, from the discriminator's scores of its images [n, 1], as a scalar. */
  protected abstract generatorLossOf(scores: Tensor): Tensor;

  /** The optimizers when `compile` names none. */
  protected abstract defaultOptimizers(): { readonly generator: optimizers.Optimizer; readonly discriminator: optimizers.Optimizer };

  /** Two optimizers, one for each network. The losses are the network's own. Throws ValueError where one is given twice. */
  override compile(options: AdversarialCompileOptions = {}): void {
    const where = `${this.label}.compile`;
    checkOptions(where, options, ["generatorOptimizer", "discriminatorOptimizer"]);
    const defaults = this.defaultOptimizers();
    const generator = optimizers.get(options.generatorOptimizer ?? defaults.generator);
    const discriminator = optimizers.get(options.discriminatorOptimizer ?? defaults.discriminator);
    if (generator === discriminator)
      throw new ValueError({
        where,
        problem: "generator and discriminator have the same optimizer",
        expected: "two optimizers: each counts its own steps",
        received: `${generator.name} twice`,
      });
    this.#optimizers = [generator, discriminator];
    const own = new Set(this.generator.trainableWeights);
    const both = optimizers.MultiOptimizer((variable) => (own.has(variable) ? generator : discriminator));
    super.compile({ optimizer: both });
    both.build([...this.generator.trainableWeights, ...this.discriminator.trainableWeights]);
  }

  /** What the discriminator says of images. Shapes: those of the data -> [n, 1]. */
  override call(images: Tensor, options: CallOptions = {}): Tensor {
    return applied(this.discriminator, images, options.training === true);
  }

  /** Noise for `count` images, from the normal distribution. */
  protected noise(count: number): Tensor {
    return random.normal([count, ...(this.generator.inputs!.shape.slice(1) as number[])], { seed: this.noiseSeeds });
  }

  /** One step: the discriminator's updates, each with its part of the batch, then the generator's. */
  override trainStep({ x }: StepData): StepLogs {
    const images = x;
    const steps = this.discriminatorSteps;
    const count = images.dim(0);
    // A batch too small to be cut is used whole each time.
    const part = count >= steps ? Math.floor(count / steps) : count;
    let fake = images;
    for (let step = 0; step < steps; step++) {
      const real = part === count ? images : ops.slice(images, [step * part, ...rest(images, 0)], [part, ...rest(images)]);
      fake = applied(this.generator, this.noise(part), true);
      const weights = this.discriminator.trainableWeights;
      const versions = weights.map((weight) => weight.read());
      const loss = this.discriminatorLossOf(real, ops.stopGradient(fake), true);
      this.optimizer.apply(gradients([loss], versions), weights);
      this.discriminatorLoss.updateState(loss, { sampleWeight: ops.full([], part) });
    }
    // The generator answers for the images that the discriminator saw last.
    const weights = this.generator.trainableWeights;
    const loss = this.generatorLossOf(applied(this.discriminator, fake, true));
    this.optimizer.apply(
      gradients(
        [loss],
        weights.map((weight) => weight.read()),
      ),
      weights,
    );
    this.generatorLoss.updateState(loss, { sampleWeight: ops.full([], part) });
    return this.#logs();
  }

  /** Both losses for images that are not trained on. */
  override testStep({ x }: StepData): StepLogs {
    const images = x;
    const weight = { sampleWeight: ops.full([], images.dim(0)) };
    const fake = applied(this.generator, this.noise(images.dim(0)), false);
    this.discriminatorLoss.updateState(this.discriminatorLossOf(images, fake, false), weight);
    this.generatorLoss.updateState(this.generatorLossOf(applied(this.discriminator, fake, false)), weight);
    return this.#logs();
  }

  #logs(): StepLogs {
    return Object.fromEntries(this.heldMetrics.map((metric) => [metric.name, metric.result() as Tensor]));
  }

  /**
   * New images. Shapes: [count, ...data]. With a seed the same noise each time; so the same seed shows what becomes of
   * one noise while the network learns. Throws ValueError for a count that is no whole number from 1.
   */
  async generate(count: number, options: { readonly seed?: number | null; readonly batchSize?: number } = {}): Promise<Tensor> {
    const where = `${this.label}.generate`;
    checkOptions(where, options, ["seed", "batchSize"]);
    if (!(Number.isInteger(count) && count > 0))
      throw new ValueError({ where, problem: "this is no number of images", expected: "a whole number from 1", received: describe(count) });
    const shape = this.generator.inputs!.shape.slice(1) as number[];
    const noise = random.normal([count, ...shape], { seed: options.seed ?? this.noiseSeeds });
    return await this.generator.predict(noise, { batchSize: options.batchSize ?? 64 });
  }

  override getCompileConfig(): Config | null {
    if (this.#optimizers === null) return null;
    const [generator, discriminator] = this.#optimizers;
    return { generator_optimizer: optimizers.serialize(generator), discriminator_optimizer: optimizers.serialize(discriminator) };
  }

  override compileFromConfig(config: Config, customObjects: CustomObjects = {}): void {
    const made = (key: string): optimizers.Optimizer => {
      const json = config[key];
      if (isSerialized(json)) return optimizers.deserialize(json, customObjects);
      throw new ValueError({
        where: `${this.label}.compileFromConfig`,
        problem: "this is no configuration of an adversarial network's compile",
        expected: '{ "generator_optimizer": ..., "discriminator_optimizer": ... }',
        received: Object.keys(config).join(", "),
      });
    };
    this.compile({ generatorOptimizer: made("generator_optimizer"), discriminatorOptimizer: made("discriminator_optimizer") });
  }

  override getConfig(): Config {
    const { name, generator, discriminator, discriminatorSteps, seed } = this;
    return {
      name,
      generator: withoutCompile(generator),
      discriminator: withoutCompile(discriminator),
      discriminator_steps: discriminatorSteps,
      seed,
    };
  }

  /** Options out of a configuration. */
  protected static optionsOf(config: Config, customObjects: CustomObjects): AdversarialNetworkOptions {
    const model = (json: unknown): Model => layerRegistry.deserialize(json as object, customObjects) as Model;
    return {
      name: config.name as string,
      generator: model(config.generator),
      discriminator: model(config.discriminator),
      discriminatorSteps: config.discriminator_steps as number,
      seed: config.seed as number | null,
    };
  }
}

/** The output of a model in a step. */
export function applied(model: Model, x: Tensor, training: boolean): Tensor {
  return model(x, { training });
}

function rest(images: Tensor, value?: number): number[] {
  return images.shape.slice(1).map((extent) => value ?? (extent as number));
}

function withoutCompile(model: Model): Config {
  const { compile_config: _, ...json } = model.toJSON();
  return json;
}

function endsOf(where: string, what: string, model: unknown): readonly [inputs: Shape, outputs: Shape] {
  if (!(model instanceof Model))
    throw new ValueError({ where, problem: `the ${what} is no model`, expected: "a Model", received: describe(model) });
  const [inputs, outputs] = [model.inputs as unknown, model.outputs as unknown];
  if (inputs instanceof Tensor && outputs instanceof Tensor && inputs.shape.slice(1).every((extent) => extent !== null))
    return [inputs.shape, outputs.shape];
  throw new ValueError({
    where,
    problem: `the shapes of the ${what} are not known`,
    expected: "a functional model, or a Sequential whose first layer knows its inputShape, with one input and one output",
    received: model.label,
  });
}

function meets(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => axis === 0 || extent === null || b[axis] === null || extent === b[axis]);
}
