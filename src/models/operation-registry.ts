/** Operations that stand in a functional model's configuration as they are, by Keras's names: `NotEqual` made a mask. */
import { nearestNames, StateError, UnknownNameError, ValueError } from "../errors.ts";
import { isHostTypedArray, isPlainObject, Tensor } from "../graph/index.ts";
import { describe } from "../layers/layer-options.ts";
import { layerRegistry } from "../layers/registry.ts";
import { camelCase, camelCaseKeys, type Config, snakeCaseOfClass } from "../serialization/index.ts";

type Operation = (...args: never[]) => unknown;

/** How Keras writes an operation. */
interface Description {
  /** `keras.src.ops.numpy`. */
  readonly module: string;
  readonly className: string;
  /** In their order. */
  readonly parameters: readonly { readonly name: string; readonly ofClass: boolean; readonly takesAll: boolean }[];
}

const operations = new Map<string, Operation>();
const descriptions = new Map<string, Description>();
const names = new Map<string, string>();

/**
 * Makes operations known by their names (`notEqual`), those of namespaces within (`image.resize`) too. `tables` tell how
 * Keras writes them, by its modules.
 */
export function registerOperations(
  namespace: Readonly<Record<string, unknown>>,
  tables: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): void {
  for (const [name, operation] of Object.entries(namespace)) {
    if (typeof operation === "function") operations.set(name, operation as Operation);
    else if (typeof operation === "object" && operation !== null)
      for (const [inner, own] of Object.entries(operation))
        if (typeof own === "function" && !operations.has(inner)) operations.set(inner, own as Operation);
  }
  for (const [module, table] of Object.entries(tables))
    for (const [name, text] of Object.entries(table)) {
      const description = described(module, name, text);
      descriptions.set(name, description);
      names.set(description.className, name);
    }
}

/** Reads a line of a table: `SearchSorted: sorted_sequence values side=`. */
function described(module: string, name: string, text: string): Description {
  const [given, parameters] = text.includes(": ") ? (text.split(": ") as [string, string]) : [null, text];
  return {
    module: `keras.src.ops.${module}`,
    className: given ?? name.slice(0, 1).toUpperCase() + name.slice(1),
    parameters: parameters
      .split(" ")
      .map((part) => ({ name: part.replace(/[*=]/g, ""), ofClass: part.endsWith("="), takesAll: part.startsWith("*") })),
  };
}

/**
 * The call of an operation that Keras wrote (`{ module: "keras.src.ops.numpy", class_name: "NotEqual", config }`): what its
 * configuration holds beside its name are options. Null for layers. Throws UnknownNameError.
 */
export function operationCall(entry: Config): ((...args: unknown[]) => unknown) | null {
  const { module, class_name: className } = entry;
  if (typeof className !== "string") return null;
  // Legacy files name no modules.
  const legacy = module === undefined && names.has(className) && !layerRegistry.has(className);
  if (!legacy && (typeof module !== "string" || !/^keras\.(src\.)?ops\b/.test(module))) return null;
  const name = names.get(className) ?? camelCase(snakeCaseOfClass(className));
  const operation = operations.get(name);
  if (operation === undefined) {
    const near = nearestNames(name, operations.keys());
    throw new UnknownNameError({
      where: String(module),
      problem: "no operation has this name",
      received: JSON.stringify(className),
      advice:
        operations.size === 0
          ? 'nothing is registered: import from "nabla"'
          : near.length > 0
            ? `perhaps ${near[0]!}`
            : "make the model without it, or with a layer of your own",
    });
  }
  const { name: _name, dtype: _dtype, trainable: _trainable, ...rest } = (entry.config ?? {}) as Config;
  const own = descriptions.get(name)?.parameters.some((parameter) => parameter.ofClass && parameter.name === "dtype") === true;
  const options = camelCaseKeys(own && _dtype !== undefined && _dtype !== null ? { ...rest, dtype: _dtype } : rest);
  const call = operation as (...args: unknown[]) => unknown;
  const parameters = descriptions.get(name)?.parameters ?? null;
  // Python's None makes an axis.
  const axis = (part: unknown): unknown => (part === null ? "newaxis" : part);
  if (name === "getItem") return (x, key) => call(x, Array.isArray(key) ? key.map(axis) : axis(key));
  if (parameters !== null) return (...args) => call(...inOrder(parameters, args, options));
  return Object.keys(options).length === 0 ? call : (...args) => call(...args, options);
}

