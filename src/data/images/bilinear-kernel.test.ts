import { describe, expect, it } from "vitest";
import { bilinearKernel } from "./bilinear-kernel.ts";
import { resizeInto } from "./resize-image.ts";

/** The value of one channel at a place between pixels; beyond the border the border is repeated. */
function between(image: { width: number; height: number; channels: number; data: Uint8Array }, y: number, x: number, c: number): number {
  const [row, column] = [Math.min(image.height - 1, Math.max(0, y)), Math.min(image.width - 1, Math.max(0, x))];
  const at = (r: number, k: number): number =>
    image.data[(Math.min(image.height - 1, r) * image.width + Math.min(image.width - 1, k)) * image.channels + c]!;
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [down, across] = [row - top, column - left];
  const upper = at(top, left) * (1 - across) + at(top, left + 1) * across;
  const lower = at(top + 1, left) * (1 - across) + at(top + 1, left + 1) * across;
  return upper * (1 - down) + lower * down;
}

describe("bilinear resizing in WebAssembly", () => {
  it("is there where this runs", () => {
    expect(bilinearKernel()).not.toBeNull();
  });

  it.each([1, 3, 4] as const)(
    "blends four pixels, %i channels, of boxes inside and beyond the image, and nothing else is written",
    (channels) => {
      const [width, height] = [11, 6];
      const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 89) % 256);
      const image = { width, height, channels, data };
      for (const box of [
        { top: 0, left: 0, height, width },
        { top: 1.25, left: 2.5, height: 3, width: 6.75 },
        { top: -2, left: -3, height: 10, width: 17 },
      ]) {
        const size = [9, 5] as const;
        const count = size[0] * size[1] * channels;
        const out = new Float32Array(count + 14).fill(-1);
        resizeInto(out, 7, image, box, size, "bilinear");
        expect([...out.subarray(0, 7), ...out.subarray(7 + count)]).toEqual(new Array(14).fill(-1));
        for (let i = 0; i < count; i++) {
          const [c, x, y] = [i % channels, Math.floor(i / channels) % size[1], Math.floor(i / channels / size[1])];
          const row = box.top + ((y + 0.5) * box.height) / size[0] - 0.5;
          const column = box.left + ((x + 0.5) * box.width) / size[1] - 0.5;
          expect(Math.abs(out[7 + i]! - between(image, row, column, c))).toBeLessThan(1e-3);
        }
      }
    },
  );

  it("takes images larger than its memory, and small ones after them", () => {
    const large = { width: 700, height: 500, channels: 3, data: new Uint8Array(700 * 500 * 3).fill(200) } as const;
    const small = { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 10, 20, 100, 110, 120) } as const;
    const out = new Float32Array(300 * 400 * 3);
    resizeInto(out, 0, large, { top: 0, left: 0, height: 500, width: 700 }, [300, 400], "bilinear");
    expect(out.every((value) => value === 200)).toBe(true);
    resizeInto(out, 0, small, { top: 0, left: 0, height: 1, width: 2 }, [1, 1], "bilinear");
    expect([...out.subarray(0, 4)]).toEqual([50, 60, 70, 200]);
  });
});
