/** One recorded loss, compared with what the same loss gives here. */
import { gradients } from "../../src/autodiff/index.ts";
import { evaluate } from "../../src/backends/reference/index.ts";
import type { Tensor } from "../../src/graph/index.ts";
import * as losses from "../../src/losses/index.ts";
import { camelCase, camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, closeConfig, difference, revive, type StoredArray, toTensor } from "./cases.ts";
import type { Evaluate } from "./op-case.ts";

losses.registerLosses();
const tolerance = { rtol: 2e-5, atol: 1e-6 };

/** The loss function of a name of Keras. */
export function lossFunction(name: string): ((...args: unknown[]) => Tensor) | undefined {
  const found = (losses as Record<string, unknown>)[camelCase(name)];
  return typeof found === "function" ? (found as (...args: unknown[]) => Tensor) : undefined;
}

/** What a case differs in, or null: the value, the gradient by the predictions, the configuration. */
export async function checkLossCase(entry: Case, evaluateOn: Evaluate = evaluate): Promise<string | null> {
  const yTrue = toTensor(entry["y_true"] as StoredArray);
  const yPred = toTensor(entry["y_pred"] as StoredArray);
  const optional = (key: string): Tensor | null =>
    entry[key] === undefined || entry[key] === null ? null : toTensor(entry[key] as StoredArray);
  let value: Tensor;
  if (entry["function"] !== undefined) {
    value = lossFunction(entry["function"] as string)!(yTrue, yPred, camelCaseKeys(revive(entry["kwargs"]) as Record<string, unknown>));
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
  const [result, slope] = await evaluateOn([value, gradient!]);
  const problem = difference(result!, entry["output"] as StoredArray, tolerance);
  if (problem !== null) return problem;
  const wrong = difference(slope!, entry["grad_y_pred"] as StoredArray, tolerance);
  return wrong === null ? null : `gradient: ${wrong}`;
}
