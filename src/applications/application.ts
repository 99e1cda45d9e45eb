/** What all applications share: options, input shapes, classifiers, and how a network becomes a model. */
import { ValueError } from "../errors.ts";
import { formatShape, isSymbolic, type Shape, Tensor } from "../graph/index.ts";
import { Dense } from "../layers/dense.ts";
import { GlobalAveragePooling2D } from "../layers/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../layers/global-max-pooling2d.ts";
import { Input } from "../layers/input-layer.ts";
import { type ActivationIdentifier, describe, type InitializerIdentifier, oneOf } from "../layers/layer-options.ts";
import { Model } from "../models/index.ts";
import { originOf } from "../ops/symbolic.ts";
import { flattenTree } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { type Checkpoint, fetchCheckpoint, fetchUrl, isUrl } from "./checkpoints.ts";

/** Options of every application. */
export interface ApplicationOptions {
  /**
   * null: random weights; "imagenet": those that Keras publishes, downloaded once; else the path or address of a file
   * (`.weights.h5`, `.keras`, legacy `.h5`). With a file the model comes as a promise. Default: "imagenet" where Keras publishes
   * weights, else null.
   */
  readonly weights?: string | null;
  /** Whether the classifier is part of the model. Default true. */
  readonly includeTop?: boolean;
  /** A symbolic tensor to build on, instead of an input of its own. */
  readonly inputTensor?: Tensor | null;
  /** Height, width and channels of an image. Without the classifier, null extents are allowed and the default. */
  readonly inputShape?: Shape | null;
  /** What follows the features where there is no classifier: the mean or the maximum per channel. Default null: nothing. */
  readonly pooling?: "avg" | "max" | null;
  /** Number of classes. Default 1000 (data sets of their own have their number). */
  readonly classes?: number;
  /** Activation of the classifier; null gives logits. Default "softmax". */
  readonly classifierActivation?: ActivationIdentifier | null;
  /** Name of the model. */
  readonly name?: string | null;
}

/** The options with their defaults, as a network is built from them. */
export interface ApplicationSettings {
  readonly weights: string | null;
  readonly includeTop: boolean;
  readonly pooling: "avg" | "max" | null;
  readonly classes: number;
  readonly classifierActivation: ActivationIdentifier | null;
  /** Height, width and channels. */
  readonly inputShape: Shape;
  /** The name that was given; null: that of the network. */
  readonly name: string | null;
}

/** One network: how it is called, what images it takes, and how it is built. `Extra` are options of its own. */
export interface Architecture<Extra extends object, O> {
  /** Name in `applications`: `ResNet50`. */
  readonly className: string;
  /** Default name of the model. */
  readonly modelName: string | ((settings: ApplicationSettings & Extra) => string);
  /** Height and width of an image where nothing else is said. */
  readonly defaultSize: number;
  /** Heights and widths that there are published classifiers for; null: they take any. Default: `defaultSize` alone. */
  readonly trainedSizes?: readonly number[] | null;
  /** Smallest height and width. */
  readonly minSize: number;
  /** When height and width may be left open, and are where nothing else is said. Default "without classifier". */
  readonly openSize?: "always" | "without classifier" | "never";
  /** Channels of an image where nothing else is said. Default 3. */
  readonly defaultChannels?: number;
  /** Default 1000. */
  readonly defaultClasses?: number;
  /** Options of its own with their defaults. */
  readonly extras: Extra;
  /** The published weights for these options; null or left out where there are none. */
  readonly checkpoint?: (settings: ApplicationSettings & Extra) => Checkpoint;
  /** From the image to the outputs. */
  build(image: Tensor, settings: ApplicationSettings & Extra): O;
}

/** Makes a model: `applications.ResNet50({ weights: null, classes: 10, inputShape: [32, 32, 3] })`. Throws ValueError for options that do not fit. */
export interface Application<Extra extends object = object, O = Tensor> {
  (options: ApplicationOptions & Partial<Extra> & { readonly weights: null }): Model<Tensor, O>;
  (options?: ApplicationOptions & Partial<Extra>): Promise<Model<Tensor, O>>;
}

/** Makes a model of a network for which Keras publishes no weights. */
export interface UntrainedApplication<Extra extends object = object, O = Tensor> {
  (options?: ApplicationOptions & Partial<Extra> & { readonly weights?: null }): Model<Tensor, O>;
  (options: ApplicationOptions & Partial<Extra> & { readonly weights: string }): Promise<Model<Tensor, O>>;
}

const commonNames = ["weights", "includeTop", "inputTensor", "inputShape", "pooling", "classes", "classifierActivation", "name"] as const;

