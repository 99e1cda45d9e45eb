import { describe, expect, it } from "vitest";
import { evaluation, layers, ops, random, Sequential, setBackend, tensor } from "../index.ts";

await setBackend("reference");

describe("topErrors", () => {
  const scores = tensor([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.4, 0.4, 0.2]]); // prettier-ignore
  it("are the shares of labels that are not among the best", async () => {
    expect(await evaluation.topErrors([1, 1, 1], scores, [1, 2, 3])).toEqual([2 / 3, 1 / 3, 0]);
    // A tie counts for the smaller number.
    expect(await evaluation.topErrors([0], tensor([[0.5, 0.5]]), [1])).toEqual([0]);
    await expect(evaluation.topErrors([3, 0, 0], scores)).rejects.toThrow(/0 to 2[^]*3 at 0/);
    await expect(evaluation.topErrors([0], scores)).rejects.toThrow(/do not belong together/);
  });

  it("are shown as a table, the right answer marked", async () => {
    const table = await evaluation.topTable(scores, {
      classNames: ["cat", "dog", "ox"],
      top: 2,
      labels: [1, 2, 0],
      names: ["a", "b", "c"],
    });
    expect(table.split("\n\n")[0]).toBe(`a: dog\n * dog  60.0 % ${"█".repeat(12)}\n   ox   30.0 % ${"█".repeat(6)}`);
    expect(table.split("\n\n")[1]).toContain("b: ox\n   cat  50.0 %");
  });
});

describe("resultsTable", () => {
  it("shows networks as summaries of ILSVRC do, without columns that nobody fills", () => {
    const [alexnet, , , , , resnet] = evaluation.ilsvrcResults.slice(2);
    expect(evaluation.resultsTable([alexnet!, resnet!, { name: "mine", top5: 0.082 }]).split("\n")).toEqual([
      "year  network  layers  parameters  top-5 error",
      "──────────────────────────────────────────────",
      `2012  AlexNet       8  60,965,224       16.4 %  ${"█".repeat(20)}`,
      `2015  ResNet      152  60,419,944        3.6 %  ${"█".repeat(4)}`,
      `      mine                               8.2 %  ${"█".repeat(10)}`,
    ]);
    expect(evaluation.resultsTable([{ name: "mine", top1: 0 }])).toBe("network  top-1 error\n────────────────────\nmine           0.0 %");
  });
});

describe("tenCrops", () => {
  it("are the corners, the middle and their mirror images", async () => {
    const x = ops.reshape(ops.arange(12), [1, 3, 4, 1]);
    const crops = await ops.reshape(evaluation.tenCrops(x, [1, 2]), [10, 2]).array();
    expect(crops).toEqual([[0, 1], [2, 3], [8, 9], [10, 11], [5, 6], [1, 0], [3, 2], [9, 8], [11, 10], [6, 5]]); // prettier-ignore
    expect(() => evaluation.tenCrops(x, [4, 4])).toThrow(/do not fit/);
  });

  it("give the mean of the network's answers", async () => {
    const model = new Sequential([layers.InputLayer({ shape: [1, 2, 1] }), layers.Flatten()]);
    const answers = await evaluation.predictTenCrops(model, ops.cast(ops.reshape(ops.arange(24), [2, 3, 4, 1]), "float32"));
    expect(await answers.array()).toEqual([[5.5, 5.5], [17.5, 17.5]]); // prettier-ignore
  });
});

describe("rocCurve", () => {
  it("has the area of scikit-learn's example, and its points", async () => {
    const { auc, sensitivity, specificity, thresholds } = await evaluation.rocCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
    expect(auc).toBe(0.75);
    expect(Array.from(sensitivity)).toEqual([0, 0.5, 0.5, 1, 1]);
    expect(Array.from(specificity)).toEqual([1, 1, 0.5, 0.5, 0]);
    expect(thresholds[0]).toBe(Infinity);
    expect((await evaluation.rocCurve([0, 1], [0.5, 0.5])).auc).toBe(0.5);
  });

  it("says what is wrong", async () => {
    await expect(evaluation.rocCurve([1, 1], [0.1, 0.2])).rejects.toThrow(/one class only/);
    await expect(evaluation.rocCurve([0, 2], [0.1, 0.2])).rejects.toThrow(/2 at 1/);
    await expect(evaluation.rocCurve([0, 1], [0.1, NaN])).rejects.toThrow(/NaN at 1/);
  });
});

describe("taxonomies", () => {
  const taxonomy = { odd: [1, 3], even: [0, 2] };
  it("sum probabilities and name labels", async () => {
    const coarse = await evaluation.coarseProbabilities(tensor([[0.1, 0.2, 0.3, 0.4]]), taxonomy).data();
    expect(coarse[0]).toBeCloseTo(0.6, 6);
    expect(coarse[1]).toBeCloseTo(0.4, 6);
    expect(await evaluation.coarseLabels([0, 1, 2, 3], taxonomy, 4).array()).toEqual([1, 0, 1, 0]);
    expect(() => evaluation.coarseProbabilities(tensor([[1, 0, 0]]), taxonomy)).toThrow(/0 to 2, each once/);
  });
});

describe("ridge", () => {
  it("finds a linear map from many and from few samples, and the two forms agree", async () => {
    const x = random.normal([12, 3], { seed: 1 });
    const truth = tensor([[1, 0], [2, -1], [0, 3]]); // prettier-ignore
    const y = ops.add(ops.matmul(x, truth), 5);
    const fitted = evaluation.ridge(x, y, { alpha: 1e-8 });
    (await ops.subtract(fitted.weights, ops.cast(truth, "float64")).data()).forEach((error) => expect(Math.abs(error)).toBeLessThan(1e-5));
    const [few, many] = [ops.slice(x, [0, 0], [3, 3]), ops.slice(y, [0, 0], [3, 2])];
    const dual = await evaluation.ridge(few, many, { alpha: 0.5 }).predict(x).data();
    const wider = ops.concatenate([few, few], 0);
    const primal = await evaluation
      .ridge(wider, ops.concatenate([many, many], 0), { alpha: 1 })
      .predict(x)
      .data();
    dual.forEach((value, i) => expect(value).toBeCloseTo(primal[i]!, 6));
  });

  it("is judged by correlations", async () => {
    const a = tensor([[1, 1, 5], [2, 3, 5], [3, 2, 5]]); // prettier-ignore
    const b = tensor([[2, -1, 1], [4, -3, 2], [6, -2, 3]]); // prettier-ignore
    const [same, opposite, constant] = await evaluation.columnCorrelations(a, b).data();
    expect(same).toBeCloseTo(1, 10);
    expect(opposite).toBeCloseTo(-1, 10);
    expect(constant).toBe(0);
  });
});

describe("moved images", () => {
  const x = ops.reshape(ops.add(ops.arange(9), 1), [1, 3, 3, 1]);
  it("are shifted with zeros behind them", async () => {
    const flat = async (down: number, right: number): Promise<unknown> =>
      ops.reshape(evaluation.shiftedImages(x, down, right), [9]).array();
    expect(await flat(1, 0)).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 6]);
    expect(await flat(-1, 2)).toEqual([0, 0, 4, 0, 0, 7, 0, 0, 0]);
  });

  it("keep their canvas when they are scaled", async () => {
    const ones = ops.ones([1, 4, 4, 1]);
    expect(await ops.sum(evaluation.scaledImages(ones, 0.5)).item()).toBe(4);
    expect(evaluation.scaledImages(ones, 2).shape).toEqual([1, 4, 4, 1]);
    expect(await ops.sum(evaluation.scaledImages(ones, 2)).item()).toBe(16);
  });
});
