import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errors, tensor } from "../../index.ts";
import { splitTable, standardized } from "../../testing/tables.ts";
import { LinearSVC, SVC, type SVCOptions } from "../index.ts";
import { Pace } from "../pace.ts";
import { KernelRows } from "./kernels.ts";
import { coupled, fitSigmoid, probabilityOf } from "./platt.ts";
import { solveBinary } from "./smo.ts";

interface Recorded {
  readonly svc: Readonly<
    Record<"linear" | "poly" | "rbf" | "sigmoid", { ovr: number[][]; ovo: number[][]; support: number[]; score: number }> &
      Record<"cancer plain" | "cancer balanced", { decision: number[]; score: number }> &
      Record<"cancer probability", number[]>
  >;
  readonly linearSvc: Readonly<Record<"hinge" | "squared_hinge", { coef: number[]; intercept: number[]; score: number }>>;
}
const recorded = JSON.parse(readFileSync("test/fixtures/classical.json", "utf8")) as Recorded;
const isOdd = (row: number): boolean => row % 2 === 1;
const every = <T>(rows: readonly T[], step: number): T[] => rows.filter((_, row) => row % step === 0);

function largestDifference(a: unknown, b: unknown): number {
  const [left, right] = [[a].flat(3) as number[], [b].flat(3) as number[]];
  expect(left.length).toBe(right.length);
  return Math.max(...left.map((value, i) => Math.abs(value - right[i]!)));
}

describe("SVC", () => {
  const kernels: Record<"linear" | "poly" | "rbf" | "sigmoid", SVCOptions> = {
    linear: { kernel: "linear" },
    poly: { kernel: "poly", coef0: 1, degree: 2 },
    rbf: { kernel: "rbf", C: 10 },
    sigmoid: { kernel: "sigmoid", gamma: 0.01, coef0: 0.1 },
  };
  it.each(Object.keys(kernels) as (keyof typeof kernels)[])(
    "with kernel %s decides as scikit-learn's on three classes of irises",
    async (name) => {
      const { train, test } = await splitTable("iris", isOdd);
      const wanted = recorded.svc[name];
      const svc = await new SVC({ tol: 1e-6, ...kernels[name] }).fit(train.x, train.y);
      expect(largestDifference(await (await svc.decisionFunction(every(test.x, 5))).array(), wanted.ovr)).toBeLessThan(2e-5);
      const pairs = await new SVC({ tol: 1e-6, decisionFunctionShape: "ovo", ...kernels[name] }).fit(train.x, train.y);
      expect(largestDifference(await (await pairs.decisionFunction(every(test.x, 5))).array(), wanted.ovo)).toBeLessThan(2e-5);
      expect(svc.support).toEqual(wanted.support);
      expect(await svc.score(test.x, test.y)).toBe(wanted.score);
      expect(svc.converged).toBe(true);
    },
  );

  it("decides as scikit-learn's on breast cancer, also with balanced weights, shrinking or not, with a cache of two rows", async () => {
    const { train, test } = await splitTable("breastCancer", isOdd);
    const [x, held] = standardized(train.x, test.x);
    for (const [name, options] of [
      ["cancer plain", {}],
      ["cancer plain", { shrinking: false, cacheSize: 1e-6 }],
      ["cancer balanced", { classWeight: "balanced" }],
    ] as const) {
      const svc = await new SVC({ tol: 1e-6, ...options }).fit(x, train.y);
      expect(largestDifference(await (await svc.decisionFunction(every(held, 10))).array(), recorded.svc[name].decision)).toBeLessThan(
        2e-5,
      );
      expect(await svc.score(held, test.y)).toBe(recorded.svc[name].score);
    }
  });

  it("gives probabilities near those of scikit-learn, whose folds are others, the same for the same seed", async () => {
    const { train, test } = await splitTable("breastCancer", isOdd);
    const [x, held] = standardized(train.x, test.x);
    const svc = await new SVC({ probability: true }).fit(x, train.y);
    const rows = (await (await svc.predictProba(every(held, 10))).array()) as number[][];
    for (const [no, yes] of rows) expect(no! + yes!).toBeCloseTo(1, 6);
    expect(
      largestDifference(
        rows.map(([, yes]) => yes!),
        recorded.svc["cancer probability"],
      ),
    ).toBeLessThan(0.06);
    const again = await new SVC({ probability: true }).fit(x, train.y);
    expect(await (await again.predictProba(every(held, 10))).array()).toEqual(rows);
    await expect((await new SVC().fit(x, train.y)).predictProba(held)).rejects.toThrow(/probability: true/);
  });

  it("takes a kernel of one's own: a linear one decides as the linear one", async () => {
    const { train, test } = await splitTable("iris", isOdd);
    const product = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const svc = await new SVC({ kernel: product, tol: 1e-6 }).fit(train.x, train.y);
    expect(largestDifference(await (await svc.decisionFunction(every(test.x, 5))).array(), recorded.svc.linear.ovr)).toBeLessThan(2e-5);
  });

  it("takes any labels, tensors, and rows of images", async () => {
    const x = tensor([[[0, 0]], [[0, 1]], [[3, 3]], [[4, 3]]]);
    const svc = await new SVC({ kernel: "linear" }).fit(x, tensor(Int32Array.of(7, 7, -2, -2)));
    expect(svc.classes).toEqual([-2, 7]);
    expect(await (await svc.predict(x)).array()).toEqual([7, 7, -2, -2]);
    expect((await svc.supportVectors.data()).length).toBe(2 * svc.support.length);
  });

  it("says what is wrong with data and options", async () => {
    const x = [[0], [1], [2], [3]];
    const y = [0, 0, 1, 1];
    await expect(new SVC().predict(x)).rejects.toThrow(errors.StateError);
    await expect(new SVC().fit([[0], [NaN], [2], [3]], y)).rejects.toThrow(/row 1, column 0/);
    await expect(new SVC().fit(x, [0, 1])).rejects.toThrow(/different numbers of samples/);
    await expect(new SVC().fit(x, [1, 1, 1, 1])).rejects.toThrow(/one class only/);
    await expect(new SVC().fit(x, [0, 0.5, 1, 1])).rejects.toThrow(/no class label/);
    await expect(new SVC().fit(new Float32Array(4), y)).rejects.toThrow(/no axis of features/);
    await expect(new SVC().fit(tensor(new Float32Array(0), { shape: [0, 2] }), [])).rejects.toThrow(/empty/);
    await expect(new SVC({ classWeight: { 3: 2 } }).fit(x, y)).rejects.toThrow(/does not hold/);
    await expect((await new SVC().fit(x, y)).predict([[1, 2]])).rejects.toThrow(/another number of features/);
    expect(() => new SVC({ kernel: "gauss" as "rbf" })).toThrow(/"rbf"/);
    expect(() => new SVC({ C: 0 })).toThrow(/above 0/);
    expect(() => new SVC({ c: 1 } as SVCOptions)).toThrow(/"C"/);
  });
});

