import { beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import type { Tensor } from "../index.ts";
import {
  define,
  errors,
  Input,
  Layer,
  layers,
  Model,
  modelFromJSON,
  ops,
  Sequential,
  setBackend,
  setRandomSeed,
  type Shape,
  tensor,
  Variable,
} from "../index.ts";
import { summaryText } from "./summary.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

const { Dense } = layers;
const ones = (...shape: number[]): Tensor => ops.ones(shape);

class Scale extends Layer<{ power?: number; name?: string }> {
  static override readonly className = "Scale";
  readonly power: number;
  factor!: Variable;
  constructor(options: { power?: number; name?: string } = {}) {
    super(options);
    this.power = options.power ?? 1;
  }
  override build(inputShape: Shape): void {
    this.factor = this.addWeight({ name: "factor", shape: [inputShape.at(-1)!], initializer: "ones" });
  }
  override call(x: Tensor): Tensor {
    return ops.multiply(x, ops.power(this.factor, this.power));
  }
}

describe("a layer of one's own", () => {
  it("is called like a function with the types of its call, with new or through define", async () => {
    const y = new Scale()(ones(2, 3));
    expectTypeOf(y).toEqualTypeOf<Tensor>();
    expect(await y.array()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    const scale = define(Scale);
    expect(await scale({ power: 2 })(ones(1, 2)).array()).toEqual([[1, 1]]);
  });

  it("finds sublayers and variables in properties, lists and objects", () => {
    class Block extends Layer {
      static override readonly className = "Block";
      parts = [Dense({ units: 2 }), Dense({ units: 3 })];
      named = { last: Dense({ units: 1 }) };
      temperature = new Variable(1, { name: "temperature" });
      override call(x: Tensor): Tensor {
        let y = x;
        for (const part of this.parts) y = part(y);
        return ops.multiply(this.named.last(y), this.temperature);
      }
    }
    const block = new Block();
    expect(block(ones(2, 4)).shape).toEqual([2, 1]);
    expect(block.weights.map(({ name }) => name)).toEqual(["temperature", "kernel", "bias", "kernel", "bias", "kernel", "bias"]);
    expect(block.weights[1]!.path).toMatch(/^block(_\d+)?\/dense(_\d+)?\/kernel$/);
    block.trainable = false;
    expect(block.trainableWeights).toEqual([]);
  });

  it("is saved with its options and read back with customObjects", () => {
    const model = new Sequential();
    model.add(Input({ shape: [3] }));
    model.add(new Scale({ power: 2, name: "scale" }));
    const text = JSON.stringify(model);
    const copy = modelFromJSON(text, { customObjects: { Scale } });
    expect((copy.getLayer("scale") as Scale).power).toBe(2);
    expect(() => modelFromJSON(text)).toThrow(errors.UnknownNameError);
  });
});

describe("Sequential", () => {
  it("builds itself from the first data", async () => {
    const model = new Sequential({ layers: [Dense({ units: 4 }), Dense({ units: 2 })] });
    expect(model.built).toBe(false);
    expect(summaryText(model)).toContain("0 (unbuilt)");
    expect(model(ones(3, 5)).shape).toEqual([3, 2]);
    expect(model.countParams()).toBe(5 * 4 + 4 + 4 * 2 + 2);
    const other = new Sequential({ layers: [Dense({ units: 2 })] });
    other.compile({ loss: "mse" });
    await other.fit(ones(4, 3), ones(4, 2), { verbose: 0 });
    expect(other.countParams()).toBe(8);
  });

  it("adds and takes away layers", () => {
    const model = new Sequential({ layers: [Dense({ units: 4, inputDim: 3 }), Dense({ units: 2 })] });
    const kernel = model.layers[0]!.weights[0];
    model.pop();
    expect(model(ones(1, 3)).shape).toEqual([1, 4]);
    model.add(Dense({ units: 7 }));
    expect(model(ones(1, 3)).shape).toEqual([1, 7]);
    expect(model.layers[0]!.weights[0]).toBe(kernel);
  });

  it("refuses what is no layer, two inputs, and a name twice", () => {
    const model = new Sequential();
    expect(() => model.add(3 as never)).toThrow(/only layers/);
    expect(() => model.add(layers.Dense as never)).toThrow(/only layers/);
    model.add(Dense({ units: 1, inputDim: 2, name: "one" }));
    expect(() => model.add(Dense({ units: 1, name: "one" }))).toThrow(/"one"/);
    expect(() => model.add(Input({ shape: [3] }))).toThrow(/front/);
    expect(() => model(ones(2, 5))).toThrow(errors.ShapeError);
    expect(() => model.getLayer("oen")).toThrow(/"one"/);
  });
});

describe("functional models", () => {
  it("take and give tensors, lists and objects, and say so in their types", async () => {
    const [a, b] = [Input({ shape: [3], name: "a" }), Input({ shape: [3], name: "b" })];
    const shared = Dense({ units: 2, name: "shared" });
    const sum = layers.Add()([shared(a), shared(b)]);
    const raw = ops.subtract(ops.relu(sum), 0.5);
    const model = new Model({ inputs: { a, b }, outputs: { sum, raw } });
    const out = model({ a: ones(2, 3), b: ones(2, 3) });
    expectTypeOf(out).toEqualTypeOf<{ sum: Tensor; raw: Tensor }>();
    expect(out.sum.shape).toEqual([2, 2]);
    expect(await out.raw.array()).toEqual(await ops.subtract(ops.relu(out.sum), 0.5).array());
    expect(model.weights.length).toBe(2);
    const predicted = await model.predict({ a: ones(5, 3), b: ones(5, 3) }, { batchSize: 2 });
    expectTypeOf(predicted).toEqualTypeOf<{ sum: Tensor; raw: Tensor }>();
    expect(predicted.raw.shape).toEqual([5, 2]);
    const list = new Model({ inputs: [a, b] as const, outputs: [sum, raw] as const });
    expect(list([ones(1, 3), ones(1, 3)]).map(({ shape }) => shape)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await expect(model.predict({ a: ones(2, 3), c: ones(2, 3) })).rejects.toThrow(/"c"/);
    await expect(model.predict({ a: ones(2, 3) })).rejects.toThrow(/"b" is missing/);
  });

  it("nest, share layers and share weights with the models inside", async () => {
    const inner = new Sequential({ name: "inner", layers: [Dense({ units: 3, inputDim: 3 })] });
    const x = Input({ shape: [3] });
    const outer = new Model({ inputs: x, outputs: layers.Concatenate()([inner(x), inner(inner(x))]) });
    expect(outer.weights).toEqual(inner.weights);
    expect(outer(ones(2, 3)).shape).toEqual([2, 6]);
    const copy = modelFromJSON(JSON.stringify(outer));
    await copy.setWeights(await outer.getWeights());
    expect(await copy(ones(2, 3)).array()).toEqual(await outer(ones(2, 3)).array());
  });

  it("can start and end in the middle of another model", () => {
    const x = Input({ shape: [4] });
    const hidden = Dense({ units: 3 })(x);
    const y = Dense({ units: 2 })(hidden);
    expect(new Model({ inputs: x, outputs: hidden })(ones(1, 4)).shape).toEqual([1, 3]);
    expect(new Model({ inputs: hidden, outputs: y })(ones(1, 3)).shape).toEqual([1, 2]);
  });

  it("say what is missing when outputs depend on something else", () => {
    const [a, b] = [Input({ shape: [2], name: "left" }), Input({ shape: [2], name: "right" })];
    expect(() => new Model({ inputs: a, outputs: layers.Add()([a, b]) })).toThrow(/"right"/);
    expect(() => new Model({ inputs: ones(2, 2), outputs: a })).toThrow(/symbolic/);
  });

  it("print connections where layers branch", () => {
    const x = Input({ shape: [2], name: "x" });
    const d = Dense({ units: 2, name: "d" });
    const text = summaryText(new Model({ inputs: x, outputs: layers.Add({ name: "s" })([d(x), x]) }), { lineLength: 108 });
    expect(text).toContain("Connected to");
    expect(text).toContain("d[0][0], x[0][0]");
  });
});

describe("a model that is a class of its own", () => {
  class Twins extends Model<Tensor, Tensor> {
    static override readonly className: string = "Twins";
    hidden = Dense({ units: 8, activation: "tanh" });
    head = Dense({ units: 1 });
    override call(x: Tensor): Tensor {
      return this.head(this.hidden(x));
    }
  }

  it("trains like any other", async () => {
    setRandomSeed(1);
    const model = new Twins();
    model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
    const x = tensor(
      Float32Array.from({ length: 64 }, (_, i) => i / 32 - 1),
      { shape: [64, 1] },
    );
    const { history } = await model.fit(x, ops.square(x), { epochs: 20, batchSize: 16, verbose: 0 });
    expect(history.loss!.at(-1)!).toBeLessThan(history.loss![0]! / 2);
    expect(model.weights.length).toBe(4);
    expect((await model.predict(x)).shape).toEqual([64, 1]);
  });

  it("may have a training step of its own", async () => {
    class Mine extends Twins {
      static override readonly className = "Mine";
      override trainStep(data: Parameters<Twins["trainStep"]>[0]): ReturnType<Twins["trainStep"]> {
        const logs = super.trainStep(data);
        return { ...logs, double: ops.multiply(logs.loss!, 2) };
      }
    }
    const model = new Mine();
    model.compile({ loss: "mse" });
    const { history } = await model.fit(ones(4, 1), ones(4, 1), { verbose: 0 });
    expect(history.double![0]).toBeCloseTo(2 * history.loss![0]!, 5);
  });
});
