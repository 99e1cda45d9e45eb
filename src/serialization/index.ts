/** Callable classes, names, and Keras's JSON. Shared by every namespace of things with configurations. */
export { insteadOf } from "./instead.ts";
export { registerNotHere } from "./not-here.ts";
export { type CallArguments, callableClass, type CallableClass, CallableInstance, type Class } from "./callable-class.ts";
export { camelCase, camelCaseKeys, snakeCase, snakeCaseKeys, snakeCaseOfClass } from "./names.ts";
export { fromConfig, KerasObject } from "./keras-object.ts";
export { checkOptions, isOfConfig, optionsOfConfig } from "./options.ts";
export {
  customObject,
  customObjectScope,
  customObjectScopes,
  getCustomObjects,
  registeredName,
  registeredObject,
  type RegisterOptions,
  registerSerializable,
  withCustomObjects,
} from "./custom-objects.ts";
export { CustomObjectScope, getRegisteredName, getRegisteredObject, registerKerasSerializable } from "./keras-names.ts";
export {
  type Config,
  type CustomObjects,
  isSerialized,
  Registry,
  type Serializable,
  type SerializableClass,
  type SerializedObject,
} from "./registry.ts";
