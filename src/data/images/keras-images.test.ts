import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ops, tensor, utils } from "../../index.ts";
import type { ImageChannels, ImagePixels } from "../../platform/index.ts";
import { type PillowInterpolation, pillowResize } from "./pillow-resize.ts";

/** A picture that both sides can make. */
function picture(height: number, width: number, channels: ImageChannels): ImagePixels {
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) data[(y * width + x) * channels + c] = (y * 37 + x * 61 + c * 101 + x * y * 13) % 256;
  return { height, width, channels, data };
}

type PillowCase = [
  channels: ImageChannels,
  interpolation: PillowInterpolation,
  height: number,
  width: number,
  box: readonly number[] | null,
  sum: number,
  weighted: number,
];

/** Sums of the bytes that Pillow 9.4 gives for pictures of 6 x 9, plain and weighted by place (from 1). */
const pillow: readonly PillowCase[] = [
  [3, "bilinear", 3, 4, null, 4432, 81609],
  [3, "bilinear", 8, 5, null, 14757, 883801],
  [3, "bilinear", 4, 4, [1, 0, 7, 6], 5922, 143455],
  [3, "bicubic", 3, 4, null, 4430, 81471],
  [3, "bicubic", 8, 5, null, 14765, 884254],
  [3, "bicubic", 4, 4, [1, 0, 7, 6], 5927, 143349],
  [3, "hamming", 3, 4, null, 4448, 82071],
  [3, "hamming", 8, 5, null, 14802, 882096],
  [3, "hamming", 4, 4, [1, 0, 7, 6], 5828, 141064],
  [3, "box", 3, 4, null, 4459, 81680],
  [3, "box", 8, 5, null, 14876, 886376],
  [3, "box", 4, 4, [1, 0, 7, 6], 5783, 139736],
  [3, "lanczos", 3, 4, null, 4431, 81484],
  [3, "lanczos", 8, 5, null, 14744, 882590],
  [3, "lanczos", 4, 4, [1, 0, 7, 6], 5938, 143650],
  [3, "nearest", 3, 4, null, 4624, 87128],
  [3, "nearest", 8, 5, null, 14852, 868384],
  [3, "nearest", 4, 4, [1, 0, 7, 6], 5540, 136514],
  [4, "bilinear", 3, 4, null, 5820, 143880],
  [4, "bicubic", 3, 4, null, 5817, 143812],
  [4, "hamming", 3, 4, null, 5829, 144155],
  [4, "box", 3, 4, null, 5876, 145492],
  [4, "lanczos", 3, 4, null, 5825, 144127],
  [4, "nearest", 3, 4, null, 5944, 145544],
  [1, "bilinear", 3, 4, null, 1503, 9772],
  [1, "bicubic", 3, 4, null, 1501, 9761],
  [1, "hamming", 3, 4, null, 1482, 9707],
  [1, "box", 3, 4, null, 1476, 9641],
  [1, "lanczos", 3, 4, null, 1502, 9766],
  [1, "nearest", 3, 4, null, 1012, 5802],
];

