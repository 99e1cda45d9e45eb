import { beforeAll, describe, expect, it } from "vitest";
import { ops, setBackend, setRandomSeed, tensor, type Tensor } from "../index.ts";
import { Dataset } from "./index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const numbers = async (dataset: Dataset): Promise<unknown[]> =>
  await Promise.all((await dataset.toArray()).map((element) => (element as Tensor).array()));

describe("Dataset", () => {
  const x = tensor([[1, 2], [3, 4], [5, 6]]); // prettier-ignore

  it("cuts tensors, typed arrays and nested arrays along the first axis, in lists and objects", async () => {
    const pairs = await Dataset.fromTensors<[Tensor, Tensor]>([x, Int32Array.of(7, 8, 9)]).toArray();
    expect(await Promise.all(pairs.map(([a, b]) => Promise.all([a.array(), b.item()])))).toEqual([
      [[1, 2], 7],
      [[3, 4], 8],
      [[5, 6], 9],
    ]);
    const named = Dataset.fromTensors<{ image: Tensor }>({ image: [[1], [2]] });
    expect(named.cardinality).toBe(2);
    for await (const { image } of named.take(1)) expect(image.shape).toEqual([1]);
    expect(() => Dataset.fromTensors([x, Int32Array.of(1)])).toThrow(/different numbers of samples/);
  });

  it("batches, drops remainders, and takes batches apart again", async () => {
    expect(await numbers(Dataset.range(5).batch(2))).toEqual([[0, 1], [2, 3], [4]]);
    expect(await numbers(Dataset.range(5).batch(2, { dropRemainder: true }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(await numbers(Dataset.range(5).batch(2).unbatch())).toEqual([0, 1, 2, 3, 4]);
    const [batch] = await Dataset.fromTensors([x, [true, false, true]])
      .batch(3)
      .toArray();
    expect((batch as readonly Tensor[]).map(({ shape, dtype }) => [shape, dtype])).toEqual([
      [[3, 2], "float32"],
      [[3], "bool"],
    ]);
    expect([5, 2].map((size) => Dataset.range(5).batch(size).cardinality)).toEqual([1, 3]);
  });

  it("maps and filters by functions that may be asynchronous and use operations", async () => {
    const doubled = Dataset.range(1, 6).map((n) => ops.multiply(n as Tensor, 2));
    const large = doubled.filter((n) => ops.greater(n as Tensor, 4));
    expect(await numbers(large.map(async (n) => [await Promise.resolve(await (n as Tensor).item())]))).toEqual([[6], [8], [10]]);
    expect([doubled.cardinality, large.cardinality]).toEqual([5, null]);
  });

  it("repeats, takes, skips, zips and concatenates", async () => {
    expect(await numbers(Dataset.range(3).repeat().skip(2).take(5))).toEqual([2, 0, 1, 2, 0]);
    expect(await numbers(Dataset.range(2).repeat(2).concatenate(Dataset.range(9, 10)))).toEqual([0, 1, 0, 1, 9]);
    const zipped = Dataset.range(3).zip(Dataset.range(5, 20));
    expect(zipped.cardinality).toBe(3);
    expect(
      await Promise.all((await zipped.toArray()).map(async ([a, b]) => [await (a as Tensor).item(), await (b as Tensor).item()])),
    ).toEqual([
      [0, 5],
      [1, 6],
      [2, 7],
    ]);
    expect([Dataset.range(3).repeat().cardinality, Dataset.range(3).repeat(2).cardinality]).toEqual([Infinity, 6]);
    await expect(Dataset.range(3).repeat().toArray()).rejects.toThrow(/no end/);
    // A data set without elements, repeated without end, ends.
    expect(await numbers(Dataset.fromGenerator(() => []).repeat())).toEqual([]);
  });

  it("shuffles: every element once, another order at every pass, repeated by setRandomSeed", async () => {
    const passes = async (): Promise<unknown[][]> => {
      setRandomSeed(3);
      const dataset = Dataset.range(20).shuffle(20);
      return [await numbers(dataset), await numbers(dataset)];
    };
    const [first, second] = await passes();
    expect([...first!].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(second).not.toEqual(first);
    expect(await passes()).toEqual([first, second]);
    const fixed = Dataset.range(20).shuffle(20, { reshuffleEachIteration: false });
    expect(await numbers(fixed)).toEqual(await numbers(fixed));
    // With a buffer of 4, element i cannot come before place i - 3.
    (await numbers(Dataset.range(20).shuffle(4))).forEach((value, place) => expect(Number(value)).toBeLessThanOrEqual(place + 3));
  });

  it("reads generators anew at every pass, but what is cached only once", async () => {
    let calls = 0;
    const source = Dataset.fromGenerator(function* () {
      calls++;
      yield [1, 2];
      yield [3, 4];
    });
    expect(await numbers(source)).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(await numbers(source)).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(calls).toBe(2);
    const cached = source.cache();
    for (let pass = 0; pass < 3; pass++) expect((await numbers(cached)).length).toBe(2);
    expect(calls).toBe(3);
  });

  it("prefetches: elements are made before they are asked for, errors come where they belong", async () => {
    const made: number[] = [];
    const slow = Dataset.range(4).map(async (n) => {
      const value = await (n as Tensor).item();
      made.push(value);
      if (value === 3) throw new Error("broken file");
      return value;
    });
    const reader = slow.prefetch(2).open();
    await reader.next();
    // Two are made without being asked for; where they are not, the test's time runs out here.
    while (made.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    await reader.next();
    await reader.next();
    await expect((async () => await reader.next())()).rejects.toThrow("broken file");
  });

  it("says what does not fit", async () => {
    expect(() => Dataset.range(3).batch(0)).toThrow(/batchSize is a whole number/);
    expect(() => Dataset.range(3).shuffle(2, { sead: 1 } as object)).toThrow(/"seed"/);
    await expect(
      Dataset.fromGenerator(() => [[1], [2, 3]])
        .batch(2)
        .toArray(),
    ).rejects.toThrow(/different shapes/);
    await expect(
      Dataset.range(1)
        .map(() => null as never)
        .toArray(),
    ).rejects.toThrow(/no data/);
    await expect(Dataset.fromGenerator(5 as never).toArray()).rejects.toThrow(/iterated/);
  });
});
