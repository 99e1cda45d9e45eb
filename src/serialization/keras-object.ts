/** Base of built-in classes with a configuration and a call: losses, initializers, regularizers, constraints, schedules. */
import { CallableInstance } from "./callable-class.ts";
import { snakeCaseKeys } from "./names.ts";
import { optionsOfConfig } from "./options.ts";
import type { Config } from "./registry.ts";

/** Reads an object from Keras's configuration: the options, in camelCase, are those of the constructor. */
export function fromConfig<T>(this: new (options: never) => T, config: Config): T {
  return new this(optionsOfConfig(config) as never);
}

/** Callable objects whose configuration is the options of their constructor. */
export abstract class KerasObject extends CallableInstance {
  /** Keras's name of the class; classes may be renamed by minifiers. */
  static readonly className: string = "";
  static readonly fromConfig: typeof fromConfig = fromConfig;

  /** The options that make this object again, in camelCase. A class of one's own without options needs none. */
  protected options(): Readonly<Record<string, unknown>> {
    return {};
  }

  /** Keras's configuration. */
  getConfig(): Config {
    return snakeCaseKeys(this.options());
  }

  toJSON(): Config {
    return this.getConfig();
  }
}
