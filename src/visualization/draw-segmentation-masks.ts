/** Classes of pixels drawn over images (`keras.visualization.draw_segmentation_masks`). */
import type { ImageDataFormat } from "../config/index.ts";
import { readNumbers } from "../data/samples.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { dataTensor, formatShape, type Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { checkOptions } from "../serialization/index.ts";
import { type Color, imageBatch } from "./image-batch.ts";

/** Options of `drawSegmentationMasks`. */
export interface DrawSegmentationMasksOptions {
  /** Default: one more than the largest class. */
  readonly numClasses?: number | null;
  /** Colour of each class. Default: colours that differ. */
  readonly colorMapping?: Readonly<Record<number, Color>> | null;
  /** Share of the colour where it is blended with the image. Default 0.8. */
  readonly alpha?: number;
  /** Whether the image shines through. Default true. */
  readonly blend?: boolean;
  /** A class that is not drawn. Default -1. */
  readonly ignoreIndex?: number;
  /** Default: `config.imageDataFormat()`. */
  readonly dataFormat?: ImageDataFormat | null;
}

/**
 * Images `[n, height, width, 3]` (0 to 255) with the pixels of each class in its colour: `image (1 - alpha) + colour alpha`,
 * uint8, channels last; without blending float32. Masks `[n, height, width]`, or with an axis of one channel. Throws
 * ShapeError where they do not fit.
 */
export async function drawSegmentationMasks(
  images: TensorLike,
  segmentationMasks: TensorLike,
  options: DrawSegmentationMasksOptions = {},
): Promise<Tensor> {
  const where = "drawSegmentationMasks";
  checkOptions(where, options, ["numClasses", "colorMapping", "alpha", "blend", "ignoreIndex", "dataFormat"]);
  const { alpha = 0.8, blend = true, ignoreIndex = -1, colorMapping = null, dataFormat } = options;
  const { count, height, width, channels, values } = await imageBatch(where, images, dataFormat);
  const masks = await readNumbers(where, segmentationMasks);
  if (channels !== 3 || masks.values.length !== count * height * width)
    throw new ShapeError({
      where,
      problem: "the masks do not fit the images",
      expected: `images of 3 channels, masks [${count}, ${height}, ${width}]`,
      received: `${channels} channels, masks ${formatShape(masks.shape)}`,
    });
  const classes =
    options.numClasses ?? Math.max(1, masks.values.reduce((most, value) => (value === ignoreIndex ? most : Math.max(most, value)), 0) + 1);
  const colors = Array.from({ length: classes }, (_, i): Color => {
    const color = colorMapping === null ? paletteColor(i) : colorMapping[i];
    if (color !== undefined) return color;
    throw new ValueError({
      where,
      problem: `class ${i} has no colour`,
      expected: `colours of 0 to ${classes - 1}`,
      received: Object.keys(colorMapping!).join(", "),
    });
  });
  const drawn = new Float32Array(values.length);
  for (let pixel = 0; pixel < masks.values.length; pixel++) {
    const label = masks.values[pixel]!;
    if (!Number.isInteger(label))
      throw new ValueError({ where, problem: "classes of pixels are whole numbers", expected: "0, 1, ...", received: String(label) });
    const color = label === ignoreIndex ? undefined : colors[label];
    for (let c = 0; c < 3; c++) {
      const value = values[pixel * 3 + c]!;
      if (label === ignoreIndex) drawn[pixel * 3 + c] = value;
      // Classes beyond the colours keep the image's.
      else drawn[pixel * 3 + c] = blend ? Math.fround(value * (1 - alpha)) + (color?.[c] ?? value) * alpha : (color?.[c] ?? value);
    }
  }
  const shape = [count, height, width, 3];
  return blend
    ? dataTensor(
        Uint8Array.from(drawn, (value) => Math.trunc(value) & 255),
        shape,
        "uint8",
      )
    : dataTensor(drawn, shape, "float32");
}

/** Colours that wander through the cube of red, green and blue; the first is black. */
function paletteColor(i: number): Color {
  return [(i * (2 ** 25 - 1)) % 255, (i * (2 ** 15 - 1)) % 255, (i * (2 ** 21 - 1)) % 255];
}
