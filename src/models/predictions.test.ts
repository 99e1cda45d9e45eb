import { describe, expect, it } from "vitest";
import { layers, Model, ops, Sequential, tensor, type Tensor } from "../index.ts";

describe("predictOnBatch", () => {
  it("gives tensors whose values stay, however many predictions follow", async () => {
    const model = new Sequential([layers.InputLayer({ shape: [2] }), layers.Dense({ units: 20_000, kernelInitializer: "ones" })]);
    const held: Tensor[] = [];
    for (let i = 0; i < 24; i++) {
      const prediction = await model.predictOnBatch(tensor([[i, 1]]));
      if (i % 3 === 0) held.push(prediction);
    }
    for (const [position, prediction] of held.entries()) {
      const values = await prediction.data();
      expect(values.every((value) => value === 3 * position + 1)).toBe(true);
      // The array is the caller's.
      values.fill(0);
      expect((await prediction.data())[19_999]).toBe(3 * position + 1);
    }
  });

  it("gives outputs of any shape: there are no batches to be joined", async () => {
    class Total extends Model<Tensor, Tensor> {
      static override readonly className = "Total";
      override call(x: Tensor): Tensor {
        return ops.sum(x);
      }
    }
    const total = await new Total().predictOnBatch(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect([total.shape, await total.item()]).toEqual([[], 10]);
  });
});
