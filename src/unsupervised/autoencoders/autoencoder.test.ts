import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callbacks, data, Input, layers, loadModel, modelFromJSON, ops, optimizers, Sequential, tensor, type Tensor } from "../../index.ts";
import { Autoencoder, KLSparsity, L1Sparsity, MaskingNoise, StackedAutoencoder } from "../index.ts";

const { Dense } = layers;
const quiet = { verbose: 0 } as const;
/** Samples on a plane in eight dimensions, within 0 .. 1. */
const x = tensor(
  Array.from({ length: 64 }, (_, i) => {
    const [u, v] = [Math.sin(1.7 * i), Math.cos(0.9 * i + 1)];
    return Array.from({ length: 8 }, (_, j) => 0.5 + 0.24 * (u * Math.sin(j) + v * Math.cos(2 * j)));
  }),
);

function parts(code: object = {}): { encoder: Sequential; decoder: Sequential } {
  return {
    encoder: new Sequential([Dense({ units: 2, inputDim: 8, ...code })]),
    decoder: new Sequential([Dense({ units: 8, inputDim: 2 })]),
  };
}

describe("Autoencoder", () => {
  it("learns the plane that its samples lie on, from the samples alone", async () => {
    const autoencoder = new Autoencoder(parts());
    autoencoder.compile({ optimizer: optimizers.Adam({ learningRate: 0.05 }), loss: "mse" });
    const { history } = await autoencoder.fit(x, null, { ...quiet, epochs: 60, batchSize: 16, validationData: [x, null] });
    expect(history.loss!.at(-1)).toBeLessThan(1e-3);
    expect(history.val_loss!.at(-1)).toBeLessThan(1e-3);
    const { loss } = await autoencoder.evaluate(x, null, quiet);
    const codes = await autoencoder.encode(x);
    expect(codes.shape).toEqual([64, 2]);
    // predict is decode after encode.
    const [direct, composed] = [await autoencoder.predict(x), await autoencoder.decode(codes)];
    expect(await ops.max(ops.abs(ops.subtract(direct, composed))).item()).toBeLessThan(1e-5);
    expect(await ops.mean(ops.square(ops.subtract(x, direct))).item()).toBeCloseTo(loss!, 5);
    // The middle of the straight line between two codes of a linear autoencoder is the mean of what the ends give.
    const [a, b] = [ops.slice(x, [0, 0], [3, 8]), ops.slice(x, [5, 0], [3, 8])];
    const between = await autoencoder.interpolate(a, b, { steps: 3 });
    expect(between.shape).toEqual([3, 3, 8]);
    const [start, middle, end] = ops.unstack(between, 3, 1) as [Tensor, Tensor, Tensor];
    expect(await ops.max(ops.abs(ops.subtract(middle, ops.multiply(ops.add(start, end), 0.5)))).item()).toBeLessThan(1e-5);
  });

  it("corrupts in training only, and compares with what is clean", async () => {
    const autoencoder = new Autoencoder({ ...parts(), corruption: new MaskingNoise({ rate: 1 }) });
    autoencoder.compile({ optimizer: optimizers.SGD({ learningRate: 0 }), loss: "mse" });
    // All is masked: what comes out in training is the decoder's answer to the code of nothing, here nothing.
    const { loss } = await autoencoder.trainOnBatch(x);
    expect(loss).toBeCloseTo(await ops.mean(ops.square(x)).item(), 5);
    expect((await autoencoder.testOnBatch(x)).loss).not.toBeCloseTo(loss!, 3);
    expect(autoencoder.layers.map(({ className }) => className)).toEqual(["InputLayer", "MaskingNoise", "Sequential", "Sequential"]);
  });

  it("becomes sparse under penalties on its codes", async () => {
    const activity = async (activityRegularizer: object | null, activation: string): Promise<number> => {
      const encoder = new Sequential([Dense({ units: 12, activation, inputDim: 8, activityRegularizer } as never)]);
      const decoder = new Sequential([Dense({ units: 8, inputDim: 12 })]);
      const autoencoder = new Autoencoder({ encoder, decoder });
      autoencoder.compile({ optimizer: optimizers.Adam({ learningRate: 0.02 }), loss: "mse" });
      await autoencoder.fit(x, null, { ...quiet, epochs: 30, batchSize: 16 });
      return await ops.mean(ops.abs(await autoencoder.encode(x))).item();
    };
    expect(await activity(new KLSparsity({ target: 0.1, weight: 0.1 }), "sigmoid")).toBeCloseTo(0.1, 1);
    expect(await activity(null, "sigmoid")).toBeGreaterThan(0.25);
    expect(await activity(new L1Sparsity({ weight: 0.01 }), "relu")).toBeLessThan(0.5 * (await activity(null, "relu")));
  });

  it("takes images, streams of pairs, callbacks, and classifies its codes", async () => {
    const images = ops.reshape(x, [64, 4, 2, 1]);
    const encoder = new Sequential([
      Input({ shape: [4, 2, 1] }),
      layers.Conv2D({ filters: 3, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
    ]);
    const decoder = new Sequential([
      Input({ shape: [2, 1, 3] }),
      layers.Conv2DTranspose({ filters: 1, kernelSize: 3, strides: 2, padding: "same" }),
    ]);
    const autoencoder = new Autoencoder({ encoder, decoder, name: "convolutional" });
    autoencoder.compile({ optimizer: "adam", loss: "mse" });
    expect(autoencoder.codeShape).toEqual([2, 1, 3]);
    const stop = callbacks.EarlyStopping({ monitor: "loss", patience: 5 });
    await autoencoder.fit(data.Dataset.fromTensors([images, images]).batch(16), null, { ...quiet, epochs: 2, callbacks: [stop] });
    const lines: string[] = [];
    autoencoder.summary({ printFn: (line: string) => void lines.push(line) });
    expect(lines.join("\n")).toMatch(/convolutional[\s\S]*\[?\(?null|None, 4, 2, 1/);
    const classifier = autoencoder.classifier({ units: 3, name: "head" });
    classifier.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    const before = await encoder.weights[0]!.data();
    await classifier.fit(
      images,
      Array.from({ length: 64 }, (_, i) => i % 3),
      quiet,
    );
    expect((await classifier.predict(images)).shape).toEqual([64, 3]);
    // The very weights of the encoder are fine-tuned.
    expect(await encoder.weights[0]!.data()).not.toEqual(before);
  });

  it("is in a file what it was, penalties and corruption included", async () => {
    const folder = await mkdtemp(join(tmpdir(), "autoencoder-"));
    const path = join(folder, "model.keras");
    const autoencoder = new Autoencoder({
      ...parts({ activation: "sigmoid", activityRegularizer: new KLSparsity({ target: 0.2 }) }),
      corruption: new MaskingNoise({ rate: 0.5, seed: 4 }),
    });
    autoencoder.compile({ optimizer: "adam", loss: "mse" });
    await autoencoder.fit(x, null, quiet);
    await autoencoder.save(path);
    const loaded = (await loadModel(path)) as unknown as Autoencoder;
    await rm(folder, { recursive: true });
    expect(loaded).toBeInstanceOf(Autoencoder);
    expect(JSON.parse(JSON.stringify(loaded.getConfig()))).toEqual(JSON.parse(JSON.stringify(autoencoder.getConfig())));
    expect(await (await loaded.encode(x)).data()).toEqual(await (await autoencoder.encode(x)).data());
    // The optimizer goes on where it was.
    for (const model of [loaded, autoencoder]) (model.corruption as MaskingNoise).rate = 0;
    for (const model of [loaded, autoencoder]) model.resetMetrics();
    for (let step = 0; step < 2; step++) expect(await loaded.trainOnBatch(x)).toEqual(await autoencoder.trainOnBatch(x));
  });

  it("refuses parts that do not fit, data that is broken, and fit before compile", async () => {
    const { encoder, decoder } = parts();
    const wide = new Sequential([Dense({ units: 8, inputDim: 3 })]);
    const short = new Sequential([Dense({ units: 7, inputDim: 2 })]);
    expect(() => new Autoencoder({ encoder, decoder: wide })).toThrow(/what the decoder takes/);
    expect(() => new Autoencoder({ encoder, decoder: short })).toThrow(/\[null, 8\]/);
    expect(() => new Autoencoder({ encoder: Dense({ units: 2 }) as never, decoder })).toThrow(/new Sequential/);
    expect(() => new Autoencoder({ encoder: new Sequential([Dense({ units: 2 })]), decoder })).toThrow(/inputShape/);
    expect(() => new Autoencoder({ encoder, decoder, corruption: "noise" as never })).toThrow(/no layer/);
    expect(() => new Autoencoder({ encoder, decoder, noise: null } as never)).toThrow(/no option "noise"/);
    const autoencoder = new Autoencoder({ encoder, decoder });
    await expect(autoencoder.fit(x, null, quiet)).rejects.toThrow(/not compiled/);
    autoencoder.compile({ optimizer: "adam", loss: "mse" });
    const broken = Array.from({ length: 3 }, (_, i) => Array.from({ length: 8 }, (_, j) => (i === 1 && j === 5 ? NaN : 0)));
    for (const run of [
      () => autoencoder.fit(broken),
      () => autoencoder.evaluate(broken),
      () => autoencoder.encode(broken),
      () => autoencoder.trainOnBatch(broken),
    ])
      await expect(run()).rejects.toThrow(/not finite, in sample 1, at place 5/);
    await expect(autoencoder.fit(ops.ones([4, 7]), null, quiet)).rejects.toThrow(/\[(null|4|n), 8\]/);
    await expect(autoencoder.decode(ops.ones([4, 3]))).rejects.toThrow(/2\]/);
    await expect(autoencoder.interpolate(ops.ones([2, 8]), ops.ones([3, 8]))).rejects.toThrow(/one end for every beginning/);
    await expect(autoencoder.interpolate(x, x, { steps: 1 })).rejects.toThrow(/whole number from 2/);
    expect(() => autoencoder.classifier({ classes: 3 } as never)).toThrow(/no option "classes"/);
  });
});

describe("StackedAutoencoder", () => {
  const make = (): StackedAutoencoder =>
    new StackedAutoencoder({
      inputShape: [8],
      levels: [
        {
          encoder: Dense({ units: 6, activation: "tanh" }),
          decoder: Dense({ units: 8 }),
          corruption: new MaskingNoise({ rate: 0.1, seed: 1 }),
        },
        { encoder: Dense({ units: 2 }), decoder: Dense({ units: 6 }) },
      ],
    });

  it("trains level by level, each on the codes below, the layers being those of the whole", async () => {
    const stacked = make();
    expect(stacked.encoder.layers).toHaveLength(2);
    stacked.compile({ optimizer: optimizers.Adam({ learningRate: 0.01 }), loss: "mse" });
    const start = (await stacked.evaluate(x, null, quiet)).loss!;
    const seen: number[] = [];
    const histories = await stacked.pretrain(x, {
      optimizer: optimizers.Adam({ learningRate: 0.03 }),
      epochs: [20, 15],
      batchSize: 16,
      callbacks: (level) => [new callbacks.LambdaCallback({ onTrainBegin: () => void seen.push(level) })],
    });
    expect(seen).toEqual([0, 1]);
    expect(histories.map(({ history }) => history.loss!.length)).toEqual([20, 15]);
    for (const { history } of histories) expect(history.loss!.at(-1)).toBeLessThan(0.5 * history.loss![0]!);
    const pretrained = (await stacked.evaluate(x, null, quiet)).loss!;
    expect(pretrained).toBeLessThan(0.5 * start);
    // The codes of the second level are codes of codes.
    const [first, second] = stacked.levels;
    const codes = await second!.encode(await first!.encode(x));
    expect(await ops.max(ops.abs(ops.subtract(codes, await stacked.encode(x)))).item()).toBeLessThan(1e-5);
    await stacked.fit(x, null, { ...quiet, epochs: 10, batchSize: 16 });
    expect((await stacked.evaluate(x, null, quiet)).loss).toBeLessThan(pretrained);
  });

  it("is made again from its JSON", async () => {
    const stacked = make();
    const copy = modelFromJSON(JSON.stringify(stacked)) as unknown as StackedAutoencoder;
    expect(copy).toBeInstanceOf(StackedAutoencoder);
    expect(JSON.stringify(copy.getConfig())).toBe(JSON.stringify(stacked.getConfig()));
    await copy.setWeights(await stacked.getWeights());
    expect(await (await copy.predict(x)).data()).toEqual(await (await stacked.predict(x)).data());
    expect(copy.levels[0]!.corruption).toBeInstanceOf(MaskingNoise);
  });

  it("refuses levels that do not give back what they take", async () => {
    const level = { encoder: Dense({ units: 3 }), decoder: Dense({ units: 7 }) };
    expect(() => new StackedAutoencoder({ inputShape: [8], levels: [level] })).toThrow(/level 0 does not give back/);
    expect(() => new StackedAutoencoder({ inputShape: [8], levels: [] })).toThrow(/no levels/);
    expect(() => new StackedAutoencoder({ inputShape: [8], levels: [{ encoder: 3 } as never] })).toThrow(/no layer/);
    await expect(make().pretrain(x, { epochs: [1] })).rejects.toThrow(/for every level/);
    await expect(make().pretrain(x, { epoch: 1 } as never)).rejects.toThrow(/no option "epoch"/);
    await expect(make().pretrain([[NaN, 0, 0, 0, 0, 0, 0, 0]])).rejects.toThrow(/not finite/);
  });
});
