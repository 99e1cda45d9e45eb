/** What a convolutional network sees: filters, feature maps, and which parts of an image matter. */
import { gradients } from "../autodiff/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import type { Layer } from "../layers/index.ts";
import { Model } from "../models/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";

/**
 * The filters of a convolution as images: in colour where its input has three channels, else a grey image for each filter
 * and input channel. Shapes: `[filters, height, width, 3]`, or `[filters channels, height, width, 1]`.
 *
 * @example
 * writeFileSync("filters.png", await imageGrid(filterImages(model.getLayer("conv1")), { range: "each" }));
 */
export function filterImages(layer: Layer): Tensor {
  const kernel = layer.weights.find(({ name, rank }) => name === "kernel" && rank === 4);
  if (kernel === undefined) {
    throw new ValueError({
      where: "filterImages",
      problem: "this layer has no filters that are images",
      expected: "a Conv2D that is built",
      received: layer.label,
    });
  }
  const [height, width, channels, filters] = kernel.shape as [number, number, number, number];
  const images = ops.transpose(kernel.read(), [3, 2, 0, 1]);
  if (channels === 3) return ops.transpose(images, [0, 2, 3, 1]);
  return ops.reshape(images, [filters * channels, height, width, 1]);
}

/** What a layer of a model gives, for one image `[height, width, channels]`, a grey image for each channel: `[channels, height, width, 1]`. */
export function featureMaps(model: Model, image: TensorLike, layer: string): Tensor {
  const maps = probeOf(model, layer)(batched(image))[0];
  if (maps.rank !== 4)
    throw new ShapeError({
      where: "featureMaps",
      problem: `"${layer}" gives no maps`,
      expected: "[batch, height, width, channels]",
      received: formatShape(maps.shape),
    });
  return ops.transpose(maps, [3, 1, 2, 0]);
}

function batched(image: TensorLike): Tensor {
  const one = ops.convertToTensor(image);
  return one.rank === 3 ? ops.expandDims(one, 0) : one;
}

/** The model with a layer's output beside its own. */
function probeOf(model: Model, layer: string): Model<Tensor, readonly [Tensor, Tensor]> {
  const maps = model.graph?.callsOf(model.getLayer(layer))[0]?.outputs[0];
  if (maps === undefined)
    throw new ValueError({
      where: "visualization",
      problem: "only functional models and stacks of layers can be looked into",
      received: model.label,
    });
  return new Model({ inputs: model.inputs!, outputs: [maps, model.outputs!] as const });
}

/** Options of `gradCam` and `occlusionMap`. */
export interface ClassMapOptions {
  /** The class whose score is explained. Default: the largest. */
  readonly classIndex?: number | null;
}

/**
 * Where in the image the evidence for a class lies: the maps of a layer, each weighted by the mean gradient of the class's
 * score, summed, negative parts cut off, from 0 to 1. Selvaraju and others, "Grad-CAM", 2017. Shapes: image
 * `[height, width, channels]` -> `[height, width]` of the image. Give the last convolution's name, and a model whose output
 * is logits (a softmax makes the gradients of sure answers vanish).
 */
export async function gradCam(model: Model, image: TensorLike, layer: string, options: ClassMapOptions = {}): Promise<Tensor> {
  const x = batched(image);
  const [maps, scores] = probeOf(model, layer)(x, { training: false });
  const label = options.classIndex ?? (await ops.argmax(scores, -1).data())[0]!;
  const score = ops.sum(ops.take(scores, label, -1));
  const [slope] = gradients([score], [maps]);
  const weights = ops.mean(slope!, { axis: [1, 2], keepdims: true });
  const evidence = ops.relu(ops.sum(ops.multiply(maps, weights), { axis: -1, keepdims: true }));
  const scaled = ops.divide(evidence, ops.maximum(ops.max(evidence), 1e-12));
  return ops.reshape(ops.image.resize(scaled, [x.dim(1), x.dim(2)], { interpolation: "bilinear" }), [x.dim(1), x.dim(2)]);
}

/** Options of `occlusionMap`. */
export interface OcclusionOptions extends ClassMapOptions {
  /** Side of the square that is covered. Default: an eighth of the height. */
  readonly size?: number;
  /** Step between squares. Default: half of `size`. */
  readonly step?: number;
  /** What the square is covered with. Default: the image's mean. */
  readonly value?: number;
}

/**
 * How much the score of a class falls where a square is covered: Zeiler, Fergus, "Visualizing and Understanding
 * Convolutional Networks", 2014, figure 7. Shapes: image `[height, width, channels]` -> `[rows, columns]`, one for each square.
 */
export async function occlusionMap(model: Model, image: TensorLike, options: OcclusionOptions = {}): Promise<Tensor> {
  const x = batched(image);
  const [, height, width, channels] = x.shape as [number, number, number, number];
  const size = options.size ?? Math.max(1, Math.round(height / 8));
  const step = options.step ?? Math.max(1, Math.floor(size / 2));
  const pixels = Float32Array.from(await x.data());
  const scores = await model.predict(x, { verbose: 0 });
  const label = options.classIndex ?? (await ops.argmax(scores, -1).data())[0]!;
  const whole = (await scores.data())[label]!;
  const cover = options.value ?? pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const places = (extent: number): number => Math.floor((extent - size) / step) + 1;
  const [rows, columns] = [places(height), places(width)];
  const covered = new Float32Array(rows * columns * pixels.length);
  for (let square = 0; square < rows * columns; square++) {
    const at = square * pixels.length;
    covered.set(pixels, at);
    const [top, left] = [Math.floor(square / columns) * step, (square % columns) * step];
    for (let y = top; y < top + size; y++)
      covered.fill(cover, at + (y * width + left) * channels, at + (y * width + left + size) * channels);
  }
  const images = ops.reshape(ops.convertToTensor(covered), [rows * columns, height, width, channels]);
  const answers = await model.predict(images, { verbose: 0 });
  return ops.reshape(ops.subtract(whole, ops.take(answers, label, -1)), [rows, columns]);
}
