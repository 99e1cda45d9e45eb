import { beforeAll, describe, expect, it } from "vitest";
import { layers, ops, Sequential, setBackend, tensor, type Tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

const numbers = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
const x = tensor([
  [1, 2, -1],
  [0.5, -1, 2],
]);
const images = ops.reshape(ops.arange(2 * 4 * 4 * 2), [2, 4, 4, 2]);
const cases: readonly (readonly [string, () => layers.Dense | layers.EinsumDense | layers.Conv2D | layers.Embedding, Tensor])[] = [
  ["Dense", () => layers.Dense({ units: 4 }), x],
  ["EinsumDense", () => layers.EinsumDense({ equation: "ab,bcd->acd", outputShape: [2, 4], biasAxes: "cd" }), x],
  ["Conv2D", () => layers.Conv2D({ filters: 3, kernelSize: 2 }), ops.cast(images, "float32")],
  ["Embedding", () => layers.Embedding({ inputDim: 5, outputDim: 4 }), tensor([[1, 3, 4]], { dtype: "int32" })],
];

describe("low-rank adapters", () => {
  it.each(cases)("of %s start as nothing, and count as the product of the two", async (_, make, input) => {
    const layer = make();
    const call = (x: Tensor): Tensor => layer(x);
    const before = await numbers(call(input));
    const [kernel] = await layer.getWeights();
    layer.enableLora(2, { loraAlpha: 3 });
    expect(await numbers(call(input))).toEqual(before);
    const weights = await layer.getWeights();
    const [a, b] = weights.slice(-2) as [Tensor, Tensor];
    const [p, q] = [a, b].map((t) => ops.reshape(ops.sin(ops.arange(t.size)), t.shape as number[]));
    await layer.setWeights([...weights.slice(0, -2), p!, q!]);
    const adapted = await numbers(call(input));
    const merged = make();
    merged.build(input.shape);
    const sum = ops.add(kernel!, ops.multiply(ops.matmul(p!, q!), 1.5));
    await merged.setWeights([sum, ...weights.slice(1, -2)]);
    const expected = await numbers(merged(input));
    adapted.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  });

  it("are trained in the place of the kernel", async () => {
    const dense = layers.Dense({ units: 2, loraRank: 1 });
    const model = new Sequential([dense]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    dense.build([2, 3]);
    expect(dense.weights.map((weight) => weight.path.replace(/^dense(_\d+)?/, "dense"))).toEqual([
      "dense/kernel",
      "dense/bias",
      "dense/lora_kernel_a",
      "dense/lora_kernel_b",
    ]);
    expect(dense.trainableWeights.map((weight) => weight.name)).toEqual(["bias", "lora_kernel_a", "lora_kernel_b"]);
    const kernel = await dense.kernel.data();
    const [, , , b] = await dense.getWeights();
    await model.fit(x, tensor([[1, 0], [0, 1]]), { epochs: 1, verbose: 0 }); // prettier-ignore
    expect(await dense.kernel.data()).toEqual(kernel);
    expect(await numbers((await dense.getWeights())[3]!)).not.toEqual(await numbers(b!));
    expect(dense.getConfig()).toMatchObject({ lora_rank: 1 });
    expect(layers.Dense({ units: 2 }).getConfig()).not.toHaveProperty("lora_rank");
  });

  it("refuse to be added too early, twice, and beside a constraint", () => {
    expect(() => layers.Dense({ units: 2 }).enableLora(2)).toThrow(/build it first/);
    const dense = layers.Dense({ units: 2, loraRank: 1 });
    dense.build([1, 3]);
    expect(() => dense.enableLora(2)).toThrow(/has adapters/);
    const bounded = layers.Dense({ units: 2, kernelConstraint: "max_norm" });
    bounded.build([1, 3]);
    expect(() => bounded.enableLora(2)).toThrow(/constraint/);
    expect(() => bounded.enableLora(1.5)).toThrow(/rank/);
  });
});

describe("ReversibleEmbedding", () => {
  it("gives the products of vectors with its rows, or with weights of its own", async () => {
    const tied = layers.ReversibleEmbedding({ inputDim: 4, outputDim: 3, logitSoftCap: 2 });
    const table = ops.reshape(ops.cast(ops.arange(12), "float32"), [4, 3]);
    tied.build();
    await tied.setWeights([table]);
    const products = [-1, 2, 5, 8];
    const capped = await numbers(tied(tensor([[1, 1, -1]]), { reverse: true }));
    capped.forEach((value, i) => expect(value).toBeCloseTo(2 * Math.tanh(products[i]! / 2), 5));
    const own = layers.ReversibleEmbedding({ inputDim: 4, outputDim: 3, tieWeights: false });
    own.build();
    await own.setWeights([table, ops.ones([3, 4])]);
    expect(await numbers(own(tensor([[1, 2, 4]]), { reverse: true }))).toEqual([7, 7, 7, 7]);
    expect(await numbers(own(tensor([2], { dtype: "int32" })))).toEqual([6, 7, 8]);
  });
});
