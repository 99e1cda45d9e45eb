/** Brings the number of bounding boxes per image to a fixed number. */
import { ValueError } from "../errors.ts";
import { isPlainObject, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions, positiveInteger, required } from "./layer-options.ts";
import { integer } from "./option-checks.ts";

/** Options of MaxNumBoundingBoxes. */
export interface MaxNumBoundingBoxesOptions extends LayerOptions {
  /** Number of boxes that every image has afterwards. */
  readonly maxNumber: number;
  /** What missing boxes and labels are filled with. Default -1. */
  readonly fillValue?: number;
}

/** Images with their boxes. Other entries are passed on as they are. */
export type BoxData =
  | Tensor
  | {
      /** boxes `[batch, n, 4]`, labels `[batch, n]`. */
      readonly bounding_boxes?: { readonly boxes: Tensor; readonly labels: Tensor };
      readonly [name: string]: unknown;
    };

/**
 * Cuts the lists of bounding boxes and their labels to `maxNumber`, or fills them up with `fillValue`.
 *
 * Shapes: boxes `[batch, n, 4]` -> `[batch, maxNumber, 4]`, labels `[batch, n]` -> `[batch, maxNumber]`; images stay.
 *
 * @example
 * const data = layers.MaxNumBoundingBoxes({ maxNumber: 10 })({ images, bounding_boxes: { boxes, labels } });
 */
export class MaxNumBoundingBoxesLayer extends Layer<MaxNumBoundingBoxesOptions> {
  static override readonly className: string = "MaxNumBoundingBoxes";
  declare maxNumber: number;
  declare fillValue: number;

  constructor(options: MaxNumBoundingBoxesOptions) {
    super(options, { maxNumber: required, fillValue: -1 });
    positiveInteger(this.label, "maxNumber", this.maxNumber);
    integer(this.label, "fillValue", this.fillValue);
  }

  protected override checkInput(data: unknown): void {
    if (data instanceof Tensor) return;
    const found: unknown = isPlainObject(data) ? (data.bounding_boxes ?? null) : undefined;
    if (found === null) return;
    const { boxes, labels, ...rest } = (isPlainObject(found) ? found : {}) as Readonly<Record<string, unknown>>;
    const fits =
      boxes instanceof Tensor &&
      labels instanceof Tensor &&
      Object.keys(rest).length === 0 &&
      boxes.rank === 3 &&
      boxes.shape[2] === 4 &&
      labels.rank === 2 &&
      labels.shape[1] === boxes.shape[1];
    if (fits) return;
    throw new ValueError({
      where: this.label,
      problem: "these are no images with bounding boxes",
      expected: "{ images, bounding_boxes: { boxes [batch, n, 4], labels [batch, n] } }",
      received: describe(found ?? data),
    });
  }

  override call(data: BoxData): BoxData {
    if (data instanceof Tensor || data.bounding_boxes === undefined) return data;
    const { boxes, labels } = data.bounding_boxes;
    return { ...data, bounding_boxes: { boxes: this.#filled(boxes), labels: this.#filled(labels) } };
  }

  /** The first `maxNumber` entries of axis 1, filled up. */
  #filled(x: Tensor): Tensor {
    const count = Math.min(x.dim(1), this.maxNumber);
    const kept = ops.slice(
      x,
      x.shape.map(() => 0),
      x.shape.map((_, axis) => (axis === 1 ? count : x.dim(axis))),
    );
    const widths = x.shape.map((_, axis): [number, number] => [0, axis === 1 ? this.maxNumber - count : 0]);
    return ops.pad(kept, widths, { mode: "constant", constantValues: this.fillValue });
  }
}

/** Brings the number of bounding boxes to a fixed number; see {@link MaxNumBoundingBoxesLayer}. */
export const MaxNumBoundingBoxes: CallableClass<typeof MaxNumBoundingBoxesLayer> = /* @__PURE__ */ callableClass(MaxNumBoundingBoxesLayer);
export type MaxNumBoundingBoxes = MaxNumBoundingBoxesLayer;
