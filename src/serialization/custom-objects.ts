/** Classes and functions of one's own that files may name: registered for good, or within a scope. */
import { ValueError } from "../errors.ts";
import type { CustomObjects } from "./registry.ts";

/** Everything registered, by registered name. */
const registered: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
const registeredNames = new Map<unknown, string>();
/** Objects of the scopes that are open, the innermost last. */
let scopes: readonly CustomObjects[] = [];

/** Options of `registerSerializable`. */
export interface RegisterOptions {
  /** Stands before the name: `package>name`. Default "Custom". */
  readonly package?: string;
  /** Default: the `className` of a class, the name of a function. */
  readonly name?: string | null;
}

/**
 * Makes a class (with `getConfig` and `static fromConfig`) or a function known to files under the name `package>name`, as
 * `keras.saving.register_keras_serializable` does: files name it so, and files that name it so are read without
 * `customObjects`. Gives back what it was given. Throws ValueError where there is no name, or the name is taken.
 *
 * @example
 * class Scale extends Layer {
 *   static override readonly className = "Scale";
 *   ...
 * }
 * registerSerializable(Scale, { package: "mine" }); // files say "mine>Scale"
 */
export function registerSerializable<T extends object>(target: T, options: RegisterOptions = {}): T {
  const where = "saving.registerSerializable";
  const given = target as { className?: unknown; name?: unknown; fromConfig?: unknown };
  const own = typeof given.className === "string" && given.className !== "" ? given.className : given.name;
  const name = options.name ?? own;
  if (typeof target !== "function" || typeof name !== "string" || name === "") {
    throw new ValueError({
      where,
      problem: "this cannot be registered",
      expected: "a class with a static className, or a function with a name",
      received: typeof target === "function" ? "a function without a name" : typeof target,
      advice: "give it a name: { name: ... }",
    });
  }
  const key = `${options.package ?? "Custom"}>${name}`;
  const identity = identityOf(target);
  if (registered[key] !== undefined && identityOf(registered[key]) !== identity) {
    throw new ValueError({
      where,
      problem: "something else is registered under this name",
      expected: "a name of its own, or another package",
      received: JSON.stringify(key),
    });
  }
  registered[key] = target;
  registeredNames.set(identity, key);
  return target;
}

/** A class that is made callable stands for the class within. */
function identityOf(target: unknown): unknown {
  if (typeof target !== "function") return target;
  const prototype = (target as { prototype?: { constructor?: unknown } }).prototype;
  return prototype?.constructor ?? target;
}

/** The name under which a class or function is registered; null where it is not. */
export function registeredName(target: unknown): string | null {
  return registeredNames.get(identityOf(target)) ?? null;
}

/** What is registered under a name, or stands in `customObjects`; null where there is nothing. */
export function registeredObject(name: string, customObjects: CustomObjects = {}): unknown {
  return customObject([name], customObjects) ?? null;
}

/**
 * Everything registered, by registered name: a live object, as Keras's. What is added to it is known to every file that is
 * read from then on.
 */
export function getCustomObjects(): Record<string, unknown> {
  return registered;
}

/**
 * Runs `f`, in which the names of `objects` are known as if they stood in `customObjects`. Calls of `loadModel` in it know
 * them until they are done; other asynchronous code after the first `await` does not.
 *
 * @example
 * const model = saving.customObjectScope({ Scale }, () => modelFromJSON(json));
 */
export function customObjectScope<T>(objects: CustomObjects, f: () => T): T {
  return withCustomObjects([...scopes, objects], f);
}

/** Opens a scope that is not the extent of a function. */
export function openScope(objects: CustomObjects): void {
  scopes = [...scopes, objects];
}

/** Closes a scope that `openScope` opened. */
export function closeScope(objects: CustomObjects): void {
  scopes = scopes.filter((scope) => scope !== objects);
}

/** The scopes that are open: taken along by what goes on later. */
export function customObjectScopes(): readonly CustomObjects[] {
  return scopes;
}

/** Runs `f` with these scopes instead of the present ones. */
export function withCustomObjects<T>(objects: readonly CustomObjects[], f: () => T): T {
  const before = scopes;
  scopes = objects;
  try {
    return f();
  } finally {
    scopes = before;
  }
}

/** The first of these names in `customObjects`, the open scopes, and what is registered; undefined where none is there. */
export function customObject(names: readonly string[], customObjects: CustomObjects): unknown {
  for (const objects of [customObjects, ...scopes.toReversed(), registered]) {
    for (const name of names) if (Object.hasOwn(objects, name) && objects[name] !== undefined) return objects[name];
  }
  return undefined;
}

/** Names that are known beside the built-in ones. */
export function customNames(customObjects: CustomObjects): string[] {
  return [customObjects, ...scopes, registered].flatMap((objects) => Object.keys(objects));
}
