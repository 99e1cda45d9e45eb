import { beforeAll, describe, expect, it } from "vitest";
import { data, layers, ops, Sequential, setBackend, type Tensor, tensor, utils } from "../index.ts";

beforeAll(() => setBackend("reference"));

const { splitDataset, timeseriesDatasetFromArray } = utils;
const all = async (set: data.Dataset): Promise<unknown[]> => {
  const found: unknown[] = [];
  for await (const element of set) {
    const parts = (Array.isArray(element) ? element : [element]) as Tensor[];
    const arrays = await Promise.all(parts.map((part) => part.array()));
    found.push(Array.isArray(element) ? arrays : arrays[0]);
  }
  return found;
};
const ten = Float32Array.from({ length: 10 }, (_, i) => i);

describe("timeseriesDatasetFromArray", () => {
  it("cuts sequences with their targets, in batches", async () => {
    const set = timeseriesDatasetFromArray(ten, Int32Array.of(30, 31, 32, 33, 34, 35, 36, 37, 38, 39), 3, {
      batchSize: 3,
      sequenceStride: 2,
    });
    expect(set.cardinality).toBe(2);
    expect(await all(set)).toEqual([[[[0, 1, 2], [2, 3, 4], [4, 5, 6]], [30, 32, 34]], [[[6, 7, 8]], [36]]]); // prettier-ignore
  });

  it("skips steps within sequences, uses a part of the series, and gives single sequences", async () => {
    const set = timeseriesDatasetFromArray(ten, null, 3, { samplingRate: 2, startIndex: 1, endIndex: 8, batchSize: null });
    expect(await all(set)).toEqual([[1, 3, 5], [2, 4, 6], [3, 5, 7]]); // prettier-ignore
  });

  it("keeps features together, has no more sequences than targets, and shuffles them the same way at every pass", async () => {
    const series = tensor([[0, 1], [2, 3], [4, 5], [6, 7]]); // prettier-ignore
    expect(await all(timeseriesDatasetFromArray(series, [7], 2))).toEqual([[[[[0, 1], [2, 3]]], [7]]]); // prettier-ignore
    const mixed = timeseriesDatasetFromArray(ten, ten, 2, { shuffle: true, seed: 3, batchSize: 9 });
    const [[x, y]] = (await all(mixed)) as [[number[][], number[]]];
    expect(x.map(([first]) => first)).toEqual(y);
    expect(y).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...y].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await all(mixed)).toEqual([[x, y]]);
  });

  it("refuses lengths and bounds outside the series", () => {
    expect(() => timeseriesDatasetFromArray(ten, null, 0)).toThrow(/sequenceLength/);
    expect(() => timeseriesDatasetFromArray(ten, null, 2, { startIndex: 10 })).toThrow(/startIndex/);
    expect(() => timeseriesDatasetFromArray(ten, null, 2, { startIndex: 5, endIndex: 5 })).toThrow(/endIndex/);
    expect(() => timeseriesDatasetFromArray(5, null, 2)).toThrow(/single number/);
  });
});

describe("splitDataset", () => {
  it("gives the first and the last elements", async () => {
    const [left, right] = await splitDataset(data.Dataset.range(10), { leftSize: 0.8 });
    expect([await all(left), await all(right)]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [8, 9]]); // prettier-ignore
    const [first, last] = await splitDataset(ten, { leftSize: 2, rightSize: 3 });
    expect([await all(first), await all(last)]).toEqual([[0, 1], [7, 8, 9]]); // prettier-ignore
    const [half, other] = await splitDataset(ten.slice(0, 3), { leftSize: 0.5, rightSize: 0.5 });
    expect([await all(half), await all(other)]).toEqual([[0, 1], [2]]); // prettier-ignore
  });

  it("shuffles without losing any, and refuses sizes that do not fit", async () => {
    const [left, right] = await splitDataset(ten, { rightSize: 4, shuffle: true, seed: 1 });
    const values = [...(await all(left)), ...(await all(right))];
    expect(values).not.toEqual([...ten]);
    expect([...values].sort()).toEqual([...ten]);
    await expect(splitDataset(ten, {})).rejects.toThrow(/sizes are missing/);
    await expect(splitDataset(ten, { leftSize: 8, rightSize: 8 })).rejects.toThrow(/do not fit/);
  });
});

describe("PyDataset", () => {
  it("feeds fit batch by batch, and hears of passes", async () => {
    const heard: string[] = [];
    class Ones extends utils.PyDataset {
      override get numBatches(): number {
        return 3;
      }
      override getItem(index: number): [Tensor, Tensor] {
        heard.push(String(index));
        return [ops.ones([2, 1]), ops.zeros([2, 1])];
      }
      override onEpochEnd(): void {
        heard.push("end");
      }
    }
    const model = new Sequential({ layers: [layers.Dense({ units: 1, inputDim: 1 })] });
    model.compile({ loss: "mse" });
    const { history } = await model.fit(new Ones(), null, { epochs: 2, verbose: 0 });
    expect(history.loss!.length).toBe(2);
    expect(heard.filter((entry) => entry !== "end").slice(0, 3)).toEqual(["0", "1", "2"]);
    expect(Object.keys(await model.evaluate(new Ones(), null, { verbose: 0 }))).toContain("loss");
  });
});

describe("packXYSampleWeight", () => {
  it("is as short as it can be, and is taken apart again", () => {
    expect([utils.packXYSampleWeight(1), utils.packXYSampleWeight(1, 2), utils.packXYSampleWeight(1, 2, 3)]).toEqual([
      1,
      [1, 2],
      [1, 2, 3],
    ]);
    expect(utils.packXYSampleWeight([1, 2])).toEqual([[1, 2]]);
    expect([utils.unpackXYSampleWeight([1, 2]), utils.unpackXYSampleWeight(5)]).toEqual([[1, 2, null], [5, null, null]]); // prettier-ignore
    expect(() => utils.unpackXYSampleWeight([1, 2, 3, 4])).toThrow(/one to three/);
  });
});
