/** Regularizers by name. */
import { type CustomObjects, Registry, type SerializedObject } from "../serialization/index.ts";
import { L1, L1L2, L2 } from "./norms.ts";
import { OrthogonalRegularizer } from "./orthogonal-regularizer.ts";
import type { Regularizer } from "./regularizer.ts";

/** Every known regularizer. */
export const regularizerRegistry: Registry<Regularizer> = /* @__PURE__ */ new Registry<Regularizer>("regularizer", "keras.regularizers");

/** Registers every built-in regularizer under Keras's names. */
export function registerRegularizers(): void {
  regularizerRegistry.register(L1, ["l1"]);
  regularizerRegistry.register(L2, ["l2"]);
  regularizerRegistry.register(L1L2, ["l1_l2", "L1L2"]);
  regularizerRegistry.register(OrthogonalRegularizer);
}

/** What names a regularizer: Keras's name, a regularizer, or Keras's JSON. */
export type RegularizerIdentifier = string | Regularizer | SerializedObject;

/** The regularizer of a name, of Keras's JSON, or itself; null stays null. Throws UnknownNameError. */
export function get<I extends RegularizerIdentifier | null>(
  identifier: I,
  customObjects: CustomObjects = {},
): I extends null ? null : Regularizer {
  return (identifier === null ? null : regularizerRegistry.get(identifier, customObjects)) as I extends null ? null : Regularizer;
}
/** Keras's JSON of a regularizer. */
export function serialize(regularizer: Regularizer): SerializedObject {
  return regularizerRegistry.serialize(regularizer);
}
/** The regularizer that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject, customObjects: CustomObjects = {}): Regularizer {
  return regularizerRegistry.deserialize(json, customObjects);
}
