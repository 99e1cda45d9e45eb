/** Small squares out of images. */
import { ShapeError } from "../../errors.ts";
import { dataTensor, formatShape, type Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import { randomNumbers } from "../../data/random-numbers.ts";
import { readNumbers } from "../../data/samples.ts";

/** Options of `samplePatches`. */
export interface SamplePatchesOptions {
  /** Side of a patch. */
  readonly size: number;
  /** Number of patches. */
  readonly count: number;
  /** Whether the mean of each patch is taken away. Default true. */
  readonly centered?: boolean;
  /** Patches whose standard deviation is smaller are drawn anew. Default 0. */
  readonly minDeviation?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Squares from random places of random images. Shapes: images [n, height, width] (a channel axis of 1 may follow) ->
 * [count, size * size]. Throws ShapeError for images that are too small.
 */
export async function samplePatches(images: TensorLike, options: SamplePatchesOptions): Promise<Tensor> {
  const where = "samplePatches";
  checkOptions(where, options, ["size", "count", "centered", "minDeviation", "seed"]);
  const { size, count, centered = true, minDeviation = 0, seed = 0 } = options;
  const { shape, values } = await readNumbers(where, images);
  const [n, height, width] = shape;
  if ((shape.length !== 3 && !(shape.length === 4 && shape[3] === 1)) || values.length === 0 || height! < size || width! < size)
    throw new ShapeError({
      where,
      problem: "the images do not hold such patches",
      expected: `[n, height, width], at least ${size} x ${size}`,
      received: formatShape(shape),
    });
  const random = randomNumbers(seed);
  const out = new Float32Array(count * size * size);
  // A set of plain images has no patch that varies: after many tries any will do.
  let tries = 100 * count;
  for (let patch = 0; patch < count; patch++) {
    const image = random.index(n!);
    const top = random.index(height! - size + 1);
    const left = random.index(width! - size + 1);
    const own = out.subarray(patch * size * size, (patch + 1) * size * size);
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) own[y * size + x] = values[(image * height! + top + y) * width! + left + x]!;
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const deviation = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length);
    if (deviation < minDeviation && tries-- > 0) {
      patch--;
      continue;
    }
    if (centered) for (let i = 0; i < own.length; i++) own[i]! -= mean;
  }
  return dataTensor(out, [count, size * size], "float32");
}
