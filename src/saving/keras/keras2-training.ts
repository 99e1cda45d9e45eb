/** What a model of Keras 2 was compiled with, as Keras 3 writes it. */
import { isPlainObject } from "../../graph/index.ts";
import { metricRegistry } from "../../metrics/registry.ts";
import { type Config, isSerialized } from "../../serialization/index.ts";

/** Keys of optimizers that mean nothing any more. */
const dropped: ReadonlySet<string> = new Set(["decay", "dynamic", "is_legacy_optimizer", "jit_compile", "lr", "schedule_decay"]);

/** `compile_config` of the `training_config` of a file; `outputs` are the names of the model's outputs. */
export function keras2Training(training: Config, outputs: readonly string[]): Config {
  const { loss, loss_weights: weights, metrics, weighted_metrics: weighted, optimizer_config: optimizer } = training;
  return {
    optimizer: isPlainObject(optimizer) ? keras2Optimizer(optimizer) : optimizer,
    loss: lossOf(loss),
    loss_weights: weights ?? null,
    metrics: metricsOf(metrics, outputs),
    weighted_metrics: metricsOf(weighted, outputs),
  };
}

/** Keras's JSON of an optimizer. A rate that decayed by itself becomes a schedule. */
export function keras2Optimizer({ class_name: className, config }: Config): Config {
  const name = String(className).replace(/^Custom>/, "");
  const given = isPlainObject(config) ? config : {};
  const kept = Object.fromEntries(
    Object.entries(given).filter(([key, value]) => !dropped.has(key) && !(key === "epsilon" && value === null)),
  );
  const rate = given.learning_rate ?? given.lr;
  if (rate !== undefined) kept.learning_rate = rate;
  // Nadam's is another one: that of its momentum.
  if (typeof given.decay === "number" && given.decay > 0 && typeof rate === "number" && name !== "Nadam") {
    const schedule = { initial_learning_rate: rate, decay_steps: 1, decay_rate: given.decay, staircase: false };
    kept.learning_rate = { module: "keras.optimizers.schedules", class_name: "InverseTimeDecay", config: schedule, registered_name: null };
  }
  if (isPlainObject(given.inner_optimizer)) kept.inner_optimizer = keras2Optimizer(given.inner_optimizer);
  return { class_name: name, config: kept };
}

function lossOf(loss: unknown): unknown {
  if (Array.isArray(loss)) return loss.map(lossOf);
  if (!isSerialized(loss))
    return isPlainObject(loss) ? Object.fromEntries(Object.entries(loss).map(([key, part]) => [key, lossOf(part)])) : loss;
  if (loss.class_name === "function") return loss.config;
  const { fn: _fn, reduction, ...config } = (loss.config ?? {}) as Config;
  return { ...loss, config: reduction === undefined || reduction === "auto" ? config : { ...config, reduction } };
}

/** Metrics, those of each output apart; Keras 2 puts the names of outputs in front of theirs. */
function metricsOf(metrics: unknown, outputs: readonly string[]): unknown {
  if (!Array.isArray(metrics)) return metrics ?? null;
  const made = metrics.map((part, index) => metricOf(part, outputs[index] ?? ""));
  // Lists with nothing but null stand for outputs without metrics.
  return made.every((part) => part === null || (Array.isArray(part) && part.length === 0)) ? null : made;
}

function metricOf(metric: unknown, output: string): unknown {
  if (Array.isArray(metric)) return metric.map((part) => metricOf(part, output)).filter((part) => part !== null);
  if (!isSerialized(metric)) return metric;
  const { fn, name, ...config } = (metric.config ?? {}) as Config;
  const prefix = `${output}_`;
  const own = typeof name === "string" && name.startsWith(prefix) ? name.slice(prefix.length) : name;
  if (!/^(MeanMetricWrapper|SumOverBatchSizeMetricWrapper)$/.test(metric.class_name))
    return { ...metric, config: own === undefined ? config : { ...config, name: own } };
  const called = isSerialized(fn) ? fn.config : fn;
  // A function of the user's is looked up by its name.
  return typeof called === "string" && metricRegistry.has(called) ? { class_name: called, config: { name: own } } : called;
}