/** The function that makes models of an architecture. Throws UnknownNameError, ValueError or ShapeError for options that do not fit. */
export function defineApplication<Extra extends object = object, O extends Tensor | readonly Tensor[] = Tensor>(
  architecture: Architecture<Extra, O>,
): Application<Extra, O> & UntrainedApplication<Extra, O> {
  const { className, extras } = architecture;
  const make = (options?: ApplicationOptions & Partial<Extra>): Model<Tensor, O> | Promise<Model<Tensor, O>> => {
    const given: ApplicationOptions & Partial<Extra> = { ...options } as ApplicationOptions & Partial<Extra>;
    checkOptions(className, given, [...commonNames, ...Object.keys(extras)]);
    const includeTop = given.includeTop ?? true;
    const own = Object.fromEntries(Object.entries(given).filter(([key, value]) => key in extras && value !== undefined)) as Partial<Extra>;
    const image = given.inputTensor ?? null;
    if (image !== null && !(image instanceof Tensor && isSymbolic(image))) {
      throw new ValueError({
        where: className,
        problem: "inputTensor is a symbolic tensor",
        expected: "what Input({ shape }) or a layer gives",
        received: describe(image),
      });
    }
    const weights = given.weights === undefined ? (architecture.checkpoint === undefined ? null : "imagenet") : given.weights;
    const settings: ApplicationSettings & Extra = {
      ...extras,
      ...own,
      weights,
      includeTop,
      pooling: given.pooling == null ? null : oneOf(className, "pooling", given.pooling, ["avg", "max"] as const),
      classes: classesOf(className, given.classes ?? architecture.defaultClasses ?? 1000),
      classifierActivation: given.classifierActivation === undefined ? "softmax" : given.classifierActivation,
      inputShape: image === null ? imageShape(architecture, given.inputShape ?? null, includeTop) : image.shape.slice(1),
      name: given.name ?? null,
    };
    if (weights !== null) checkTrained(architecture, weights, settings);
    const input = image ?? Input({ shape: settings.inputShape });
    const outputs = architecture.build(input, settings);
    const { modelName } = architecture;
    const name = settings.name ?? (typeof modelName === "string" ? modelName : modelName(settings));
    const sources = image === null ? [input] : sourcesOf(image);
    const model = new Model<Tensor, O>({ inputs: sources.length === 1 ? sources[0]! : (sources as never), outputs, name });
    return weights === null ? model : trained(architecture, model, weights, settings);
  };
  return make as Application<Extra, O> & UntrainedApplication<Extra, O>;
}

/** The model with the weights of a file. */
async function trained<E extends object, O>(
  { className, checkpoint }: Architecture<E, O>,
  model: Model<Tensor, O>,
  weights: string,
  settings: ApplicationSettings & E,
): Promise<Model<Tensor, O>> {
  if (weights === "imagenet") await model.loadWeights(await fetchCheckpoint(className, checkpoint!(settings)));
  else await model.loadWeights(isUrl(weights) ? await fetchUrl(className, weights) : weights);
  return model;
}

function checkTrained<E extends object, O>(architecture: Architecture<E, O>, weights: unknown, settings: ApplicationSettings): void {
  const { className: where, checkpoint, defaultSize, defaultChannels = 3, defaultClasses = 1000 } = architecture;
  const { trainedSizes = [defaultSize] } = architecture;
  if (typeof weights !== "string" || (weights === "imagenet" && checkpoint === undefined)) {
    throw new ValueError({
      where,
      problem: "there are no such weights",
      expected: `null, ${checkpoint === undefined ? "" : '"imagenet", '}or the path or address of a file`,
      received: describe(weights),
    });
  }
  const { classifierActivation: activation, includeTop, classes, inputShape } = settings;
  if (includeTop && activation !== null && activation !== "softmax" && activation !== "linear")
    throw new ValueError({
      where,
      problem: "a trained classifier has a softmax",
      expected: 'classifierActivation: "softmax", or null for logits',
      received: describe(activation),
    });
  if (weights !== "imagenet") return;
  const isOriginal = trainedSizes === null || (inputShape[0] === inputShape[1] && trainedSizes.includes(inputShape[0]!));
  if (includeTop && (classes !== defaultClasses || !isOriginal)) {
    const shapes = (trainedSizes ?? [defaultSize]).map((size) => `[${size}, ${size}, ${defaultChannels}]`).join(" or ");
    throw new ValueError({
      where,
      problem: "ImageNet's classifier goes with ImageNet's images and classes",
      expected: `classes: ${defaultClasses}, inputShape: ${shapes}`,
      received: `classes: ${classes}, inputShape: ${formatShape(inputShape)}`,
      advice: "give { includeTop: false } and a classifier of your own, or { weights: null }",
    });
  }
  if (inputShape[2] !== defaultChannels)
    throw new ValueError({ where, problem: "ImageNet's images are in colour", expected: "3 channels", received: formatShape(inputShape) });
}

