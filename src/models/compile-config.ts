/** What `compile` was given, as Keras writes it. */
import { ValueError } from "../errors.ts";
import { isPlainObject } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import * as losses from "../losses/index.ts";
import * as metrics from "../metrics/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { type Config, type CustomObjects, isSerialized, type SerializedObject } from "../serialization/index.ts";
import type { LossOption, LossWeights } from "./compile-loss.ts";
import type { MetricsOption } from "./compile-metrics.ts";
import type { Compiled, CompileOptions } from "./compiled.ts";

/** Keras's `compile_config`. */
export function compileConfig({ options, given }: Compiled): Config {
  const { loss = null, lossWeights = null, metrics: plain = null, weightedMetrics = null } = options;
  return {
    optimizer: optimizers.serialize(given),
    loss: serialized(loss, (value) => losses.serialize(losses.get(value as never))),
    loss_weights: lossWeights,
    metrics: serialized(plain, (value) => metrics.serialize(metrics.get(value as never))),
    weighted_metrics: serialized(weightedMetrics, (value) => metrics.serialize(metrics.get(value as never))),
    run_eagerly: false,
    steps_per_execution: options.stepsPerExecution ?? 1,
    jit_compile: false,
  };
}

/** Options of `compile` that Keras's `compile_config` describes. Throws ValueError where it describes none. */
export function compileOptionsOf(where: string, config: Config, customObjects: CustomObjects): CompileOptions {
  if (!isPlainObject(config) || !("optimizer" in config)) {
    throw new ValueError({
      where,
      problem: "this is no configuration of compile",
      expected: '{ "optimizer": ..., "loss": ..., "metrics": ... }',
      received: describe(config),
    });
  }
  const made = <T>(value: unknown, make: (json: SerializedObject) => T): unknown => {
    if (isSerialized(value)) return make(value);
    if (typeof value === "string" && customObjects[value] !== undefined) return customObjects[value];
    if (Array.isArray(value)) return value.map((part) => made(part, make));
    if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, made(part, make)]));
    return value ?? null;
  };
  return {
    optimizer: made(config.optimizer, (json) => optimizers.deserialize(json, customObjects)) as optimizers.Optimizer,
    loss: made(config.loss, (json) => losses.deserialize(json, customObjects)) as LossOption,
    lossWeights: (config.loss_weights ?? null) as LossWeights | null,
    metrics: made(config.metrics, (json) => metrics.deserialize(json, customObjects)) as MetricsOption | null,
    weightedMetrics: made(config.weighted_metrics, (json) => metrics.deserialize(json, customObjects)) as MetricsOption | null,
    stepsPerExecution: (config.steps_per_execution ?? 1) as number | "auto",
  };
}

/** Names and JSON stay, objects become JSON; inside lists and objects too. */
function serialized(value: unknown, serialize: (value: unknown) => unknown): unknown {
  if (value === null || typeof value === "string" || isSerialized(value)) return value;
  if (Array.isArray(value)) return value.map((part) => serialized(part, serialize));
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, serialized(part, serialize)]));
  }
  return serialize(value);
}
