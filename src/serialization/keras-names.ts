/** Registration and scopes of custom objects by Keras's names (`keras.saving`). */
import { ValueError } from "../errors.ts";
import { closeScope, openScope, registeredName, registeredObject, type RegisterOptions, registerSerializable } from "./custom-objects.ts";
import type { CustomObjects } from "./registry.ts";

/**
 * A decorator that makes a class or function known to files as `package>name`, Keras's
 * `register_keras_serializable(package, name)`. Without decorators: `registerKerasSerializable({ package: "mine" })(Scale)`,
 * or with the name of the package alone.
 *
 * @example
 * const Scale = registerKerasSerializable({ package: "mine" })(
 *   class extends Layer {
 *     static override readonly className = "Scale";
 *   },
 * );
 */
export function registerKerasSerializable(options: RegisterOptions | string = {}): <T extends object>(target: T) => T {
  const given = typeof options === "string" ? { package: options } : options;
  return (target) => registerSerializable(target, given);
}

/** The name under which a class or function is registered, else its own name. Throws ValueError where it has none. */
export function getRegisteredName(target: unknown): string {
  const registered = registeredName(target);
  if (registered !== null) return registered;
  const given = (typeof target === "function" ? target : {}) as { className?: unknown; name?: unknown };
  const name = typeof given.className === "string" && given.className !== "" ? given.className : given.name;
  if (typeof name === "string" && name !== "") return name;
  throw new ValueError({
    where: "saving.getRegisteredName",
    problem: "this has no name",
    expected: "a class or a function with a name",
    received: typeof target,
  });
}

/** What a name stands for: in `customObjects`, in an open scope, or registered; null where it stands for nothing. */
export function getRegisteredObject(name: string, options: { readonly customObjects?: CustomObjects | null } = {}): unknown {
  return registeredObject(name, options.customObjects ?? {});
}

/**
 * Names that are known from here to the end of a block, Keras's `with CustomObjectScope({...}):`. It opens when it is
 * made and closes with the block of `using`, or by `close()`. Several close in any order. `customObjectScope(objects, f)` is
 * the same around a function.
 *
 * @example
 * using scope = new saving.CustomObjectScope({ Scale });
 * const model = modelFromJSON(json);
 */
export class CustomObjectScope {
  /** The names and what they stand for. */
  readonly customObjects: CustomObjects;

  constructor(customObjects: CustomObjects) {
    this.customObjects = { ...customObjects };
    openScope(this.customObjects);
  }

  /** Forgets the names. Closing again does nothing. */
  close(): void {
    closeScope(this.customObjects);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