function classesOf(where: string, classes: unknown): number {
  if (typeof classes === "number" && Number.isInteger(classes) && classes > 0) return classes;
  throw new ValueError({ where, problem: "classes is a number of classes", expected: "1, 2, 3, ...", received: describe(classes) });
}

/** Shape of an image by Keras's rules: open extents only where the network allows them, nothing below the smallest size. */
function imageShape<E extends object, O>(architecture: Architecture<E, O>, given: Shape | null, includeTop: boolean): Shape {
  const { className: where, defaultSize, minSize, defaultChannels = 3, openSize = "without classifier" } = architecture;
  const isOpen = openSize === "always" || (openSize === "without classifier" && !includeTop);
  if (given === null) return isOpen ? [null, null, defaultChannels] : [defaultSize, defaultSize, defaultChannels];
  const isExtent = (extent: unknown): boolean => extent === null || (Number.isInteger(extent) && (extent as number) > 0);
  if (!Array.isArray(given) || given.length !== 3 || !given.every(isExtent) || given[2] === null) {
    throw new ValueError({
      where,
      problem: "inputShape is the shape of one image",
      expected: `[height, width, channels], for example [${defaultSize}, ${defaultSize}, ${defaultChannels}]`,
      received: Array.isArray(given) ? formatShape(given as Shape) : describe(given),
    });
  }
  const [height, width] = given as Shape;
  if ((height !== null && height! < minSize) || (width !== null && width! < minSize)) {
    throw new ValueError({
      where,
      problem: "the images are too small for this network",
      expected: `at least ${minSize} by ${minSize}`,
      received: formatShape(given as Shape),
      advice: `give a larger inputShape, and resize the images: layers.Resizing({ height: ${minSize}, width: ${minSize} })`,
    });
  }
  if (!isOpen && (height === null || width === null)) {
    const always = openSize === "never";
    throw new ValueError({
      where,
      problem: `the ${always ? "network" : "classifier"} needs the size of the images`,
      expected: `[${defaultSize}, ${defaultSize}, ${defaultChannels}]`,
      received: formatShape(given as Shape),
      advice: `give a height and a width${always ? "" : ", or { includeTop: false }"}`,
    });
  }
  return (given as Shape).slice();
}

/** The inputs that a symbolic tensor is computed from. */
function sourcesOf(tensor: Tensor): Tensor[] {
  const found = new Set<Tensor>();
  const seen = new Set<Tensor>();
  const waiting = [tensor];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const origin = originOf(next);
    if (origin === undefined) found.add(next);
    else waiting.push(...flattenTree(origin.args).filter(isSymbolic).reverse());
  }
  return [...found];
}

/** What ends a network: see `classifierOrPooling`. */
export interface HeadNames {
  /** Name of the average pooling; of its own making where it is left out. */
  readonly average?: string;
  /** The same without a classifier. Default: `average`. */
  readonly averageWithoutTop?: string | null;
  /** Name of the maximum pooling. */
  readonly maximum?: string;
  /** Initializer of the classifier. Default "glorot_uniform". */
  readonly kernelInitializer?: InitializerIdentifier;
  /** Initializer of its biases. Default "zeros". */
  readonly biasInitializer?: InitializerIdentifier;
  /** A layer between pooling and classifier. */
  readonly between?: (x: Tensor) => Tensor;
}

/** The usual end of a network: mean per channel and one dense layer, or what `pooling` says. */
export function classifierOrPooling(features: Tensor, settings: ApplicationSettings, names: HeadNames = {}): Tensor {
  if (!settings.includeTop) return pooled(features, settings, names);
  let x = GlobalAveragePooling2D({ name: names.average ?? null })(features);
  if (names.between !== undefined) x = names.between(x);
  return Dense({
    units: settings.classes,
    activation: settings.classifierActivation,
    name: "predictions",
    ...(names.kernelInitializer === undefined ? {} : { kernelInitializer: names.kernelInitializer }),
    ...(names.biasInitializer === undefined ? {} : { biasInitializer: names.biasInitializer }),
  })(x);
}

/** What `pooling` says. */
export function pooled(features: Tensor, { pooling }: ApplicationSettings, names: HeadNames = {}): Tensor {
  const average = names.averageWithoutTop === undefined ? (names.average ?? null) : names.averageWithoutTop;
  if (pooling === "avg") return GlobalAveragePooling2D({ name: average })(features);
  if (pooling === "max") return GlobalMaxPooling2D({ name: names.maximum ?? null })(features);
  return features;
}
