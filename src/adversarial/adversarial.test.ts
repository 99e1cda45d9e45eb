import { beforeAll, describe, expect, it } from "vitest";
import {
  callbacks,
  gradients,
  Input,
  layers,
  loadModel,
  Model,
  ops,
  optimizers,
  random,
  saving,
  Sequential,
  setBackend,
  setRandomSeed,
  type Tensor,
  tensor,
} from "../index.ts";
import { dcganDiscriminator, dcganGenerator, GenerativeAdversarialNetwork, gradientPenalty, WassersteinGAN } from "./index.ts";

beforeAll(() => setBackend(process.env.NABLA_BACKEND ?? "cpu"));

const quiet = { verbose: 0 } as const;
const wave = (count: number, scale = 1): Float32Array => Float32Array.from({ length: count }, (_, i) => scale * Math.sin(1 + 1.7 * i));
const shape = { imageShape: [8, 8, 1], filters: 4, kernelSize: 3 } as const;
const networks = (normalization: "batch" | "layer" | null = "batch"): { generator: Sequential; discriminator: Sequential } => {
  setRandomSeed(2);
  return { generator: dcganGenerator({ ...shape, latentSize: 5 }), discriminator: dcganDiscriminator({ ...shape, normalization }) };
};
const images = tensor(wave(12 * 64), { shape: [12, 8, 8, 1] });

describe("gradientPenalty", () => {
  it("is the mean square of the slope's length less 1: for a linear critic, known", async () => {
    // D(x) = 3 x_0 + 4 x_1 has a slope of length 5 everywhere.
    const critic = (x: Tensor): Tensor => ops.matmul(x, tensor([[3], [4]]));
    const penalty = gradientPenalty(
      critic,
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([
        [0, 0],
        [1, 1],
      ]),
      { seed: 1 },
    );
    expect(await penalty.item()).toBeCloseTo(16, 4);
  });

  it("looks at places between real and generated images", async () => {
    // D(x) = x^2 / 2 has the slope x: between 3 and 3 it is 3, between 1 and 5 anything from 1 to 5.
    const critic = (x: Tensor): Tensor => ops.multiply(ops.square(x), 0.5);
    expect(await gradientPenalty(critic, tensor([[3]]), tensor([[3]])).item()).toBeCloseTo(4, 4);
    const many = gradientPenalty(critic, ops.full([4000, 1], 5), ops.full([4000, 1], 1), { seed: 1 });
    // The mean of (u - 1)^2 for u even from 1 to 5 is 16 / 3.
    expect(Math.abs((await many.item()) - 16 / 3)).toBeLessThan(0.3);
    expect(() => gradientPenalty(critic, tensor([[3]]), tensor([[3], [1]]))).toThrow(/different shapes/);
  });

  it("has the gradients of finite differences, through convolutions", async () => {
    const [real, fake] = [tensor(wave(2 * 36), { shape: [2, 6, 6, 1] }), tensor(wave(2 * 36, 0.4), { shape: [2, 6, 6, 1] })];
    const [first, last] = [wave(9 * 2), wave(18, 0.5)];
    const penaltyOf = (kernel: Tensor): Tensor =>
      gradientPenalty(
        (x) => {
          const seen = ops.tanh(ops.conv(x, kernel, { strides: 2, padding: "same" }));
          return ops.matmul(ops.reshape(seen, [2, 18]), tensor(last, { shape: [18, 1] }));
        },
        real,
        fake,
        { seed: 3 },
      );
    const at = (values: Float32Array): Tensor => tensor(values, { shape: [3, 3, 1, 2] });
    const kernel = at(first);
    const [slope] = gradients([penaltyOf(kernel)], [kernel]);
    const given = await slope!.data();
    const step = 1e-2;
    for (const i of [0, 5, 8, 13, 17]) {
      const moved = (by: number): Promise<number> => penaltyOf(at(first.map((value, j) => (j === i ? value + by : value)))).item();
      const wanted = ((await moved(step)) - (await moved(-step))) / (2 * step);
      expect(Math.abs(given[i]! - wanted)).toBeLessThan(2e-3 * Math.max(1, Math.abs(wanted)));
    }
    expect(Math.max(...given.map(Math.abs))).toBeGreaterThan(0.01);
  });
});

