/** Losses, metrics and optimizers on a compiling back-end (NABLA_BACKEND, else WebAssembly), as users run them: recorded values of Keras. */
import { beforeAll, describe } from "vitest";
import { gradients } from "../../src/autodiff/index.ts";
import { Variable } from "../../src/graph/index.ts";
import { losses, metrics, optimizers, setBackend, type Tensor } from "../../src/index.ts";
import { currentBackend } from "../../src/runtime/backends.ts";
import { evaluate } from "../../src/runtime/evaluator.ts";
import { camelCase, camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, decode, difference, revive, type StoredArray, testCases, toTensor } from "./cases.ts";

beforeAll(async () => {
  await setBackend(process.env["NABLA_BACKEND"] ?? "wasm");
});
type Options = Record<string, unknown>;
type Tolerance = { rtol: number; atol: number };

/** What values differ in; null: nothing. */
async function wrong(tensors: readonly Tensor[], stored: readonly unknown[], tolerance: Tolerance): Promise<string | null> {
  const values = await evaluate(tensors, [], await currentBackend());
  for (const [i, { shape, dtype }] of tensors.entries()) {
    const problem = difference({ shape, dtype, data: values[i]! }, stored[i] as StoredArray, tolerance);
    if (problem !== null) return `value ${i}: ${problem}`;
  }
  return null;
}

function lossOf(entry: Case, yTrue: Tensor, yPred: Tensor): Tensor {
  const options = revive(entry.kwargs) as Options;
  const optional = (key: string): Tensor | null =>
    entry[key] === undefined || entry[key] === null ? null : toTensor(entry[key] as StoredArray);
  if (entry.function === undefined) {
    const loss = losses.lossRegistry.classOf(entry.class_name as string).fromConfig(options);
    return loss(yTrue, yPred, { sampleWeight: optional("sample_weight"), mask: optional("y_pred_mask") });
  }
  const call = (losses as unknown as Record<string, (...args: unknown[]) => Tensor>)[camelCase(entry.function as string)]!;
  return call(yTrue, yPred, camelCaseKeys(options));
}

describe("losses on wasm", () => {
  testCases(
    "losses",
    (entry) => (entry.function ?? entry.class_name) as string,
    (name) => losses.lossRegistry.has(name) && (/^[A-Z]/.test(name) || camelCase(name) in losses),
    async (entry) => {
      const [yTrue, yPred] = [toTensor(entry.y_true as StoredArray), toTensor(entry.y_pred as StoredArray)];
      const value = lossOf(entry, yTrue, yPred);
      const [gradient] = gradients([value], [yPred], { cotangents: [toTensor(entry.cotangent as StoredArray)] });
      return await wrong([value, gradient!], [entry.output, entry.grad_y_pred], { rtol: 2e-5, atol: 1e-6 });
    },
  );
});

describe("metrics on wasm", () => {
  testCases(
    "metrics",
    (entry) => entry.class_name as string,
    (name) => metrics.metricRegistry.has(name),
    async (entry) => {
      const metric = metrics.metricRegistry.classOf(entry.class_name as string).fromConfig(revive(entry.kwargs) as Options);
      const updates = entry.updates as { args: StoredArray[]; sample_weight: StoredArray | null; result_after: StoredArray }[];
      for (const { args, sample_weight: weight, result_after: after } of updates) {
        const sampleWeight = weight === null ? null : toTensor(weight);
        (metric as unknown as { updateState(...args: unknown[]): void }).updateState(...args.map(toTensor), { sampleWeight });
        const problem = await wrong([metric.result() as Tensor], [after], { rtol: 1e-5, atol: 1e-6 });
        if (problem !== null) return problem;
      }
      return null;
    },
  );
});

describe("optimizers on wasm", () => {
  testCases(
    "optimizers",
    (entry) => entry.class_name as string,
    (name) => optimizers.optimizerRegistry.has(name),
    async (entry) => {
      const options = entry.class_name === "LossScaleOptimizer" ? entry.config : entry.kwargs;
      const optimizer = optimizers.optimizerRegistry.classOf(entry.class_name as string).fromConfig(revive(options) as Options);
      const variables = (entry.initial as StoredArray[]).map((stored, i) => {
        const { shape, data } = decode(stored);
        return new Variable(data, { shape, name: `v${i}` });
      });
      for (const [step, given] of (entry.gradients as StoredArray[][]).entries()) {
        optimizer.apply(given.map(toTensor), variables);
        const after = (entry.after_step as StoredArray[][])[step]!;
        const problem = await wrong(
          variables.map((variable) => variable.read()),
          after,
          { rtol: 5e-5, atol: 1e-6 },
        );
        if (problem !== null) return `step ${step}, ${problem}`;
      }
      return null;
    },
  );
});
