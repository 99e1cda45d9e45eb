import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autodiff/index.ts";
import { evaluate } from "../../src/backends/reference/index.ts";
import type { Tensor } from "../../src/graph/index.ts";
import * as losses from "../../src/losses/index.ts";
import { camelCase, camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, closeConfig, difference, revive, type StoredArray, testCases, toTensor } from "./cases.ts";

losses.registerLosses();
const tolerance = { rtol: 2e-5, atol: 1e-6 };

function functionOf(name: string): ((...args: unknown[]) => Tensor) | undefined {
  const found = (losses as Record<string, unknown>)[camelCase(name)];
  return typeof found === "function" ? (found as (...args: unknown[]) => Tensor) : undefined;
}

function run(entry: Case): string | null {
  const yTrue = toTensor(entry["y_true"] as StoredArray);
  const yPred = toTensor(entry["y_pred"] as StoredArray);
  const optional = (key: string): Tensor | null =>
    entry[key] === undefined || entry[key] === null ? null : toTensor(entry[key] as StoredArray);
  let value: Tensor;
  if (entry["function"] !== undefined) {
    value = functionOf(entry["function"] as string)!(yTrue, yPred, camelCaseKeys(revive(entry["kwargs"]) as Record<string, unknown>));
  } else {
    const loss = losses.lossRegistry.classOf(entry["class_name"] as string).fromConfig(revive(entry["kwargs"]) as Record<string, unknown>);
    const config = loss.getConfig();
    // nabla also saves delta and axis, which Keras forgets.
    const wanted = entry["config"] as Record<string, unknown>;
    const problem = closeConfig(Object.fromEntries(Object.keys(wanted).map((key) => [key, config[key]])), wanted);
    if (problem !== null) return problem;
    const options = { sampleWeight: optional("sample_weight"), mask: optional("y_pred_mask") };
    value = losses.deserialize(losses.serialize(loss))(yTrue, yPred, options);
  }
  const [gradient] = gradients([value], [yPred], { cotangents: [toTensor(entry["cotangent"] as StoredArray)] });
  const [result, slope] = evaluate([value, gradient!]);
  const problem = difference(result!, entry["output"] as StoredArray, tolerance);
  if (problem !== null) return problem;
  const wrong = difference(slope!, entry["grad_y_pred"] as StoredArray, tolerance);
  return wrong === null ? null : `gradient: ${wrong}`;
}

describe("losses", () => {
  testCases(
    "losses",
    (entry) => (entry["function"] ?? entry["class_name"]) as string,
    (name) => losses.lossRegistry.has(name) && (/^[A-Z]/.test(name) || functionOf(name) !== undefined),
    run,
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