describe("dcganGenerator and dcganDiscriminator", () => {
  it.each([
    [[28, 28, 1], 3],
    [[32, 32, 3], 3],
    [[15, 21, 2], 2],
    [[5, 6, 1], 1],
    [[3, 4, 1], 0],
  ] as const)("make and judge images %j by %i doublings", (imageShape, doublings) => {
    const generator = dcganGenerator({ imageShape, filters: 4 });
    expect(generator.outputs!.shape).toEqual([null, ...imageShape]);
    expect(generator.layers.filter(({ name }) => name.startsWith("conv2d_transpose")).length).toBe(doublings);
    expect(dcganDiscriminator({ imageShape, filters: 4 }).outputs!.shape).toEqual([null, 1]);
  });

  it("refuse sizes and normalizations that are none", () => {
    expect(() => dcganGenerator({ imageShape: [28, 0, 1] })).toThrow(/no shape of images/);
    expect(() => dcganGenerator({ latentSize: 1.5 })).toThrow(/latentSize/);
    expect(() => dcganDiscriminator({ filters: 0 })).toThrow(/filters/);
    expect(() => dcganDiscriminator({ normalization: "group" as never })).toThrow(/no such normalization/);
  });
});

describe("GenerativeAdversarialNetwork", () => {
  it("has the losses of its definition, smoothed on the side of real images alone", async () => {
    const inputs = Input({ shape: [1] });
    const same = new Model({ inputs, outputs: layers.Activation({ activation: "linear" })(inputs) });
    const generator = new Sequential([layers.Dense({ units: 1, kernelInitializer: "zeros", biasInitializer: "ones", inputDim: 2 })]);
    const gan = new GenerativeAdversarialNetwork({ generator, discriminator: same, labelSmoothing: 0.1 });
    gan.compile();
    const x = [0.5, -2];
    const { discriminator_loss: given, generator_loss: made } = await gan.evaluate(
      x.map((value) => [value]),
      null,
      quiet,
    );
    const log = (score: number): number => Math.log(1 / (1 + Math.exp(-score)));
    const real = x.map((score) => -(0.9 * log(score) + 0.1 * log(-score))).reduce((sum, value) => sum + value / 2, 0);
    expect(given).toBeCloseTo(real - log(-1), 5);
    expect(made).toBeCloseTo(-log(1), 5);
  });

  it("moves the generator's numbers to where the data is", async () => {
    setRandomSeed(5);
    const generator = new Sequential([layers.Dense({ units: 1, inputDim: 1 })]);
    const discriminator = new Sequential([layers.Dense({ units: 16, activation: "tanh", inputDim: 1 }), layers.Dense({ units: 1 })]);
    const gan = new GenerativeAdversarialNetwork({ generator, discriminator, labelSmoothing: 0.1, seed: 1 });
    gan.compile({
      generatorOptimizer: optimizers.Adam({ learningRate: 0.01, beta1: 0.5 }),
      discriminatorOptimizer: optimizers.Adam({ learningRate: 0.01, beta1: 0.5 }),
    });
    const x = ops.add(ops.multiply(random.normal([640, 1], { seed: 1 }), 0.5), 3);
    const { history } = await gan.fit(x, null, { ...quiet, epochs: 30, batchSize: 64 });
    expect(Object.keys(history).sort()).toEqual(["discriminator_loss", "generator_loss"]);
    const made = Array.from(await (await gan.generate(500, { seed: 2 })).data());
    const mean = made.reduce((sum, value) => sum + value / 500, 0);
    expect(Math.abs(mean - 3)).toBeLessThan(0.5);
  });

  it("repeats with a seed, tells callbacks, and draws the same images for the same noise", async () => {
    const run = async (): Promise<readonly number[]> => {
      const gan = new GenerativeAdversarialNetwork({ ...networks(), seed: 3 });
      gan.compile();
      const seen: number[] = [];
      const onEpochEnd = (_: number, logs: Readonly<Record<string, number>>): void => void seen.push(logs.generator_loss!);
      await gan.fit(images, null, {
        ...quiet,
        epochs: 2,
        batchSize: 4,
        shuffle: false,
        callbacks: [callbacks.LambdaCallback({ onEpochEnd })],
      });
      const [first, second, other] = [await gan.generate(2, { seed: 1 }), await gan.generate(2, { seed: 1 }), await gan.generate(2)];
      expect(first.shape).toEqual([2, 8, 8, 1]);
      expect(await second.data()).toEqual(await first.data());
      expect(await other.data()).not.toEqual(await first.data());
      return [...seen, ...(await first.data())];
    };
    const first = await run();
    expect(first.every(Number.isFinite)).toBe(true);
    expect(await run()).toEqual(first);
  });

  it("is saved with both networks and optimizers, and can be trained on", async () => {
    const gan = new GenerativeAdversarialNetwork({ ...networks(), labelSmoothing: 0.2, seed: 3 });
    gan.compile({ generatorOptimizer: optimizers.Adam({ learningRate: 0.003, useEma: true }) });
    await gan.fit(images, null, { ...quiet, batchSize: 4, shuffle: false });
    const bytes = await saving.toBytes(gan);
    const loaded = (await loadModel(
      { name: "gan.keras", read: () => Promise.resolve(bytes) },
      { customObjects: { GenerativeAdversarialNetwork } },
    )) as GenerativeAdversarialNetwork;
    expect(loaded.labelSmoothing).toBe(0.2);
    expect(loaded.getCompileConfig()).toEqual(gan.getCompileConfig());
    expect(await (await loaded.generate(3, { seed: 1 })).data()).toEqual(await (await gan.generate(3, { seed: 1 })).data());
    // Weights, averages and moments are all there: from the same noise on, both go on to the same bits.
    loaded.noiseSeeds.state.assign(gan.noiseSeeds.state.read());
    const further = async (net: GenerativeAdversarialNetwork): Promise<unknown> => {
      await net.fit(images, null, { ...quiet, batchSize: 4, shuffle: false });
      return await Promise.all(net.weights.map(async (weight) => [weight.shape, await weight.data()]));
    };
    expect(await further(loaded)).toEqual(await further(gan));
    const generator = await saving.toBytes(gan.generator);
    const alone = await loadModel({ name: "generator.keras", read: () => Promise.resolve(generator) });
    expect((await alone.predict(ops.zeros([1, 5]))).shape).toEqual([1, 8, 8, 1]);
  });
});

