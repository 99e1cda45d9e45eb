/** Adds a loss that keeps activities small. */
import type { Tensor } from "../graph/index.ts";
import { L1L2 } from "../regularizers/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { LayerOptions } from "./layer-options.ts";
import { nonNegative } from "./option-checks.ts";

/** Options of ActivityRegularization. */
export interface ActivityRegularizationOptions extends Omit<LayerOptions, "activityRegularizer"> {
  /** Weight of the sum of the absolute values. Default 0. */
  readonly l1?: number;
  /** Weight of the sum of the squares. Default 0. */
  readonly l2?: number;
}

/**
 * `y = x`, and the loss `l1 sum of |x| + l2 sum of x^2`.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.ActivityRegularization({ l1: 0.01 })(x);
 */
export class ActivityRegularizationLayer extends Layer<ActivityRegularizationOptions> {
  static override readonly className: string = "ActivityRegularization";
  declare l1: number;
  declare l2: number;

  constructor(options: ActivityRegularizationOptions = {}) {
    super(options, { l1: 0, l2: 0 });
    nonNegative(this.label, "l1", this.l1);
    nonNegative(this.label, "l2", this.l2);
    this.activityRegularizer = L1L2({ l1: this.l1, l2: this.l2 });
    this.supportsMasking = true;
  }

  /** The regularizer follows from l1 and l2. */
  override getConfig(): Config {
    const { activity_regularizer: _, ...config } = super.getConfig();
    return config;
  }

  override call(x: Tensor): Tensor {
    return x;
  }
}

/** Adds a loss that keeps activities small; see {@link ActivityRegularizationLayer}. */
export const ActivityRegularization: CallableClass<typeof ActivityRegularizationLayer> =
  /* @__PURE__ */ callableClass(ActivityRegularizationLayer);
export type ActivityRegularization = ActivityRegularizationLayer;
