import { describe, expect, it } from "vitest";
import { data, Input, layers, loadModel, Model, ops, optimizers, saving, Sequential, tensor, type Tensor } from "../../index.ts";
import { gaussianDivergence, VariationalAutoencoder, type VariationalAutoencoderOptions } from "../index.ts";

const { Dense } = layers;
const quiet = { verbose: 0 } as const;
/** Two kinds of samples: the first four elements are on, or the last four. */
const x = tensor(Array.from({ length: 64 }, (_, i) => Array.from({ length: 8 }, (_, j) => (j < 4 === (i % 2 === 0) ? 1 : 0))));

function make(options: Partial<VariationalAutoencoderOptions> = {}, width = 2): VariationalAutoencoder {
  const inputs = Input({ shape: [8] });
  const hidden = Dense({ units: 16, activation: "tanh" })(inputs);
  const encoder = new Model({ inputs, outputs: [Dense({ units: width })(hidden), Dense({ units: width })(hidden)] });
  const decoder = new Sequential([Dense({ units: 16, activation: "tanh", inputDim: width }), Dense({ units: 8, activation: "sigmoid" })]);
  return new VariationalAutoencoder({ encoder, decoder, seed: 5, ...options });
}

describe("gaussianDivergence", () => {
  it("is the mean of log q - log p over draws from q", async () => {
    const [mean, logVariance] = [tensor([[0.5, -1]]), tensor([[0.3, -0.7]])];
    const wanted = 0.5 * [0.5 ** 2 + Math.exp(0.3) - 1 - 0.3, 1 + Math.exp(-0.7) - 1 + 0.7].reduce((a, b) => a + b);
    expect(await gaussianDivergence(mean, logVariance).item()).toBeCloseTo(wanted, 5);
    expect(await gaussianDivergence(ops.zeros([3, 4]), ops.zeros([3, 4])).data()).toEqual(Float32Array.of(0, 0, 0));
  });
});

