import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { datasets, errors } from "../index.ts";
import { readIdx } from "./idx.ts";

describe("digits", () => {
  it("are 1,797 scans, a fifth of each digit held out", async () => {
    const [train, test] = await datasets.digits.loadData();
    expect([train[0].shape, train[1].shape, test[0].shape, test[1].shape]).toEqual([[1442, 8, 8, 1], [1442], [355, 8, 8, 1], [355]]);
    const counts = new Array<number>(10).fill(0);
    for (const label of await test[1].data()) counts[label]!++;
    expect(counts).toEqual([35, 36, 35, 36, 36, 36, 36, 35, 34, 36]);
    // The first scan of the set, a zero.
    expect(Array.from((await train[0].data()).slice(0, 16))).toEqual([0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
    const pixels = await train[0].data();
    expect(Math.max(...pixels)).toBe(16);
  });
});

/** An IDX file. */
function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, 8);
  header.setUint8(3, shape.length);
  shape.forEach((extent, axis) => header.setInt32(4 + 4 * axis, extent));
  return Uint8Array.from([...new Uint8Array(header.buffer), ...values]);
}

describe("mnist", () => {
  it("is read from IDX files, compressed or not, in a folder", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mnist-"));
    try {
      writeFileSync(join(folder, "train-images-idx3-ubyte.gz"), gzipSync(idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 255])));
      writeFileSync(join(folder, "train-labels-idx1-ubyte.gz"), gzipSync(idx([2], [7, 9])));
      writeFileSync(join(folder, "t10k-images-idx3-ubyte"), idx([1, 2, 2], [0, 0, 0, 1]));
      await expect(datasets.mnist.loadData({ dataDir: folder, download: false })).rejects.toThrow(/t10k-labels-idx1-ubyte/);
      writeFileSync(join(folder, "t10k-labels-idx1-ubyte"), idx([1], [3]));
      const [train, test] = await datasets.mnist.loadData({ dataDir: folder });
      expect(train[0].shape).toEqual([2, 2, 2]);
      expect(Array.from(await train[0].data())).toEqual([1, 2, 3, 4, 5, 6, 7, 255]);
      expect(Array.from(await train[1].data())).toEqual([7, 9]);
      expect(await test[1].array()).toEqual([3]);
      writeFileSync(join(folder, "t10k-labels-idx1-ubyte"), idx([2], [3, 4]));
      await expect(datasets.mnist.loadData({ dataDir: folder })).rejects.toThrow(/belong together/);
      writeFileSync(join(folder, "train-labels-idx1-ubyte.gz"), "no gzip");
      await expect(datasets.mnist.loadData({ dataDir: folder })).rejects.toThrow(/decompressed/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says which files it wants where", async () => {
    await expect(datasets.mnist.loadData({ dataDir: "/nowhere", download: false })).rejects.toThrow(
      /put train-images-idx3-ubyte\.gz there \(https:/,
    );
    await expect(datasets.mnist.loadData({ datadir: "x" } as never)).rejects.toThrow(/dataDir/);
  });

  it("refuses files that are cut off or something else", () => {
    expect(() => readIdx("f", Uint8Array.of(1, 2, 3, 4))).toThrow(errors.ValueError);
    expect(() => readIdx("f", idx([3], [1, 2]))).toThrow(/3/);
    expect(() => readIdx("f", Uint8Array.of(0, 0, 9, 1, 0, 0, 0, 0))).toThrow(/0x9/);
    expect(() => readIdx("f", new Uint8Array(0))).toThrow(/empty/);
  });
});
