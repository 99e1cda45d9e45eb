/** Data that few programs train on, in one file of a bundle. */
export { withClassWeights } from "./class-weights.ts";
export { hostDataOf } from "./input-structure.ts";
export { matchByName } from "./match-by-name.ts";
export { openStream, refuseBeside, trainingStream } from "./streams.ts";
export { textArray } from "./text-array.ts";
