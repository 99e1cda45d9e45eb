import { beforeAll, describe, expect, it } from "vitest";
import { jacobian, layers, loadModel, ops, optimizers, saving, Sequential, setBackend, tensor, type Tensor } from "../../index.ts";
import { expectGradients, randomTensor, valuesOf } from "../../testing/finite-differences.ts";
import { ContractiveAutoencoder, squaredJacobianNorm } from "../index.ts";

beforeAll(() => setBackend("reference"));
const { Dense } = layers;
const quiet = { verbose: 0 } as const;

describe("squaredJacobianNorm", () => {
  const [x, kernel, bias, second] = [randomTensor([3, 5], 1), randomTensor([5, 4], 2), randomTensor([4], 3), randomTensor([4, 2], 4)];
  const sigmoid = (x: Tensor, w: Tensor, b: Tensor): Tensor => ops.sigmoid(ops.add(ops.matmul(x, w), b));
  /** Rifai and others, section 3: for sigmoid units, sum over j of (h_j (1 - h_j))^2 sum over i of W_ij^2. */
  const analytic = (x: Tensor, w: Tensor, b: Tensor): Tensor => {
    const h = sigmoid(x, w, b);
    return ops.matmul(ops.square(ops.multiply(h, ops.subtract(1, h))), ops.sum(ops.square(w), 0));
  };
  const norms = (x: Tensor, w: Tensor, b: Tensor): Tensor => squaredJacobianNorm((input) => sigmoid(input, w, b), x);

  it("is the formula of a layer of sigmoids, and so are its gradients by weights and samples", () => {
    expect(norms(x, kernel, bias).shape).toEqual([3]);
    const [mine, formula] = [valuesOf(norms(x, kernel, bias)), valuesOf(analytic(x, kernel, bias))];
    mine.forEach((value, i) => expect(value).toBeCloseTo(formula[i]!, 12));
    const sums = [norms, analytic].map((f) => (w: Tensor) => ops.sum(f(x, w, bias)));
    const [own, wanted] = sums.map((f) => valuesOf(jacobian(f)(kernel)));
    own!.forEach((value, i) => expect(value).toBeCloseTo(wanted![i]!, 12));
  });

  it("agrees with finite differences, its gradients and theirs too", () => {
    expectGradients(norms, [x, kernel, bias]);
    const deep = (x: Tensor, w: Tensor, b: Tensor, v: Tensor): Tensor =>
      squaredJacobianNorm((input) => ops.tanh(ops.matmul(sigmoid(input, w, b), v)), x);
    expectGradients(deep, [x, kernel, bias, second]);
    const step = 1e-5;
    const h = (values: Float64Array): Float64Array => valuesOf(sigmoid(tensor(values, { shape: [3, 5], dtype: "float64" }), kernel, bias));
    const at = valuesOf(x);
    const wanted = [0, 0, 0];
    at.forEach((_, i) => {
      const [up, down] = [1, -1].map((sign) => h(Float64Array.from(at, (value, k) => (k === i ? value + sign * step : value))));
      const row = Math.floor(i / 5);
      for (let j = 0; j < 4; j++) wanted[row]! += ((up![4 * row + j]! - down![4 * row + j]!) / (2 * step)) ** 2;
    });
    valuesOf(norms(x, kernel, bias)).forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 7));
  });

  it("takes maps of features and convolutions", async () => {
    const encoder = new Sequential([layers.Conv2D({ filters: 2, kernelSize: 2, activation: "tanh", inputShape: [3, 3, 1] })]);
    const images = tensor(
      Float32Array.from({ length: 18 }, (_, i) => Math.sin(i)),
      { shape: [2, 3, 3, 1] },
    );
    const own = await squaredJacobianNorm((input) => encoder(input), images).data();
    for (const index of [0, 1]) {
      const one = ops.slice(images, [index, 0, 0, 0], [1, 3, 3, 1]);
      const all = await ops.sum(ops.square(jacobian((input: Tensor) => encoder(input))(one))).item();
      expect(own[index]).toBeCloseTo(all, 5);
    }
    expect(() => squaredJacobianNorm((input) => ops.sum(input), images)).toThrow(/one value per sample/);
  });
});

describe("ContractiveAutoencoder", () => {
  const x = tensor(
    Float32Array.from({ length: 32 * 6 }, (_, i) => Math.sin(1.3 * i)),
    { shape: [32, 6] },
  );
  const make = (weight: number): ContractiveAutoencoder => {
    const encoder = new Sequential([Dense({ units: 4, activation: "sigmoid", inputDim: 6, kernelInitializer: "glorot_uniform" })]);
    return new ContractiveAutoencoder({ encoder, decoder: new Sequential([Dense({ units: 6, inputDim: 4 })]), weight });
  };

  it("adds the weighted norm to the loss, shows it, and makes it smaller", async () => {
    const autoencoder = make(5);
    autoencoder.compile({ optimizer: optimizers.Adam({ learningRate: 0.02 }), loss: "mse" });
    const { loss, contraction } = await autoencoder.testOnBatch(x);
    const error = await ops.mean(ops.square(ops.subtract(x, await autoencoder.predict(x)))).item();
    expect(loss).toBeCloseTo(error + 5 * contraction!, 5);
    const free = make(0);
    await free.setWeights(await autoencoder.getWeights());
    free.compile({ optimizer: optimizers.Adam({ learningRate: 0.02 }), loss: "mse" });
    for (const model of [autoencoder, free]) await model.fit(x, null, { ...quiet, epochs: 30 });
    const [tight, loose] = [await autoencoder.evaluate(x, null, quiet), await free.evaluate(x, null, quiet)];
    expect(tight.contraction).toBeLessThan(0.5 * contraction!);
    expect(loose.contraction).toBeGreaterThan(contraction!);
    expect(loose.loss).toBeLessThan(tight.loss! - 5 * tight.contraction!);
  });

  it("is in a file what it was", async () => {
    const autoencoder = make(0.25);
    autoencoder.compile({ optimizer: "adam", loss: "mse" });
    await autoencoder.fit(x, null, quiet);
    const loaded = (await loadModel(await saving.toBytes(autoencoder))) as unknown as ContractiveAutoencoder;
    expect(loaded).toBeInstanceOf(ContractiveAutoencoder);
    expect(loaded.weight).toBe(0.25);
    expect(await loaded.evaluate(x, null, quiet)).toEqual(await autoencoder.evaluate(x, null, quiet));
  });

  it("refuses a negative weight", () => {
    expect(() => make(-1)).toThrow(/weight >= 0/);
    expect(() => make("x" as never)).toThrow(/weight/);
  });
});
