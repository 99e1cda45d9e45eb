/** The shortcut without parameters of residual networks. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, type Tensor } from "../graph/index.ts";
import { Layer } from "../layers/layer.ts";
import { type LayerOptions, positiveInteger, required } from "../layers/layer-options.ts";
import * as ops from "../ops/index.ts";
import { slice } from "../primitives/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";

/** Options of IdentityShortcut. */
export interface IdentityShortcutOptions extends LayerOptions {
  /** Number of output channels. */
  readonly filters: number;
  /** Every how many-th place is kept. Default 1. */
  readonly strides?: number;
}

/**
 * Every `strides`-th place of the input, and zeros for the channels that it does not have: option A of He, Zhang, Ren, Sun,
 * "Deep Residual Learning for Image Recognition", 2016, section 3.3.
 *
 * Shapes: x `[batch, height, width, channels]` -> `[batch, ceil(height / strides), ceil(width / strides), filters]`.
 */
export class IdentityShortcutLayer extends Layer<IdentityShortcutOptions> {
  static override readonly className: string = "IdentityShortcut";
  declare filters: number;
  declare strides: number;

  constructor(options: IdentityShortcutOptions) {
    super(options, { filters: required, strides: 1 });
    positiveInteger(this.label, "filters", this.filters);
    positiveInteger(this.label, "strides", this.strides);
    this.inputSpec = { rank: 4 };
  }

  override build(inputShape: Shape): void {
    const channels = inputShape[3];
    if (channels != null && channels <= this.filters) return;
    throw new ShapeError({
      where: this.label,
      problem: "the shortcut cannot have fewer channels than its input",
      expected: `at most ${this.filters} channels`,
      received: formatShape(inputShape),
    });
  }

  override call(x: Tensor): Tensor {
    const kept = slice(x, [0, 0, 0, 0], x.shape as number[], [1, this.strides, this.strides, 1]);
    const missing = this.filters - x.dim(3);
    return missing === 0 ? kept : ops.pad(kept, [[0, 0], [0, 0], [0, 0], [0, missing]]); // prettier-ignore
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "nabla.applications", registered_name: "nabla>IdentityShortcut" };
  }
}

/** The shortcut without parameters; see {@link IdentityShortcutLayer}. */
export const IdentityShortcut: CallableClass<typeof IdentityShortcutLayer> = /* @__PURE__ */ callableClass(IdentityShortcutLayer);
export type IdentityShortcut = IdentityShortcutLayer;
