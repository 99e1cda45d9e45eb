/** A recorded callback over a series, or a function of keras.utils, compared with what the same ones do here. */
import * as callbacks from "../../src/callbacks/index.ts";
import type { Tensor } from "../../src/index.ts";
import { layers, ops, Sequential, utils } from "../../src/index.ts";
import { camelCase, camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, decode, isStored, revive, type StoredArray } from "./cases.ts";

/** What a callback differs in, or null: the rates that epochs ran with, where it stopped, the weights in the end. */
export async function checkCallbackCase(entry: Case): Promise<string | null> {
  const model = new Sequential([layers.Dense({ units: 1, useBias: false, inputDim: 1 })]);
  model.compile({ optimizer: { class_name: "SGD", config: { learning_rate: 0.1 } }, loss: "mse", metrics: ["accuracy", "mae", "AUC"] });
  const kwargs = camelCaseKeys(revive(entry["kwargs"]) as Record<string, unknown>);
  const callback = entry["callback"] === "EarlyStopping" ? callbacks.EarlyStopping(kwargs) : callbacks.ReduceLROnPlateau(kwargs);
  callback.setModel(model);
  callback.onTrainBegin();
  const rates: number[] = [];
  let stopped: number | null = null;
  for (const [epoch, value] of (entry["series"] as number[]).entries()) {
    await model.setWeights([ops.full([1, 1], epoch)]);
    rates.push(await model.optimizer.currentLearningRate().item());
    await callback.onEpochBegin(epoch, {});
    await callback.onEpochEnd(epoch, { [entry["monitor"] as string]: value });
    if (model.stopTraining) {
      stopped = epoch;
      break;
    }
  }
  await callback.onTrainEnd({});
  const wanted = entry["lr_used_in_epoch"] as number[];
  if (stopped !== entry["stopped_after_epoch"]) return `stopped after ${stopped} instead of ${String(entry["stopped_after_epoch"])}`;
  const wrong = wanted.findIndex((rate, i) => !(Math.abs(rate - rates[i]!) <= 1e-6 * rate));
  if (wrong >= 0) return `rate of epoch ${wrong} is ${rates[wrong]} instead of ${wanted[wrong]}`;
  const [kernel] = await model.getWeights();
  const last = await kernel!.item();
  return last === entry["kernel_after_train_end"] ? null : `the kernel is ${last} instead of ${String(entry["kernel_after_train_end"])}`;
}

type Utility = (...args: unknown[]) => Tensor | Promise<Tensor>;

/** What a function of keras.utils differs in, or null. */
export async function checkUtilityCase(entry: Case): Promise<string | null> {
  const name = camelCase((entry["function"] as string).replace("keras.utils.", ""));
  const utility = (utils as Record<string, unknown>)[name] as Utility;
  const args = (entry["args"] as unknown[]).map((arg) => (isStored(arg) ? revive(arg) : arg));
  const result = await utility(...args, camelCaseKeys(revive(entry["kwargs"]) as Record<string, unknown>));
  const wanted = decode(entry["output"] as StoredArray);
  if (result.shape.join() !== wanted.shape.join()) return `shape ${result.shape.join()} instead of ${wanted.shape.join()}`;
  const values = await result.data();
  const wrong = values.findIndex((value, i) => !(Math.abs(value - wanted.data[i]!) <= 1e-6));
  return wrong < 0 ? null : `element ${wrong} is ${values[wrong]} instead of ${wanted.data[wrong]}`;
}
