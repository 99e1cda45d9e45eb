/** Files of models and arrays: Keras's .keras, .weights.h5 and .h5, safetensors, NumPy's .npy and .npz, ONNX, TF.js. */
export {
  encodeNpyFile,
  encodeNpz,
  loadNpy,
  loadNpz,
  type NpyArray,
  type NpyOptions,
  type NpzOptions,
  saveNpy,
  saveNpz,
} from "./npy/index.ts";
export { loadOnnx, type LoadOnnxOptions, type OnnxInput, OnnxModel } from "./onnx/import/index.ts";
export { encodeOnnx, exportOnnx, type OnnxExportOptions } from "./onnx/export/index.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  loadSafetensors,
  type SafetensorsFile,
  type SafetensorsOptions,
  saveSafetensors,
} from "./safetensors/index.ts";
export { deserializeKerasObject, serializeKerasObject } from "./keras-objects.ts";
export { copyModel, http, type HttpOptions, listModels, moveModel, removeModel, type StoredFile } from "./places/index.ts";
export { encodeTfjs, loadTfjs, type LoadTfjsOptions, saveTfjs, type SaveTfjsOptions, type TfjsFiles } from "./tfjs/index.ts";
export { FormatError, type FileSource, type FileTarget, type ReadableFile, type WritableFile } from "./source.ts";
export {
  loadModel,
  type LoadModelOptions,
  loadWeights,
  type LoadWeightsOptions,
  type ModelBytesOptions,
  type ModelFormat,
  saveModel,
  type SaveOptions,
  saveWeights,
  toBytes,
  toParts,
} from "./model-files.ts";
export {
  customObjectScope,
  CustomObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  registeredName,
  registeredObject,
  type RegisterOptions,
  registerSerializable,
} from "../serialization/index.ts";
