/** Files of models and arrays: safetensors, NumPy's .npy and .npz, ONNX. */
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
export { encodeOnnx, exportOnnx, type OnnxExportOptions } from "./onnx/export/index.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  loadSafetensors,
  type SafetensorsFile,
  type SafetensorsOptions,
  saveSafetensors,
} from "./safetensors/index.ts";
export { FormatError, type FileSource } from "./source.ts";
