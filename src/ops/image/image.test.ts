import { describe, expect, it } from "vitest";
import { DTypeError, ShapeError, ValueError } from "../../errors.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import { randomNumbers, valuesOf } from "../../testing/finite-differences.ts";
import * as ops from "../index.ts";

const { image } = ops;
const picture = (...shape: number[]): Tensor =>
  dataTensor(randomNumbers(shape.reduce((product, extent) => product * extent), 4).map((value) => (value + 1) / 2), shape, "float64"); // prettier-ignore
const close = (found: Tensor, wanted: Tensor, digits = 12): void => {
  expect(found.shape).toEqual(wanted.shape);
  valuesOf(found).forEach((value, i) => expect(value).toBeCloseTo(valuesOf(wanted)[i]!, digits));
};
const channelsFirst = { dataFormat: "channels_first" } as const;

describe("operations on images", () => {
  const x = picture(2, 4, 5, 3);
  const first = ops.transpose(x, [0, 3, 1, 2]);
  const back = (t: Tensor): Tensor => ops.transpose(t, [0, 2, 3, 1]);

  it("know both orders of axes, and images without a batch", () => {
    close(back(image.rgbToGrayscale(first, channelsFirst)), image.rgbToGrayscale(x));
    close(back(image.rgbToHsv(first, channelsFirst)), image.rgbToHsv(x));
    close(back(image.gaussianBlur(first, channelsFirst)), image.gaussianBlur(x));
    const pads = { topPadding: 1, bottomPadding: 2, leftPadding: 0, rightPadding: 1 };
    close(back(image.padImages(first, { ...pads, ...channelsFirst })), image.padImages(x, pads));
    close(back(image.extractPatches(first, 2, channelsFirst)), image.extractPatches(x, 2));
    const turn = [0.9, 0.1, 0.3, -0.1, 1.1, 0.2, 0, 0];
    close(back(image.affineTransform(first, turn, channelsFirst)), image.affineTransform(x, turn));
    close(image.affineTransform(ops.getItem(x, 0), turn), ops.getItem(image.affineTransform(x, turn), 0));
    const edges = ops.transpose(image.sobelEdges(first, channelsFirst), [0, 2, 3, 1, 4]);
    close(edges, image.sobelEdges(x));
  });

  it("undo one another", () => {
    close(image.hsvToRgb(image.rgbToHsv(x)), x);
    close(image.reconstructPatches(image.extractPatches(x, [2, 5]), [2, 5], [4, 5]), x);
    close(image.reconstructPatches(image.extractPatches(x, 3, { padding: "same" }), 3, [4, 5], { padding: "same" }), x);
    const volume = picture(1, 4, 2, 6, 2);
    close(image.reconstructPatches(image.extractPatches3d(volume, 2), 2, [4, 2, 6]), volume);
    const pads = image.padImages(x, { topPadding: 1, leftPadding: 2, targetHeight: 7, targetWidth: 8 });
    close(image.cropImages(pads, { topCropping: 1, leftCropping: 2, targetHeight: 4, targetWidth: 5 }), x);
  });

  it("move four points to four others", () => {
    const corners = [[0, 0], [4, 0], [0, 3], [4, 3]]; // prettier-ignore
    close(image.perspectiveTransform(x, corners, corners), x, 5);
    // The image turned over: what was at the left end is at the right end.
    const mirrored = corners.map(([u, v]) => [4 - u!, v!]);
    close(image.perspectiveTransform(x, corners, mirrored), ops.flip(x, 2), 5);
  });

  it("resize bytes to TensorFlow's, whose rounding decides where the exact value is an integer", () => {
    const resized = (width: number, ...bytes: number[]): number[] =>
      Array.from(valuesOf(image.resize(ops.reshape(ops.array(bytes, "uint8"), [1, -1, 1]), [1, width])));
    // Exactly 166, and 61 and 22.
    expect(resized(6, 40, 30, 9, 89, 221, 61, 211)).toEqual([39, 24, 42, 165, 101, 198]);
    expect(resized(7, 108, 100, 9)).toEqual([108, 106, 103, 100, 60, 21, 9]);
  });

  it("resample by a scale and a shift as a resize does", () => {
    const wanted = image.resize(x, [8, 10], { interpolation: "bilinear" });
    close(
      image.scaleAndTranslate(x, [2, 8, 10, 3], ops.array([2, 2], "float64"), ops.array([0, 0], "float64"), [1, 2], "linear"),
      wanted,
      6,
    );
    const shifted = image.scaleAndTranslate(x, [2, 4, 5, 3], ops.array([1], "float64"), ops.array([1], "float64"), [1], "cubic");
    close(ops.getItem(shifted, [null, { start: 1 }]), ops.getItem(x, [null, { stop: 3 }]));
    expect(Math.max(...valuesOf(ops.abs(ops.getItem(shifted, [null, 0]))))).toBe(0);
  });

  it("compare and bend", () => {
    close(image.ssim(x, x, { filterSize: 3 }), ops.ones([2], "float64"));
    expect(valuesOf(image.ssim(x, ops.flip(x, 1), { filterSize: 3 }))[0]).toBeLessThan(0.9);
    close(image.elasticTransform(x, { alpha: 0, seed: 1 }), x);
    const bent = image.elasticTransform(x, { alpha: 3, sigma: 1, seed: 1 });
    close(bent, image.elasticTransform(x, { alpha: 3, sigma: 1, seed: 1 }));
    expect(valuesOf(ops.max(ops.abs(ops.subtract(bent, x))))[0]).toBeGreaterThan(0.01);
  });

  it("refuse what is no image, and borders that are not settled", () => {
    expect(() => image.rgbToHsv(ops.ones([2, 2]))).toThrow(ShapeError);
    expect(() => image.rgbToHsv(ops.ones([2, 2, 3], "uint8"))).toThrow(DTypeError);
    expect(() => image.rgbToGrayscale(ops.ones([2, 2, 2]))).toThrow(/number of channels/);
    expect(() => image.padImages(x, { topPadding: 1 })).toThrow(ValueError);
    expect(() => image.padImages(x, { topPadding: 1, targetHeight: 2, leftPadding: 0, rightPadding: 0 })).toThrow(/no count/);
    expect(() => image.cropImages(x, { topCropping: 3, bottomCropping: 3, leftCropping: 0, rightCropping: 0 })).toThrow(ValueError);
    expect(() => image.affineTransform(x, [1, 2, 3])).toThrow(/eight numbers/);
    expect(() => image.affineTransform(x, new Array<number>(8).fill(0), "bicubic" as never)).toThrow(/nearest, bilinear/);
    expect(() => image.mapCoordinates(x, ops.ones([3, 2]), 1)).toThrow(ShapeError);
    expect(() => image.mapCoordinates(x, ops.ones([4, 2]), 2)).toThrow(ValueError);
    expect(() => image.extractPatches(x, 7)).toThrow(ShapeError);
    expect(() => image.reconstructPatches(image.extractPatches(x, 2), 2, [5, 4])).toThrow(ShapeError);
    expect(() => image.gaussianBlur(x, { dataFormat: "channels" as never })).toThrow(/data format/);
  });
});
