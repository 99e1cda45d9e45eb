/** Policies of precision (`keras.dtype_policies`). */
import type { DTypePolicy } from "./layers/index.ts";
import { type DTypeOption, dtypePolicyOf } from "./layers/index.ts";
import type { SerializedObject } from "./serialization/index.ts";

export {
  AWQDTypePolicy,
  CalibratedDTypePolicy,
  DTypePolicy,
  DTypePolicy as FloatDTypePolicy,
  DTypePolicyMap,
  type DTypePolicyMapOptions,
  GPTQDTypePolicy,
  Int4DTypePolicy,
  QuantizedDTypePolicy,
  type QuantizedDTypePolicyOptions,
  QuantizedFloat8DTypePolicy,
  type QuantizedFloat8DTypePolicyOptions,
} from "./layers/index.ts";

/** The policy of a name, of Keras's JSON, or itself; null: the present default. Throws UnknownNameError. */
export function get(identifier: DTypeOption | SerializedObject | null): DTypePolicy {
  return dtypePolicyOf("dtypePolicies.get", identifier);
}
/** Keras's JSON of a policy. */
export function serialize(policy: DTypePolicy): SerializedObject {
  return policy.toJSON();
}
/** The policy that Keras's JSON describes. */
export function deserialize(json: SerializedObject): DTypePolicy {
  return get(json);
}
