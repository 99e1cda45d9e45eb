/** Small whole numbers instead of floats (`keras.quantizers`). */
export {
  absMaxQuantize,
  absMaxQuantizeGroupedWithZeroPoint,
  type AbsMaxQuantizeOptions,
  AbsMaxQuantizer,
  type AbsMaxQuantizerCallOptions,
  AbsMaxQuantizerClass,
  type AbsMaxQuantizerOptions,
  type ValueRange,
} from "./abs-max.ts";
export {
  affineFloats,
  affineNumbers,
  type AffineOptions,
  type AffineParameters,
  affineParameters,
  type AffineWeights,
  alongInputs,
} from "./affine.ts";
export { awqQuantized, MagnitudeStatistics, type ScaledWeights } from "./awq.ts";
export { AWQConfig, AWQConfigClass, type AWQConfigOptions } from "./awq-config.ts";
export {
  type CalibratedConfigOptions,
  type CalibratedMode,
  CalibratedQuantizationConfig,
  type CalibrationLayer,
  type CalibrationTokenizer,
  type InputStatistics,
  type QuantizationLayerStructure,
} from "./calibrated-config.ts";
export { calibrationInputs } from "./calibration-inputs.ts";
export { fakeQuantWithMinMaxVars, type FakeQuantOptions } from "./fake-quant.ts";
export { computeFloat8AmaxHistory, computeFloat8Scale, type Float8, type Float8ScaleOptions, quantizeAndDequantize } from "./float8.ts";
export { gptqQuantized, HessianStatistics } from "./gptq.ts";
export { GPTQConfig, GPTQConfigClass, type GPTQConfigOptions } from "./gptq-config.ts";
export type { ByteType } from "./integers.ts";
export { packInt2, packInt4, type Packed, type PackingOptions, packTernary, unpackInt2, unpackInt4, unpackTernary } from "./packing.ts";
export {
  Float8QuantizationConfig,
  Float8QuantizationConfigClass,
  Int4QuantizationConfig,
  Int4QuantizationConfigClass,
  type Int4QuantizationConfigOptions,
  Int8QuantizationConfig,
  Int8QuantizationConfigClass,
  QuantizationConfig,
  type QuantizationConfigOptions,
  type QuantizationMode,
} from "./quantization-config.ts";
export { Quantizer, type QuantizerOptions } from "./quantizer.ts";
export { deserialize, get, type QuantizerIdentifier, quantizerRegistry, registerQuantizers, serialize } from "./registry.ts";
