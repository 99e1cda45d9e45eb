/** The changes among which RandAugment and AugMix choose. */
import type { DType } from "../dtype/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { AutoContrast } from "./auto-contrast.ts";
import type { DataFormat } from "./data-format.ts";
import { Equalization } from "./equalization.ts";
import { RandomBrightness } from "./random-brightness.ts";
import { RandomColorDegeneration } from "./random-color-degeneration.ts";
import { RandomContrast } from "./random-contrast.ts";
import type { RandomImageLayer, Range } from "./random-image-layer.ts";
import { RandomPosterization } from "./random-posterization.ts";
import { RandomRotation } from "./random-rotation.ts";
import { RandomSharpness } from "./random-sharpness.ts";
import { RandomShear } from "./random-shear.ts";
import { RandomTranslation } from "./random-translation.ts";
import { Solarization } from "./solarization.ts";
import type { PixelInterpolation } from "./spatial-layer.ts";

/** What the changes have in common. */
export interface AugmentationOptions {
  readonly factor: Range;
  readonly valueRange: Range;
  readonly interpolation: PixelInterpolation;
  readonly dataFormat: DataFormat;
  readonly dtype: DType;
}

/** The changes in Keras's order; without the four of colours if `colours` is false. */
export function augmentations(
  { factor, valueRange, interpolation, dataFormat, dtype }: AugmentationOptions,
  colours: boolean,
): RandomImageLayer[] {
  const shared = { dataFormat, dtype, seed: 0 };
  return [
    RandomShear({ ...shared, xFactor: factor, yFactor: factor, interpolation }),
    RandomTranslation({ ...shared, heightFactor: factor, widthFactor: factor, interpolation }),
    RandomRotation({ ...shared, factor, interpolation }),
    ...(colours
      ? [
          RandomBrightness({ ...shared, factor, valueRange }),
          RandomColorDegeneration({ ...shared, factor, valueRange }),
          RandomContrast({ ...shared, factor, valueRange }),
          RandomSharpness({ ...shared, factor, valueRange }),
        ]
      : []),
    RandomPosterization({ ...shared, factor: Math.max(1, Math.trunc(8 * factor[1])), valueRange }),
    Solarization({ ...shared, additionFactor: factor, thresholdFactor: factor, valueRange }),
    AutoContrast({ dataFormat, dtype, valueRange }),
    Equalization({ dataFormat, dtype, valueRange }),
  ];
}

/** The result of the change whose number `index` tells, only that one computed; `images` for a number beyond them. Shapes: index []. */
export function oneOfThem(images: Tensor, index: Tensor, changes: readonly ((images: Tensor) => Tensor)[], first = 0): Tensor {
  if (changes.length === 0) return images;
  if (changes.length === 1) return changes[0]!(images);
  const half = changes.length >> 1;
  return ops.cond<Tensor>(
    ops.less(index, first + half),
    () => oneOfThem(images, index, changes.slice(0, half), first),
    () => oneOfThem(images, index, changes.slice(half), first + half),
  );
}
