import { beforeAll, describe, expect, it } from "vitest";
import { setBackend, setRandomSeed, type StringTensor, tensor, type Tensor } from "../../index.ts";
import { Dataset, type Element } from "../index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const plain = async (element: Element): Promise<unknown> =>
  Array.isArray(element)
    ? await Promise.all(element.map((part) => plain(part as Element)))
    : await (element as Tensor | StringTensor).array();
const values = async (dataset: Dataset): Promise<unknown[]> => await Promise.all((await dataset.toArray()).map(plain));
const ragged = (lengths: readonly number[]): Dataset =>
  Dataset.fromGenerator(function* () {
    for (const length of lengths) yield Array.from({ length }, (_, i) => i + 1);
  });

describe("Dataset.map", () => {
  it("works on several elements at a time and keeps their order", async () => {
    let [running, most] = [0, 0];
    const slow = Dataset.range(6).map(
      async (n) => {
        most = Math.max(most, ++running);
        const value = await (n as Tensor).item();
        // The first of each three is ready last.
        for (let turn = 0; turn < 6 - 2 * (value % 3); turn++) await new Promise((resolve) => setImmediate(resolve));
        running--;
        return value * 10;
      },
      { numParallelCalls: 3 },
    );
    expect(await values(slow)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(most).toBe(3);
  });

  it("gives what is ready first where the order does not matter, every element once", async () => {
    const release: (() => void)[] = [];
    const gates = [0, 1, 2].map((i) => new Promise<void>((resolve) => (release[i] = resolve)));
    const reader = Dataset.range(3)
      .map(async (n) => (await gates[await (n as Tensor).item()], n), { numParallelCalls: 3, deterministic: false })
      .open();
    const seen: number[] = [];
    for (const open of [2, 0, 1]) {
      release[open]!();
      seen.push(Number((await reader.next())!.leaves[0]!.values[0]));
    }
    expect(seen).toEqual([2, 0, 1]);
    expect(await reader.next()).toBeUndefined();
  });

  it("gives an error in the place of its element, and goes on after it", async () => {
    const reader = Dataset.range(3)
      .map(
        async (n) => {
          if ((await (n as Tensor).item()) === 1) throw new Error("broken image");
          return n;
        },
        { numParallelCalls: 3 },
      )
      .open();
    expect((await reader.next())!.leaves[0]!.values[0]).toBe(0);
    await expect(Promise.resolve(reader.next())).rejects.toThrow("broken image");
    expect((await reader.next())!.leaves[0]!.values[0]).toBe(2);
  });
});

describe("batches of unequal elements", () => {
  it("are filled up to the longest, or to a given shape, with a given value", async () => {
    expect(await values(ragged([1, 3, 2]).paddedBatch(2))).toEqual([[[1, 0, 0], [1, 2, 3]], [[1, 2]]]); // prettier-ignore
    expect(await values(ragged([1, 2]).paddedBatch(2, { paddedShapes: [3], paddingValues: -1 }))).toEqual([[[1, -1, -1], [1, 2, -1]]]); // prettier-ignore
    const pairs = Dataset.fromGenerator(function* () {
      yield [[[1, 2]], ["a"]];
      yield [
        [[3], [4]],
        ["b", "c"],
      ];
    });
    expect(await values(pairs.paddedBatch(2, { paddedShapes: [[null, 2], [null]], paddingValues: [9, "-"] }))).toEqual([
      [
        [[[1, 2], [9, 9]], [[3, 9], [4, 9]]], // prettier-ignore
        [["a", "-"], ["b", "c"]], // prettier-ignore
      ],
    ]);
    await expect(
      ragged([4])
        .paddedBatch(1, { paddedShapes: [3] })
        .toArray(),
    ).rejects.toThrow(/longer than its padded shape/);
    await expect(ragged([4]).paddedBatch(1, { paddingValues: "x" }).toArray()).rejects.toThrow(/does not fit arrays/);
  });

  it("come in buckets by length, what is left at the end by bucket", async () => {
    const options = { elementLengthFunc: (x: Element) => (x as Tensor).dim(0), bucketBoundaries: [3, 5], bucketBatchSizes: [2, 2, 1] };
    const batches = await values(ragged([1, 4, 6, 2, 3, 2]).bucketBySequenceLength(options));
    expect(batches.map((batch) => (batch as number[][]).map((row) => row.filter(Boolean).length))).toEqual([[6], [1, 2], [4, 3], [2]]);
    expect((await values(ragged([1, 4]).bucketBySequenceLength({ ...options, dropRemainder: true }))).length).toBe(0);
    expect(() => ragged([1]).bucketBySequenceLength({ ...options, bucketBatchSizes: [1] })).toThrow(/do not fit/);
  });
});

describe("data sets of data sets", () => {
  const repeated = (n: Element): Dataset =>
    Dataset.fromTensors(tensor([0, 1, 2].map((i) => i)) as Element).map(
      async (i) => 10 * (await (n as Tensor).item()) + (await (i as Tensor).item()),
    );

  it("are read one after another, or in turn", async () => {
    expect(await values(Dataset.range(1, 3).flatMap(repeated))).toEqual([10, 11, 12, 20, 21, 22]);
    expect(await values(Dataset.range(1, 4).interleave(repeated, { cycleLength: 2, blockLength: 2 }))).toEqual([
      10, 11, 20, 21, 12, 22, 30, 31, 32,
    ]);
    // The example in TensorFlow's documentation.
    const example = Dataset.range(1, 6).interleave((n) => Dataset.range(6).map(() => n), { cycleLength: 2, blockLength: 4 });
    expect((await values(example)).join("")).toBe("111122221122333344443344555555");
    await expect(
      Dataset.range(1)
        .flatMap(() => 3 as never)
        .toArray(),
    ).rejects.toThrow(/no data set/);
  });

  it("end at once where there are none, and pass over empty ones", async () => {
    expect(await values(Dataset.range(0).interleave(repeated))).toEqual([]);
    expect(await values(Dataset.range(3).interleave(() => Dataset.range(0), { cycleLength: 2 }))).toEqual([]);
  });
});

describe("Dataset.window, shard and enumerate", () => {
  it("makes windows by shift and stride", async () => {
    const range = Dataset.range(7);
    expect(await values(range.window(3))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(await values(range.window(3, { shift: 1, stride: 2, dropRemainder: true }))).toEqual([[0, 2, 4], [1, 3, 5], [2, 4, 6]]); // prettier-ignore
    expect(await values(range.window(2, { shift: 4 }))).toEqual([[0, 1], [4, 5]]); // prettier-ignore
  });

  it("parts and numbers elements", async () => {
    expect(await values(Dataset.range(7).shard(3, 1))).toEqual([1, 4]);
    expect(Dataset.range(7).shard(3, 0).cardinality).toBe(3);
    expect(() => Dataset.range(7).shard(3, 3)).toThrow(/no such part/);
    expect(await values(Dataset.range(5, 7).enumerate(1))).toEqual([[1, 5], [2, 6]]); // prettier-ignore
  });
});

describe("rows of arrays in memory", () => {
  it("are shuffled and batched by number as they are one by one", async () => {
    const x = tensor(Array.from({ length: 50 }, (_, i) => Array.from({ length: 20 }, (_, j) => 100 * i + j)));
    const y = Array.from({ length: 50 }, (_, i) => i);
    const make = (elements: Dataset): Dataset => (setRandomSeed(5), elements.shuffle(20).batch(8));
    const byNumber = await values(make(Dataset.fromTensors([x, y])));
    const oneByOne = await values(make(Dataset.fromTensors([x, y]).map((element) => element)));
    expect(byNumber).toEqual(oneByOne);
    expect(byNumber.length).toBe(7);
    const seen = byNumber.flatMap((batch) => (batch as [number[][], number[]])[1]);
    expect(seen.toSorted((a, b) => a - b)).toEqual(y);
    for (const batch of byNumber as [number[][], number[]][]) batch[0].forEach((row, i) => expect(row[19]).toBe(100 * batch[1][i]! + 19));
  });

  it("may be texts", async () => {
    const texts = Dataset.fromTensors([["good", "bad", "fine"], Int32Array.of(1, 0, 1)]);
    expect(await values(texts.batch(2))).toEqual([[["good", "bad"], [1, 0]], [["fine"], [1]]]); // prettier-ignore
    expect(await values(texts.batch(2).unbatch())).toEqual([["good", 1], ["bad", 0], ["fine", 1]]); // prettier-ignore
    expect(await values(texts.filter((element) => (element as readonly Tensor[])[1]!).map((element) => (element as readonly StringTensor[])[0]!))).toEqual(["good", "fine"]); // prettier-ignore
  });
});
