import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { data, ops, setBackend, type Tensor, tensor } from "../../index.ts";
import { loadImageDecoder, plainDecoder } from "../../platform/image-codec.ts";
import { colorShift, randomBox } from "./augmentation.ts";
import { resizeInto } from "./resize-image.ts";

await setBackend("reference");
let folder = "";
vi.spyOn(process.stderr, "write").mockImplementation(() => true);

/** A PNG whose pixels are `colour(x, y)`. */
function png(width: number, height: number, colour: (x: number, y: number) => readonly number[]): Buffer {
  const image = new PNG({ width, height });
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [red, green, blue, alpha] = colour(x, y);
      image.data.set([red!, green!, blue!, alpha ?? 255], (y * width + x) * 4);
    }
  return PNG.sync.write(image);
}

function plain(red: number, size = 4): Buffer {
  return png(size, size, () => [red, 0, 255 - red]);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-images-"));
  for (const [name, value] of [
    ["cats", 10],
    ["dogs", 200],
  ] as const) {
    mkdirSync(join(folder, "train", name), { recursive: true });
    for (let i = 0; i < 5; i++) writeFileSync(join(folder, "train", name, `${i}.png`), plain(value + i));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = (options: data.ImageDatasetOptions = {}): Promise<data.ImageDataset> =>
  data.imageDatasetFromDirectory(join(folder, "train"), { verbose: false, imageSize: [4, 4], ...options });

/** Labels and red values of all images, in order. */
async function contents(dataset: data.ImageDataset): Promise<[labels: number[], reds: number[]]> {
  const [labels, reds]: [number[], number[]] = [[], []];
  for await (const element of dataset) {
    const [x, y] = element as [Tensor, Tensor];
    labels.push(...(await y.data()));
    const size = x.size / x.dim(0);
    const values = await x.data();
    for (let i = 0; i < x.dim(0); i++) reds.push(values[i * size]!);
  }
  return [labels, reds];
}

describe("imageDatasetFromDirectory", () => {
  it("gives batches by class and name where nothing is shuffled", async () => {
    const dataset = await train({ shuffle: false, batchSize: 4 });
    expect([dataset.classNames, dataset.cardinality, dataset.filePaths.length]).toEqual([["cats", "dogs"], 3, 10]);
    expect(await contents(dataset)).toEqual([
      [0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
      [10, 11, 12, 13, 14, 200, 201, 202, 203, 204],
    ]);
  });

  it("shuffles every pass, the labels with the images, and repeats with a seed", async () => {
    const dataset = await train({ seed: 3 });
    const [first, second] = [await contents(dataset), await contents(dataset)];
    expect(first[1]).not.toEqual(second[1]);
    for (const [labels, reds] of [first, second]) {
      expect(reds.map((red) => (red >= 200 ? 1 : 0))).toEqual(labels);
      expect([...reds].sort((a, b) => a - b)).toEqual([10, 11, 12, 13, 14, 200, 201, 202, 203, 204]);
    }
    expect(await contents(await train({ seed: 3 }))).toEqual(first);
  });

  it("splits off a part for validation: two calls with one seed fit together", async () => {
    const split = { validationSplit: 0.3, seed: 1 };
    const parts = [await train({ ...split, subset: "training" }), await train({ ...split, subset: "validation" })];
    expect(parts.map(({ filePaths }) => filePaths.length)).toEqual([7, 3]);
    expect(new Set(parts.flatMap(({ filePaths }) => filePaths)).size).toBe(10);
    const both = await data.imageDatasetFromDirectory(join(folder, "train"), { ...split, subset: "both", verbose: false });
    expect(both.map(({ filePaths }) => filePaths)).toEqual(parts.map(({ filePaths }) => filePaths));
  });

  it("gives labels and colours as asked", async () => {
    const shapes = async (options: data.ImageDatasetOptions): Promise<unknown[]> => {
      const [element] = await (await train(options)).take(1).toArray();
      return [element].flat().map((part) => [(part as Tensor).shape, (part as Tensor).dtype]);
    };
    expect(await shapes({ labelMode: "categorical", batchSize: 3 })).toEqual([[[3, 4, 4, 3], "float32"], [[3, 2], "float32"]]); // prettier-ignore
    expect(await shapes({ labelMode: "binary", colorMode: "grayscale" })).toEqual([[[10, 4, 4, 1], "float32"], [[10, 1], "float32"]]); // prettier-ignore
    expect(await shapes({ labels: null, dataFormat: "channels_first", colorMode: "rgba" })).toEqual([[[10, 4, 4, 4], "float32"]]);
    expect(await shapes({ batchSize: null, imageSize: [2, 3] })).toEqual([[[2, 3, 3], "float32"], [[], "int32"]]); // prettier-ignore
  });

  it("takes labels of its own, in order of the files", async () => {
    const dataset = await train({ labels: [2, 1, 0, 2, 1, 0, 2, 1, 0, 2], shuffle: false });
    expect((await contents(dataset))[0]).toEqual([2, 1, 0, 2, 1, 0, 2, 1, 0, 2]);
    await expect(train({ labels: [0, 1] })).rejects.toThrow(/10 whole numbers/);
    await expect(train({ labels: [0, 1, 0, 1, 0, 1, 0, 1, 0, 5], classNames: ["a", "b"] })).rejects.toThrow(/from 0 to 1[^]*5 at 9/);
  });

  it("leaves out images that cannot be read, counts them and names the file", async () => {
    const root = join(folder, "damaged");
    mkdirSync(join(root, "a"), { recursive: true });
    const whole = jpeg.encode({ width: 32, height: 32, data: Buffer.alloc(32 * 32 * 4, 100) }, 90).data;
    writeFileSync(join(root, "a", "good.jpg"), whole);
    writeFileSync(join(root, "a", "cut.jpg"), whole.subarray(0, whole.length - 60));
    writeFileSync(join(root, "a", "text.jpg"), "no image");
    const dataset = await data.imageDatasetFromDirectory(root, { verbose: false, shuffle: false });
    for (let pass = 0; pass < 2; pass++) expect((await contents(dataset))[0]).toEqual([0]);
    expect(dataset.unreadable.map(({ path }) => path.split("/").at(-1))).toEqual(["cut.jpg", "text.jpg"]);
    rmSync(join(root, "a", "good.jpg"));
    await expect((await data.imageDatasetFromDirectory(root, { verbose: false })).toArray()).rejects.toThrow(
      /none of the images[^]*(cut|text)\.jpg/,
    );
  });

  it("says what is missing", async () => {
    mkdirSync(join(folder, "hollow", "empty"), { recursive: true });
    await expect(data.imageDatasetFromDirectory(join(folder, "nowhere"))).rejects.toThrow(/no such folder/);
    await expect(data.imageDatasetFromDirectory(join(folder, "hollow"))).rejects.toThrow(/class "empty" has no images/);
    await expect(data.imageDatasetFromDirectory(join(folder, "train", "cats"))).rejects.toThrow(/no folders/);
    await expect(train({ classNames: ["cats"] })).rejects.toThrow(/cats, dogs/);
    await expect(train({ validationSplit: 0.2, subset: "training" })).rejects.toThrow(/needs a seed/);
    await expect(train({ subset: "training" })).rejects.toThrow(/needs a validationSplit/);
    await expect(train({ interpolation: "linear" as "bilinear" })).rejects.toThrow(/"bilinear"/);
    await expect(train({ imageSise: [2, 2] } as object)).rejects.toThrow(/imageSize/);
    await expect(train({ augmentation: { area: [0, 2] } })).rejects.toThrow(/does not make sense/);
  });

  it("keeps the shape of things by cropping or padding", async () => {
    const root = join(folder, "wide");
    mkdirSync(join(root, "a"), { recursive: true });
    writeFileSync(join(root, "a", "wide.png"), png(8, 2, (x) => [x * 10, 0, 0])); // prettier-ignore
    const reds = async (options: data.ImageDatasetOptions): Promise<number[]> => {
      const dataset = await data.imageDatasetFromDirectory(root, { verbose: false, imageSize: [2, 2], colorMode: "rgb", ...options });
      const [[x]] = (await dataset.toArray()) as unknown as [[Tensor]];
      return Array.from((await x.data()).filter((_, i) => i % 3 === 0));
    };
    expect(await reds({ cropToAspectRatio: true })).toEqual([30, 40, 30, 40]);
    expect(await reds({ padToAspectRatio: true, interpolation: "area" })).toEqual([3.75, 13.75, 3.75, 13.75]);
    expect(await reds({})).toEqual([15, 55, 15, 55]);
  });

  it("changes training images: another part, mirrored, other light", async () => {
    const root = join(folder, "ramp");
    mkdirSync(join(root, "a"), { recursive: true });
    writeFileSync(join(root, "a", "ramp.png"), png(64, 64, (x) => [3 * x, 100, 100])); // prettier-ignore
    const augmentation = { area: [0.1, 0.3], flip: true, colorNoise: 0.1 } as const;
    const dataset = await data.imageDatasetFromDirectory(root, { verbose: false, imageSize: [8, 8], augmentation, seed: 2 });
    const rows: number[][] = [];
    for (let pass = 0; pass < 12; pass++) {
      const [[x]] = (await dataset.toArray()) as unknown as [[Tensor]];
      rows.push(Array.from((await x.data()).filter((_, i) => i % 3 === 0).slice(0, 8)));
    }
    const spans = rows.map((row) => Math.abs(row.at(-1)! - row[0]!));
    for (const span of spans) expect(span).toBeLessThan(3 * 64 * 0.65);
    expect(rows.some((row) => row[0]! > row.at(-1)!) && rows.some((row) => row[0]! < row.at(-1)!)).toBe(true);
    expect(new Set(rows.map((row) => row[0]!.toFixed(1))).size).toBeGreaterThan(8);
  });
});

describe("resizing", () => {
  it.each(["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] as const)("is that of ops.image.resize: %s", async (interpolation) => {
    const [height, width] = [7, 5];
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 97) % 251);
    const image = { height, width, channels: 3, data: pixels } as const;
    for (const size of [
      [4, 9],
      [13, 3],
    ] as const) {
      const out = new Float32Array(size[0] * size[1] * 3);
      resizeInto(out, 0, image, { top: 0, left: 0, height, width }, size, interpolation);
      const wanted = ops.image.resize(ops.cast(tensor(pixels, { shape: [height, width, 3] }), "float32"), [...size], { interpolation });
      (await wanted.data()).forEach((value, k) => expect(Math.abs(out[k]! - value)).toBeLessThan(0.005));
    }
  });

  it("draws boxes within the image, of the wanted area and shape", () => {
    let state = 1;
    const draw = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let i = 0; i < 200; i++) {
      const box = randomBox({ height: 50, width: 80 }, { area: [0.2, 0.5] }, draw);
      expect(box.top >= 0 && box.left >= 0 && box.top + box.height <= 50 && box.left + box.width <= 80).toBe(true);
      expect((box.height * box.width) / 4000).toBeGreaterThan(0.18);
      expect((box.height * box.width) / 4000).toBeLessThan(0.53);
      expect(box.width / box.height).toBeGreaterThan(0.7);
      expect(box.width / box.height).toBeLessThan(1.43);
    }
    const shifts = Array.from({ length: 2000 }, () => colorShift(0.1, draw));
    const deviation = Math.sqrt(shifts.reduce((sum, [red]) => sum + red ** 2, 0) / shifts.length);
    // The first component alone: 255 * 0.1 * 0.2175 * 0.5675.
    expect(deviation).toBeGreaterThan(2.8);
    expect(deviation).toBeLessThan(3.6);
  });
});

