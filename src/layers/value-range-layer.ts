/** The base of layers that change the colours of images at random. */
import type { OptionDefaults } from "./layer-options.ts";
import { RandomImageLayer, type RandomImageOptions, type Range, valueRange } from "./random-image-layer.ts";

/** Options of layers that change colours. */
export interface ValueRangeOptions extends RandomImageOptions {
  /** Least and largest value of a pixel. Default [0, 255]. */
  readonly valueRange?: Range;
}

/** A layer that changes the values of pixels within a range. */
export abstract class ValueRangeLayer<Options extends ValueRangeOptions> extends RandomImageLayer<Options> {
  declare valueRange: Range;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, { ...defaults, valueRange: [0, 255], seed: null });
    this.valueRange = valueRange(this.label, this.valueRange);
  }
}
