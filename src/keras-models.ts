/** Models (`keras.models`). */
export { cloneModel, Model, modelFromJSON, Sequential } from "./models/index.ts";
export { loadModel, saveModel } from "./saving/index.ts";
