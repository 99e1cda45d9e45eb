/** Sets a random part of its input to zero in training. */
import type { Tensor } from "../graph/index.ts";
import { dropout, SeedGenerator } from "../random/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { type LayerOptions, required } from "./layer-options.ts";
import { noiseShapeFor, noiseShapeOption } from "./noise-shape.ts";
import { probability } from "./option-checks.ts";

/** Options of Dropout. */
export interface DropoutOptions extends LayerOptions {
  /** Probability, from 0 to 1. */
  readonly rate: number;
  /** Default: none; elements are dropped one by one. Extents of 1 drop along their axis together. */
  readonly noiseShape?: readonly (number | null)[] | null;
  /** Makes the layer draw the same masks in every run. */
  readonly seed?: number | null;
}

/**
 * In training each element is 0 with probability `rate`, else `x / (1 - rate)`; otherwise `y = x`.
 *
 * Shapes: x `[...]` -> `[...]`.
 *
 * @example
 * const y = layers.Dropout({ rate: 0.5, seed: 1 })(x, { training: true });
 */
export class DropoutLayer extends Layer<DropoutOptions> {
  static override readonly className: string = "Dropout";
  static override readonly defaultTraining = false;
  declare rate: number;
  declare seed: number | null;
  declare noiseShape: readonly (number | null)[] | null;
  readonly seedGenerator: SeedGenerator;

  constructor(options: DropoutOptions) {
    super(options, { rate: required, seed: null, noiseShape: null });
    probability(this.label, "rate", this.rate);
    noiseShapeOption(this.label, this.noiseShape);
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
  }

  override call(x: Tensor, { training = false }: CallOptions = {}): Tensor {
    if (training !== true || this.rate === 0) return x;
    const noiseShape = noiseShapeFor(this.label, this.noiseShape, x);
    return dropout(x, this.rate, { noiseShape, seed: this.seedGenerator });
  }
}

/** Sets a random part of its input to zero in training; see {@link DropoutLayer}. */
export const Dropout: CallableClass<typeof DropoutLayer> = /* @__PURE__ */ callableClass(DropoutLayer);
export type Dropout = DropoutLayer;
