import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../index.ts";
import { encodePng } from "../visualization/index.ts";
import { loadCaptionedImages } from "./index.ts";

/** An image of one colour. */
const plain = (red: number, green: number, blue: number): Uint8Array =>
  encodePng(
    Uint8Array.from({ length: 6 * 4 * 3 }, (_, i) => [red, green, blue][i % 3]!),
    6,
    4,
    3,
  );

describe("loadCaptionedImages", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "captions-"));
    mkdirSync(join(folder, "images"));
    writeFileSync(join(folder, "images", "red.png"), plain(200, 0, 0));
    writeFileSync(join(folder, "images", "blue.png"), plain(0, 0, 90));
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });
  const captions = (text: string): void => writeFileSync(join(folder, "captions.csv"), text);

  it("reads images in the order of the file, with all their sentences", async () => {
    captions('image,caption\nred.png,A red wall .\nblue.png,"A wall, blue"\nred.png,"The ""red"" one"\n');
    const found = await loadCaptionedImages(folder, { imageSize: [2, 3] });
    expect(found.images.shape).toEqual([2, 2, 3, 3]);
    expect(Array.from(await found.images.data()).slice(0, 3)).toEqual([200, 0, 0]);
    expect(Array.from(await found.images.data()).slice(-3)).toEqual([0, 0, 90]);
    expect(found.names).toEqual(["red.png", "blue.png"]);
    expect(found.captions).toEqual([["A red wall .", 'The "red" one'], ["A wall, blue"]]);
    expect((await loadCaptionedImages(folder, { imageSize: [2, 3], limit: 1 })).names).toEqual(["red.png"]);
  });

  it("leaves out what cannot be read, by name, and refuses what has no caption", async () => {
    writeFileSync(join(folder, "images", "torn.jpg"), plain(1, 2, 3).slice(0, 40));
    captions("image,caption\ntorn.jpg,Torn\nblue.png,Blue\nlost.png,Lost\n");
    const { names, unreadable } = await loadCaptionedImages(folder, { imageSize: [2, 2] });
    expect(names).toEqual(["blue.png"]);
    expect(unreadable.map(({ path }) => path.split("/").at(-1))).toEqual(["torn.jpg", "lost.png"]);
    captions("image,caption\ntorn.jpg,Torn\n");
    await expect(loadCaptionedImages(folder, { imageSize: [2, 2] })).rejects.toThrow(/none of the images/);
    captions("image,caption\nred.png,Red\nblue.png,  \n");
    await expect(loadCaptionedImages(folder, { imageSize: [2, 2] })).rejects.toThrow(/row 2 .* has no caption/);
    captions("image,text\nred.png,Red\n");
    await expect(loadCaptionedImages(folder, { imageSize: [2, 2] })).rejects.toThrow(/no column "caption"/);
    await expect(loadCaptionedImages(join(folder, "none"), { imageSize: [2, 2] })).rejects.toThrow(/captions\.csv/);
  });
});
