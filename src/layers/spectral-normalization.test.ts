import { beforeAll, describe, expect, it } from "vitest";
import { gradients, layers, Model, Input, ops, setBackend, tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

const x = tensor([
  [1, 2, -1],
  [0.5, -1, 2],
]);

describe("SpectralNormalization", () => {
  it("brings the largest singular value of the kernel to 1", async () => {
    const layer = layers.SpectralNormalization({ layer: layers.Dense({ units: 2, useBias: false }), powerIterations: 30 });
    layer(x, { training: true });
    const [kernel] = await layer.getWeights();
    const gram = (await ops.matmul(ops.transpose(kernel!), kernel!).array()) as number[][];
    const [a, b, d] = [gram[0]![0]!, gram[0]![1]!, gram[1]![1]!];
    expect((a + d) / 2 + Math.sqrt(((a - d) / 2) ** 2 + b * b)).toBeCloseTo(1, 5);
  });

  it("leaves a kernel of zeros and its vector as they are", async () => {
    const layer = layers.SpectralNormalization({ layer: layers.Dense({ units: 2, kernelInitializer: "zeros" }) });
    layer.build([2, 3]);
    const before = await layer.getWeights();
    layer(x, { training: true });
    const after = await layer.getWeights();
    for (const [i, weight] of after.entries()) expect(await weight.data()).toEqual(await before[i]!.data());
  });

  it("has the gradient of the replaced kernel by the version before the call and by the one after it", async () => {
    const layer = layers.SpectralNormalization({ layer: layers.Dense({ units: 2, useBias: false }) });
    layer.build([2, 3]);
    const before = layer.kernel.read();
    const y = layer(x, { training: true });
    const [byOld, byNew] = gradients([y], [before, layer.kernel]);
    const expected = [1.5, 1.5, 1, 1, 1, 1];
    expect(Array.from(await byOld!.data())).toEqual(expected);
    expect(Array.from(await byNew!.data())).toEqual(expected);
  });

  it("trains", async () => {
    const input = Input({ shape: [3] });
    const layer = layers.SpectralNormalization({ layer: layers.Dense({ units: 2, useBias: false }) });
    const model = new Model({ inputs: input, outputs: layer(input) });
    model.compile({ optimizer: "sgd", loss: "mse" });
    const u = await layer.vectorU.data();
    await model.fit(x, tensor([[1, 0], [0, 1]]), { epochs: 3, verbose: 0 }); // prettier-ignore
    expect(await layer.vectorU.data()).not.toEqual(u);
  });

  it("refuses a layer without a kernel", () => {
    expect(() => layers.SpectralNormalization({ layer: layers.Flatten() }).build([2, 3])).toThrow(/no kernel to normalise/);
    expect(() => layers.SpectralNormalization({ layer: "dense" as never })).toThrow(/needs a layer/);
  });
});
