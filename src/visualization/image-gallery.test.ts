import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { errors, ops, tensor, visualization, type Tensor } from "../index.ts";

const black = (count: number, height: number, width: number, channels = 3): Tensor =>
  tensor(new Uint8Array(count * height * width * channels), { shape: [count, height, width, channels] });

/** Places of an image where the first channel is this value, as rows of dots and blanks. */
async function marked(images: Tensor, value: number, image = 0): Promise<string[]> {
  const rows = ((await images.array()) as number[][][][])[image]!;
  return rows.map((row) => row.map((pixel) => (pixel[0] === value ? "#" : ".")).join(""));
}

/** The images that an SVG picture holds. */
function embedded(svg: string): PNG[] {
  return [...svg.matchAll(/data:image\/png;base64,([^"]+)/g)].map(([, data]) => PNG.sync.read(Buffer.from(data!, "base64")));
}

describe("boxes in images", () => {
  it("are drawn with their thickness, but for class -1, and cut off at the border", async () => {
    const boxes = {
      boxes: [
        [
          [1, 1, 5, 4],
          [0, 0, 7, 5],
        ],
      ],
      labels: [[0, -1]],
    };
    const drawn = await visualization.drawBoundingBoxes(black(1, 6, 8), boxes, "xyxy", { color: [200, 10, 20], lineThickness: 1 });
    expect([drawn.dtype, drawn.shape]).toEqual(["uint8", [1, 6, 8, 3]]);
    expect(await marked(drawn, 200)).toEqual(["........", ".#####..", ".#...#..", ".#...#..", ".#####..", "........"]);
    const thick = await visualization.drawBoundingBoxes(black(1, 6, 8), { boxes: [[[2, 2, 99, 99]]], labels: [[1]] }, "xywh", { color: [9, 9, 9], lineThickness: 2 }); // prettier-ignore
    expect(await marked(thick, 9)).toEqual(["........", "........", "..######", "..######", "..##....", "..##...."]);
  });

  it("carry names and confidences in letters of dots, above or inside", async () => {
    const options = { color: [7, 7, 7], lineThickness: 1, fontScale: 0.7, classMapping: { 3: "ab" } } as const;
    const above = await visualization.drawBoundingBoxes(black(1, 30, 40), { boxes: [[[2, 20, 30, 28]]], labels: [[3]] }, "xyxy", options);
    expect((await marked(above, 7)).slice(11, 16).map((row) => row.slice(2, 9))).toEqual([
      ".#..##.",
      "#.#.#.#",
      "###.##.",
      "#.#.#.#",
      "#.#.##.",
    ]);
    const inside = await visualization.drawBoundingBoxes(
      black(1, 30, 60),
      { boxes: [[[2, 2, 50, 28]]], labels: [[3]], confidences: [[0.5]] },
      "xyxy",
      options,
    );
    const letters = (await marked(inside, 7)).slice(6, 11).map((row) => row.slice(6, 45));
    // AB | 0.50: a point is one dot.
    expect(letters[4]!.split("#").length - 1).toBe(2 + 2 + 1 + 3 + 1 + 3 + 3);
    await expect(visualization.drawBoundingBoxes(black(1, 3, 3), { boxes: [[[0, 0, 1, 1]]] }, "xyxy")).rejects.toThrow(errors.ValueError);
    await expect(visualization.drawBoundingBoxes(black(2, 3, 3), { boxes: [[[0, 0, 1, 1]]], labels: [[0]] }, "xyxy")).rejects.toThrow(
      errors.ShapeError,
    );
  });

  it("are drawn into images whose channels come first", async () => {
    const first = ops.transpose(black(1, 4, 5), [0, 3, 1, 2]);
    const boxes = { boxes: [[[0, 0, 2, 2]]], labels: [[0]] };
    const drawn = await visualization.drawBoundingBoxes(first, boxes, "xyxy", { lineThickness: 1, dataFormat: "channels_first" });
    expect(drawn.shape).toEqual([1, 3, 4, 5]);
    expect(await marked(ops.transpose(drawn, [0, 2, 3, 1]), 128)).toEqual(["###..", "#.#..", "###..", "....."]);
  });
});

describe("masks over images", () => {
  it("are blended with the image, class by class, but for the ignored one", async () => {
    const image = tensor(new Float32Array(12).fill(100), { shape: [1, 2, 2, 3] });
    const masks = tensor(Int32Array.of(0, 1, -1, 1), { shape: [1, 2, 2, 1] });
    const colorMapping = { 0: [0, 0, 0], 1: [200, 50, 0] } as const;
    const drawn = await visualization.drawSegmentationMasks(image, masks, { colorMapping, alpha: 0.5 });
    expect(await drawn.array()).toEqual([[[[50, 50, 50], [150, 75, 50]], [[100, 100, 100], [150, 75, 50]]]]); // prettier-ignore
    const plain = await visualization.drawSegmentationMasks(image, ops.squeeze(masks, -1), { colorMapping, blend: false });
    expect(((await plain.array()) as number[][][][])[0]![0]![1]).toEqual([200, 50, 0]);
    await expect(
      visualization.drawSegmentationMasks(image, [
        [
          [0.5, 0],
          [0, 0],
        ],
      ]),
    ).rejects.toThrow(/whole numbers/);
    await expect(visualization.drawSegmentationMasks(image, [[[0, 0]]])).rejects.toThrow(errors.ShapeError);
  });
});

describe("galleries", () => {
  it("hold all images in rows and columns, with titles of classes and a legend", async () => {
    const images = tensor(
      Float32Array.from({ length: 5 * 4 }, (_, i) => i / 19),
      { shape: [5, 2, 2, 1] },
    );
    const svg = await visualization.plotImageGallery(images, {
      valueRange: [0, 1],
      yTrue: [0, 1, 0, 1, 7],
      yPred: [0, 0, 0, 1, 1],
      labelMap: { 0: "cat", 1: "dog & co" },
      legendHandles: [{ label: "animals", color: [1, 2, 3] }],
    });
    const pictures = embedded(svg);
    expect(pictures.map(({ width, height }) => [width, height])).toEqual(Array.from({ length: 5 }, () => [2, 2]));
    expect(pictures[4]!.data[12]).toBe(255);
    expect(svg).toContain("Label: cat  Pred: cat");
    expect(svg).toContain("Label: dog &amp; co  Pred: cat");
    expect(svg).toContain("Label: Unknown");
    expect(svg).toContain("rgb(1,2,3)");
    expect(embedded(await visualization.plotImageGallery(images, { rows: 1, cols: 2 })).length).toBe(2);
    await expect(visualization.plotImageGallery(images, { yTrue: [0, 0, 0, 0, 0] })).rejects.toThrow(/no names/);
    await expect(visualization.plotImageGallery([[1, 2]])).rejects.toThrow(errors.ShapeError);
  });

  it("show boxes that are there and that were found, and masks beside their images", async () => {
    const boxes = { boxes: [[[0, 0, 2, 2]]], labels: [[0]] };
    const found = { boxes: [[[1, 1, 3, 3]]], labels: [[0]] };
    const svg = await visualization.plotBoundingBoxGallery(black(1, 5, 5), "xyxy", {
      yTrue: boxes,
      yPred: found,
      lineThickness: 1,
      legend: true,
    });
    const [picture] = embedded(svg);
    const at = (y: number, x: number): number[] => [...picture!.data.subarray((y * 5 + x) * 4, (y * 5 + x) * 4 + 3)];
    expect([at(0, 0), at(3, 3), at(4, 4)]).toEqual([[0, 188, 212], [255, 235, 59], [0, 0, 0]]); // prettier-ignore
    expect(svg).toContain("Ground Truth");
    const masks = tensor(Int32Array.of(1, 1, 1, 1), { shape: [1, 2, 2, 1] });
    const gallery = await visualization.plotSegmentationMaskGallery(black(1, 2, 2), 2, { yTrue: masks, yPred: masks });
    expect(embedded(gallery).length).toBe(3);
    expect([...embedded(gallery)[1]!.data.subarray(0, 3)]).toEqual(
      [(2 ** 25 - 1) % 255, (2 ** 15 - 1) % 255, (2 ** 21 - 1) % 255].map((c) => Math.trunc(c * 0.8)),
    );
  });
});
