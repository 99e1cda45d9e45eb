/** Initializers by name. */
import { type CustomObjects, Registry, type SerializedObject } from "../serialization/index.ts";
import { Constant, Identity, Ones, Zeros } from "./constant.ts";
import type { Initializer } from "./initializer.ts";
import { Orthogonal } from "./orthogonal.ts";
import { RandomNormal, RandomUniform, TruncatedNormal } from "./random.ts";
import { STFT } from "./stft.ts";
import { GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform, VarianceScaling } from "./variance-scaling.ts";

/** Every known initializer. */
export const initializerRegistry: Registry<Initializer> = /* @__PURE__ */ new Registry<Initializer>("initializer", "keras.initializers");

/** Registers every built-in initializer under Keras's names. */
export function registerInitializers(): void {
  initializerRegistry.register(Zeros, ["zeros"]);
  initializerRegistry.register(Ones, ["ones"]);
  initializerRegistry.register(Constant);
  initializerRegistry.register(Identity, ["identity", "Identity"]);
  initializerRegistry.register(Orthogonal, ["orthogonal", "Orthogonal"]);
  initializerRegistry.register(RandomNormal, ["normal"]);
  initializerRegistry.register(RandomUniform, ["uniform"]);
  initializerRegistry.register(TruncatedNormal);
  initializerRegistry.register(STFT);
  initializerRegistry.register(VarianceScaling);
  for (const cls of [GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal]) initializerRegistry.register(cls);
}

/** What names an initializer: Keras's name, an initializer, or Keras's JSON. */
export type InitializerIdentifier = string | Initializer | SerializedObject;

/** The initializer of a name, of Keras's JSON, or itself. Throws UnknownNameError. */
export function get(identifier: InitializerIdentifier, customObjects: CustomObjects = {}): Initializer {
  return initializerRegistry.get(identifier, customObjects);
}
/** Keras's JSON of an initializer. */
export function serialize(initializer: Initializer): SerializedObject {
  return initializerRegistry.serialize(initializer);
}
/** The initializer that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject, customObjects: CustomObjects = {}): Initializer {
  return initializerRegistry.deserialize(json, customObjects);
}
