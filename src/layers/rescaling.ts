/** Scales and shifts its input. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions, required } from "./layer-options.ts";

/** Options of Rescaling. */
export interface RescalingOptions extends LayerOptions {
  /** Number, or one per channel of the last axis. */
  readonly scale: number | readonly number[];
  /** Default 0. */
  readonly offset?: number | readonly number[];
}

/**
 * `y = x scale + offset`; integers become floating-point.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.Rescaling({ scale: 1 / 255 })(images);
 */
export class RescalingLayer extends Layer<RescalingOptions> {
  static override readonly className: string = "Rescaling";
  declare scale: number | readonly number[];
  declare offset: number | readonly number[];

  constructor(options: RescalingOptions) {
    super(options, { scale: required, offset: 0 });
    for (const key of ["scale", "offset"] as const) {
      const numbers: unknown = this[key];
      const list: unknown[] = ArrayBuffer.isView(numbers) ? Array.from(numbers as Float32Array) : [numbers].flat(Infinity);
      if (list.length > 0 && list.every(Number.isFinite)) continue;
      throw new ValueError({
        where: this.label,
        problem: `${key} is a number, or a list of them`,
        expected: "finite numbers, for example 1 / 255",
        received: describe(numbers),
      });
    }
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    const y = ops.cast(x, this.computeDtype);
    return ops.add(
      ops.multiply(y, ops.convertToTensor(this.scale, this.computeDtype)),
      ops.convertToTensor(this.offset, this.computeDtype),
    );
  }
}

/** Scales and shifts its input; see {@link RescalingLayer}. */
export const Rescaling: CallableClass<typeof RescalingLayer> = /* @__PURE__ */ callableClass(RescalingLayer);
export type Rescaling = RescalingLayer;
