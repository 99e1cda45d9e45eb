/** Quantizers by name. */
import { type CustomObjects, Registry, type SerializedObject } from "../serialization/index.ts";
import { AbsMaxQuantizer } from "./abs-max.ts";
import type { Quantizer } from "./quantizer.ts";

/** Every known quantizer. */
export const quantizerRegistry: Registry<Quantizer> = /* @__PURE__ */ new Registry<Quantizer>("quantizer", "keras.quantizers");

/** Registers every built-in quantizer under Keras's names. */
export function registerQuantizers(): void {
  quantizerRegistry.register(AbsMaxQuantizer);
}

/** What names a quantizer: Keras's name, a quantizer, or Keras's JSON. */
export type QuantizerIdentifier = string | Quantizer | SerializedObject;

/** The quantizer of a name, of Keras's JSON, or itself; null stays null. Throws UnknownNameError. */
export function get<I extends QuantizerIdentifier | null>(
  identifier: I,
  customObjects: CustomObjects = {},
): I extends null ? null : Quantizer {
  return (identifier === null ? null : quantizerRegistry.get(identifier, customObjects)) as I extends null ? null : Quantizer;
}
/** Keras's JSON of a quantizer. */
export function serialize(quantizer: Quantizer): SerializedObject {
  return quantizerRegistry.serialize(quantizer);
}
/** The quantizer that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject, customObjects: CustomObjects = {}): Quantizer {
  return quantizerRegistry.deserialize(json, customObjects);
}
