import { beforeAll, describe, expect, it } from "vitest";
import { gradients, layers, losses, ops, Sequential, setBackend, tensor, type Tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

// Keras 3.4.1 on TensorFlow, of the same calls: not -log(1e-7) = 16.1, as of clipped probabilities.
describe("cross-entropies of probabilities that were just made", () => {
  it("are those of their logits, also in what they teach", async () => {
    const logits = tensor([[0, 40, 1]]);
    const slope = async (of: (x: Tensor) => Tensor): Promise<unknown> => await gradients([ops.sum(of(logits))], [logits])[0]!.array();
    const categorical = (x: Tensor): Tensor => losses.categoricalCrossentropy(tensor([[1, 0, 0]]), ops.softmax(x));
    const sparse = (x: Tensor): Tensor => losses.sparseCategoricalCrossentropy(tensor([0], { dtype: "int32" }), ops.softmax(x));
    const binary = (x: Tensor): Tensor => losses.binaryCrossentropy(tensor([[1, 0, 0]]), ops.sigmoid(x));
    expect(await categorical(logits).array()).toEqual([40]);
    expect(await slope(categorical)).toEqual([[-1, 1, expect.closeTo(0)]]);
    expect(await sparse(logits).array()).toEqual([40]);
    expect(await slope(sparse)).toEqual([[-1, 1, expect.closeTo(0)]]);
    expect((await binary(logits).array()) as unknown).toEqual([expect.closeTo((Math.log(2) + 40 + Math.log1p(Math.E)) / 3, 5)]);
  });

  it("are those of the probabilities where these are all there is", async () => {
    const p = ops.multiply(ops.softmax(tensor([[0, 40, 1]])), 1);
    expect((await losses.categoricalCrossentropy(tensor([[1, 0, 0]]), p).array()) as unknown).toEqual([expect.closeTo(-Math.log(1e-7), 4)]);
    // A softmax is no sigmoid.
    const q = ops.softmax(tensor([[0, 40]]));
    expect((await losses.binaryCrossentropy(tensor([[1, 1]]), q).array()) as unknown).toEqual([expect.closeTo(-Math.log(1e-7) / 2, 4)]);
  });

  it("in a model's training", async () => {
    const model = new Sequential([layers.Dense({ units: 2, activation: "softmax", inputDim: 1, kernelInitializer: "ones" })]);
    await model.setWeights([tensor([[30, -30]]), tensor([0, 0])]);
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
    const { history } = await model.fit(tensor([[1]]), tensor([[0, 1]]), { verbose: 0 });
    expect(history["loss"]).toEqual([60]);
    const [kernel] = await model.getWeights();
    expect((await kernel!.array()) as unknown).toEqual([[expect.closeTo(29.99, 4), expect.closeTo(-29.99, 4)]]);
  });
});