describe("WassersteinGAN", () => {
  it("finds the distance of two points, and the slope that the penalty leaves", async () => {
    const one = (inputDim: number, kernelInitializer: string): Sequential =>
      new Sequential([layers.Dense({ units: 1, inputDim, useBias: false, kernelInitializer })]);
    // A generator that always says 0 and stays there; data at d = 2; a critic s x.
    const gan = new WassersteinGAN({ generator: one(3, "zeros"), discriminator: one(1, "ones"), discriminatorSteps: 1 });
    gan.compile({
      generatorOptimizer: optimizers.SGD({ learningRate: 0 }),
      discriminatorOptimizer: optimizers.SGD({ learningRate: 0.02 }),
    });
    const { history } = await gan.fit(ops.full([64, 1], 2), null, { ...quiet, epochs: 10, batchSize: 8 });
    // 10 (s - 1)^2 - 2 s is least at s = 1.1: there the distance is 2.2 and the penalty 0.01.
    expect(history.wasserstein_distance!.at(-1)).toBeCloseTo(2.2, 4);
    expect(history.gradient_penalty!.at(-1)).toBeCloseTo(0.01, 4);
    expect((await gan.discriminator.weights[0]!.data())[0]).toBeCloseTo(1.1, 4);
  });

  it("gives the critic several parts of a batch for one step of the generator", async () => {
    const gan = new WassersteinGAN({ ...networks(null), discriminatorSteps: 3 });
    const [generatorOptimizer, discriminatorOptimizer] = [optimizers.Adam(), optimizers.Adam()];
    gan.compile({ generatorOptimizer, discriminatorOptimizer });
    const { history } = await gan.fit(images, null, { ...quiet, batchSize: 6 });
    expect(await generatorOptimizer.iterations.data()).toEqual(Int32Array.of(2));
    expect(await discriminatorOptimizer.iterations.data()).toEqual(Int32Array.of(6));
    expect(Object.keys(history).sort()).toEqual(["discriminator_loss", "generator_loss", "gradient_penalty", "wasserstein_distance"]);
    const [loss, penalty, distance] = ["discriminator_loss", "gradient_penalty", "wasserstein_distance"].map((key) => history[key]![0]!);
    expect(loss).toBeCloseTo(10 * penalty! - distance!, 4);
  });

  it("reads its configuration back", async () => {
    const gan = new WassersteinGAN({ ...networks("layer"), gradientPenaltyWeight: 7 });
    const json = JSON.parse(JSON.stringify(gan.getConfig())) as object;
    const again = WassersteinGAN.fromConfig(json as never) as WassersteinGAN;
    expect(again.gradientPenaltyWeight).toBe(7);
    expect(JSON.parse(JSON.stringify(again.getConfig()))).toEqual(json);
  });
});

