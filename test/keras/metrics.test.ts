import { describe, expect, it } from "vitest";
import { dataTensor, type Tensor } from "../../src/graph/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import { testCases } from "./cases.ts";
import { checkMetricCase } from "./metric-case.ts";
import { TracedState } from "./traced-state.ts";

describe("metrics", () => {
  testCases(
    "metrics",
    (entry) => entry["class_name"] as string,
    (name) => metrics.metricRegistry.has(name),
    checkMetricCase,
  );

  it("are found by every name that Keras knows", () => {
    const names = [
      "mse",
      "MSE",
      "mean_squared_error",
      "mae",
      "MAE",
      "mape",
      "MAPE",
      "msle",
      "MSLE",
      "rmse",
      "root_mean_squared_error",
      "bce",
      "BCE",
      "binary_crossentropy",
      "categorical_crossentropy",
      "sparse_categorical_crossentropy",
      "kld",
      "kl_divergence",
      "poisson",
      "hinge",
      "squared_hinge",
      "categorical_hinge",
      "cosine_similarity",
      "logcosh",
      "accuracy",
      "binary_accuracy",
      "categorical_accuracy",
      "sparse_categorical_accuracy",
      "top_k_categorical_accuracy",
      "sparse_top_k_categorical_accuracy",
      "precision",
      "recall",
      "auc",
      "AUC",
      "f1_score",
      "fbeta_score",
      "r2_score",
      "pearson_correlation",
      "concordance_correlation",
      "binary_iou",
      "true_positives",
      "false_negatives",
      "mean",
      "sum",
      "Precision",
    ];
    for (const name of names) expect(metrics.get(name), name).toBeInstanceOf(metrics.Metric);
    expect(() => metrics.get("acuracy")).toThrow(/"accuracy"/);
  });

  it("resolve accuracy by the shapes of labels and predictions", () => {
    const nameFor = (yTrue: number[], yPred: number[]): string => {
      const metric = metrics.resolveMetric("acc", yTrue, yPred);
      expect(metric.name).toBe("acc");
      return metrics.serialize(metric).class_name;
    };
    expect(nameFor([8, 1], [8, 1])).toBe("BinaryAccuracy");
    expect(nameFor([8], [8, 10])).toBe("SparseCategoricalAccuracy");
    expect(nameFor([8, 1], [8, 10])).toBe("SparseCategoricalAccuracy");
    expect(nameFor([8, 10], [8, 10])).toBe("CategoricalAccuracy");
  });

  it("average a function of one's own, masked", () => {
    const metric = metrics.get((t: unknown, p: unknown) => metrics.binaryAccuracy(t as Tensor, p as Tensor));
    const state = new TracedState();
    const tensor = (values: number[]): Tensor => dataTensor(Float32Array.from(values), [values.length, 1], "float32");
    const [result] = state.run(() => {
      const mask = dataTensor(Uint8Array.of(1, 1, 0), [3], "bool");
      (metric as metrics.MeanMetricWrapperMetric).updateState(tensor([1, 0, 1]), tensor([0.9, 0.8, 0.1]), { mask });
      return [metric.result() as Tensor];
    });
    expect(result!.data[0]).toBe(0.5);
  });
});
