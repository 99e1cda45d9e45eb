/** Constraints on weights (`keras.constraints`). */
export { Constraint } from "./constraint.ts";
export {
  MaxNorm,
  MaxNormConstraint,
  type MaxNormOptions,
  MinMaxNorm,
  MinMaxNormConstraint,
  type MinMaxNormOptions,
  NonNeg,
  NonNegConstraint,
  type NormAxis,
  UnitNorm,
  UnitNormConstraint,
  type UnitNormOptions,
} from "./norms.ts";
export { constraintRegistry, deserialize, get, registerConstraints, type ConstraintIdentifier, serialize } from "./registry.ts";
