/**
 * Registries: names to classes, and Keras's JSON (`{ module, class_name, config, registered_name }`) to objects and back.
 * A registry starts empty; `registerX()` of each room fills it, so that a bundle holds only what it registers.
 */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import { customNames, customObject, registeredName } from "./custom-objects.ts";
import { insteadOf } from "./instead.ts";
import { snakeCaseOfClass } from "./names.ts";

/** A Keras configuration: snake_case keys, plain JSON values. */
export type Config = Record<string, unknown>;

/** An object that can be written as Keras's JSON. */
export interface Serializable {
  getConfig(): Config;
}

/** A class whose objects can be written and read. `className` is Keras's name of it (classes are renamed by minifiers). */
export interface SerializableClass<T> {
  readonly className: string;
  /** Whose class it is where it is not Keras's: "nabla". Counts for the class itself, not for those that extend it. */
  readonly package?: string;
  fromConfig(config: Config): T;
}

/** Keras's JSON of an object. */
export interface SerializedObject {
  module: string | null;
  class_name: string;
  config: unknown;
  registered_name: string | null;
}

/** Classes that `deserialize` should know beside the built-in ones, by class name. */
export type CustomObjects = Readonly<Record<string, unknown>>;

/** Classes of one kind (`loss`, `layer`), by name. */
export class Registry<T extends object> {
  /** What one entry is called in errors: `loss`. */
  readonly kind: string;
  /** Keras's module of the built-in classes: `keras.losses`. */
  readonly module: string;
  readonly #classes = new Map<string, SerializableClass<T>>();
  readonly #names = new Map<string, SerializableClass<T>>();

  constructor(kind: string, module: string) {
    this.kind = kind;
    this.module = module;
  }

