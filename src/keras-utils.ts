/** What Keras keeps in `keras.utils`: data made ready, pictures and copies of models. */
export * as boundingBoxes from "./bounding-boxes/index.ts";
export { normalize, padSequences, type PadSequencesOptions, toCategorical } from "./data/sequences.ts";
export { setRandomSeed } from "./random/index.ts";
export { plotModel, type PlotModelOptions } from "./visualization/index.ts";