describe("VariationalAutoencoder", () => {
  it("reaches the entropy of what it is given, and shows the bound and its two terms", async () => {
    const vae = make();
    vae.compile({ optimizer: optimizers.Adam({ learningRate: 0.03 }) });
    const { history } = await vae.fit(x, null, { ...quiet, epochs: 200, batchSize: 32, validationData: [x, null] });
    expect(Object.keys(history).sort()).toEqual(
      ["elbo", "kl_loss", "loss", "reconstruction_loss"].flatMap((key) => [key, `val_${key}`]).sort(),
    );
    const { loss, elbo, reconstruction_loss: reconstruction, kl_loss: kl } = await vae.evaluate(x, null, { ...quiet, batchSize: 24 });
    expect(elbo).toBeCloseTo(-loss!, 3);
    expect(elbo).toBeCloseTo(-(reconstruction! + kl!), 3);
    // Two samples that are equally frequent: no bound is above -log 2 nats.
    expect(elbo).toBeLessThan(-Math.LN2 + 0.02);
    expect(elbo).toBeGreaterThan(-Math.LN2 - 0.5);
    expect(vae.directionOf("val_elbo")).toBe("up");
    // Reconstructions come from the means: the same every time, and right.
    const reconstructed = await vae.predict(x);
    expect(await (await vae.predict(x)).data()).toEqual(await reconstructed.data());
    expect(await ops.mean(ops.abs(ops.subtract(reconstructed, x))).item()).toBeLessThan(0.05);
    // New samples are of both kinds.
    const drawn = await vae.generate(400, { seed: 2 });
    expect(await (await vae.generate(400, { seed: 2 })).data()).toEqual(await drawn.data());
    const share = await ops.mean(ops.slice(drawn, [0, 0], [400, 1])).item();
    expect(Math.abs(share - 0.5)).toBeLessThan(0.15);
    const plane = await vae.latentPlane(5);
    expect(plane.shape).toEqual([25, 8]);
    const middle = await (await vae.decode([[0, 0]])).data();
    (await ops.slice(plane, [12, 0], [1, 8]).data()).forEach((value, i) => expect(value).toBeCloseTo(middle[i]!, 5));
    expect((await vae.interpolate(ops.slice(x, [0, 0], [2, 8]), ops.slice(x, [2, 0], [2, 8]), { steps: 4 })).shape).toEqual([2, 4, 8]);
  });

  it("weighs the divergence by beta, and knows normal samples", async () => {
    const vae = make({ beta: 4, likelihood: "gaussian", stddev: 0.5 });
    vae.compile({ optimizer: optimizers.SGD({ learningRate: 0 }) });
    const one = ops.slice(x, [0, 0], [1, 8]);
    const { loss, elbo, reconstruction_loss: reconstruction, kl_loss: kl } = await vae.testOnBatch(one);
    expect(loss).toBeCloseTo(reconstruction! + 4 * kl!, 4);
    expect(elbo).toBeCloseTo(-reconstruction! - kl!, 4);
    const { mean, logVariance } = await vae.encodeDistribution(one);
    expect(kl).toBeCloseTo(await gaussianDivergence(mean, logVariance).item(), 5);
    // The density of eight independent normal elements, at what the decoder said: bounded by that of no error at all.
    expect(reconstruction).toBeGreaterThan(4 * Math.log(2 * Math.PI * 0.25));
    // Weighted samples: twice the weight is twice the loss.
    vae.resetMetrics();
    const twice = make({ beta: 4, likelihood: "gaussian", stddev: 0.5 });
    await twice.setWeights(await vae.getWeights());
    twice.compile({ optimizer: optimizers.SGD({ learningRate: 0 }) });
    expect((await twice.testOnBatch(one, null, { sampleWeight: [2] })).loss).toBeCloseTo(2 * loss!, 3);
  });

  it("draws anew with every call, the gradients passing through what is drawn", async () => {
    const vae = make();
    const [a, b] = [vae(x), vae(x)] as [Tensor, Tensor];
    expect(await a.data()).not.toEqual(await b.data());
    vae.compile({ optimizer: optimizers.SGD({ learningRate: 0.1 }) });
    const before = await Promise.all(vae.encoder.weights.map(async (weight) => Array.from(await weight.data())));
    await vae.trainOnBatch(x);
    // Not only the mean's weights: those of the variance learn too.
    for (const [i, weight] of vae.encoder.weights.entries()) expect(Array.from(await weight.data())).not.toEqual(before[i]);
  });

  it("takes streams, and is in a file what it was", async () => {
    const vae = make({ beta: 2 });
    vae.compile({ optimizer: "adam" });
    await vae.fit(data.Dataset.fromTensors(x).batch(16), null, quiet);
    const loaded = (await loadModel(await saving.toBytes(vae))) as unknown as VariationalAutoencoder;
    expect(loaded).toBeInstanceOf(VariationalAutoencoder);
    expect([loaded.beta, loaded.sampling.seed, loaded.likelihood]).toEqual([2, 5, "bernoulli"]);
    expect(await (await loaded.predict(x)).data()).toEqual(await (await vae.predict(x)).data());
    const again = (await loadModel(await saving.toBytes(vae))) as unknown as VariationalAutoencoder;
    expect(await loaded.evaluate(x, null, quiet)).toEqual(await again.evaluate(x, null, quiet));
  });

  it("refuses encoders of one output, targets, losses, and options that make no sense", async () => {
    const single = new Sequential([Dense({ units: 2, inputDim: 8 })]);
    const decoder = new Sequential([Dense({ units: 8, inputDim: 2 })]);
    expect(() => new VariationalAutoencoder({ encoder: single as never, decoder })).toThrow(/outputs: \[mean, logVariance\]/);
    expect(() => make({ decoder: new Sequential([Dense({ units: 8, inputDim: 3 })]) })).toThrow(/what the decoder takes/);
    expect(() => make({ decoder: new Sequential([Dense({ units: 9, inputDim: 2 })]) })).toThrow(/samples of the shape/);
    expect(() => make({ beta: -1 })).toThrow(/beta/);
    expect(() => make({ stddev: 0 })).toThrow(/stddev/);
    expect(() => make({ likelihood: "poisson" as never })).toThrow(/bernoulli/);
    const vae = make({}, 3);
    expect(() => vae.compile({ loss: "mse" })).toThrow(/brings its own loss/);
    await expect(vae.fit(x)).rejects.toThrow(/not compiled/);
    vae.compile({ optimizer: "adam" });
    await expect(vae.fit(x, x, quiet)).rejects.toThrow(/takes no targets/);
    await expect(vae.fit([[NaN, 0, 0, 0, 0, 0, 0, 0]])).rejects.toThrow(/not finite/);
    await expect(vae.latentPlane(3)).rejects.toThrow(/in a plane/);
    await expect(vae.generate(0)).rejects.toThrow(/number of samples/);
  });
});
