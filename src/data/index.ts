/** Input pipelines (`data`). */
export { Dataset, type ElementReader, type GeneratorSource, iteratorOf, type ShuffleOptions } from "./dataset.ts";
export { type Element, type ElementData, hostElement, type HostElement, isListOfParts, type Structure, tensorsOf } from "./element.ts";
