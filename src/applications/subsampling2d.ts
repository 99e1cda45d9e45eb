/** The trainable subsampling of LeNet-5. */
import type { Shape, Tensor, Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import { knownExtent } from "../layers/known-extent.ts";
import { Layer } from "../layers/layer.ts";
import { type InitializerIdentifier, type LayerOptions, positiveInteger } from "../layers/layer-options.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";

/** Options of Subsampling2D. */
export interface Subsampling2DOptions extends LayerOptions {
  /** Height and width of a window, and the step between windows. Default 2. */
  readonly poolSize?: number;
  /** Default: uniform, from -2.4 to 2.4 divided by the elements of a window. */
  readonly coefficientInitializer?: InitializerIdentifier | null;
}

/**
 * `y = coefficient[c] (sum over a window of x[..., c]) + bias[c]`: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning
 * applied to document recognition", 1998, section II.B, layers S2 and S4.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, height / poolSize, width / poolSize, channels]`. Weights:
 * coefficient and bias `[channels]`.
 */
export class Subsampling2DLayer extends Layer<Subsampling2DOptions> {
  static override readonly className: string = "Subsampling2D";
  declare poolSize: number;
  declare coefficientInitializer: Initializer | null;
  coefficient!: Variable;
  bias!: Variable;

  constructor(options: Subsampling2DOptions = {}) {
    super(options, { poolSize: 2, coefficientInitializer: null });
    positiveInteger(this.label, "poolSize", this.poolSize);
    this.inputSpec = { rank: 4 };
  }

  override build(inputShape: Shape): void {
    const shape = [knownExtent(this.label, inputShape, 3)];
    const bound = 2.4 / this.poolSize ** 2;
    const uniform = { class_name: "RandomUniform", config: { minval: -bound, maxval: bound } };
    const initializer = this.coefficientInitializer ?? { module: null, registered_name: null, ...uniform };
    this.coefficient = this.addWeight({ name: "coefficient", shape, initializer });
    this.bias = this.addWeight({ name: "bias", shape, initializer: "zeros" });
  }

  override call(x: Tensor): Tensor {
    const mean = ops.averagePool(x, this.poolSize, { strides: this.poolSize });
    const perElement = ops.multiply(this.coefficient.read(), this.poolSize ** 2);
    return ops.add(ops.multiply(mean, perElement), this.bias.read());
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "nabla.applications", registered_name: "nabla>Subsampling2D" };
  }
}

/** Trainable subsampling; see {@link Subsampling2DLayer}. */
export const Subsampling2D: CallableClass<typeof Subsampling2DLayer> = /* @__PURE__ */ callableClass(Subsampling2DLayer);
export type Subsampling2D = Subsampling2DLayer;
