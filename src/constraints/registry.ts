/** Constraints by name. */
import { type CustomObjects, Registry, type SerializedObject } from "../serialization/index.ts";
import type { Constraint } from "./constraint.ts";
import { MaxNorm, MinMaxNorm, NonNeg, UnitNorm } from "./norms.ts";

/** Every known constraint. */
export const constraintRegistry: Registry<Constraint> = /* @__PURE__ */ new Registry<Constraint>("constraint", "keras.constraints");

/** Registers every built-in constraint under Keras's names. */
export function registerConstraints(): void {
  for (const cls of [MaxNorm, MinMaxNorm, NonNeg, UnitNorm]) constraintRegistry.register(cls);
}

/** What names a constraint: Keras's name, a constraint, or Keras's JSON. */
export type ConstraintIdentifier = string | Constraint | SerializedObject;

/** The constraint of a name, of Keras's JSON, or itself; null stays null. Throws UnknownNameError. */
export function get<I extends ConstraintIdentifier | null>(
  identifier: I,
  customObjects: CustomObjects = {},
): I extends null ? null : Constraint {
  return (identifier === null ? null : constraintRegistry.get(identifier, customObjects)) as I extends null ? null : Constraint;
}
/** Keras's JSON of a constraint. */
export function serialize(constraint: Constraint): SerializedObject {
  return constraintRegistry.serialize(constraint);
}
/** The constraint that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject, customObjects: CustomObjects = {}): Constraint {
  return constraintRegistry.deserialize(json, customObjects);
}
