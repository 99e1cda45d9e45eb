import { beforeAll, describe, expect, it } from "vitest";
import { data, layers, Model, ops, setBackend, type Tensor, tensor, utils } from "../index.ts";

beforeAll(() => setBackend("reference"));

const { FeatureSpace } = utils;
const table = { age: [20, 30, 40, 30], city: ["Rome", "Oslo", "Rome", "Lima"], visits: [1, 2, 1, 1] };
const make = (options: object = {}): InstanceType<typeof FeatureSpace> =>
  new FeatureSpace({ features: { city: "string_categorical", age: "float_normalized", visits: "integer_categorical" }, ...options });
const array = async (x: unknown): Promise<unknown> => (x as Tensor).array();

describe("FeatureSpace", () => {
  it("joins what the columns become, in the order of their names", async () => {
    const space = make();
    await space.adapt(table);
    const [row] = (await array(await space({ age: [37], city: ["Oslo"], visits: [2] }))) as [number[]];
    // age; city: unknown, Rome, then the others in reverse order; visits: unknown, 1, 2.
    expect(row.length).toBe(1 + 4 + 3);
    expect(row[0]).toBeCloseTo((37 - 30) / Math.sqrt(50), 5);
    const cities = (space.preprocessors.city as unknown as { getVocabulary(): string[] }).getVocabulary();
    expect(row.slice(1, 5)).toEqual(cities.map((name) => Number(name === "Oslo")));
    expect(row.slice(5)).toEqual([0, 0, 1]);
    expect(await array(await space({ age: 37, city: "Oslo", visits: 2 }))).toEqual(row);
  });

  it("hashes combinations by what the columns become, and gives numbers instead of vectors where asked", async () => {
    const crosses = [FeatureSpace.cross(["city", "visits"], 8, { outputMode: "int" })];
    const space = make({ crosses, outputMode: "dict" });
    await space.adapt(table);
    const out = (await space(table)) as Record<string, Tensor>;
    expect(Object.keys(out).sort()).toEqual(["age", "city", "city_X_visits", "visits"]);
    const hashed = (await array(out.city_X_visits)) as number[][];
    expect(hashed[0]).toEqual(hashed[2]);
    expect(hashed.flat().every((bucket) => bucket >= 0 && bucket < 8)).toBe(true);
    const joined = make({ crosses: [["city", "visits"]], crossingDim: 5 });
    await joined.adapt(table);
    expect(((await joined(table)) as Tensor).shape).toEqual([4, 1 + 4 + 3 + 5]);
  });

  it("learns the same from a Dataset of rows as from a table", async () => {
    const [one, other] = [make(), make()];
    await one.adapt(table);
    await other.adapt(data.Dataset.fromTensors({ age: tensor(table.age), city: tensor(table.city, { dtype: "string" }), visits: tensor(table.visits) })); // prettier-ignore
    expect(await array(await other(table))).toEqual(await array(await one(table)));
  });

  it("is the beginning of a model that takes the table", async () => {
    const space = make({ crosses: [["city", "visits"]], crossingDim: 5 });
    await space.adapt(table);
    const inputs = space.getInputs();
    const model = new Model({ inputs, outputs: ops.multiply(space.getEncodedFeatures() as Tensor, 1) });
    expect(await array(await model.predict(table as never))).toEqual(await array(await space(table)));
    const outputs = layers.Dense({ units: 1 })(space.getEncodedFeatures() as Tensor);
    const trained = new Model({ inputs, outputs });
    trained.compile({ loss: "mse", optimizer: "adam" });
    const { history } = await trained.fit(table as never, [[1], [2], [3], [4]], { epochs: 3, verbose: 0 });
    expect(history.loss![2]!).toBeLessThan(history.loss![0]!);
  });

  it("knows every kind of feature", async () => {
    const features = {
      a: FeatureSpace.floatRescaled({ scale: 2, offset: 1 }),
      b: FeatureSpace.floatDiscretized({ numBins: 3, binBoundaries: [1, 2] }),
      c: FeatureSpace.integerHashed({ numBins: 4 }),
      d: FeatureSpace.stringHashed({ numBins: 4 }),
      e: FeatureSpace.feature({ dtype: "float32", preprocessor: layers.Rescaling({ scale: 3 }), outputMode: "float" }),
      f: "float" as const,
    };
    const space = new FeatureSpace({ features });
    const [row] = (await array(await space({ a: [1], b: [1.5], c: [7], d: ["x"], e: [2], f: [5] }))) as [number[]];
    expect(row.slice(0, 4)).toEqual([3, 0, 1, 0]);
    expect([row.slice(4, 8), row.slice(8, 12)].map((part) => part.reduce((a, b) => a + b))).toEqual([1, 1]);
    expect(row.slice(12)).toEqual([6, 5]);
  });

  it("refuses what it does not know", async () => {
    expect(() => new FeatureSpace({ features: {} })).toThrow(/no features/);
    expect(() => new FeatureSpace({ features: { a: "flaot" as never } })).toThrow(/no known kind/);
    expect(() => make({ crosses: [["city", "vists"]] })).toThrow(/visits/);
    await expect(make()(table)).rejects.toThrow(/adapt/);
    await expect(make().adapt({ age: [1] })).rejects.toThrow(/missing/);
    const ints = new FeatureSpace({ features: { c: FeatureSpace.integerHashed({ numBins: 4, outputMode: "int" }) } });
    await expect(ints({ c: [1] })).rejects.toThrow(/not encoded/);
  });
});
