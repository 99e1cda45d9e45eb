import { beforeAll, describe, expect, it } from "vitest";
import { layers, ops, setBackend, type Tensor, tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

type Pixels = Float32Array;
type ImageLayer = (x: never, options?: { training?: boolean }) => unknown;

/** Images with values of [0, 255), all different. */
function images(batch: number, height = 6, width = 5, channels = 3): Tensor {
  const size = batch * height * width * channels;
  return tensor(
    Float32Array.from({ length: size }, (_, i) => ((i * 7919) % size) * (255 / size)),
    { shape: [batch, height, width, channels] },
  );
}
const train = (layer: unknown, x: unknown): Tensor => (layer as ImageLayer)(x as never, { training: true }) as Tensor;
const data = async (x: Tensor): Promise<Pixels> => (await x.data()) as Pixels;
const maxDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

const all: readonly (readonly [string, (seed: number, dataFormat?: "channels_first") => unknown])[] = [
  ["RandomFlip", (seed, dataFormat) => layers.RandomFlip({ seed, dataFormat: dataFormat ?? null })],
  ["RandomRotation", (seed, dataFormat) => layers.RandomRotation({ factor: 0.2, seed, dataFormat: dataFormat ?? null })],
  [
    "RandomTranslation",
    (seed, dataFormat) => layers.RandomTranslation({ heightFactor: 0.3, widthFactor: 0.3, seed, dataFormat: dataFormat ?? null }),
  ],
  ["RandomZoom", (seed, dataFormat) => layers.RandomZoom({ heightFactor: 0.3, widthFactor: 0.2, seed, dataFormat: dataFormat ?? null })],
  ["RandomShear", (seed, dataFormat) => layers.RandomShear({ xFactor: 0.3, yFactor: 0.2, seed, dataFormat: dataFormat ?? null })],
  [
    "RandomPerspective",
    (seed, dataFormat) => layers.RandomPerspective({ factor: [1, 1], scale: 0.3, seed, dataFormat: dataFormat ?? null }),
  ],
  ["RandomCrop", (seed, dataFormat) => layers.RandomCrop({ height: 3, width: 3, seed, dataFormat: dataFormat ?? null })],
  ["RandomBrightness", (seed, dataFormat) => layers.RandomBrightness({ factor: 0.3, seed, dataFormat: dataFormat ?? null })],
  ["RandomContrast", (seed, dataFormat) => layers.RandomContrast({ factor: 0.5, seed, dataFormat: dataFormat ?? null })],
  ["RandomHue", (seed, dataFormat) => layers.RandomHue({ factor: 0.5, seed, dataFormat: dataFormat ?? null })],
  ["RandomSaturation", (seed, dataFormat) => layers.RandomSaturation({ factor: 0.9, seed, dataFormat: dataFormat ?? null })],
  [
    "RandomColorJitter",
    (seed, dataFormat) =>
      layers.RandomColorJitter({
        brightnessFactor: 0.2,
        contrastFactor: 0.2,
        saturationFactor: 0.6,
        hueFactor: 0.1,
        seed,
        dataFormat: dataFormat ?? null,
      }),
  ],
  ["RandomColorDegeneration", (seed, dataFormat) => layers.RandomColorDegeneration({ factor: 0.8, seed, dataFormat: dataFormat ?? null })],
  ["RandomGrayscale", (seed, dataFormat) => layers.RandomGrayscale({ factor: 0.5, seed, dataFormat: dataFormat ?? null })],
  ["RandomSharpness", (seed, dataFormat) => layers.RandomSharpness({ factor: 0.9, seed, dataFormat: dataFormat ?? null })],
  ["RandomPosterization", (seed, dataFormat) => layers.RandomPosterization({ factor: [2, 7], seed, dataFormat: dataFormat ?? null })],
  ["RandomInvert", (seed, dataFormat) => layers.RandomInvert({ factor: [0.5, 0.5], seed, dataFormat: dataFormat ?? null })],
  ["RandomGaussianBlur", (seed, dataFormat) => layers.RandomGaussianBlur({ factor: [0.5, 0.5], seed, dataFormat: dataFormat ?? null })],
  ["RandomElasticTransform", (seed, dataFormat) => layers.RandomElasticTransform({ factor: [1, 1], seed, dataFormat: dataFormat ?? null })],
  ["Solarization", (seed, dataFormat) => layers.Solarization({ thresholdFactor: 0.9, seed, dataFormat: dataFormat ?? null })],
  ["MixUp", (seed, dataFormat) => layers.MixUp({ alpha: 1, seed, dataFormat: dataFormat ?? null })],
  ["CutMix", (seed, dataFormat) => layers.CutMix({ seed, dataFormat: dataFormat ?? null })],
  ["RandomErasing", (seed, dataFormat) => layers.RandomErasing({ factor: [1, 1], fillValue: 7, seed, dataFormat: dataFormat ?? null })],
  ["RandAugment", (seed, dataFormat) => layers.RandAugment({ numOps: 1, seed, dataFormat: dataFormat ?? null })],
  ["AugMix", (seed, dataFormat) => layers.AugMix({ numChains: 2, chainDepth: 1, allOps: false, seed, dataFormat: dataFormat ?? null })],
];

// Chains of changes are long programs: a busy machine takes its time to compile them.
describe.each(all)("%s", (_, make) => {
  it("draws the same with the same seed, anew with every call, and otherwise with another seed", async () => {
    const x = images(8);
    const twice = async (layer: unknown): Promise<Pixels[]> => [await data(train(layer, x)), await data(train(layer, x))];
    const calls = await twice(make(3));
    expect(await twice(make(3))).toEqual(calls);
    expect(await twice(make(4))).not.toEqual(calls);
    expect(maxDifference(calls[0]!, calls[1]!)).toBeGreaterThan(0);
    expect(calls.every((call) => call.every(Number.isFinite))).toBe(true);
  });

  it("does in channels_first what it does in channels_last", async () => {
    const x = images(4);
    const last = await data(train(make(5), x));
    const first = ops.transpose(train(make(5, "channels_first"), ops.transpose(x, [0, 3, 1, 2])), [0, 2, 3, 1]);
    expect(maxDifference(await data(first), last)).toBeLessThan(2e-3);
  });

  it("takes single images, and leaves them alone outside training", async () => {
    const x = ops.getItem(images(2), 0);
    const y = train(make(6), x);
    expect(y.rank).toBe(3);
    expect((await data(y)).every(Number.isFinite)).toBe(true);
    const still = (make(6) as ImageLayer)(x as never, { training: false }) as Tensor;
    if (still.size === x.size) expect(await data(still)).toEqual(await data(x));
  });
});

describe("changes without strength", () => {
  it.each([
    ["RandomRotation", layers.RandomRotation({ factor: 0 })],
    ["RandomTranslation", layers.RandomTranslation({ heightFactor: 0, widthFactor: 0 })],
    ["RandomZoom", layers.RandomZoom({ heightFactor: 0 })],
    ["RandomShear", layers.RandomShear()],
    ["RandomPerspective", layers.RandomPerspective({ factor: 0 })],
    ["RandomBrightness", layers.RandomBrightness({ factor: 0 })],
    ["RandomContrast", layers.RandomContrast({ factor: 0 })],
    ["RandomColorDegeneration", layers.RandomColorDegeneration({ factor: 0 })],
    ["RandomHue", layers.RandomHue({ factor: 0 })],
    ["RandomSaturation", layers.RandomSaturation({ factor: [0.5, 0.5] })],
    ["RandomSharpness", layers.RandomSharpness({ factor: [0.5, 0.5] })],
    ["RandomGrayscale", layers.RandomGrayscale({ factor: 0 })],
    ["RandomInvert", layers.RandomInvert({ factor: 0 })],
    ["RandomErasing", layers.RandomErasing({ factor: 0 })],
    ["RandomGaussianBlur", layers.RandomGaussianBlur({ factor: 0 })],
    ["RandomElasticTransform", layers.RandomElasticTransform({ scale: 0, factor: [1, 1] })],
    ["RandomColorJitter", layers.RandomColorJitter()],
  ] as const)("%s changes nothing", async (_, layer) => {
    const x = images(3);
    expect(maxDifference(await data(train(layer, x)), await data(x))).toBeLessThan(1e-3);
  });
});

describe("what changes do", () => {
  const rows = (x: Pixels, count: number): Pixels[] =>
    Array.from({ length: count }, (_, i) => x.subarray((i * x.length) / count, ((i + 1) * x.length) / count));

  it("RandomFlip mirrors about half of the images", async () => {
    const x = images(200, 1, 3, 1);
    const given = rows(await data(x), 200);
    const flipped = rows(await data(train(layers.RandomFlip({ mode: "horizontal", seed: 1 }), x)), 200);
    let count = 0;
    for (const [i, row] of flipped.entries()) {
      const mirrored = maxDifference(row, given[i]!.slice().reverse()) === 0;
      if (!mirrored) expect(row).toEqual(given[i]);
      else count++;
    }
    expect(Math.abs(count - 100)).toBeLessThan(35);
  });

  it("RandomRotation by a quarter turns the image counter-clockwise", async () => {
    const x = images(1, 4, 4, 1);
    const given = await data(x);
    const turned = await data(train(layers.RandomRotation({ factor: [0.25, 0.25], seed: 1 }), x));
    const wanted = Array.from({ length: 16 }, (_, i) => given[(i % 4) * 4 + 3 - Math.floor(i / 4)]!);
    expect(maxDifference(turned, wanted)).toBeLessThan(1e-2);
  });

  it("RandomTranslation shifts down and to the right, and fills as it is told", async () => {
    const x = tensor([1, 2, 3, 4], { shape: [1, 1, 4, 1] });
    const shifted = async (fillMode: layers.FillMode): Promise<number[]> =>
      Array.from(
        await data(train(layers.RandomTranslation({ heightFactor: 0, widthFactor: [0.5, 0.5], fillMode, fillValue: 9, seed: 1 }), x)),
      );
    expect(await shifted("constant")).toEqual([9, 9, 1, 2]);
    expect(await shifted("nearest")).toEqual([1, 1, 1, 2]);
    expect(await shifted("reflect")).toEqual([2, 1, 1, 2]);
    expect(await shifted("wrap")).toEqual([3, 4, 1, 2]);
  });

  it("RandomZoom out by a factor shows the image smaller, about its centre", async () => {
    const x = ops.reshape(ops.arange(0, 5, { dtype: "float32" }), [1, 1, 5, 1]);
    const layer = layers.RandomZoom({ heightFactor: [0, 0], widthFactor: [0.5, 0.5], fillMode: "constant", fillValue: -1, seed: 1 });
    // Column c shows 2 + 1.5 (c - 2): -1, 0.5, 2, 3.5, 5.
    const y = await data(train(layer, x));
    expect(maxDifference(y.subarray(1, 4), [0.5, 2, 3.5])).toBeLessThan(1e-5);
    expect([y[0], y[4]]).toEqual([-1, -1]);
  });

  it("RandomShear moves rows by their height", async () => {
    const x = images(1, 3, 6, 1);
    const given = rows(await data(x), 3);
    const sheared = rows(await data(train(layers.RandomShear({ xFactor: [1, 1], fillMode: "constant", fillValue: -1, seed: 3 }), x)), 3);
    expect(maxDifference(sheared[0]!, given[0]!)).toBe(0);
    const left = sheared[1]![0] !== -1;
    if (left) expect(sheared[2]!.subarray(0, 4)).toEqual(given[2]!.subarray(2));
    else expect(sheared[2]!.subarray(2)).toEqual(given[2]!.subarray(0, 4));
  });

  it("RandomCrop cuts a part at any place, the same for a batch", async () => {
    const places = new Set<number>();
    const layer = layers.RandomCrop({ height: 1, width: 1, seed: 1 });
    const x = tensor(
      Float32Array.from({ length: 12 }, (_, i) => i % 6),
      { shape: [2, 2, 3, 1] },
    );
    for (let i = 0; i < 80; i++) {
      const [a, b] = await data(train(layer, x));
      expect(a).toBe(b);
      places.add(a!);
    }
    expect([...places].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("brightness, contrast and degeneration draw from their ranges", async () => {
    const n = 400;
    const flat = ops.full([n, 1, 2, 3], 100);
    const lighter = rows(await data(train(layers.RandomBrightness({ factor: [-0.1, 0.2], seed: 1 }), flat)), n).map(
      (row) => (row[0]! - 100) / 255,
    );
    expect(Math.min(...lighter)).toBeGreaterThan(-0.1001);
    expect(Math.max(...lighter)).toBeLessThan(0.2001);
    expect(Math.abs(lighter.reduce((a, b) => a + b) / n - 0.05)).toBeLessThan(0.02);
    const pair = tensor(
      Float32Array.from({ length: n * 2 }, (_, i) => (i % 2 === 0 ? 90 : 110)),
      { shape: [n, 1, 2, 1] },
    );
    const contrast = rows(await data(train(layers.RandomContrast({ factor: [0.5, 0.25], seed: 1 }), pair)), n).map(
      (row) => (row[1]! - row[0]!) / 20,
    );
    expect(Math.min(...contrast)).toBeGreaterThan(0.499);
    expect(Math.max(...contrast)).toBeLessThan(1.251);
    expect(Math.abs(contrast.reduce((a, b) => a + b) / n - 0.875)).toBeLessThan(0.05);
    const red = ops.multiply(ops.ones([n, 1, 1, 3]), [200, 0, 0]);
    const grey = rows(await data(train(layers.RandomColorDegeneration({ factor: 1, seed: 2 }), red)), n).map(
      (row) => row[1]! / (200 * 0.2989),
    );
    expect(Math.min(...grey)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...grey)).toBeLessThanOrEqual(1.001);
    expect(Math.abs(grey.reduce((a, b) => a + b) / n - 0.5)).toBeLessThan(0.06);
  });

  it("RandomPosterization keeps the highest bits", async () => {
    const x = tensor([0, 100, 200, 255], { shape: [1, 1, 4, 1] });
    expect([...(await data(train(layers.RandomPosterization({ factor: [2, 2] }), x)))]).toEqual([0, 64, 192, 192]);
    const unit = ops.divide(x, 255);
    expect(maxDifference(await data(train(layers.RandomPosterization({ factor: [1, 1], valueRange: [0, 1] }), unit)), [0, 0, 128 / 255, 128 / 255])).toBeLessThan(1e-6); // prettier-ignore
  });

  it("inverting, solarizing and sharpening are what they say", async () => {
    const x = tensor([0, 100, 200, 255], { shape: [1, 2, 2, 1] });
    expect([...(await data(train(layers.RandomInvert({ factor: [1, 1] }), x)))]).toEqual([255, 155, 55, 0]);
    const solarized = layers.Solarization({ additionFactor: [0, 0], thresholdFactor: [0.5, 0.5] });
    expect([...(await data(train(solarized, x)))]).toEqual([0, 100, 55, 0]);
    const dot = ops.pad(ops.full([1, 1, 1, 1], 130), [[0, 0], [1, 1], [1, 1], [0, 0]]); // prettier-ignore
    const blurred = await data(train(layers.RandomSharpness({ factor: [0, 0] }), dot));
    expect(maxDifference(blurred, [10, 10, 10, 10, 50, 10, 10, 10, 10])).toBeLessThan(1e-4);
  });

  it("RandomGaussianBlur averages with a bell", async () => {
    const dot = ops.pad(ops.full([1, 1, 1, 1], 100), [[0, 0], [1, 1], [1, 1], [0, 0]]); // prettier-ignore
    const y = await data(train(layers.RandomGaussianBlur({ factor: [1, 1], sigma: [1, 1] }), dot));
    const bell = [Math.exp(-0.5), 1, Math.exp(-0.5)].map((value) => value / (1 + 2 * Math.exp(-0.5)));
    expect(
      maxDifference(
        y,
        bell.flatMap((a) => bell.map((b) => 100 * a * b)),
      ),
    ).toBeLessThan(1e-3);
  });

  it("AutoContrast stretches every channel, also outside training; Equalization spreads values", async () => {
    const x = tensor([10, 5, 20, 5, 60, 5, 110, 5], { shape: [1, 2, 2, 2] });
    const wanted = [0, 5, 25.5, 5, 127.5, 5, 255, 5];
    expect(maxDifference(await data(layers.AutoContrast()(x)), wanted)).toBeLessThan(1e-4);
    const dark = tensor([0, 0, 1, 2], { shape: [1, 2, 2, 1] });
    // Counts up to each value: 2, 3, 4; (count - 2) / (4 - 2) of the range.
    expect([...(await data(train(layers.Equalization(), dark)))]).toEqual([0, 0, 128, 255]);
    const flat = ops.full([1, 2, 2, 1], 77);
    expect([...(await data(train(layers.Equalization(), flat)))]).toEqual([77, 77, 77, 77]);
  });

  it("MixUp and CutMix mix labels as they mix images", async () => {
    const n = 6;
    const labels = ops.eye(n);
    const x = ops.multiply(ops.ones([n, 8, 8, 1]), ops.reshape(ops.arange(0, n, { dtype: "float32" }), [n, 1, 1, 1]));
    const weights = ops.reshape(ops.arange(0, n, { dtype: "float32" }), [n, 1]);
    for (const layer of [layers.MixUp({ alpha: 1, seed: 2 }), layers.CutMix({ seed: 2 })]) {
      const mixed = layer({ images: x, labels, other: weights }, { training: true });
      expect(mixed.other).toBe(weights);
      const sums = await data(ops.sum(mixed.labels, 1));
      expect(maxDifference(sums, new Float32Array(n).fill(1))).toBeLessThan(1e-5);
      // The mean of an image is the mean of the numbers of its two images, weighted by the labels; pixels are whole.
      const means = await data(ops.mean(mixed.images, [1, 2, 3]));
      const expected = await data(ops.squeeze(ops.matmul(mixed.labels, weights), -1));
      expect(maxDifference(means, expected)).toBeLessThan(layer instanceof layers.MixUp ? 1e-4 : 1.2);
      expect(maxDifference(means, [0, 1, 2, 3, 4, 5])).toBeGreaterThan(0.05);
    }
    expect(() => layers.MixUp()({ images: x, labels: ops.eye(2) }, { training: true })).toThrow(/labels/);
    expect(() => layers.RandomFlip()({ images: x, bounding_boxes: x })).toThrow(/boxes/);
  });

  it("RandomErasing fills a rectangle of the size that was asked for", async () => {
    const x = ops.full([50, 20, 20, 1], 200);
    const y = rows(await data(train(layers.RandomErasing({ factor: [1, 1], scale: [0.25, 0.25], fillValue: 5, seed: 1 }), x)), 50);
    for (const image of y) {
      const erased = image.filter((value) => value === 5).length;
      expect(erased).toBeGreaterThanOrEqual(81);
      expect(erased).toBeLessThanOrEqual(121);
    }
    const noise = await data(
      train(layers.RandomErasing({ factor: [1, 1], scale: [0.5, 0.5], seed: 1, valueRange: [0, 1] }), ops.full([2, 9, 9, 3], 0.5)),
    );
    expect(noise.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(new Set(noise).size).toBeGreaterThan(20);
  });

  it("moves maps of classes like images, without mixing classes", async () => {
    const x = images(2, 5, 5, 1);
    const masks = ops.cast(ops.greater(x, 128), "float32");
    const layer = layers.RandomRotation({ factor: [0.1, 0.1], seed: 1 });
    const moved = layer({ images: x, segmentation_masks: masks }, { training: true });
    expect(new Set(await data(moved.segmentation_masks))).toEqual(new Set([0, 1]));
    expect(maxDifference(await data(moved.segmentation_masks), await data(masks))).toBe(1);
  });
});

describe("Pipeline", () => {
  it("applies layers in order and comes back from its configuration", async () => {
    const pipeline = layers.Pipeline({
      layers: [layers.Rescaling({ scale: 2 }), layers.RandomInvert({ factor: [1, 1], valueRange: [0, 1] })],
    });
    const x = tensor([0.25], { shape: [1, 1, 1, 1] });
    expect([...(await data(train(pipeline, x)))]).toEqual([0.5]);
    expect([...(await data(pipeline(x) as Tensor))]).toEqual([0.5]);
    const copy = layers.deserialize(JSON.parse(JSON.stringify(pipeline.toJSON())) as object) as layers.PipelineLayer;
    expect(copy.getConfig()).toEqual(pipeline.getConfig());
    const words = layers.Pipeline([
      layers.StringLookup({ vocabulary: ["a", "b"] }),
      layers.CategoryEncoding({ numTokens: 3, outputMode: "count" }),
    ]);
    expect(await (words([["b", "b", "x"]]) as Tensor).array()).toEqual([[1, 0, 2]]);
    expect(() => layers.Pipeline({ layers: [] })).toThrow(/layers/);
    expect(() => layers.Pipeline({ layers: ["RandomFlip"] as never })).toThrow(/layers/);
  });
});
