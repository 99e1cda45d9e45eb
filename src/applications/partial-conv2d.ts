/** A convolution in which an output map sees some of the input maps. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import { Layer } from "../layers/layer.ts";
import { describe, type InitializerIdentifier, type LayerOptions, positiveInteger, required } from "../layers/layer-options.ts";
import * as ops from "../ops/index.ts";
import { tensor } from "../ops/tensor.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";

/** Options of PartialConv2D. */
export interface PartialConv2DOptions extends LayerOptions {
  /** For every output map the input maps that it sees. */
  readonly connections: readonly (readonly number[])[];
  readonly kernelSize: number;
  /** Default "glorot_uniform". */
  readonly kernelInitializer?: InitializerIdentifier;
}

/**
 * `y[.., f] = sum over the connections (c, f) of x[.., c] * kernel of that connection + bias[f]`, without padding: layer C3
 * of LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, table I.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, height - k + 1, width - k + 1, maps]`. Weights: kernel
 * `[k, k, connections]`, in order of the output maps, and bias `[maps]`.
 */
export class PartialConv2DLayer extends Layer<PartialConv2DOptions> {
  static override readonly className: string = "PartialConv2D";
  declare connections: readonly (readonly number[])[];
  declare kernelSize: number;
  declare kernelInitializer: Initializer;
  kernel!: Variable;
  bias!: Variable;
  #places: Int32Array = new Int32Array();

  constructor(options: PartialConv2DOptions) {
    super(options, { connections: required, kernelSize: required, kernelInitializer: "glorot_uniform" });
    positiveInteger(this.label, "kernelSize", this.kernelSize);
    const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
    if (
      !isList(this.connections) ||
      !this.connections.every((maps) => isList(maps) && maps.every((map) => Number.isInteger(map) && map >= 0))
    )
      throw new ValueError({
        where: this.label,
        problem: "connections lists the input maps of every output map",
        expected: "for example [[0, 1], [1, 2]]",
        received: describe(this.connections),
      });
    this.inputSpec = { rank: 4 };
  }

  override build(inputShape: Shape): void {
    const channels = inputShape[3];
    if (channels == null || this.connections.flat().some((map) => map >= channels)) {
      throw new ShapeError({
        where: this.label,
        problem: "a connection names a map that the input does not have",
        expected: `more than ${Math.max(...this.connections.flat())} channels`,
        received: formatShape(inputShape),
      });
    }
    const count = this.connections.flat().length;
    const maps = this.connections.length;
    // The kernel of a pair that is not connected is the one behind the last: zeros.
    this.#places = new Int32Array(channels * maps).fill(count);
    let next = 0;
    this.connections.forEach((inputs, map) => inputs.forEach((channel) => (this.#places[channel * maps + map] = next++)));
    this.kernel = this.addWeight({ name: "kernel", shape: [this.kernelSize, this.kernelSize, count], initializer: this.kernelInitializer });
    this.bias = this.addWeight({ name: "bias", shape: [maps], initializer: "zeros" });
  }

  override call(x: Tensor): Tensor {
    const zeros = [0, 0, 1].map((behind) => [0, behind]);
    const dense = ops.take(ops.pad(this.kernel.read(), zeros), tensor(this.#places), 2);
    const shape = [this.kernelSize, this.kernelSize, x.dim(3), this.connections.length];
    return ops.add(ops.conv(x, ops.reshape(dense, shape)), this.bias.read());
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "nabla.applications", registered_name: "nabla>PartialConv2D" };
  }
}

/** A convolution with a table of connections; see {@link PartialConv2DLayer}. */
export const PartialConv2D: CallableClass<typeof PartialConv2DLayer> = /* @__PURE__ */ callableClass(PartialConv2DLayer);
export type PartialConv2D = PartialConv2DLayer;