/** Arguments without the object of named ones that may stand at their end, and that object. */
function namedApart(
  parameters: Description["parameters"],
  args: readonly unknown[],
): { readonly operands: readonly unknown[]; readonly named: Readonly<Record<string, unknown>> } {
  const last = args.at(-1);
  const known = new Set(parameters.map(({ name }) => camelCase(name)));
  if (args.length < 2 || !isPlainObject(last) || !Object.keys(last).every((key) => known.has(key))) return { operands: args, named: {} };
  return { operands: args.slice(0, -1), named: last };
}

/** Arguments of a call in the operation's order: operands of the call and options of the configuration, until one is missing; what is left as options. */
function inOrder(
  parameters: Description["parameters"],
  operands: readonly unknown[],
  config: Readonly<Record<string, unknown>>,
): unknown[] {
  const { operands: given, named } = namedApart(parameters, operands);
  const waiting = [...given];
  const options: Record<string, unknown> = { ...config, ...named };
  const args: unknown[] = [];
  for (const { name, ofClass, takesAll } of parameters) {
    const key = camelCase(name);
    if (takesAll) args.push(...waiting.splice(0));
    else if (!ofClass && waiting.length > 0) args.push(waiting.shift());
    else if (Object.hasOwn(options, key)) {
      args.push(options[key]);
      delete options[key];
    } else break;
  }
  args.push(...waiting);
  return Object.keys(options).length === 0 ? args : [...args, options];
}

/** How Keras writes one call of an operation. */
export interface OperationConfig {
  /** `{ module, class_name, config, registered_name }`. */
  readonly json: Config;
  /** What stands in the call; the other arguments are in the configuration. */
  readonly args: readonly unknown[];
}

/** How Keras writes an operation that stands between layers, called on `args`. Throws StateError for those that Keras does not have. */
export function operationConfig(
  where: string,
  operation: { readonly name: string; readonly callable: { readonly name: string } },
  args: readonly unknown[],
): OperationConfig {
  const { name } = operation;
  const description = descriptions.get(operation.callable.name.replace(/^.*\./, ""));
  if (description === undefined) {
    throw new StateError({
      where,
      problem: `the operation "${name}" stands in the model as it is, and has no configuration`,
      expected: "layers, and operations that Keras has",
      advice: "put it into a layer of your own (class Mine extends Layer), whose className goes into customObjects when loading",
    });
  }
  const { parameters, module, className } = description;
  const { operands: given, named: options } = namedApart(parameters, args);
  const config: Config = { name };
  const call: unknown[] = [];
  parameters.forEach(({ name: parameter, ofClass, takesAll }, position) => {
    if (takesAll) return void call.push(...given.slice(position));
    const value = position < given.length ? given[position] : options[camelCase(parameter)];
    if (value === undefined) return;
    if (!ofClass) call.push(value);
    else config[parameter] = plain(where, `${name}: ${parameter}`, value);
  });
  return { json: { module, class_name: className, config, registered_name: className }, args: call };
}

/** A value as JSON holds it. Throws ValueError for tensors. */
function plain(where: string, what: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => plain(where, what, part));
  if (isHostTypedArray(value)) return Array.from(value, Number);
  if (!(value instanceof Tensor) && (typeof value !== "object" || value === null)) return value;
  throw new ValueError({
    where,
    problem: `${what} cannot be written`,
    expected: "a number, a text, or a list of them",
    received: describe(value),
  });
}
