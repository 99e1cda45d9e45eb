/** Pixels as the networks' trainers fed them. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import { oneOf } from "../layers/layer-options.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { tensor } from "../ops/tensor.ts";
import { checkOptions } from "../serialization/index.ts";

/** How pixels from 0 to 255 become a network's input. */
export type PreprocessingMode = "caffe" | "tf" | "torch";

/** Options of `preprocessInput`. */
export interface PreprocessInputOptions {
  /** Default "channels_last". */
  readonly dataFormat?: "channels_last" | "channels_first" | null;
  /**
   * "caffe": RGB to BGR, minus ImageNet's mean; "tf": from -1 to 1; "torch": from 0 to 1, minus the mean, divided by the
   * deviation. Default "caffe".
   */
  readonly mode?: PreprocessingMode;
}

/** Means of blue, green, red over ImageNet's training set. */
const meanBlueGreenRed = [103.939, 116.779, 123.68];
const meanOfUnit = [0.485, 0.456, 0.406];
const deviationOfUnit = [0.229, 0.224, 0.225];

/**
 * Images made ready for a network. Shapes: x `[batch, height, width, 3]` or `[height, width, 3]`, pixels from 0 to 255 ->
 * the same, float. Throws ShapeError where the channels are not three ("caffe" and "torch").
 *
 * @example
 * const x = applications.imagenetUtils.preprocessInput(images, { mode: "torch" });
 */
export function preprocessInput(x: TensorLike, options: PreprocessInputOptions = {}): Tensor {
  const where = "preprocessInput";
  checkOptions(where, options, ["dataFormat", "mode"]);
  const mode = oneOf(where, "mode", options.mode ?? "caffe", ["caffe", "tf", "torch"] as const);
  const dataFormat = oneOf(where, "dataFormat", options.dataFormat ?? "channels_last", ["channels_last", "channels_first"] as const);
  const given = ops.convertToTensor(x);
  const images = given.dtype === "float64" || given.dtype === "float32" ? given : ops.cast(given, "float32");
  if (mode === "tf") return ops.subtract(ops.divide(images, 127.5), 1);
  const axis = dataFormat === "channels_last" ? images.rank - 1 : images.rank - 3;
  if ((images.rank !== 3 && images.rank !== 4) || images.shape[axis] !== 3) {
    throw new ShapeError({
      where,
      problem: "this takes colour images",
      expected: `three channels (${dataFormat}), one image or a batch`,
      received: formatShape(images.shape),
    });
  }
  const perChannel = (values: readonly number[]): Tensor =>
    ops.reshape(
      tensor([...values], { dtype: images.dtype }),
      images.shape.map((_, i) => (i === axis ? 3 : 1)),
    );
  if (mode === "caffe") return ops.subtract(ops.flip(images, axis), perChannel(meanBlueGreenRed));
  return ops.divide(ops.subtract(ops.divide(images, 255), perChannel(meanOfUnit)), perChannel(deviationOfUnit));
}
