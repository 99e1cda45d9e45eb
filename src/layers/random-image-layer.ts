/** The base of layers that change images at random while a model is trained. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, isPlainObject, type Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { ImageLayer, type ImageLayerOptions } from "./image-layer.ts";
import type { CallOptions } from "./layer.ts";
import { describe, type OptionDefaults } from "./layer-options.ts";

/** Options of all layers that change images at random. */
export interface RandomImageOptions extends ImageLayerOptions {
  /** Makes the layer draw the same in every run. */
  readonly seed?: number | null;
}

/** Images, or images with what belongs to them. Other entries are passed on as they are. */
export type ImageData =
  | Tensor
  | {
      readonly images: Tensor;
      /** One row per image: layers that mix images mix these too. */
      readonly labels?: Tensor;
      /** A class per pixel: moved like the images, never mixed between pixels. */
      readonly segmentation_masks?: Tensor;
      readonly [name: string]: Tensor | undefined;
    };

/** What is drawn for a batch: a tensor per quantity. */
export type Drawn = Readonly<Record<string, Tensor>>;

/**
 * A layer that draws something per image and changes the image by it. With `training: false`, which `predict` and `evaluate`
 * give, it changes nothing but the dtype; a call without a flag counts as training, as in Keras.
 * Draws come from the layer's seed generator, whose state is part of the training program.
 */
export abstract class RandomImageLayer<Options extends RandomImageOptions = RandomImageOptions> extends ImageLayer<Options> {
  static override readonly defaultTraining: boolean = true;
  declare seed: number | null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, defaults);
    this.seedGenerator = new SeedGenerator({ seed: this.seed ?? null });
  }

  /** Draws for a batch of images of this shape. */
  abstract draw(shape: Shape, seed: SeedGenerator): Drawn;

  /** Changes a batch of images, in the layer's dtype. */
  abstract transform(images: Tensor, drawn: Drawn): Tensor;

  /** Changes labels. By default they stay. */
  transformLabels(labels: Tensor, _drawn: Drawn): Tensor {
    return labels;
  }

  /** Changes maps of classes. By default they stay: layers that move pixels override it. */
  transformMasks(masks: Tensor, _drawn: Drawn): Tensor {
    return masks;
  }

  /** Uniform numbers, one per image, that spread over it: [batch, 1, 1, 1]. */
  protected perImage(shape: Shape, minval: number, maxval: number, seed: SeedGenerator): Tensor {
    return random.uniform([shape[0]!, 1, 1, 1], { minval, maxval, seed });
  }

  /** Which images are changed: each with a probability drawn from a range of its own. Bool [batch, 1, 1, 1]. */
  protected chosen(shape: Shape, [minval, maxval]: Range, seed: SeedGenerator): Tensor {
    const probability = this.perImage(shape, minval, maxval, seed);
    return ops.less(this.perImage(shape, 0, 1, seed), probability);
  }

  protected override checkInput(input: unknown): void {
    if (!isPlainObject(input)) {
      super.checkInput(input);
      return;
    }
    if (!(input.images instanceof Tensor) || input.bounding_boxes !== undefined) {
      throw new ValueError({
        where: this.label,
        problem: input.bounding_boxes === undefined ? "the data holds no images" : "bounding boxes are not moved with the images",
        expected: "{ images, labels, segmentation_masks }, or a tensor of images",
        received: `an object with ${Object.keys(input).join(", ") || "nothing"}`,
      });
    }
    super.checkInput(input.images);
  }

  override call(data: ImageData, { training = false }: CallOptions = {}): ImageData {
    if (data instanceof Tensor) return training === true ? this.#train({ images: data }).images! : this.inference(data);
    if (training === true) return this.#train(data) as ImageData;
    return { ...data, images: this.inference(data.images) };
  }

  /** What the layer does outside training. */
  protected inference(images: Tensor): Tensor {
    return this.images(images);
  }

  #train(data: Readonly<Record<string, Tensor | undefined>>): Record<string, Tensor | undefined> {
    const images = data.images!;
    const single = images.rank === 3;
    const batched = (x: Tensor): Tensor => (single ? ops.expandDims(x, 0) : x);
    const restored = (x: Tensor): Tensor => (single ? ops.squeeze(x, 0) : x);
    const batch = this.images(batched(images));
    const drawn = this.draw(batch.shape, this.seedGenerator);
    const out: Record<string, Tensor | undefined> = { ...data, images: restored(this.transform(batch, drawn)) };
    if (data.labels !== undefined) out.labels = restored(this.transformLabels(this.#labels(batched(data.labels), batch.shape), drawn));
    const masks = data.segmentation_masks;
    if (masks !== undefined) out.segmentation_masks = restored(this.transformMasks(batched(masks), drawn));
    return out;
  }

  #labels(labels: Tensor, shape: Shape): Tensor {
    if (labels.rank > 0 && labels.shape[0] === shape[0]) return labels;
    throw new ShapeError({
      where: this.label,
      problem: "labels and images differ in number",
      expected: `labels [${shape[0]}, ...]`,
      received: formatShape(labels.shape),
    });
  }
}

/** What a call gives has the form of what it was given. */
// A class and its interface have the same parameters.
// eslint-disable-next-line @typescript-eslint/no-unused-vars
export interface RandomImageLayer<Options extends RandomImageOptions = RandomImageOptions> {
  <T extends ImageData>(data: T, options?: CallOptions): T;
}

/** A pair of numbers: where an option is drawn from. */
export type Range = readonly [number, number];

/**
 * The range that a factor means: a number f is [-f, f], cut to the bounds; a pair is itself, in order. Throws ValueError
 * for what lies outside the bounds.
 */
export function factorRange(where: string, name: string, factor: unknown, [low, high]: Range): Range {
  const inside = (value: unknown): value is number => typeof value === "number" && value >= low && value <= high;
  if (inside(factor)) return [Math.max(-Math.abs(factor), low), Math.abs(factor)];
  if (Array.isArray(factor) && factor.length === 2 && factor.every(inside)) return [...factor].sort((a, b) => a - b) as unknown as Range;
  throw new ValueError({
    where,
    problem: `${name} is no factor`,
    expected: `a number from ${low} to ${high}, or a pair of them`,
    received: describe(factor),
  });
}

/** Bounds of the values of images, in order. Throws ValueError for what is no pair of different numbers. */
export function valueRange(where: string, range: unknown): Range {
  if (Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[0] !== range[1])
    return [Math.min(...(range as number[])), Math.max(...(range as number[]))];
  throw new ValueError({
    where,
    problem: "valueRange is no range",
    expected: "the least and the largest value of a pixel: [0, 255] or [0, 1]",
    received: describe(range),
  });
}

/** Values of one range as values of another: `(x - a) / (b - a) (d - c) + c`. */
export function rescale(x: Tensor, [a, b]: Range, [c, d]: Range): Tensor {
  if (a === c && b === d) return x;
  const scale = (d - c) / (b - a);
  return ops.add(ops.multiply(x, scale), c - a * scale);
}
