import { beforeAll, describe, expect, it } from "vitest";
import { layers, ops, setBackend, type Tensor, tensor } from "../index.ts";

beforeAll(() => setBackend("reference"));

/** The same, pixel by pixel: for one channel. */
function equalized(image: readonly (readonly number[])[], [rows, columns]: readonly [number, number], limit: number): number[][] {
  const [height, width] = [image.length, image[0]!.length];
  const [tileHeight, tileWidth] = [Math.ceil(height / rows), Math.ceil(width / columns)];
  const mirrored = (i: number, n: number): number => (i < n ? i : 2 * n - 1 - i);
  const level = (y: number, x: number): number => Math.trunc(Math.min(255, Math.max(0, image[mirrored(y, height)]![mirrored(x, width)]!)));
  const pixels = tileHeight * tileWidth;
  const maps = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const counts = new Array<number>(256).fill(0);
      for (let y = 0; y < tileHeight; y++) for (let x = 0; x < tileWidth; x++) counts[level(row * tileHeight + y, column * tileWidth + x)]!++; // prettier-ignore
      const most = (limit * pixels) / 256;
      const excess = limit > 0 ? counts.reduce((sum, count) => sum + Math.max(0, count - most), 0) / 256 : 0;
      let sum = 0;
      const upTo = counts.map((count) => (sum += (limit > 0 ? Math.min(count, most) : count) + excess));
      const least = upTo[0]!;
      return upTo.map((value) => Math.min(255, ((value - least) * 255) / (pixels - least || 1)));
    }),
  );
  return image.map((line, y) =>
    line.map((_, x) => {
      const [v, h] = [(y - tileHeight / 2) / tileHeight, (x - tileWidth / 2) / tileWidth];
      const [top, left] = [Math.floor(v), Math.floor(h)];
      const at = (row: number, column: number): number =>
        maps[Math.min(rows - 1, Math.max(0, row))]![Math.min(columns - 1, Math.max(0, column))]![level(y, x)]!;
      const above = at(top, left) * (1 - h + left) + at(top, left + 1) * (h - left);
      const below = at(top + 1, left) * (1 - h + left) + at(top + 1, left + 1) * (h - left);
      return above * (1 - v + top) + below * (v - top);
    }),
  );
}

const image = (height: number, width: number): number[][] =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => 100 + 60 * Math.sin(0.7 * y + 0.3 * x * x)));
const asImages = (rows: number[][]): Tensor => ops.expandDims(ops.expandDims(tensor(rows), 0), -1);

describe("ContrastLimitedAdaptiveHistogramEqualization", () => {
  it.each([
    [8, 8, [2, 2], 4],
    [8, 12, [2, 3], 0],
    [7, 9, [3, 2], 2],
    [16, 16, [8, 8], 40],
  ] as const)(
    "of %i x %i pixels in tiles %j with the limit %d is that of every pixel by itself",
    async (height, width, tileGridSize, clipLimit) => {
      const given = image(height, width);
      const layer = layers.ContrastLimitedAdaptiveHistogramEqualization({ tileGridSize, clipLimit });
      const values = await layer(asImages(given)).data();
      const wanted = equalized(given, tileGridSize, clipLimit).flat();
      values.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(2e-2));
    },
  );

  it("treats channels and images apart, in both data formats, and ranges of values", async () => {
    const options = { tileGridSize: [2, 2], clipLimit: 3 } as const;
    const [a, b] = [image(8, 8), image(8, 8).map((line) => [...line].reverse())];
    const one = (rows: number[][]): Tensor => layers.ContrastLimitedAdaptiveHistogramEqualization(options)(asImages(rows));
    const both = ops.concatenate([asImages(a), asImages(b)], -1);
    const last = layers.ContrastLimitedAdaptiveHistogramEqualization(options)(ops.concatenate([both, both], 0));
    const separately = ops.concatenate([one(a), one(b)], -1);
    expect(await last.data()).toEqual(await ops.concatenate([separately, separately], 0).data());
    const first = layers.ContrastLimitedAdaptiveHistogramEqualization({ ...options, dataFormat: "channels_first" });
    expect(await first(ops.transpose(both, [0, 3, 1, 2])).data()).toEqual(await ops.transpose(separately, [0, 3, 1, 2]).data());
    const whole = tensor(a.map((line) => line.map(Math.round)));
    const unit = layers.ContrastLimitedAdaptiveHistogramEqualization({ ...options, valueRange: [0, 2] });
    const scaled = unit(ops.multiply(ops.expandDims(whole, -1), 2 / 255));
    const plain = layers.ContrastLimitedAdaptiveHistogramEqualization(options)(ops.expandDims(whole, -1));
    const [x, y] = [await scaled.data(), await plain.data()];
    // Rounding may move a value across the border of a level.
    const apart = Array.from(x).filter((value, i) => Math.abs(value - (y[i]! * 2) / 255) > 1e-3);
    expect(apart.length).toBeLessThan(4);
  });
});
