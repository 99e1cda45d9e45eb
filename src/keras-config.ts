/** Keras's settings (`keras.config`). */
export {
  disableInteractiveLogging,
  enableInteractiveLogging,
  epsilon,
  floatx,
  type FloatType,
  imageDataFormat,
  type ImageDataFormat,
  isInteractiveLoggingEnabled,
  maxEpochs,
  maxStepsPerEpoch,
  setEpsilon,
  setFloatx,
  setImageDataFormat,
  setMaxEpochs,
  setMaxStepsPerEpoch,
} from "./config/index.ts";
export { dtypePolicy, setDtypePolicy } from "./layers/index.ts";
export { getBackend as backend, setBackend } from "./runtime/index.ts";
