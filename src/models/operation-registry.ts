/** Operations that stand in a functional model's configuration as they are, by Keras's names: `NotEqual` made a mask. */
import { nearestNames, StateError, UnknownNameError } from "../errors.ts";
import { camelCase, camelCaseKeys, type Config, snakeCaseOfClass } from "../serialization/index.ts";

type Operation = (...args: never[]) => unknown;

const operations = new Map<string, Operation>();

/** Makes operations known, by their names (`notEqual`). */
export function registerOperations(namespace: Readonly<Record<string, unknown>>): void {
  for (const [name, operation] of Object.entries(namespace))
    if (typeof operation === "function") operations.set(name, operation as Operation);
}

/**
 * The call of an operation that Keras wrote (`{ module: "keras.src.ops.numpy", class_name: "NotEqual", config }`): what its
 * configuration holds beside its name are options. Null for layers. Throws UnknownNameError.
 */
export function operationCall(entry: Config): ((...args: unknown[]) => unknown) | null {
  const { module, class_name: className } = entry;
  if (typeof module !== "string" || typeof className !== "string" || !/^keras\.(src\.)?ops\b/.test(module)) return null;
  const name = camelCase(snakeCaseOfClass(className));
  const operation = operations.get(name);
  if (operation === undefined) {
    const near = nearestNames(name, operations.keys());
    throw new UnknownNameError({
      where: module,
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
  const options = camelCaseKeys(rest);
  const call = operation as (...args: unknown[]) => unknown;
  return Object.keys(options).length === 0 ? call : (...args) => call(...args, options);
}

/** Operations on two operands: everything such a call needs stands in its arguments. All of them are in Keras's module numpy. */
const ofOperands: ReadonlySet<string> = new Set([
  "add",
  "arctan2",
  "divide",
  "equal",
  "floorDivide",
  "greater",
  "greaterEqual",
  "less",
  "lessEqual",
  "logicalAnd",
  "logicalOr",
  "logicalXor",
  "maximum",
  "minimum",
  "mod",
  "multiply",
  "notEqual",
  "power",
  "subtract",
  "trueDivide",
]);

/** How Keras writes an operation that stands between layers. Throws StateError for those that take more than their operands. */
export function operationConfig(where: string, operation: { readonly name: string; readonly className: string }): Config {
  const { name, className } = operation;
  if (ofOperands.has(className.slice(0, 1).toLowerCase() + className.slice(1)))
    return { module: "keras.src.ops.numpy", class_name: className, config: { name }, registered_name: className };
  throw new StateError({
    where,
    problem: `the operation "${name}" stands in the model as it is, and has no configuration`,
    expected: "layers, and operations on two operands (ops.add, ops.multiply, ops.less, ...)",
    advice: "put it into a layer of your own (class Mine extends Layer), whose className goes into customObjects when loading",
  });
}
