/** Leaky rectified linear unit with trained slopes. */
import type { Constraint } from "../constraints/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, type Tensor, type Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { knownExtent } from "./known-extent.ts";
import { Layer } from "./layer.ts";
import {
  type ConstraintIdentifier,
  describe,
  type InitializerIdentifier,
  type LayerOptions,
  type RegularizerIdentifier,
} from "./layer-options.ts";

/** Options of PReLU. */
export interface PReLUOptions extends LayerOptions {
  readonly alphaInitializer?: InitializerIdentifier;
  readonly alphaRegularizer?: RegularizerIdentifier | null;
  readonly alphaConstraint?: ConstraintIdentifier | null;
  /** Axes (the batch is 0) along which one slope serves all: `[1, 2]` for one slope per channel of an image. Default: none. */
  readonly sharedAxes?: number | readonly number[] | null;
}

/**
 * `y = x` for `x >= 0`, `alpha x` below, with a trained alpha for each element of a sample.
 * He et al., "Delving Deep into Rectifiers", 2015.
 *
 * Shapes: x `[batch, ...]` -> the same. Weights: alpha with the extents of a sample, 1 along `sharedAxes`.
 *
 * @example
 * const y = layers.PReLU({ sharedAxes: [1, 2] })(images);
 */
export class PReLULayer extends Layer<PReLUOptions> {
  static override readonly className: string = "PReLU";
  declare alphaInitializer: Initializer;
  declare alphaRegularizer: Regularizer | null;
  declare alphaConstraint: Constraint | null;
  declare sharedAxes: readonly number[] | null;
  alpha!: Variable;

  constructor(options: PReLUOptions = {}) {
    super(options, { alphaInitializer: "zeros", alphaRegularizer: null, alphaConstraint: null, sharedAxes: null });
    const shared: unknown = typeof this.sharedAxes === "number" ? [this.sharedAxes] : this.sharedAxes;
    if (shared !== null && !(Array.isArray(shared) && shared.every((axis) => Number.isInteger(axis) && axis > 0))) {
      throw new ValueError({
        where: this.label,
        problem: "sharedAxes is a list of axes, counted from 1 behind the batch",
        expected: "for example [1, 2]",
        received: describe(shared),
      });
    }
    this.sharedAxes = shared as readonly number[] | null;
    this.supportsMasking = true;
    this.inputSpec = { minRank: 2 };
  }

  override build(inputShape: Shape): void {
    const shared = this.sharedAxes ?? [];
    const outside = shared.find((axis) => axis >= inputShape.length);
    if (outside !== undefined) {
      throw new ShapeError({
        where: this.label,
        problem: `sharedAxes names axis ${outside}, which the input does not have`,
        expected: `axes from 1 to ${inputShape.length - 1}`,
        received: formatShape(inputShape),
      });
    }
    const own = inputShape.map((_, axis) => axis).filter((axis) => axis > 0 && !shared.includes(axis));
    const shape = inputShape.slice(1).map((_, i) => (shared.includes(i + 1) ? 1 : knownExtent(this.label, inputShape, i + 1)));
    this.alpha = this.addWeight({
      name: "alpha",
      shape,
      initializer: this.alphaInitializer,
      regularizer: this.alphaRegularizer,
      constraint: this.alphaConstraint,
    });
    this.inputSpec = { rank: inputShape.length, axes: Object.fromEntries(own.map((axis) => [axis, shape[axis - 1]!])) };
  }

  override call(x: Tensor): Tensor {
    return ops.subtract(ops.relu(x), ops.multiply(this.alpha, ops.relu(ops.negative(x))));
  }
}

/** Leaky rectified linear unit with trained slopes; see {@link PReLULayer}. */
export const PReLU: CallableClass<typeof PReLULayer> = /* @__PURE__ */ callableClass(PReLULayer);
export type PReLU = PReLULayer;
