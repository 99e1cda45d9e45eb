/** Models from the configurations that files hold. Nothing of a file is executed: classes are found by name. */
import { isPlainObject } from "../../graph/index.ts";
import { type ErrorParts, InternalError, NablaError, ValueError } from "../../errors.ts";
import { deserialize } from "../../layers/index.ts";
import { describe } from "../../layers/describe.ts";
import {
  type Config,
  customObject,
  customObjectScopes,
  type CustomObjects,
  isSerialized,
  withCustomObjects,
} from "../../serialization/index.ts";
import { FormatError } from "../source.ts";
import { type AnyModel, isModel } from "./state-tree.ts";

/** Where names of a file are looked up: `customObjects`, and the scopes that were open when reading began. */
export interface Lookup {
  readonly customObjects: CustomObjects;
  readonly scopes: readonly CustomObjects[];
}

/** The lookup of a call that was given `customObjects`. Make it before the first `await`. */
export function lookupOf(customObjects: CustomObjects): Lookup {
  return { customObjects, scopes: [...customObjectScopes(), customObjects] };
}

/**
 * The model that a configuration of a file describes, compiled as it says unless `compile` is false. Throws for code in the
 * file, unknown classes (by name), and what is no model.
 */
export function modelFromConfig(where: string, json: unknown, lookup: Lookup, compile: boolean): AnyModel {
  return withCustomObjects(lookup.scopes, () =>
    named(where, () => {
      refuseCode(where, json, lookup.customObjects);
      if (!isSerialized(json)) throw noModel(where, describe(json));
      const layer = deserialize(json, lookup.customObjects);
      if (!isModel(layer)) throw noModel(where, layer.label);
      const { compile_config: compiled } = json as { compile_config?: unknown };
      // A model that was never compiled has an empty configuration in newer files.
      const isCompiled = isPlainObject(compiled) ? Object.keys(compiled).length > 0 : compiled !== null && compiled !== undefined;
      if (compile && isCompiled) compileFrom(where, layer, compiled as Config, lookup);
      return layer;
    }),
  );
}

/** Compiles as a file says. */
export function compileFrom(where: string, model: AnyModel, config: Config, { customObjects, scopes }: Lookup): void {
  withCustomObjects(scopes, () =>
    named(where, () => model.compileFromConfig(config, customObjects), "load with compile: false, and compile the model yourself"),
  );
}

function noModel(where: string, received: string): FormatError {
  return new FormatError({
    where,
    problem: "the configuration in the file describes no model",
    expected: '{ "class_name": "Sequential" or "Functional", "config": { ... } }',
    received,
  });
}

/** Errors name the file. What recurses too deep is a broken file, not a broken program. */
export function named<T>(where: string, make: () => T, advice?: string): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof InternalError) throw error;
    if (error instanceof NablaError) {
      if (error.parts.where.startsWith(where)) throw error;
      const cls = error.constructor as new (parts: ErrorParts) => NablaError;
      const parts = { ...error.parts, where: `${where}: ${error.parts.where}` };
      throw new cls(advice === undefined || parts.advice !== undefined ? parts : { ...parts, advice });
    }
    // A configuration of other types than Keras's makes constructors fail in ways of their own.
    if (error instanceof RangeError || error instanceof TypeError)
      throw new FormatError({ where, problem: "the configuration in the file cannot be read", received: error.message });
    throw error;
  }
}

/** Throws ValueError that names the layer where a configuration holds code: a Lambda, or a lambda as an option. */
function refuseCode(where: string, json: unknown, customObjects: CustomObjects): void {
  const visit = (value: unknown, owner: string): void => {
    if (Array.isArray(value)) {
      for (const part of value) visit(part, owner);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const { class_name: cls, config } = value as { class_name?: unknown; config?: { name?: unknown; function?: unknown } };
    const name = typeof config?.name === "string" ? `${String(cls)} "${config.name}"` : owner;
    if (cls === "__lambda__" || (cls === "Lambda" && customObject(["Lambda"], customObjects) === undefined && holdsCode(config))) {
      throw new ValueError({
        where,
        problem: `${name} holds a Python function, which is not executed`,
        expected: "layers, losses and functions that have names",
        received: cls === "Lambda" ? "a Lambda layer" : "a lambda",
        advice:
          "write what it computes as a layer (class Mine extends Layer) and load with customObjects: { Lambda: Mine }; or save the model anew with a registered class instead",
      });
    }
    for (const part of Object.values(value)) visit(part, name);
  };
  visit(json, "the file");
}

/** Whether a Lambda's function is code; one that has a name is looked up in `customObjects`. */
function holdsCode(config: unknown): boolean {
  const { function: f } = (config ?? {}) as { function?: unknown };
  return !(isSerialized(f) && f.class_name === "function" && typeof f.config === "string");
}
