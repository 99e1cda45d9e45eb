import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applications, layers, ops, random, Sequential, setBackend, tensor } from "../index.ts";

await setBackend("wasm");
let folder = "";
const before = process.env["NABLA_CACHE"];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-weights-"));
  process.env["NABLA_CACHE"] = folder;
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  if (before === undefined) delete process.env["NABLA_CACHE"];
  else process.env["NABLA_CACHE"] = before;
});

const small = { alpha: 0.35, inputShape: [32, 32, 3], classes: 4 } as const;

describe("weights of applications", () => {
  it("come from a file: the model then is a promise, and computes the same", async () => {
    const model = applications.MobileNetV2({ ...small, weights: null });
    const file = join(folder, "mine.weights.h5");
    await model.saveWeights(file);
    const copy = await applications.MobileNetV2({ ...small, weights: file });
    const x = random.uniform([2, 32, 32, 3], { seed: 1 });
    expect(await (await copy.predict(x, { verbose: 0 })).data()).toEqual(await (await model.predict(x, { verbose: 0 })).data());
    await expect(applications.MobileNetV2({ ...small, classes: 5, weights: file })).rejects.toThrow(/predictions/);
  });

  it("that are published are looked for in the cache; options that do not go with them are refused", async () => {
    expect(() => applications.VGG16({ classes: 10 })).toThrow(/classes: 1000/);
    expect(() => applications.ResNet50({ inputShape: [64, 64, 3] })).toThrow(/inputShape: \[224, 224, 3\]/);
    expect(() => applications.ResNet50({ classifierActivation: "relu" })).toThrow(/softmax/);
    expect(() => applications.ResNet18({ weights: "imagenet" })).toThrow(/there are no such weights/);
    await expect(applications.ResNet50({ weights: join(folder, "missing.h5"), inputShape: [32, 32, 3] })).rejects.toThrow(/missing\.h5/);
  });
});

describe("decodePredictions", () => {
  it("names the classes with the largest scores", async () => {
    const classIndex = join(folder, "classes.json");
    writeFileSync(classIndex, JSON.stringify({ "0": ["n1", "tench"], "1": ["n2", "shark"], "2": ["n3", "ray"] }));
    const decode = applications.vgg16.decodePredictions;
    const [first, second] = await decode(tensor([[0.25, 0.5, 0.125], [1, 0, 2]]), { top: 2, classIndex }); // prettier-ignore
    expect(first).toEqual([["n2", "shark", 0.5], ["n1", "tench", 0.25]]); // prettier-ignore
    expect(second![0]).toEqual(["n3", "ray", 2]);
    await expect(decode(tensor([[1, 2]]), { classIndex })).rejects.toThrow(/\[batch, 3\]/);
    writeFileSync(join(folder, "broken.json"), '{ "0": "tench" }');
    await expect(decode(tensor([[1]]), { classIndex: join(folder, "broken.json") })).rejects.toThrow(/no file of classes/);
    await expect(decode(tensor([[1]]), { classIndex: join(folder, "nowhere.json") })).rejects.toThrow(/no file of classes/);
  });
});

describe("toFullyConvolutional", () => {
  const build = (end: layers.Layer[]): Sequential =>
    new Sequential([
      layers.InputLayer({ shape: [8, 8, 2] }),
      layers.Conv2D({ filters: 3, kernelSize: 3, activation: "relu", biasInitializer: "random_normal" }),
      layers.MaxPooling2D(),
      ...end,
    ]);
  const flat = [
    layers.Flatten(),
    layers.Dense({ units: 5, activation: "tanh", biasInitializer: "random_normal" }),
    layers.Dropout({ rate: 0.5 }),
    layers.Dense({ units: 4, activation: "softmax" }),
  ];
  const pooled = [layers.GlobalAveragePooling2D(), layers.Dense({ units: 4 })];

  it.each([
    ["flattened", flat],
    ["pooled", pooled],
  ] as const)("answers alike at the original size, and everywhere on larger images: %s", async (_, end) => {
    const model = build([...end]);
    const everywhere = await applications.toFullyConvolutional(model);
    const x = random.normal([2, 8, 12, 2], { seed: 3 });
    const left = ops.slice(x, [0, 0, 0, 0], [2, 8, 8, 2]);
    const wanted = await (await model.predict(left, { verbose: 0 })).data();
    const original = await everywhere.predict(left, { verbose: 0 });
    expect(original.shape).toEqual([2, 1, 1, 4]);
    (await original.data()).forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
    const larger = await everywhere.predict(x, { verbose: 0 });
    expect(larger.shape).toEqual([2, 1, 3, 4]);
    const first = await ops.slice(larger, [0, 0, 0, 0], [2, 1, 1, 4]).data();
    first.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
  });

  it("refuses layers that do not work at every place", async () => {
    const model = build([layers.Flatten(), layers.LayerNormalization(), layers.Dense({ units: 2 })]);
    await expect(applications.toFullyConvolutional(model)).rejects.toThrow(/LayerNormalization/);
  });
});
