/** Layers and regularizers of autoencoders. */
import { beforeAll, describe, expect, it } from "vitest";
import { layers, ops, regularizers, setBackend, tensor, type Tensor } from "../../index.ts";
import { expectGradients, randomTensor, valuesOf } from "../../testing/finite-differences.ts";
import { runLayerContract } from "../../testing/layer-contract.ts";
import { KLSparsity, L1Sparsity, MaskingNoise, SaltAndPepperNoise, Sampling } from "../index.ts";

beforeAll(() => setBackend("reference"));

runLayerContract(MaskingNoise, {
  options: { rate: 0.3 },
  inputs: [[4, 3]],
  output: [4, 3],
  weights: 0,
  refused: [
    [{ rate: -0.1 }, /probability/],
    [{ rate: 1.5 }, /probability/],
    [{ rates: 0.5 }, /rate/],
  ],
  refusedInputs: [],
});
runLayerContract(SaltAndPepperNoise, {
  options: { rate: 0.3 },
  inputs: [[4, 3]],
  output: [4, 3],
  weights: 0,
  refused: [
    [{ rate: "much" }, /probability/],
    [{ low: 1, high: 1 }, /low < high/],
    [{ high: NaN }, /finite/],
  ],
  refusedInputs: [],
});
describe("corruptions", () => {
  const x = ops.full([200, 200], 0.5);
  const share = async (values: Tensor, value: number): Promise<number> =>
    await ops.mean(ops.cast(ops.equal(values, value), "float32")).item();

  it("masking sets the share to zero and leaves the rest as bright as it was, in training only", async () => {
    const noise = new MaskingNoise({ rate: 0.25, seed: 1 });
    const noisy = noise(x, { training: true });
    const zeros = await share(noisy, 0);
    expect(Math.abs(zeros - 0.25)).toBeLessThan(0.01);
    expect((await share(noisy, 0.5)) + zeros).toBe(1);
    expect(await share(noise(x), 0.5)).toBe(1);
    // Another draw, and the same one from the same seed.
    const [first, second, again] = [noisy, noise(x, { training: true }), new MaskingNoise({ rate: 0.25, seed: 1 })(x, { training: true })];
    expect(await second.data()).not.toEqual(await first.data());
    expect(await again.data()).toEqual(await first.data());
  });

  it("salt and pepper fall evenly, in training only", async () => {
    const noise = new SaltAndPepperNoise({ rate: 0.2, low: -1, high: 2, seed: 1 });
    const noisy = noise(x, { training: true });
    const [pepper, salt] = [await share(noisy, -1), await share(noisy, 2)];
    for (const part of [pepper, salt]) expect(Math.abs(part - 0.1)).toBeLessThan(0.01);
    expect((await share(noisy, 0.5)) + pepper + salt).toBeCloseTo(1, 6);
    expect(await share(noise(x), 0.5)).toBe(1);
  });
});

describe("Sampling", () => {
  it("draws with the mean and the variance that it is given, in training and otherwise", async () => {
    const [mean, logVariance] = [ops.full([300, 300], 2), ops.full([300, 300], Math.log(0.25))];
    const z = new Sampling({ seed: 1 })([mean, logVariance]);
    expect(await ops.mean(z).item()).toBeCloseTo(2, 2);
    expect(await ops.std(z).item()).toBeCloseTo(0.5, 2);
  });

  it("draws the same from the same seed, and comes back from its configuration", async () => {
    const given = [ops.zeros([2, 3]), ops.zeros([2, 3])];
    const [a, b] = [new Sampling({ seed: 4 }), layers.deserialize(new Sampling({ seed: 4 }).toJSON())] as [Sampling, Sampling];
    expect(b).toBeInstanceOf(Sampling);
    const first = await a(given).data();
    expect(await b(given).data()).toEqual(first);
    expect(await a(given).data()).not.toEqual(first);
  });

  it("refuses what is no pair", () => {
    expect(() => new Sampling({ seed: 0.5 })).toThrow(/whole number/);
    expect(() => new Sampling()([ops.ones([2, 3]), ops.ones([2, 4])])).toThrow(/different shapes/);
    expect(() => new Sampling()([ops.ones([2, 3])])).toThrow(/list of two/);
    expect(() => new Sampling()(ops.ones([2, 3]) as never)).toThrow(/list of two/);
  });
});

describe("KLSparsity", () => {
  const activities = [
    [0.1, 0.6, 0.2],
    [0.3, 0.2, 0.4],
  ];

  it("is the sum over units of the divergence of their means from the target", async () => {
    const wanted = [0.2, 0.4, 0.3].reduce((sum, m) => sum + 0.05 * Math.log(0.05 / m) + 0.95 * Math.log(0.95 / (1 - m)), 0);
    expect(await new KLSparsity({ target: 0.05, weight: 3 })(tensor(activities)).item()).toBeCloseTo(3 * wanted, 5);
    // A unit that has the wanted mean costs nothing; feature maps count every place.
    expect(await new KLSparsity({ target: 0.2 })(ops.full([4, 5, 5, 2], 0.2)).item()).toBeCloseTo(0, 6);
  });

  it("stays finite where a unit is dead or saturated, and is no number where a mean is none of a sigmoid", async () => {
    for (const value of [0, 1]) expect(await new KLSparsity()(ops.full([2, 1], value)).item()).toBeLessThan(3);
    for (const value of [-0.2, 1.2]) expect(await new KLSparsity()(ops.full([2, 1], value)).item()).toBeNaN();
  });

  it("has the gradients of its formula", () => {
    const squashed = (x: Tensor): Tensor => new KLSparsity({ target: 0.1, weight: 2 })(ops.sigmoid(x));
    expectGradients(squashed, [randomTensor([4, 3], 1)]);
  });
});

describe("L1Sparsity", () => {
  it("does not depend on the size of the batch", async () => {
    const sparsity = new L1Sparsity({ weight: 0.5 });
    const x = [[1, -2, 0]];
    expect(await sparsity(tensor(x)).item()).toBeCloseTo(1.5, 6);
    expect(await sparsity(tensor([...x, ...x, ...x])).item()).toBeCloseTo(1.5, 6);
    expect(valuesOf(new L1Sparsity({ weight: 0 })(randomTensor([2, 3], 1)))[0]).toBe(0);
  });
});

describe("sparsity penalties", () => {
  it("are known by name, written and read as nabla's own", () => {
    for (const penalty of [new KLSparsity({ target: 0.1, weight: 0.5 }), new L1Sparsity({ weight: 0.25 })]) {
      const json = regularizers.serialize(penalty);
      const className = (penalty.constructor as { className?: string }).className!;
      expect(json).toMatchObject({ module: null, registered_name: `nabla>${className}` });
      const read = regularizers.deserialize(JSON.parse(JSON.stringify(json)) as never);
      expect(read).toBeInstanceOf(className === "KLSparsity" ? KLSparsity : L1Sparsity);
      expect(read.getConfig()).toEqual(penalty.getConfig());
    }
    const dense = layers.Dense({ units: 2, activityRegularizer: "kl_sparsity" });
    expect(dense.activityRegularizer).toBeInstanceOf(KLSparsity);
  });

  it("refuse targets and weights that make no sense", () => {
    for (const target of [0, 1, -0.1, NaN]) expect(() => new KLSparsity({ target })).toThrow(/0 < target < 1/);
    for (const make of [(): unknown => new KLSparsity({ weight: -1 }), (): unknown => new L1Sparsity({ weight: -1 })])
      expect(make).toThrow(/not negative/);
    expect(() => new KLSparsity({ rho: 0.1 } as never)).toThrow(/no option "rho"/);
  });
});
