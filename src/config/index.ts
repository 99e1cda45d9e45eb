/** Keras's settings (`keras.config`) that lower rooms read. */
export {
  disableInteractiveLogging,
  enableInteractiveLogging,
  epsilon,
  floatOf,
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
} from "./settings.ts";
