import { beforeAll, describe, expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { dataTensor, type Tensor, Variable } from "../graph/index.ts";
import { registerBackend, setBackend } from "../runtime/index.ts";
import * as optimizers from "./index.ts";

optimizers.registerOptimizers();
beforeAll(async () => {
  registerBackend("reference", createReferenceBackend);
  await setBackend("reference");
});

/** Fixed numbers in [-1, 1). */
function numbers(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => (state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 31 - 1);
}
const tensor = (values: readonly number[], shape: readonly number[]): Tensor =>
  dataTensor(Float32Array.from(values), [...shape], "float32");

/** Values of one variable after each of some steps, by the optimizer and by a plain formula for one step. */
async function follow(
  optimizer: optimizers.Optimizer,
  shape: readonly number[],
  formula: (w: number[], g: number[], step: number) => number[],
  path = "dense/kernel",
): Promise<void> {
  const size = shape.reduce((a, b) => a * b, 1);
  let wanted = numbers(size, 1);
  const variable = new Variable(Float32Array.from(wanted), { shape: [...shape], name: "kernel", path });
  for (let step = 1; step <= 4; step++) {
    const g = numbers(size, 10 + step);
    optimizer.apply([tensor(g, shape)], [variable]);
    wanted = formula(wanted, g, step);
    const got = await variable.data();
    wanted.forEach((value, i) => expect(got[i], `step ${step}, element ${i}`).toBeCloseTo(value, 4));
  }
}

const norm = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

describe("optimizers newer than the recorded cases", () => {
  it("Lamb makes Adam's steps as long as the weights", async () => {
    let [m, v] = [new Array<number>(6).fill(0), new Array<number>(6).fill(0)];
    await follow(optimizers.Lamb({ learningRate: 0.05, beta2: 0.99 }), [2, 3], (w, g, t) => {
      m = m.map((x, i) => x + (g[i]! - x) * 0.1);
      v = v.map((x, i) => x + (g[i]! ** 2 - x) * 0.01);
      const step = m.map((x, i) => x / (1 - 0.9 ** t) / (Math.sqrt(v[i]! / (1 - 0.99 ** t)) + 1e-7));
      return w.map((x, i) => x - (0.05 * step[i]! * norm(w)) / norm(step));
    });
  });

  it("Lamb steps by the rate alone from weights of length 0", async () => {
    const variable = new Variable([0, 0], { name: "w" });
    optimizers.Lamb({ learningRate: 0.1 }).apply([tensor([1, -1], [2])], [variable]);
    expect(Array.from(await variable.data()).map((x) => Math.round(x * 1e4) / 1e4)).toEqual([-0.1, 0.1]);
  });

  it("ScheduleFreeAdamW steps beside an average", async () => {
    let [z, x, v]: [number[], number[], number[]] = [[], [], new Array<number>(5).fill(0)];
    await follow(optimizers.ScheduleFreeAdamW({ learningRate: 0.1, warmupSteps: 2 }), [5], (y, g, t) => {
      if (t === 1) [z, x] = [y, y];
      v = v.map((s, i) => 0.999 * s + 0.001 * g[i]! ** 2);
      z = z.map((s, i) => s - (0.1 * Math.min(t / 2, 1) * g[i]!) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8));
      x = x.map((s, i) => s + (z[i]! - s) / t);
      return z.map((s, i) => 0.1 * s + 0.9 * x[i]!);
    });
  });

  it.each([
    [2, 4],
    [4, 2],
  ])("Muon makes the momentum of a %i x %i matrix orthogonal", async (rows, columns) => {
    const multiply = (a: number[], b: number[], n: number, k: number, m: number): number[] =>
      Array.from({ length: n * m }, (_, i) =>
        Array.from({ length: k }, (_, j) => a[Math.floor(i / m) * k + j]! * b[j * m + (i % m)]!).reduce((s, c) => s + c, 0),
      );
    const flip = (a: number[], n: number, m: number): number[] =>
      Array.from({ length: n * m }, (_, i) => a[(i % n) * m + Math.floor(i / n)]!);
    const orthogonal = (given: number[]): number[] => {
      const tall = rows > columns;
      const [n, m] = tall ? [columns, rows] : [rows, columns];
      let x = tall ? flip(given, rows, columns) : given;
      x = x.map((value) => value / (norm(x) + 1e-7));
      for (let i = 0; i < 5; i++) {
        const a = multiply(x, flip(x, n, m), n, m, n);
        const square = multiply(a, a, n, n, n);
        const b = a.map((value, j) => -4.775 * value + 2.0315 * square[j]!);
        const bx = multiply(b, x, n, n, m);
        x = x.map((value, j) => 3.4445 * value + bx[j]!);
      }
      return tall ? flip(x, n, m) : x;
    };
    let momentum = new Array<number>(rows * columns).fill(0);
    await follow(optimizers.Muon({ learningRate: 0.02, weightDecay: 0.1 }), [rows, columns], (w, g) => {
      momentum = momentum.map((m, i) => 0.95 * m + g[i]!);
      const step = orthogonal(g.map((value, i) => value + 0.95 * momentum[i]!));
      return w.map((value, i) => value * (1 - 0.1 * 0.02) - 0.02 * Math.sqrt(4) * 0.2 * step[i]!);
    });
  });

  it("Muon leaves vectors, embeddings and excluded layers to AdamW", async () => {
    const make = (): optimizers.Optimizer => optimizers.AdamW({ learningRate: 0.05, weightDecay: 0.004 });
    for (const [path, shape] of [
      ["dense/bias", [4]],
      ["embedding/embeddings", [3, 2]],
      ["head_1/kernel", [3, 2]],
    ] as const) {
      const size = shape.reduce((a, b) => a * b, 1);
      const [mine, its] = [0, 1].map(() => new Variable(Float32Array.from(numbers(size, 3)), { shape: [...shape], name: "w", path }));
      const [muon, adam] = [optimizers.Muon({ learningRate: 0.05, excludeLayers: ["head_\\d"] }), make()];
      for (let step = 0; step < 3; step++) {
        const g = tensor(numbers(size, step), shape);
        muon.apply([g], [mine!]);
        adam.apply([g], [its!]);
      }
      const [a, b] = [await mine!.data(), await its!.data()];
      a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5));
    }
  });

  it("come back from their JSON", () => {
    for (const name of ["lamb", "muon", "adafactor", "nadam", "ftrl", "lion", "adamax", "adagrad", "adadelta", "ScheduleFreeAdamW"]) {
      const optimizer = optimizers.get(name);
      expect(optimizers.deserialize(optimizers.serialize(optimizer)).getConfig()).toEqual(optimizer.getConfig());
    }
    expect(optimizers.Muon().getConfig()).toMatchObject({ adam_beta_1: 0.9, ns_steps: 5, adam_lr_ratio: 1, rms_rate: 0.2 });
    expect(optimizers.Adafactor().getConfig()).toMatchObject({ beta_2_decay: -0.8, epsilon_1: 1e-30 });
  });
});