describe("adversarial networks refuse", () => {
  it("networks that do not fit, and options that do not make sense", () => {
    const { generator, discriminator } = networks();
    const make =
      (options: object): (() => unknown) =>
      () =>
        new GenerativeAdversarialNetwork({ generator, discriminator, ...options });
    expect(make({ generator: dcganGenerator({ imageShape: [10, 8, 1] }) })).toThrow(
      /not what the discriminator looks at[\s\S]*\[null, 8, 8, 1\][\s\S]*\[null, 10, 8, 1\]/,
    );
    expect(make({ discriminator: new Sequential([layers.Flatten({ inputShape: [8, 8, 1] }), layers.Dense({ units: 2 })]) })).toThrow(
      /one number for each image/,
    );
    expect(make({ generator: new Sequential([layers.Dense({ units: 3 })]) })).toThrow(/shapes of the generator are not known/);
    expect(make({ generator: 3 })).toThrow(/no model/);
    expect(make({ labelSmoothing: 1 })).toThrow(/labelSmoothing/);
    expect(make({ discriminatorSteps: 0 })).toThrow(/discriminatorSteps/);
    expect(make({ labelSmothing: 0.1 })).toThrow(/labelSmoothing/);
    expect(() => new WassersteinGAN({ generator: dcganGenerator(), discriminator: dcganDiscriminator() })).toThrow(
      /mixes the images of a batch[\s\S]*layer/,
    );
    expect(() => new WassersteinGAN({ ...networks(null), gradientPenaltyWeight: -1 })).toThrow(/gradientPenaltyWeight/);
  });

  it("one optimizer for both, images of another shape, and no number of images", async () => {
    const gan = new GenerativeAdversarialNetwork(networks());
    const adam = optimizers.Adam();
    expect(() => gan.compile({ generatorOptimizer: adam, discriminatorOptimizer: adam })).toThrow(/same optimizer/);
    await expect(gan.fit(images, null, quiet)).rejects.toThrow(/not compiled/);
    gan.compile();
    await expect(gan.fit(ops.zeros([4, 9, 8, 1]), null, quiet)).rejects.toThrow(/\[null, 8, 8, 1\]/);
    await expect(gan.generate(0)).rejects.toThrow(/number of images/);
  });
});
