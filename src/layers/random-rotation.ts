/** Turns images at random. */
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { SeedGenerator } from "../random/index.ts";
import * as random from "../random/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { required } from "./layer-options.ts";
import { type Drawn, factorRange, type Range, valueRange } from "./random-image-layer.ts";
import { type AffineMap, SpatialLayer, type SpatialOptions } from "./spatial-layer.ts";

/** Options of RandomRotation. */
export interface RandomRotationOptions extends SpatialOptions {
  /** Part of a full turn: f is [-f, f]. Positive turns counter-clockwise. */
  readonly factor: number | Range;
  /** Written by Keras 3.4; nothing depends on it. */
  readonly valueRange?: Range;
}

/**
 * In training, turns each image about its centre by a random angle.
 *
 * Shapes: x `[batch, height, width, channels]` -> the same (or channels_first, or without batch).
 *
 * @example
 * const y = layers.RandomRotation({ factor: 0.1, fillMode: "constant" })(images, { training: true });
 */
export class RandomRotationLayer extends SpatialLayer<RandomRotationOptions> {
  static override readonly className: string = "RandomRotation";
  declare factor: Range;
  declare valueRange: Range;

  constructor(options: RandomRotationOptions) {
    super(options, { factor: required, valueRange: [0, 255] });
    this.factor = factorRange(this.label, "factor", this.factor, [-1, 1]);
    this.valueRange = valueRange(this.label, this.valueRange);
  }

  /** Later versions of Keras take no range of values, which changes nothing in a rotation. */
  override toJSON(): Config {
    const json = super.toJSON();
    const { value_range: _range, ...config } = json.config as Config;
    return { ...json, config };
  }

  override draw(shape: Shape, seed: SeedGenerator): Drawn {
    const [minval, maxval] = this.factor.map((turns) => turns * 2 * Math.PI) as [number, number];
    return { angle: random.uniform([shape[0]!], { minval, maxval, seed }) };
  }

  protected override map(shape: Shape, { angle }: Drawn): AffineMap {
    const [height, width] = this.extents(shape);
    const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
    const [cos, sin]: [Tensor, Tensor] = [ops.cos(angle!), ops.sin(angle!)];
    const dx = ops.add(ops.subtract(cx, ops.multiply(cx, cos)), ops.multiply(cy, sin));
    const dy = ops.subtract(ops.subtract(cy, ops.multiply(cx, sin)), ops.multiply(cy, cos));
    return [cos, ops.negative(sin), dx, sin, cos, dy];
  }
}

/** Turns images at random; see {@link RandomRotationLayer}. */
export const RandomRotation: CallableClass<typeof RandomRotationLayer> = /* @__PURE__ */ callableClass(RandomRotationLayer);
export type RandomRotation = RandomRotationLayer;
