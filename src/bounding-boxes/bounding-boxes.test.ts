import { beforeAll, describe, expect, it } from "vitest";
import { setBackend, type Tensor, tensor, utils } from "../index.ts";
import type { BoxFormat } from "./formats.ts";

beforeAll(() => setBackend("reference"));

const { boundingBoxes } = utils;
const close = async (x: Tensor, wanted: readonly number[]): Promise<void> => {
  const values = Array.from(await x.data());
  expect(values.length).toBe(wanted.length);
  values.forEach((value, i) => expect(Math.abs(value - wanted[i]!), `${values.join()} instead of ${wanted.join()}`).toBeLessThan(1e-5));
};

describe("convertFormat", () => {
  const written: Readonly<Record<BoxFormat, readonly number[]>> = {
    xyxy: [10, 20, 30, 60],
    yxyx: [20, 10, 60, 30],
    xywh: [10, 20, 20, 40],
    center_xywh: [20, 40, 20, 40],
    center_yxhw: [40, 20, 40, 20],
    rel_xyxy: [0.1, 0.1, 0.3, 0.3],
    rel_yxyx: [0.1, 0.1, 0.3, 0.3],
    rel_xywh: [0.1, 0.1, 0.2, 0.2],
    rel_center_xywh: [0.2, 0.2, 0.2, 0.2],
  };
  const names = Object.keys(written) as BoxFormat[];
  it.each(names)("from %s to every format", async (source) => {
    for (const target of names)
      await close(boundingBoxes.convertFormat([written[source]], source, target, { height: 200, width: 100 }), written[target]);
  });

  it("takes boxes with labels, and refuses what is no format, no box, or lacks extents", async () => {
    const labels = tensor([1]);
    const both = boundingBoxes.convertFormat({ boxes: [[1, 2, 3, 5]], labels }, "xyxy", "xywh");
    await close(both.boxes, [1, 2, 2, 3]);
    expect(both.labels).toBe(labels);
    expect(() => boundingBoxes.convertFormat([[1, 2, 3, 5]], "xyxy", "xxyy" as never)).toThrow(/perhaps "xyxy"|center_xywh/);
    expect(() => boundingBoxes.convertFormat([[1, 2, 3]], "xyxy", "xywh")).toThrow(/four numbers/);
    expect(() => boundingBoxes.convertFormat([[1, 2, 3, 4]], "rel_xyxy", "xywh")).toThrow(/extents/);
  });
});

describe("changes of boxes", () => {
  it("are cut to the image, and lose their label where nothing is left", async () => {
    const boxes = [[-10, -20, 150, 160], [50, 40, 70, 80], [130, 10, 140, 20]]; // prettier-ignore
    const cut = boundingBoxes.clipToImageSize(
      { boxes: tensor(boxes), labels: tensor(Int32Array.of(0, 1, 2)) },
      { height: 100, width: 120 },
    );
    await close(cut.boxes, [0, 0, 120, 100, 50, 40, 70, 80, 120, 10, 120, 20]);
    await close(cut.labels, [0, 1, -1]);
  });

  it("are shifted by cropping and padding", async () => {
    await close(boundingBoxes.crop([[10, 20, 50, 60], [70, 80, 100, 120]], 10, 20, 40, 30), [0, 10, 30, 40, 30, 40, 30, 40]); // prettier-ignore
    await close(boundingBoxes.pad([[10, 20, 50, 60]], 1, 2), [12, 21, 52, 61]);
    expect(() => boundingBoxes.crop([[1, 2, 3, 4]], 0, 0, 1, 1, { boundingBoxFormat: "xywh" })).toThrow(/convertFormat/);
  });

  it("are turned by a right angle about the middle", async () => {
    const one = tensor([0]);
    const turned = boundingBoxes.affineTransform([[[10, 20, 30, 40]]], tensor([90]), one, one, tensor([1]), one, one, 101, 101);
    // (x, y) -> (y, 100 - x) or (100 - y, x).
    const values = Array.from(await turned.data()).map(Math.round);
    expect([[20, 70, 40, 90], [60, 10, 80, 30]]).toContainEqual(values); // prettier-ignore
    const still = boundingBoxes.affineTransform([[[10, 20, 30, 40]]], one, one, one, tensor([1]), one, one, 101, 101);
    await close(still, [10, 20, 30, 40]);
  });

  it("are read again from their differences from anchors", async () => {
    const anchors = [[0, 0, 10, 20], [5, 5, 15, 10]]; // prettier-ignore
    const boxes = [[1, 2, 9, 12], [4, 6, 20, 9]]; // prettier-ignore
    const options = { variance: [0.1, 0.1, 0.2, 0.2] };
    const deltas = boundingBoxes.encodeBoxToDeltas(anchors, boxes, "xyxy", "xyxy", options);
    // Row first: the middle of the first box is 3 above that of its anchor, in units of 20 x 0.1.
    await close(deltas, [-1.5, 0, 5 * Math.log(0.5), 5 * Math.log(0.8), 0, 2, 5 * Math.log(0.6), 5 * Math.log(1.6)]);
    await close(boundingBoxes.decodeDeltasToBoxes(anchors, deltas, "xyxy", "xyxy", options), boxes.flat());
    const levels = boundingBoxes.decodeDeltasToBoxes({ p3: tensor(anchors) }, { p3: deltas }, "xyxy", "xyxy", options);
    await close(levels.p3!, boxes.flat());
  });
});

describe("overlaps", () => {
  it("divide the common area by the whole, for every pair", async () => {
    const a = [[0, 0, 2, 2], [-1, -1, -1, -1]]; // prettier-ignore
    const b = [[1, 1, 3, 3], [0, 0, 2, 2], [5, 5, 6, 6]]; // prettier-ignore
    await close(boundingBoxes.computeIou(a, b, "xyxy"), [1 / 7, 1, 0, 0, 0, 0]);
    await close(boundingBoxes.computeIou(a, b, "yxyx", { useMasking: true }), [1 / 7, 1, 0, -1, -1, -1]);
    expect(boundingBoxes.computeIou(tensor([a, a]), b, "xyxy").shape).toEqual([2, 2, 3]);
  });

  it("less distance and difference of shape", async () => {
    await close(boundingBoxes.computeCiou([[0, 0, 2, 2]], [[0, 0, 2, 2]], "xyxy"), [1]);
    // Same shape, middles apart by sqrt(2), diagonal around both 3 sqrt(2).
    await close(boundingBoxes.computeCiou([[0, 0, 2, 2]], [[1, 1, 3, 3]], "xyxy"), [1 / 7 - 2 / 18]);
  });
});