describe("the solver", () => {
  it("reaches the optimality conditions and the box, with and without shrinking", async () => {
    const { train } = await splitTable("breastCancer", isOdd);
    const [x] = standardized(train.x, train.x);
    const matrix = { rows: x.length, columns: 30, values: Float64Array.from(x.flat()) };
    const signs = Int8Array.from(train.y, (label) => 2 * label - 1);
    const kernel = new KernelRows({ kernel: "rbf", gamma: 0.01, coef0: 0, degree: 3 }, matrix, 2 ** 24);
    for (const shrinking of [true, false]) {
      const { alpha, rho, converged } = await solveBinary(
        kernel,
        {
          samples: Int32Array.from(x.keys()),
          signs,
          bounds: new Float64Array(x.length).fill(5),
          tolerance: 1e-4,
          shrinking,
          maxIterations: 1e6,
        },
        new Pace(),
      );
      expect(converged).toBe(true);
      expect(Math.abs(alpha.reduce((sum, value, i) => sum + value * signs[i]!, 0))).toBeLessThan(1e-9);
      alpha.forEach((value, i) => {
        const row = kernel.row(i);
        const margin = signs[i]! * (alpha.reduce((sum, other, j) => sum + other * signs[j]! * row[j]!, 0) - rho);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(5);
        if (value > 0) expect(margin).toBeLessThan(1 + 1e-3);
        if (value < 5) expect(margin).toBeGreaterThan(1 - 1e-3);
      });
    }
  });
});

describe("probabilities", () => {
  it("of a sigmoid are the most likely ones", () => {
    const decisions = [-2, -1.5, -1, -0.2, 0.1, 0.3, 1, 2];
    const signs = [-1, -1, -1, 1, -1, 1, 1, 1];
    const best = fitSigmoid(decisions, signs);
    const targets = signs.map((sign) => (sign > 0 ? 5 / 6 : 1 / 6));
    const loss = (a: number, b: number): number =>
      -decisions.reduce((sum, f, i) => {
        const p = probabilityOf({ a, b }, f);
        return sum + targets[i]! * Math.log(p) + (1 - targets[i]!) * Math.log(1 - p);
      }, 0);
    for (const [da, db] of [
      [0.01, 0],
      [-0.01, 0],
      [0, 0.01],
      [0, -0.01],
    ] as const)
      expect(loss(best.a + da, best.b + db)).toBeGreaterThan(loss(best.a, best.b));
  });

  it("of pairs that agree are the classes' own", () => {
    const p = [0.5, 0.3, 0.2];
    const pairwise = p.map((a) => Float64Array.from(p, (b) => a / (a + b)));
    coupled(pairwise).forEach((value, i) => expect(value).toBeCloseTo(p[i]!, 2));
  });
});

describe("LinearSVC", () => {
  it.each(["hinge", "squared_hinge"] as const)("with loss %s finds scikit-learn's plane", async (loss) => {
    const { train, test } = await splitTable("breastCancer", isOdd);
    const [x, held] = standardized(train.x, test.x);
    const svc = await new LinearSVC({ C: 0.1, loss, tol: 1e-7, maxIter: 10_000 }).fit(x, train.y);
    expect(largestDifference([...(await svc.coef.data())], recorded.linearSvc[loss].coef)).toBeLessThan(2e-5);
    expect(largestDifference([...(await svc.intercept.data())], recorded.linearSvc[loss].intercept)).toBeLessThan(2e-5);
    expect(await svc.score(held, test.y)).toBe(recorded.linearSvc[loss].score);
    expect(svc.converged).toBe(true);
  });

  it("tells three classes apart, one against the rest", async () => {
    const { train, test } = await splitTable("wine", isOdd);
    const [x, held] = standardized(train.x, test.x);
    const svc = await new LinearSVC().fit(x, train.y);
    expect(svc.coef.shape).toEqual([3, 13]);
    expect((await svc.decisionFunction(held)).shape).toEqual([held.length, 3]);
    expect(await svc.score(held, test.y)).toBeGreaterThan(0.95);
    expect((await new LinearSVC({ maxIter: 1 }).fit(x, train.y)).converged).toBe(false);
  });
});
