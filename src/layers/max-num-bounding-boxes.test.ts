import { beforeAll, describe, expect, it } from "vitest";
import { layers, setBackend, tensor } from "../index.ts";

beforeAll(() => setBackend("reference"));

const data = (
  count: number,
): { images: ReturnType<typeof tensor>; bounding_boxes: { boxes: ReturnType<typeof tensor>; labels: ReturnType<typeof tensor> } } => ({
  images: tensor(new Float32Array(2 * 4 * 4 * 3), { shape: [2, 4, 4, 3] }),
  bounding_boxes: {
    boxes: tensor(
      Float32Array.from({ length: 2 * count * 4 }, (_, i) => i),
      { shape: [2, count, 4] },
    ),
    labels: tensor(
      Int32Array.from({ length: 2 * count }, (_, i) => i),
      { shape: [2, count] },
    ),
  },
});

describe("MaxNumBoundingBoxes", () => {
  const layer = layers.MaxNumBoundingBoxes({ maxNumber: 2, fillValue: -7 });
  it("fills up what is missing", async () => {
    const { bounding_boxes: found } = layer(data(1)) as ReturnType<typeof data>;
    expect(await found.boxes.array()).toEqual([[[0, 1, 2, 3], [-7, -7, -7, -7]], [[4, 5, 6, 7], [-7, -7, -7, -7]]]); // prettier-ignore
    expect(await found.labels.array()).toEqual([[0, -7], [1, -7]]); // prettier-ignore
  });

  it("cuts off what is too much, and leaves images alone", async () => {
    const given = data(3);
    const out = layer(given) as ReturnType<typeof data>;
    expect(await out.bounding_boxes.labels.array()).toEqual([[0, 1], [3, 4]]); // prettier-ignore
    expect(out.bounding_boxes.boxes.shape).toEqual([2, 2, 4]);
    expect(out.images.shape).toEqual(given.images.shape);
    expect((layer(given.images) as typeof given.images).shape).toEqual([2, 4, 4, 3]);
  });

  it("refuses options and boxes that are none", () => {
    expect(() => layers.MaxNumBoundingBoxes({ maxNumber: 0 })).toThrow(/maxNumber/);
    expect(() => layers.MaxNumBoundingBoxes({} as never)).toThrow(/maxNumber is missing/);
    const { images, bounding_boxes: boxes } = data(2);
    expect(() => layer({ images, bounding_boxes: { boxes: boxes.boxes } as never })).toThrow(/labels \[batch, n\]/);
    expect(() => layer({ images, bounding_boxes: { ...boxes, scores: boxes.labels } as never })).toThrow(/no images with bounding boxes/);
    expect(layer.getConfig()).toMatchObject({ max_number: 2, fill_value: -7 });
  });
});
