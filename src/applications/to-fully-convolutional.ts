/** Classifiers that take images of any size. */
import { StateError, ValueError } from "../errors.ts";
import { mapTree, type Shape, type Tensor } from "../graph/index.ts";
import { AveragePooling2D } from "../layers/average-pooling2d.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { DenseLayer } from "../layers/dense.ts";
import { FlattenLayer } from "../layers/flatten.ts";
import { GlobalAveragePooling2DLayer } from "../layers/global-average-pooling2d.ts";
import { Input, InputLayerLayer } from "../layers/input-layer.ts";
import { Layer } from "../layers/layer.ts";
import { MaxPooling2D } from "../layers/max-pooling2d.ts";
import { GlobalMaxPooling2DLayer } from "../layers/global-max-pooling2d.ts";
import { Model } from "../models/index.ts";
import { callAgain } from "../ops/symbolic.ts";
import * as ops from "../ops/index.ts";

/**
 * A trained classifier as a network of convolutions: a dense layer behind `Flatten` becomes a convolution over the whole
 * extent, further ones become 1x1 convolutions, global pooling becomes pooling over the original extent. On images of the
 * original size the outputs are the same, `[batch, 1, 1, classes]`; on larger ones there is an answer for every place:
 * Sermanet and others, "OverFeat", 2014, section 3.5; Long, Shelhamer, Darrell, 2015. Layers before the classifier are
 * shared with the model. Throws ValueError where a layer after `Flatten` is not one that works at every place.
 *
 * @example
 * const everywhere = await applications.toFullyConvolutional(model);
 * const map = await everywhere.predict(largeImages); // [batch, rows, columns, classes]
 */
export async function toFullyConvolutional(model: Model): Promise<Model> {
  const where = "toFullyConvolutional";
  const graph = model.graph;
  if (graph === null || graph.inputs.length !== 1 || graph.outputs.length !== 1)
    throw new StateError({ where, problem: "this takes a model with one image as input and one output", received: model.label });
  const input = Input({ shape: [null, null, model.inputs!.shape[3] ?? null] });
  const values = new Map<Tensor, Tensor>([[graph.inputs[0]!, input]]);
  /** Height and width of what a vector of the model was made of, where they are still to be convolved over. */
  const extents = new Map<Tensor, Shape>();
  const copies: Promise<void>[] = [];
  for (const node of graph.nodes) {
    if (node.isInput || node.operation instanceof InputLayerLayer) continue;
    const { operation: layer } = node;
    const [from, to] = [node.inputs[0]!, node.outputs[0]!];
    const x = values.get(from)!;
    const isVector = from.rank === 2;
    if (layer instanceof FlattenLayer && from.rank === 4) {
      values.set(to, x);
      extents.set(to, from.shape.slice(1, 3));
    } else if ((layer instanceof GlobalAveragePooling2DLayer || layer instanceof GlobalMaxPooling2DLayer) && !layer.keepdims) {
      const pooling = layer instanceof GlobalMaxPooling2DLayer ? MaxPooling2D : AveragePooling2D;
      values.set(to, pooling({ poolSize: from.shape.slice(1, 3) as number[], strides: 1, name: layer.name })(x));
    } else if (layer instanceof DenseLayer && isVector) {
      const kernelSize = (extents.get(from) ?? [1, 1]) as number[];
      const { units, activation, useBias, name } = layer;
      const convolution = Conv2D({ filters: units, kernelSize, activation, useBias, name });
      values.set(to, convolution(x));
      copies.push(copyWeights(layer, convolution, x.dim(3)));
    } else if (isVector && !worksAtEveryPlace(layer)) {
      throw new ValueError({
        where,
        problem: `${layer.className} "${layer.name}" does not work at every place on its own`,
        expected: "Flatten, Dense, Dropout, activations and global pooling",
      });
    } else {
      const args = node.args.map((arg) => mapTree(arg, (tensor) => values.get(tensor) ?? tensor));
      values.set(to, callAgain(layer instanceof Layer ? layer : layer.callable, args) as Tensor);
      if (extents.has(from)) extents.set(to, extents.get(from)!);
    }
  }
  await Promise.all(copies);
  return new Model({ inputs: input, outputs: values.get(graph.outputs[0]!)!, name: `${model.name}_fully_convolutional` });
}

const elementwise = new Set([
  "Activation",
  "ReLU",
  "LeakyReLU",
  "ELU",
  "Softmax",
  "Dropout",
  "Identity",
  "Rescaling",
  "ScaledTanh",
  "GaussianNoise",
]);

function worksAtEveryPlace(layer: { readonly className: string }): boolean {
  return elementwise.has(layer.className);
}

async function copyWeights(dense: DenseLayer, convolution: Layer, channels: number): Promise<void> {
  const [height, width] = convolution.weights[0]!.shape as [number, number];
  const [kernel, ...bias] = await dense.getWeights();
  await convolution.setWeights([ops.reshape(kernel!, [height, width, channels, dense.units]), ...bias]);
}