describe("loss scaling", () => {
  it("keeps everything where a gradient is not finite, and halves the scale", async () => {
    const variable = new Variable([1, 2], { name: "w" });
    const inner = optimizers.SGD({ learningRate: 0.5, momentum: 0.9, useEma: true });
    const optimizer = optimizers.LossScaleOptimizer({ innerOptimizer: inner, initialScale: 8, dynamicGrowthSteps: 2 });
    const scale = async (): Promise<number> => await (optimizer.dynamicScale as Tensor).item();
    optimizer.apply([tensor([8, 16], [2])], [variable]);
    expect(Array.from(await variable.data())).toEqual([0.5, 1]);
    optimizer.apply([tensor([NaN, 1], [2])], [variable]);
    expect(Array.from(await variable.data())).toEqual([0.5, 1]);
    expect(await optimizer.iterations.item()).toBe(1);
    expect(await scale()).toBe(4);
    for (let step = 0; step < 2; step++) optimizer.apply([tensor([0, 0], [2])], [variable]);
    expect(await scale()).toBe(8);
    for (const slot of inner.variables) expect((await slot.data()).every(Number.isFinite)).toBe(true);
    expect(await optimizer.scaleLoss(tensor([2], [])).item()).toBe(16);
  });

  it("a fixed factor multiplies the loss and divides the gradients", async () => {
    const variable = new Variable([1], { name: "w" });
    const optimizer = optimizers.SGD({ learningRate: 1, lossScaleFactor: 4 });
    expect(await optimizer.scaleLoss(tensor([3], [])).item()).toBe(12);
    optimizer.apply([tensor([2], [1])], [variable]);
    expect(Array.from(await variable.data())).toEqual([0.5]);
  });

  it("refuses options that belong to the inner optimizer", () => {
    expect(() => optimizers.LossScaleOptimizer({ innerOptimizer: "adam", clipnorm: 1 })).toThrow(/inner optimizer/);
    expect(() => optimizers.LossScaleOptimizer({ innerOptimizer: optimizers.Adam({ lossScaleFactor: 2 }) })).toThrow(/lossScaleFactor/);
  });
});
