/** Spectral normalisation of the kernel of another layer. */
import { assignRounded } from "./assign-rounded.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, readingAs, type Tensor, Variable } from "../graph/index.ts";
import { TruncatedNormal } from "../initializers/index.ts";
import { customGradient } from "../ops/custom-gradient.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { isShape } from "./structure.ts";
import { type CallOptions, type InputShape } from "./layer.ts";
import { describe, positiveInteger } from "./layer-options.ts";
import { WrapperLayer, type WrapperOptions } from "./wrapper.ts";

/** Options of SpectralNormalization. */
export interface SpectralNormalizationOptions extends WrapperOptions {
  /** Steps of the power method in each training step. Default 1. */
  readonly powerIterations?: number;
}

/**
 * The layer inside with its kernel divided by the kernel's largest singular value, which keeps the layer's Lipschitz
 * constant at 1. In each training step the power method refines the vector `u` and the kernel is replaced:
 * `v = u W^T / |u W^T|`, `u = v W / |v W|`, `W <- W / (v W u^T)`. The gradient is that of the replaced kernel, which the
 * optimizer then changes: so with Keras on TensorFlow and torch. (On JAX Keras's training loop loses what is assigned to
 * trainable weights: there the kernel stays undivided, and the gradient goes through the division.)
 * Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018, algorithm 1.
 *
 * Shapes: those of the layer inside. Weights: its weights, and vector_u `[1, out]`.
 *
 * @example
 * const y = layers.SpectralNormalization({ layer: layers.Conv2D({ filters: 2, kernelSize: 2 }) })(x, { training: true });
 */
export class SpectralNormalizationLayer extends WrapperLayer<SpectralNormalizationOptions> {
  static override readonly className: string = "SpectralNormalization";
  static override readonly defaultTraining = false;
  declare powerIterations: number;
  kernel!: Variable;
  vectorU!: Variable;

  constructor(options: SpectralNormalizationOptions) {
    super(options, { powerIterations: 1 });
    positiveInteger(this.label, "powerIterations", this.powerIterations);
  }

  override build(inputShape: InputShape): void {
    if (!isShape(inputShape)) {
      throw new ShapeError({ where: this.label, problem: "the layer takes one tensor", received: describe(inputShape) });
    }
    super.build(inputShape);
    this.kernel = this.#kernelOfLayer();
    const width = this.kernel.shape.at(-1)!;
    this.vectorU = this.addWeight({
      name: "vector_u",
      shape: [1, width],
      dtype: this.kernel.dtype,
      initializer: TruncatedNormal({ stddev: 0.02 }),
      trainable: false,
    });
    this.inputSpec = { minRank: 1, axes: typeof inputShape.at(-1) === "number" ? { [-1]: inputShape.at(-1)! } : {} };
  }

  #kernelOfLayer(): Variable {
    const { kernel, embeddings } = this.layer as { kernel?: unknown; embeddings?: unknown };
    const weights = kernel ?? embeddings;
    if (weights instanceof Variable && weights.shape.length >= 2) return weights;
    throw new ValueError({
      where: this.label,
      problem: "the layer inside has no kernel to normalise",
      expected: "a layer with a kernel or embeddings of at least two axes: Dense, Conv2D, Embedding, ...",
      received: weights instanceof Variable ? `${this.layer.label} with a kernel ${formatShape(weights.shape)}` : this.layer.label,
    });
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    const call = (x: Tensor): Tensor => this.layer(x) as Tensor;
    if (training !== true) return ops.cast(call(x), this.computeDtype);
    const before = this.kernel.read();
    this.#normalize(before);
    // The gradient by the kernel is that by the replaced one, whichever of its two versions is asked for.
    const both = customGradient((_old: Tensor, replaced: Tensor) => [replaced, (cotangent) => [cotangent, cotangent]]);
    return ops.cast(
      readingAs(this.kernel, both(before, this.kernel.read()), () => call(x)),
      this.computeDtype,
    );
  }

  #normalize(kernel: Tensor): void {
    const start = this.vectorU.read();
    const zero = ops.all(ops.equal(kernel, 0));
    const weights = ops.reshape(kernel, [-1, kernel.dim(-1)]);
    let u = start;
    let v = start;
    for (let step = 0; step < this.powerIterations; step++) {
      v = ops.normalize(ops.matmul(u, ops.transpose(weights)));
      u = ops.normalize(ops.matmul(v, weights));
    }
    const sigma = ops.sum(ops.multiply(ops.matmul(v, weights), u));
    // A kernel of zeros has no direction: it stays as it is, and u too.
    assignRounded(this.vectorU, ops.where(zero, start, u));
    assignRounded(this.kernel, ops.where(zero, kernel, ops.divide(kernel, sigma)));
  }
}

/** Spectral normalisation of the kernel of another layer; see {@link SpectralNormalizationLayer}. */
export const SpectralNormalization: CallableClass<typeof SpectralNormalizationLayer> =
  /* @__PURE__ */ callableClass(SpectralNormalizationLayer);
export type SpectralNormalization = SpectralNormalizationLayer;