describe("decoders", () => {
  it("agree, with sharp and in plain JavaScript", async () => {
    const file = png(3, 2, (x, y) => [x * 80, y * 200, 7, x === 1 ? 0 : 255]);
    const photo = jpeg.encode({ width: 16, height: 8, data: Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 3) & 255)) }, 95).data;
    const [best, plainly] = [await loadImageDecoder(), await plainDecoder()];
    for (const channels of [1, 3, 4] as const) {
      const [a, b] = [await best.decode(file, channels), await plainly.decode(file, channels)];
      expect([b.width, b.height, b.channels]).toEqual([3, 2, channels]);
      if (channels !== 4) expect(Array.from(a.data)).toEqual(Array.from(b.data));
      expect(a.data.length).toBe(6 * channels);
    }
    const [a, b] = [await best.decode(photo, 3), await plainly.decode(photo, 3)];
    a.data.forEach((value, i) => expect(Math.abs(value - b.data[i]!)).toBeLessThan(24));
    await expect(plainly.decode(Buffer.from("GIF89a"), 3)).rejects.toThrow(/npm install sharp/);
  });
});

describe("imagenetLabels", () => {
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  it("brings ILSVRC's numbers, synsets and lists of files into the order of the training folders", async () => {
    const synsets = write("synsets.txt", "n03 3 boat\nn01 1 fish\nn02 2 bird\n");
    const labels = async (name: string, text: string): Promise<number[]> =>
      Array.from((await data.imagenetLabels({ groundTruth: write(name, text), synsets })).labels);
    expect(await labels("truth.txt", "1\n2\n3\n")).toEqual([2, 0, 1]);
    expect(await labels("words.txt", "n02\nn03\n")).toEqual([1, 2]);
    expect(await labels("val.txt", "ILSVRC2012_val_00000002.JPEG 1\nILSVRC2012_val_00000001.JPEG 0\n")).toEqual([2, 0]);
    expect(await labels("solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000001,n02 1 2 3 4\n")).toEqual([1]);
    await expect(labels("bad.txt", "1\n4\n")).rejects.toThrow(/line 2[^]*from 1 to 3/);
  });
});
