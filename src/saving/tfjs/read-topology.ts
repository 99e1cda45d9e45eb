/** The configurations of TF.js files, of Keras 2 or 3, as those of Keras 3. */
import { isPlainObject } from "../../graph/index.ts";
import { type Config, snakeCase } from "../../serialization/index.ts";
import { keras2Config } from "../keras/keras2-config.ts";
import { FormatError } from "../source.ts";

/** Keys in snake_case, all the way down: TF.js writes some in camelCase. */
function snake(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snake);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [snakeCase(key), snake(part)]));
}

/** The model's JSON in Keras 3's form. Throws FormatError where the topology is none. */
export function kerasConfig(where: string, topology: unknown): Config {
  const whole = isPlainObject(topology) ? (snake(topology) as Config) : {};
  const config = isPlainObject(whole.model_config) ? whole.model_config : whole;
  if (typeof config.class_name !== "string")
    throw new FormatError({
      where,
      problem: "the file describes no model of layers",
      expected: '"modelTopology": { "class_name": ..., "config": ... } (a layers-model)',
      received: Object.keys(whole).slice(0, 8).join(", "),
      advice: "graph-models hold no layers: convert the Keras model with --output_format tfjs_layers_model",
    });
  return keras2Config(config);
}
