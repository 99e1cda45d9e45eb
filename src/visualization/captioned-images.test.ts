import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { ops, tensor } from "../index.ts";
import { attentionMaps, captionedImages } from "./index.ts";

/** The pictures in an SVG, their red channels. */
const pictures = (svg: string): number[][] =>
  [...svg.matchAll(/href="data:image\/png;base64,([^"]+)"/g)].map(([, text]) => {
    const { data } = PNG.sync.read(Buffer.from(text!, "base64"));
    return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]!);
  });

describe("captionedImages", () => {
  it("puts the images into the picture, and their texts below, in lines", async () => {
    const images = tensor([[[0, 255], [128, 64]], [[1, 2], [3, 4]]]); // prettier-ignore
    const svg = await captionedImages(images, ["a <bright> corner of a picture that has many words", ["low", "true: dark"]], {
      columns: 1,
    });
    expect(pictures(svg)).toEqual([[0, 255, 128, 64], [1, 2, 3, 4]]); // prettier-ignore
    expect(svg).toContain("a &lt;bright&gt; corner");
    expect(svg.match(/<text/g)!.length).toBeGreaterThanOrEqual(5);
    expect(svg).toContain('fill="#777">true: dark<');
    await expect(captionedImages(images, ["one"])).rejects.toThrow(/2 texts/);
    await expect(captionedImages(tensor([1, 2]), ["one", "two"])).rejects.toThrow(/no images/);
  });
});

describe("attentionMaps", () => {
  it("darkens each image where the network did not look", async () => {
    const image = ops.full([4, 4], 200);
    const maps = tensor([[[1, 0], [0, 0]], [[0.25, 0.25], [0.25, 0.25]]]); // prettier-ignore
    const svg = await attentionMaps(image, ["top", "all"], maps, { shade: 1 });
    const [whole, top, all] = pictures(svg);
    expect(whole).toEqual(new Array<number>(16).fill(200));
    expect(top![0]).toBeGreaterThanOrEqual(200);
    expect(top![15]).toBe(0);
    expect(top![0]).toBeGreaterThan(top![1]!);
    expect(top![1]).toBeGreaterThan(top![2]!);
    expect(new Set(all)).toEqual(new Set([top![0]!]));
    for (const word of ["top", "all"]) expect(svg).toContain(`>${word}<`);
    await expect(attentionMaps(image, ["top"], maps)).rejects.toThrow(/1 words/);
    await expect(attentionMaps(ops.ones([4]), ["top", "all"], maps)).rejects.toThrow(/do not belong together/);
  });
});
