/** Data that few programs train on, and what few ask of a model that trains, in one file of a bundle. */
export { withClassWeights } from "./class-weights.ts";
export { evaluationStream, predictionStream, trainingSource } from "./fit-sources.ts";
export { inferFrom } from "./infer-model.ts";
export { matchSeveral } from "./match-several.ts";
export { predictOnBatch, testOnBatch, trainOnBatch } from "./on-batch.ts";
export { textArray } from "./text-array.ts";
export { checkWeights, matchWeights } from "./value-checks.ts";
