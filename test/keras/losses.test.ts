import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autodiff/index.ts";
import { evaluate } from "../../src/backends/reference/index.ts";
import type { Tensor } from "../../src/graph/index.ts";
import * as losses from "../../src/losses/index.ts";
import { revive, testCases } from "./cases.ts";
import { checkLossCase, lossFunction } from "./loss-case.ts";

describe("losses", () => {
  testCases(
    "losses",
    (entry) => (entry["function"] ?? entry["class_name"]) as string,
    (name) => losses.lossRegistry.has(name) && (/^[A-Z]/.test(name) || lossFunction(name) !== undefined),
    checkLossCase,
  );

  it("are found by every name that Keras knows", () => {
    const names = [
      "mse",
      "MSE",
      "mean_squared_error",
      "mae",
      "MAE",
      "mean_absolute_error",
      "mape",
      "MAPE",
      "mean_absolute_percentage_error",
      "msle",
      "MSLE",
      "mean_squared_logarithmic_error",
      "bce",
      "BCE",
      "binary_crossentropy",
      "binary_focal_crossentropy",
      "categorical_crossentropy",
      "categorical_focal_crossentropy",
      "sparse_categorical_crossentropy",
      "kld",
      "KLD",
      "kl_divergence",
      "kullback_leibler_divergence",
      "poisson",
      "hinge",
      "squared_hinge",
      "categorical_hinge",
      "cosine_similarity",
      "huber",
      "log_cosh",
      "logcosh",
      "dice",
      "tversky",
      "MeanSquaredError",
      "Huber",
    ];
    for (const name of names) expect(losses.get(name), name).toBeInstanceOf(losses.Loss);
    expect(() => losses.get("mean_square_error")).toThrow(/"mean_squared_error"/);
  });

  it("smooth labels by the extent of the last axis, whatever axis the classes are on", () => {
    const [yTrue, yPred] = [
      [
        [1, 0, 0],
        [0, 1, 1],
      ],
      [
        [0.7, 0.4, 0.1],
        [0.3, 0.6, 0.9],
      ],
    ];
    const options = { labelSmoothing: 0.3, axis: 0 };
    const [plain, focal] = evaluate([
      losses.categoricalCrossentropy(yTrue, yPred, options),
      losses.categoricalFocalCrossentropy(yTrue, yPred, { ...options, alpha: 0.4, gamma: 1 }),
    ]);
    [0.4057373, 0.5002896, 0.3145469].forEach((value, i) => expect(plain!.data[i]).toBeCloseTo(value, 6));
    [0.067952, 0.0873767, 0.0862646].forEach((value, i) => expect(focal!.data[i]).toBeCloseTo(value, 6));
  });

  it("give no gradient, and no NaN, to rows of probabilities whose class is ignored", () => {
    const yPred = revive({
      shape: [2, 2],
      dtype: "float32",
      data: Buffer.from(Float32Array.of(0.7, 0.3, 0.4, 0.6).buffer).toString("base64"),
    }) as Tensor;
    const value = losses.SparseCategoricalCrossentropy({ ignoreClass: 0 })([0, 1], yPred);
    const [loss, slope] = evaluate([value, gradients([value], [yPred])[0]!]);
    expect(loss!.data[0]).toBeCloseTo(-Math.log(0.6), 6);
    expect(Array.from(slope!.data).slice(0, 2)).toEqual([0, 0]);
    expect(slope!.data.every(Number.isFinite)).toBe(true);
  });

  it("take a function of one's own, with weights", () => {
    const yTrue = revive({ shape: [2, 1], dtype: "float32", data: Buffer.from(Float32Array.of(1, 2).buffer).toString("base64") }) as Tensor;
    const loss = losses.get((t: unknown, p: unknown) => losses.meanSquaredError(t as Tensor, p as Tensor));
    const [value] = evaluate([loss(yTrue, [[0], [0]], { sampleWeight: [1, 3] })]);
    expect(value!.data[0]).toBe((1 * 1 + 3 * 4) / 2);
  });

  it("refuse options and reductions that do not exist", () => {
    expect(() => losses.Huber({ dleta: 1 } as object)).toThrow(/delta/);
    expect(() => losses.MeanSquaredError({ reduction: "avg" as "sum" })).toThrow(/reduction/);
  });
});
