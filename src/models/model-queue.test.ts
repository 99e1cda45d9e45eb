import { beforeAll, describe, expect, it } from "vitest";
import { callbacks, layers, ops, Sequential, setBackend, type Tensor, tensor } from "../index.ts";

beforeAll(async () => {
  await setBackend("reference");
});

const x = tensor([[1, 2], [3, 4], [5, 6], [7, 8]]); // prettier-ignore
const y = tensor([[1], [2], [3], [4]]);
const quiet = { verbose: 0, batchSize: 2 } as const;

function regressor(): Sequential {
  const model = new Sequential([layers.Dense({ units: 1, inputDim: 2 })]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}

describe("what user code calls on a model that is running runs at once", () => {
  it("in callbacks, awaited or not", async () => {
    const model = regressor();
    const seen: unknown[] = [];
    let open = 0;
    class Looks extends callbacks.Callback {
      override async onEpochEnd(epoch: number): Promise<void> {
        const predicted = await model.predict(x, quiet);
        seen.push(epoch, await predicted.array());
        seen.push((await model.evaluate(x, y, quiet)).loss);
      }
      override onTrainBatchBegin(): void {
        // Training must not go on while these run, or they would see weights of another batch.
        expect(open).toBe(0);
        for (const _ of [0, 1]) {
          open++;
          void model.predictOnBatch(x).then(() => open--);
        }
      }
    }
    const { history } = await model.fit(x, y, { ...quiet, epochs: 2, shuffle: false, callbacks: [new Looks()] });
    expect(open).toBe(0);
    expect(seen.filter((_, i) => i % 3 === 0)).toEqual([0, 1]);
    expect(seen[4]).toEqual(await (await model.predict(x, quiet)).array());
    expect(history.loss).toHaveLength(2);
  });

  it("in generators of data", async () => {
    const model = regressor();
    async function* batches(): AsyncGenerator<[Tensor, Tensor]> {
      for (let i = 0; i < 3; i++) yield [x, await model.predict(x, quiet)];
    }
    const { history } = await model.fit(batches as never, null, { epochs: 2, stepsPerEpoch: 3, verbose: 0 });
    for (const loss of history.loss!) expect(loss).toBeCloseTo(0, 10);
    expect((await model.evaluate(batches() as never, null, { verbose: 0 })).loss).toBeCloseTo(0, 10);
    const validated = await model.fit(x, y, { ...quiet, validationData: batches as never });
    // The first of its batches was asked for before training began.
    expect(validated.history.val_loss![0]).toBeGreaterThan(0);
    async function* inputs(): AsyncGenerator<Tensor> {
      for (let i = 0; i < 2; i++) yield ops.add(x, ops.multiply(0, await model.predict(x, quiet)));
    }
    expect((await model.predict(inputs() as never, { verbose: 0 })).shape).toEqual([8, 1]);
  });

  it("and an error in it ends the call, which leaves the model usable", async () => {
    const model = regressor();
    class Fails extends callbacks.Callback {
      override async onEpochEnd(): Promise<void> {
        await model.predict(x, quiet);
        throw new Error("no more");
      }
    }
    await expect(model.fit(x, y, { ...quiet, callbacks: [new Fails()] })).rejects.toThrow("no more");
    expect((await model.predict(x, quiet)).shape).toEqual([4, 1]);
  });

  it("while calls from outside wait for their turn", async () => {
    const model = regressor();
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    await Promise.all([
      model.fit(x, y, { ...quiet, epochs: 2, callbacks: [new (class extends callbacks.Callback {
        override async onEpochEnd(epoch: number): Promise<void> {
          await model.predict(x, quiet);
          order.push(`epoch ${epoch}`);
        }
      })()] }).then(note("fit")), // prettier-ignore
      model.evaluate(x, y, quiet).then(note("evaluate")),
    ]);
    expect(order).toEqual(["epoch 0", "epoch 1", "fit", "evaluate"]);
  });
});
