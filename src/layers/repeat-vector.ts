/** A layer that makes a sequence of one vector. */
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, positiveInteger, required } from "./layer-options.ts";

/** Options of RepeatVector. */
export interface RepeatVectorOptions extends LayerOptions {
  /** Number of steps. */
  readonly n: number;
}

/**
 * The same vector at each of n steps.
 *
 * Shapes: x `[batch, features]` -> `[batch, n, features]`.
 *
 * @example
 * const y = layers.RepeatVector({ n: 3 })(x);
 */
export class RepeatVectorLayer extends Layer<RepeatVectorOptions> {
  static override readonly className: string = "RepeatVector";
  declare n: number;

  constructor(options: RepeatVectorOptions) {
    super(options, { n: required });
    positiveInteger(this.label, "n", this.n);
    this.inputSpec = { rank: 2 };
  }

  override call(x: Tensor): Tensor {
    return ops.broadcastTo(ops.expandDims(x, 1), [x.dim(0), this.n, x.dim(1)]);
  }
}

/** Makes a sequence of one vector; see {@link RepeatVectorLayer}. */
export const RepeatVector: CallableClass<typeof RepeatVectorLayer> = /* @__PURE__ */ callableClass(RepeatVectorLayer);
export type RepeatVector = RepeatVectorLayer;
