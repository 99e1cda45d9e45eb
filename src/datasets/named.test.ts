import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { datasets, type Tensor } from "../index.ts";
import { RandomState } from "./numpy-random.ts";
import { readTar } from "./tar.ts";

interface Recorded {
  readonly imdb: string;
  readonly reuters: string;
  readonly california: string;
  readonly cifar10: string;
  readonly cifar100: string;
  readonly expected: {
    readonly imdb: readonly [number[][], number[]][];
    readonly imdbFew: readonly [number[][], number[]][];
    readonly reuters: readonly [number[][], number[]][];
    readonly california: readonly [number[][], number[]];
  };
}

/** Small files of the published formats, written by NumPy and Python, and what Keras's rules make of them. */
const recorded = JSON.parse(readFileSync(new URL("../../test/fixtures/named-data-sets.json", import.meta.url), "utf8")) as Recorded;
let folder = "";
const put = (name: string, base64: string): void => writeFileSync(join(folder, name), Buffer.from(base64, "base64"));
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-named-"));
  put("imdb.npz", recorded.imdb);
  put("reuters.npz", recorded.reuters);
  put("california_housing.npz", recorded.california);
  put("cifar-100-python.tar.gz", recorded.cifar100);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.unstubAllEnvs());

const plain = async (part: readonly [readonly Int32Array[], Tensor]): Promise<unknown> => [
  part[0].map((text) => [...text]),
  await part[1].array(),
];

describe("texts as word numbers", () => {
  it("are IMDB's in Keras's order, with its special numbers", async () => {
    const [train, test] = await datasets.imdb.loadData({ dataDir: folder });
    expect([await plain(train), await plain(test)]).toEqual(recorded.expected.imdb);
    const few = await datasets.imdb.loadData({ dataDir: folder, numWords: 20, skipTop: 8, oovChar: null, startChar: null, indexFrom: 0 });
    expect([await plain(few[0]), await plain(few[1])]).toEqual(recorded.expected.imdbFew);
    await expect(datasets.imdb.loadData({ dataDir: folder, maxlen: 1 })).rejects.toThrow(/no text is that short/);
  });

  it("are Reuters's, the last fifth held out", async () => {
    const [train, test] = await datasets.reuters.loadData({ dataDir: folder, maxlen: 6 });
    expect([await plain(train), await plain(test)]).toEqual(recorded.expected.reuters);
    expect(datasets.reuters.getLabelNames().length).toBe(46);
    await expect(datasets.reuters.loadData({ dataDir: folder, testSplit: 1 })).rejects.toThrow(/testSplit/);
  });

  it("have an index of words", async () => {
    writeFileSync(join(folder, "imdb_word_index.json"), '{"the": 1, "film": 19}');
    expect(await datasets.imdb.getWordIndex({ dataDir: folder })).toEqual({ the: 1, film: 19 });
  });
});

describe("house prices", () => {
  it("come in Keras's order", async () => {
    const [[xTrain, yTrain], [xTest, yTest]] = await datasets.californiaHousing.loadData({ dataDir: folder });
    expect([await xTrain.array(), await xTest.array()].flat()).toEqual(recorded.expected.california[0]);
    expect([await yTrain.array(), await yTest.array()].flat()).toEqual(recorded.expected.california[1]);
    expect(xTest.shape).toEqual([2, 2]);
    await expect(datasets.californiaHousing.loadData({ dataDir: folder, version: "tiny" as "small" })).rejects.toThrow(/version/);
  });
});

describe("CIFAR", () => {
  it("is read from the published archives, the channels last", async () => {
    const [[images, labels]] = await datasets.cifar100.loadData({ dataDir: folder });
    expect([images.shape, labels.shape]).toEqual([[1, 32, 32, 3], [1, 1]]); // prettier-ignore
    expect([...(await images.data())].slice(0, 6)).toEqual([1, 101, 201, 2, 0, 0]);
    expect(await labels.array()).toEqual([[77]]);
    const [, [, coarse]] = await datasets.cifar100.loadData({ dataDir: folder, labelMode: "coarse" });
    expect(await coarse.array()).toEqual([[3]]);
    put("cifar-10-python.tar.gz", recorded.cifar10);
    const [train, test] = await datasets.cifar10.loadData({ dataDir: folder });
    expect(await train[1].array()).toEqual([[1], [2], [3], [4], [5]]);
    expect((await test[0].data()).slice(0, 3)).toEqual(Uint8Array.of(9, 109, 209));
  });

  it("is read from binary files, as many as there are", async () => {
    const image = (label: number): number[] => [label, ...Array.from({ length: 3072 }, (_, i) => (i >> 10) * 50 + (i & 1023 ? 0 : label))];
    writeFileSync(join(folder, "data_batch_1.bin.gz"), gzipSync(Uint8Array.from([...image(3), ...image(8)])));
    writeFileSync(join(folder, "test_batch.bin"), Uint8Array.from(image(6)));
    const [train, test] = await datasets.cifar10.loadData({ dataDir: folder });
    expect([train[0].shape, await train[1].array(), await test[1].array()]).toEqual([[2, 32, 32, 3], [[3], [8]], [[6]]]);
    expect([...(await train[0].data())].slice(0, 6)).toEqual([3, 53, 103, 0, 50, 100]);
    writeFileSync(join(folder, "test_batch.bin"), Uint8Array.from(image(10)));
    await expect(datasets.cifar10.loadData({ dataDir: folder })).rejects.toThrow(/label outside the range/);
    writeFileSync(join(folder, "test_batch.bin"), new Uint8Array(3000));
    await expect(datasets.cifar10.loadData({ dataDir: folder })).rejects.toThrow(/multiple of 3073/);
  });

  it("is refused where the archive is cut off", async () => {
    const bytes = new Uint8Array(1024);
    expect(readTar("a.tar", bytes).size).toBe(0);
    bytes[0] = 65;
    expect(() => readTar("a.tar", bytes)).toThrow(/broken or cut off/);
    writeFileSync(join(folder, "cifar-100-python.tar.gz"), Buffer.from(recorded.cifar100, "base64").subarray(0, 200));
    await expect(datasets.cifar100.loadData({ dataDir: folder })).rejects.toThrow(/decompressed/);
  });
});

describe("where data sets lie", () => {
  it("is NABLA_DATA's folder, else the user's cache", async () => {
    vi.stubEnv("NABLA_DATA", "/data");
    await expect(datasets.fashionMnist.loadData({ download: false })).rejects.toThrow("/data/fashion-mnist");
    vi.stubEnv("NABLA_DATA", "");
    vi.stubEnv("NABLA_CACHE", "/cache");
    await expect(datasets.fashionMnist.loadData({ download: false })).rejects.toThrow("/cache/datasets/fashion-mnist");
    await expect(datasets.imdb.loadData({ numWord: 3 } as never)).rejects.toThrow(/numWords/);
  });
});

describe("NumPy's RandomState", () => {
  it("shuffles as NumPy does", () => {
    expect([...new RandomState(113).permutation(12)]).toEqual([4, 3, 9, 8, 1, 0, 11, 7, 6, 10, 2, 5]);
    expect([...new RandomState(2 ** 32 - 1).permutation(12)]).toEqual([11, 8, 5, 9, 1, 10, 6, 0, 4, 7, 2, 3]);
    const order = new RandomState(113).permutation(1000);
    expect([...order.subarray(0, 8)]).toEqual([641, 987, 187, 779, 848, 237, 582, 883]);
    expect(order.reduce((sum, value, i) => sum + value * i, 0)).toBe(251673380);
  });
});