describe("images one by one", () => {
  it.each(pillow)(
    "are resized to Pillow's bytes: %i channels, %s, %i x %i",
    (channels, interpolation, height, width, box, sum, weighted) => {
      const [left, top, right, bottom] = box ?? [0, 0, 9, 6];
      const part = { left: left!, top: top!, width: right! - left!, height: bottom! - top! };
      const bytes = Array.from(pillowResize(picture(6, 9, channels), part, [height, width], interpolation).data);
      expect(bytes.reduce((total, value) => total + value, 0)).toBe(sum);
      expect(bytes.reduce((total, value, i) => total + value * (i + 1), 0)).toBe(weighted);
    },
  );

  it("are arrays and back: scaled to 0..255 or not, channels first or last, grey above 255", async () => {
    const x = tensor([
      [[0], [1]],
      [[2], [4]],
    ]);
    expect(await utils.arrayToImg(x)).toEqual({ width: 2, height: 2, channels: 1, data: Uint8Array.of(0, 63, 127, 255) });
    expect((await utils.arrayToImg(x, { scale: false })).data).toEqual(Uint8Array.of(0, 1, 2, 4));
    expect((await utils.arrayToImg([[[300], [-1.5]]], { scale: false })).data).toEqual(Int32Array.of(300, -1));
    expect(
      (
        await utils.arrayToImg(
          [
            [
              [256, 2, 3],
              [-1, 5, 6],
            ],
          ],
          { scale: false },
        )
      ).data,
    ).toEqual(Uint8Array.of(0, 2, 3, 255, 5, 6));
    const first = ops.transpose(
      tensor([
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ]),
      [2, 0, 1],
    );
    const img = await utils.arrayToImg(first, { scale: false, dataFormat: "channels_first" });
    expect(img).toMatchObject({ width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect(await utils.imgToArray(img).array()).toEqual([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    const back = utils.imgToArray(img, { dataFormat: "channels_first", dtype: "uint8" });
    expect(back.dtype).toBe("uint8");
    expect(await back.array()).toEqual(await first.array());
    await expect(utils.arrayToImg([[1, 2]])).rejects.toThrow(/three axes/);
    await expect(utils.arrayToImg([[[1, 2]]])).rejects.toThrow(/channels/);
    expect(() => utils.imgToArray({ width: 2, height: 2, channels: 3, data: new Uint8Array(3) })).toThrow(/no image/);
  });

  it("are saved and loaded, resized as asked, cut to keep their shape", async () => {
    const folder = mkdtempSync(join(tmpdir(), "images-"));
    try {
      const { data, ...size } = picture(6, 9, 3);
      const x = utils.imgToArray({ ...size, data });
      for (const name of ["a.png", "a.jpg"]) await utils.saveImg(join(folder, name), x, { scale: false });
      expect((await utils.loadImg(join(folder, "a.png"))).data).toEqual(data);
      const jpeg = await utils.loadImg(join(folder, "a.jpg"));
      expect([jpeg.width, jpeg.height, jpeg.channels]).toEqual([9, 6, 3]);
      const small = await utils.loadImg(join(folder, "a.png"), { targetSize: [3, 4], interpolation: "bicubic" });
      expect(small.data).toEqual(pillowResize(picture(6, 9, 3), { left: 0, top: 0, width: 9, height: 6 }, [3, 4], "bicubic").data);
      const square = await utils.loadImg(join(folder, "a.png"), { targetSize: [3, 3], keepAspectRatio: true });
      expect(square.data).toEqual(pillowResize(picture(6, 9, 3), { left: 1, top: 0, width: 6, height: 6 }, [3, 3], "nearest").data);
      expect((await utils.loadImg(join(folder, "a.png"), { colorMode: "grayscale" })).channels).toBe(1);
      await utils.saveImg(join(folder, "b.jpeg"), utils.imgToArray(picture(4, 4, 4)), { scale: false });
      expect((await utils.loadImg(join(folder, "b.jpeg"), { colorMode: "rgba" })).channels).toBe(4);
      await expect(utils.saveImg(join(folder, "b.gif"), x)).rejects.toThrow(/png|jpeg/);
      await expect(utils.loadImg(join(folder, "a.png"), { interpolation: "cubic" as never })).rejects.toThrow(/interpolation/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are resized without distortion by smartResize", async () => {
    const x = tensor(
      Float32Array.from({ length: 4 * 8 }, (_, i) => i),
      { shape: [4, 8, 1] },
    );
    expect(utils.smartResize(x, [2, 2]).shape).toEqual([2, 2, 1]);
    // The middle 4 x 4, every second pixel's neighbourhood averaged.
    expect(await utils.smartResize(x, [2, 2]).array()).toEqual([
      [[6.5], [8.5]],
      [[22.5], [24.5]],
    ]);
    expect(utils.smartResize(ops.expandDims(x, 0), [3, 6]).shape).toEqual([1, 3, 6, 1]);
    expect(utils.smartResize(ops.transpose(x, [2, 0, 1]), [2, 2], { dataFormat: "channels_first" }).shape).toEqual([1, 2, 2]);
    expect(() => utils.smartResize([1, 2], [2, 2])).toThrow(/no image/);
  });
});