  /** Adds a class under its class name, the snake_case of it, and `aliases`. Adding it again does nothing. */
  register(cls: SerializableClass<T>, aliases: readonly string[] = []): void {
    this.#classes.set(cls.className, cls);
    for (const name of [cls.className, snakeCaseOfClass(cls.className), cls.className.toLowerCase(), ...aliases]) {
      if (!this.#names.has(name)) this.#names.set(name, cls);
    }
  }

  /** Class names that are registered. */
  classNames(): string[] {
    return [...this.#classes.keys()];
  }

  /** Whether a string names a registered class. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** The class of a name (class name, snake_case or alias). Throws UnknownNameError with the nearest known names. */
  classOf(name: string, customObjects: CustomObjects = {}): SerializableClass<T> {
    const custom = customObject([name], customObjects);
    if (custom !== undefined) return custom as SerializableClass<T>;
    const cls = this.#names.get(name);
    if (cls !== undefined) return cls;
    const instead = insteadOf(name.replace(/^.*>/, ""));
    if (instead !== undefined) {
      throw new UnknownNameError({
        where: this.module,
        problem: `this ${this.kind} of Keras does not exist here`,
        received: JSON.stringify(name),
        advice: instead,
      });
    }
    const known = new Set([...customNames(customObjects), ...this.#names.keys()]);
    const near = nearestNames(name, known);
    throw new UnknownNameError({
      where: this.module,
      problem: `no ${this.kind} has this name`,
      received: JSON.stringify(name),
      ...(near.length > 0 ? { expected: `perhaps ${near.map((n) => JSON.stringify(n)).join(" or ")}` } : {}),
      advice:
        this.#names.size === 0
          ? `nothing is registered: import from "nabla", or pass the ${this.kind} itself instead of its name`
          : `pass a known name, or the ${this.kind} itself; a class of your own goes into customObjects, or is registered by saving.registerSerializable`,
    });
  }

  /**
   * The class that Keras's JSON names: a class of the user's by its registered or plain name, else a built-in one. A name
   * with a package (`mine>Dense`) never means a built-in class. Throws UnknownNameError.
   */
  classFor(json: SerializedObject, customObjects: CustomObjects = {}): SerializableClass<T> {
    // What Keras has not is called "nabla>...".
    const full = (json.registered_name ?? json.class_name).replace(/^nabla>/, "");
    const custom = customObject([full, json.class_name], customObjects);
    if (custom !== undefined) return custom as SerializableClass<T>;
    return this.classOf(full.includes(">") || this.#names.has(full) ? full : json.class_name, customObjects);
  }

  /** How Keras's JSON names a class: Keras's by their module, others by their package or the name that is registered. */
  identify(cls: { readonly className: string }): { module: string | null; class_name: string; registered_name: string | null } {
    const className = cls.className;
    const own = (cls as { prototype?: { constructor: object } }).prototype?.constructor;
    if (own !== undefined && Object.hasOwn(own, "package")) {
      const name = (own as { package: string }).package;
      return { module: this.module.replace(/^keras/, name), class_name: className, registered_name: `${name}>${className}` };
    }
    const name = registeredName(cls);
    const known = this.#classes.get(className) as { prototype?: unknown } | undefined;
    const builtIn = known !== undefined && known.prototype === (cls as { prototype?: unknown }).prototype;
    // Where nothing is registered (nabla/core), every class is taken for a built-in one unless it says otherwise.
    if (name === null && (builtIn || this.#classes.size === 0))
      return { module: this.module, class_name: className, registered_name: null };
    return { module: null, class_name: className, registered_name: name ?? className };
  }

  /** An object of a name with default options, of Keras's JSON, or the object itself. Throws ValueError for what is none of these. */
  get(identifier: string | object, customObjects: CustomObjects = {}): T {
    if (typeof identifier === "string") return this.classOf(identifier, customObjects).fromConfig({});
    if (isSerialized(identifier)) return this.deserialize(identifier, customObjects);
    if (!isInstance(identifier)) {
      throw new ValueError({
        where: this.module,
        problem: `this is no ${this.kind}`,
        expected: `a name, Keras's JSON ({ class_name, config }), or the ${this.kind} itself`,
        received: JSON.stringify(identifier),
      });
    }
    return identifier as T;
  }

  /** Keras's JSON of an object. */
  serialize(object: T & Serializable): SerializedObject {
    const cls = ((object as { constructor: unknown } | null | undefined)?.constructor ?? {}) as Partial<SerializableClass<T>>;
    const className = cls.className;
    if (className === undefined) {
      throw new ValueError({
        where: `${this.module}.serialize`,
        problem: `the ${this.kind} has no class name`,
        received: object === null ? "null" : typeof object,
        advice: "give its class a `static readonly className`",
      });
    }
    const { module, registered_name } = this.identify(cls as SerializableClass<T>);
    return { module, class_name: className, config: object.getConfig(), registered_name };
  }

  /** The object that Keras's JSON describes. */
  deserialize(json: string | object, customObjects: CustomObjects = {}): T {
    if (typeof json === "string") return this.get(json, customObjects);
    if (!isSerialized(json)) {
      throw new ValueError({
        where: `${this.module}.deserialize`,
        problem: `this does not describe a ${this.kind}`,
        expected: '{ "class_name": ..., "config": { ... } }',
        received: JSON.stringify(json)?.slice(0, 200) ?? typeof json,
      });
    }
    // A built-in function is written as { class_name: "function", config: "its_name" }.
    if (json.class_name === "function" && typeof json.config === "string") return this.get(json.config, customObjects);
    return this.classFor(json, customObjects).fromConfig((json.config ?? {}) as Config);
  }
}

/** Whether a value is Keras's JSON of an object. */
export function isSerialized(value: unknown): value is SerializedObject {
  return typeof value === "object" && value !== null && typeof (value as SerializedObject).class_name === "string";
}

/** Whether a value is a function or an object of a class: not a number, a list or an object literal. */
function isInstance(value: unknown): boolean {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== Object.prototype && prototype !== null;
}
