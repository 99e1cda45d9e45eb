/**
 * Where the state of a model stands in Keras's files (`keras.src.saving.saving_lib`, version 3): a group per object that
 * has state, named by the attribute that holds it, with its variables in `vars/0`, `vars/1`, ...; the layers of a model
 * and other lists are numbered by their classes: `layers/dense`, `layers/dense_1`.
 */
import { isPlainObject, type Tensor, Variable } from "../../graph/index.ts";
import type { Layer } from "../../layers/index.ts";
import type { Metric } from "../../metrics/index.ts";
import type { Optimizer } from "../../optimizers/index.ts";
import { snakeCase, snakeCaseOfClass } from "../../serialization/index.ts";
import type { Model } from "../../models/index.ts";

/** What has state in a file. */
export type Stateful = Layer | Optimizer | Metric;

/** A model, as far as files know it. */
export type AnyModel = Model<unknown, unknown>;

// What an object is, is told by what it can do: readers of files then hold none of the classes, which a bundle would have to
// share between the program's file and theirs.

/** Whether an object is a layer. */
export function isLayer(object: unknown): object is Layer {
  return typeof object === "function" && typeof (object as Partial<Layer>).saveOwnVariables === "function";
}

/** Whether an object is an optimizer. */
export function isOptimizer(object: unknown): object is Optimizer {
  return holdsVariables(object) && typeof (object as Partial<Optimizer>).scaleLoss === "function" && "iterations" in object;
}

function isMetric(object: unknown): object is Metric {
  return (
    holdsVariables(object) &&
    typeof (object as Partial<Metric>).updateState === "function" &&
    typeof (object as Partial<Metric>).resetState === "function"
  );
}

function holdsVariables(object: unknown): object is { readonly variables: readonly Variable[] } {
  return typeof object === "object" && object !== null && "variables" in object && Array.isArray(object.variables);
}

/** Whether an object is a model. */
export function isModel(object: unknown): object is AnyModel {
  return isLayer(object) && typeof (object as { compileFromConfig?: unknown }).compileFromConfig === "function";
}

function isStateful(value: unknown): value is Stateful {
  return isLayer(value) || isOptimizer(value) || isMetric(value);
}

/** One object with state, and its path in the file. */
export interface StateEntry {
  /** Empty for the model itself. */
  readonly path: string;
  /** Null where Keras has a layer without weights and nabla has none. */
  readonly object: Stateful | null;
}

/** Every object with state within a model, each once, in the order in which Keras visits them. */
export function stateEntries(root: Stateful): StateEntry[] {
  const entries: StateEntry[] = [];
  const seen = new Set<Stateful>();
  const visit = (object: Stateful, path: string): void => {
    if (seen.has(object)) return;
    seen.add(object);
    entries.push({ path, object });
    for (const [name, value] of attributesOf(object)) {
      const at = path === "" ? name : `${path}/${name}`;
      if (isStateful(value)) visit(value, at);
      else visitContainer(value, at, 0);
    }
    if (isLayer(object))
      for (const part of (object.constructor as typeof Layer).weightlessParts)
        entries.push({ path: path === "" ? part : `${path}/${part}`, object: null });
  };
  const visitContainer = (container: unknown, path: string, depth: number): void => {
    const members = membersOf(container);
    if (members === null || depth > 4) return;
    const counts = new Map<string, number>();
    members.forEach(([key, member]) => {
      // Keras looks no deeper than one list; what is deeper gets its place by position.
      if (!isStateful(member)) return visitContainer(member, `${path}/${key}`, depth + 1);
      if (seen.has(member)) return;
      const base = snakeCaseOfClass(classNameOf(member));
      const count = counts.get(base);
      counts.set(base, count === undefined ? 0 : count + 1);
      visit(member, `${path}/${count === undefined ? base : `${base}_${count + 1}`}`);
    });
  };
  visit(root, "");
  return entries;
}

/** What an object holds, by Keras's names: the layers of a model first, then attributes by name, private ones last. */
function attributesOf(object: Stateful): [string, unknown][] {
  const own = Object.entries(object as unknown as Record<string, unknown>)
    .filter(([, value]) => isStateful(value) || membersOf(value) !== null)
    .map(([name, value]): [string, unknown] => [snakeCase(name), value]);
  if (isModel(object) && object.compiled) own.push(["optimizer", object.optimizer]);
  const key = (name: string): string => (name.startsWith("_") ? `~${name}` : name);
  own.sort(([a], [b]) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return isModel(object) && (object.graph !== null || object.className === "Sequential") ? [["layers", object.layers], ...own] : own;
}

/** Members of a list, map or plain object, with what distinguishes them; null for anything else. */
function membersOf(value: unknown): [string, unknown][] | null {
  if (Array.isArray(value)) return value.map((member, index) => [String(index), member as unknown]);
  if (value instanceof Map) return [...value].map(([key, member]) => [String(key), member as unknown]);
  return isPlainObject(value) ? Object.entries(value) : null;
}

function classNameOf(object: Stateful): string {
  const cls = object.constructor as { className?: string; pythonName?: string | null };
  return cls.pythonName ?? cls.className ?? "";
}

/** How errors name an object. */
export function labelOf(object: Stateful): string {
  return isLayer(object) ? object.label : isOptimizer(object) ? `optimizer "${object.name}"` : `metric "${object.name}"`;
}

/** The variables of an object itself, by their names in files. */
export function ownVariables(object: Stateful): Map<string, Variable | Tensor> {
  const store = new Map<string, Variable | Tensor>();
  if (isLayer(object)) object.saveOwnVariables(store);
  else object.variables.forEach((variable, index) => store.set(String(index), variable));
  return store;
}

/** Whether a variable has 64 bits in Keras: the number of steps of an optimizer. */
export function isWide(object: Stateful, variable: Variable | Tensor): boolean {
  return variable instanceof Variable && isOptimizer(object) && variable.dtype === "int32" && variable.name === "iteration";
}
