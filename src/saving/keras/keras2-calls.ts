/**
 * Calls of layers as Keras 2 writes them, `[["dense", 0, 0, {}], ...]`: layer, number of its call, number of the output, and
 * with the first input all other arguments. They become those of Keras 3, `{ args, kwargs }` of placeholders.
 */
import { isPlainObject } from "../../graph/index.ts";
import type { Config } from "../../serialization/index.ts";

type Place = readonly [layer: string, call: number, output: number, kwargs?: unknown];

/** Stands where a value is given instead of a tensor. */
const constant = "_CONSTANT_VALUE";

/** Layers that take the states before the first step after their sequences, in one list. */
const recurrent: ReadonlySet<string> = new Set([
  "Bidirectional",
  "ConvLSTM1D",
  "ConvLSTM2D",
  "ConvLSTM3D",
  "GRU",
  "LSTM",
  "RNN",
  "SimpleRNN",
]);

/** Arguments that Keras 3 takes in their order after the first one. */
const ordered: Readonly<Record<string, readonly string[]>> = {
  GRUCell: ["states"],
  LSTMCell: ["states"],
  MultiHeadAttention: ["value", "key"],
  SimpleRNNCell: ["states"],
  StackedRNNCells: ["states"],
};

/** Whether a value names a tensor of a call, or gives a constant in its place. */
function isPlace(value: unknown): value is Place {
  return (
    Array.isArray(value) &&
    (value.length === 3 || value.length === 4) &&
    typeof value[0] === "string" &&
    typeof value[1] === "number" &&
    (typeof value[2] === "number" || value[0] === constant)
  );
}

/** `value` with every place changed by `change`, also in arguments. */
function mapPlaces(value: unknown, change: (place: Place) => unknown): unknown {
  if (isPlace(value)) {
    const [layer, call, output, ...kwargs] = value;
    const changed = change([layer, call, output]);
    return kwargs.length === 0 || !Array.isArray(changed) ? changed : [...(changed as unknown[]), mapPlaces(kwargs[0], change)];
  }
  if (Array.isArray(value)) return value.map((part) => mapPlaces(part, change));
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mapPlaces(part, change)]));
  return value;
}

/** Placeholders of tensors in a structure, and what was given beside the first of them. */
export function placeholders(structure: unknown): { readonly value: unknown; readonly kwargs: Config } {
  let kwargs: Config | null = null;
  const convert = (value: unknown): unknown => {
    if (isPlace(value)) {
      const [layer, call, output, given] = value;
      kwargs ??= isPlainObject(given) ? given : {};
      if (layer === constant) return output;
      return { class_name: "__keras_tensor__", config: { keras_history: [layer, call, output] } };
    }
    if (Array.isArray(value)) return value.map(convert);
    if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, convert(part)]));
    return value;
  };
  const value = convert(structure);
  const given = kwargs as Config | null;
  return { value, kwargs: convert(given ?? {}) as Config };
}

/** One call of a layer. What is in Keras 3's form stays as it is. */
export function convertCall(className: string, call: unknown): unknown {
  if (!Array.isArray(call)) return isPlainObject(call) && !Array.isArray(call.args) ? namedCall(call) : call;
  const { value, kwargs } = placeholders(call);
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  const args: unknown[] = [list.length === 1 ? list[0] : list];
  if (recurrent.has(className) && list.length > 1) {
    args[0] = list[0];
    kwargs.initial_state = list.slice(1);
  }
  for (const name of ordered[className] ?? []) {
    if (kwargs[name] === undefined || kwargs[name] === null) break;
    args.push(kwargs[name]);
    delete kwargs[name];
  }
  return { args, kwargs };
}

/** A call on inputs by their names. */
function namedCall(call: Config): Config {
  const { value, kwargs } = placeholders(call);
  return { args: [value], kwargs };
}

/** Inputs or outputs of a model: lists of places; one place alone is a list of one. */
export function convertPlace(places: unknown): unknown {
  return isPlace(places) ? [[...places]] : places;
}

/** Where calls of models within a model are counted from. */
export interface FirstCalls {
  /** Places in calls as Keras 3 counts them. */
  readonly within: (calls: unknown) => unknown;
  /** Places of outputs. */
  readonly ofOutputs: (places: unknown) => unknown;
}

const models: ReadonlySet<string> = new Set(["Functional", "Model", "Sequential"]);

/**
 * Keras 2 counts the graph of a model within a model as its first call where it had one: then a place with as high a number
 * as there are calls occurs. Keras 3 does so for outputs alone, and not for Sequential models.
 */
export function firstCalls(config: Config): FirstCalls {
  const highest = new Map<string, number>();
  const note = (place: Place): Place => {
    highest.set(place[0], Math.max(highest.get(place[0]) ?? 0, place[1]));
    return place;
  };
  const entries = config.layers as Config[];
  mapPlaces([config.output_layers, ...entries.map(({ inbound_nodes: calls }) => calls)], note);
  const counted = new Set<string>();
  const functional = new Set<string>();
  for (const { class_name: className, name, inbound_nodes: calls } of entries) {
    if (!models.has(String(className)) || !Array.isArray(calls) || typeof calls[0] !== "object" || !Array.isArray(calls[0])) continue;
    if (highest.get(String(name)) === calls.length) counted.add(String(name));
    if (className !== "Sequential") functional.add(String(name));
  }
  const shifted = (by: (name: string) => number) => (places: unknown) =>
    mapPlaces(places, ([layer, call, output]) => [layer, call + by(layer), output]);
  return {
    within: shifted((name) => (counted.has(name) ? -1 : 0)),
    ofOutputs: shifted((name) => (counted.has(name) ? -1 : 0) + (functional.has(name) ? 1 : 0)),
  };
}
