import { beforeAll, describe, expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import { registerBackend, setBackend } from "../runtime/index.ts";
import * as metrics from "./index.ts";

metrics.registerMetrics();
beforeAll(async () => {
  registerBackend("reference", createReferenceBackend);
  await setBackend("reference");
});
const matrix = (rows: readonly (readonly number[])[]): Tensor =>
  dataTensor(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length], "float32");
const value = async (metric: { result(): Tensor | Record<string, Tensor> }): Promise<number> => await (metric.result() as Tensor).item();

describe("AUC", () => {
  const t = [0, 1, 1, 0, 1, 0, 0, 1];
  const p = [0.12, 0.91, 0.38, 0.44, 0.71, 0.05, 0.52, 0.66];
  /** Share of pairs of a positive and a negative in the right order. */
  const ordered = p.flatMap((a, i) => p.map((b, j) => (t[i] === 1 && t[j] === 0 ? Number(a > b) : 0))).reduce((a, b) => a + b) / (4 * 4);

  it("with many thresholds is the share of pairs in the right order", async () => {
    const auc = metrics.AUC({ numThresholds: 1001 });
    auc.updateState(t.slice(0, 5), p.slice(0, 5));
    auc.updateState(t.slice(5), p.slice(5));
    expect(await value(auc)).toBeCloseTo(ordered, 5);
  });

  it("counts the same in buckets and one by one", async () => {
    const even = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
    const odd = [...even, 0.995];
    const [buckets, plain] = [metrics.AUC({ thresholds: even }), metrics.AUC({ thresholds: odd })];
    for (const auc of [buckets, plain]) auc.updateState(t, p, { sampleWeight: [1, 2, 1, 0.5, 3, 1, 1, 1] });
    expect(await value(buckets)).toBeCloseTo(await value(plain), 5);
  });

  it("knows the gains of precision and recall", async () => {
    const auc = metrics.AUC({ curve: "PRGAIN", numThresholds: 3, summationMethod: "interpolation" });
    auc.updateState([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]);
    // Keras's documented example of the same data: TP [2, 1, 0], FP [2, 0, 0].
    expect(await value(auc)).toBeCloseTo(((0 + 1) / 2) * 1 + ((1 + 1) / 2) * 0, 5);
  });

  it("reads label weights as Keras writes arrays, and refuses what makes no sense", () => {
    const labelWeights = {
      module: null,
      class_name: "__tensor__",
      config: { value: [0.5, 0.25], dtype: "float32" },
      registered_name: null,
    };
    expect(metrics.AUC({ multiLabel: true, labelWeights }).labelWeights).toEqual([0.5, 0.25]);
    expect(() => metrics.AUC({ curve: "RCO" as "ROC" })).toThrow(/"ROC", "PR"/);
    expect(() => metrics.AUC({ numThresholds: 1 })).toThrow(/2 or more/);
    expect(() => metrics.AUC({ numLabels: 2 })).toThrow(/multiLabel/);
    expect(() => metrics.AUC({ multiLabel: true }).result()).toThrow(/not known yet/);
  });
});

describe("correlations", () => {
  const [t, p] = [
    [
      [0, 1, 0.5],
      [1, 1, 0.2],
    ],
    [
      [0.1, 0.9, 0.5],
      [1, 0.9, 0.2],
    ],
  ];
  const moments = (x: number[], y: number[]): { cov: number; vx: number; vy: number; gap: number } => {
    const mean = (v: number[]): number => v.reduce((a, b) => a + b) / v.length;
    const [mx, my] = [mean(x), mean(y)];
    return {
      cov: mean(x.map((v, i) => (v - mx) * (y[i]! - my))),
      vx: mean(x.map((v) => (v - mx) ** 2)),
      vy: mean(y.map((v) => (v - my) ** 2)),
      gap: (mx - my) ** 2,
    };
  };

  it("of Pearson and Lin are those of the textbook", async () => {
    const [pearson, lin] = [metrics.PearsonCorrelation(), metrics.ConcordanceCorrelation({ axis: -1 })];
    for (const metric of [pearson, lin]) metric.updateState(matrix(t), matrix(p));
    const rows = t.map((row, i) => moments(row, p[i]!));
    const average = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
    expect(await value(pearson)).toBeCloseTo(average(rows.map(({ cov, vx, vy }) => cov / Math.sqrt(vx * vy))), 5);
    expect(await value(lin)).toBeCloseTo(average(rows.map(({ cov, vx, vy, gap }) => (2 * cov) / (vx + vy + gap))), 5);
    expect(metrics.deserialize(metrics.serialize(lin)).getConfig()).toEqual({
      name: "concordance_correlation",
      dtype: "float32",
      axis: -1,
    });
  });
});

describe("metrics with options refuse nonsense", () => {
  it.each([
    [() => metrics.F1Score({ average: "mean" as "macro" }), /average/],
    [() => metrics.FBetaScore({ beta: 0 }), /positive/],
    [() => metrics.IoU({ numClasses: 2, targetClassIds: [2] }), /0 to 1/],
    [() => metrics.MeanIoU({ numClasses: 0 }), /positive whole number/],
    [() => metrics.PrecisionAtRecall({ recall: 2 }), /0 to 1/],
    [() => metrics.RecallAtPrecision({} as { precision: number }), /precision/],
    [() => metrics.R2Score({ numRegressors: -1 }), /0 or more/],
    [() => metrics.F1Score().updateState([1, 0], [0.5, 0.5]), /two axes/],
  ])("%s", (make, message) => {
    expect(make).toThrow(message);
  });
});

it("functions that are losses too are metrics by name", async () => {
  const metric = metrics.get("huber");
  expect(metric.name).toBe("huber");
  (metric as metrics.MeanMetricWrapperMetric).updateState([[0], [0]], [[1], [3]]);
  expect(await value(metric)).toBeCloseTo((0.5 + 2.5) / 2, 5);
  expect(metrics.deserialize(metrics.serialize(metric)).name).toBe("huber");
});
