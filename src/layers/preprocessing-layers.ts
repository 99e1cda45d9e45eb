/** The preprocessing layers, for the registry. */
import { CategoryEncoding } from "./category-encoding.ts";
import { CenterCrop } from "./center-crop.ts";
import { Discretization } from "./discretization.ts";
import { HashedCrossing } from "./hashed-crossing.ts";
import { Hashing } from "./hashing.ts";
import { IntegerLookup } from "./integer-lookup.ts";
import { Normalization } from "./normalization.ts";
import { StringLookup } from "./string-lookup.ts";
import { TextVectorization } from "./text-vectorization.ts";
import { AutoContrast } from "./auto-contrast.ts";
import { AugMix } from "./aug-mix.ts";
import { ContrastLimitedAdaptiveHistogramEqualization } from "./contrast-limited-adaptive-histogram-equalization.ts";
import { CutMix } from "./cut-mix.ts";
import { Equalization } from "./equalization.ts";
import { MaxNumBoundingBoxes } from "./max-num-bounding-boxes.ts";
import { MixUp } from "./mix-up.ts";
import { Pipeline } from "./pipeline.ts";
import { RandAugment } from "./rand-augment.ts";
import { RandomBrightness } from "./random-brightness.ts";
import { RandomColorDegeneration } from "./random-color-degeneration.ts";
import { RandomColorJitter } from "./random-color-jitter.ts";
import { RandomContrast } from "./random-contrast.ts";
import { RandomCrop } from "./random-crop.ts";
import { RandomElasticTransform } from "./random-elastic-transform.ts";
import { RandomErasing } from "./random-erasing.ts";
import { RandomFlip } from "./random-flip.ts";
import { RandomGaussianBlur } from "./random-gaussian-blur.ts";
import { RandomGrayscale } from "./random-grayscale.ts";
import { RandomHue } from "./random-hue.ts";
import { RandomInvert } from "./random-invert.ts";
import { RandomPerspective } from "./random-perspective.ts";
import { RandomPosterization } from "./random-posterization.ts";
import { RandomRotation } from "./random-rotation.ts";
import { RandomSaturation } from "./random-saturation.ts";
import { RandomSharpness } from "./random-sharpness.ts";
import { RandomShear } from "./random-shear.ts";
import { RandomTranslation } from "./random-translation.ts";
import { RandomZoom } from "./random-zoom.ts";
import { Solarization } from "./solarization.ts";
import { MelSpectrogram } from "./mel-spectrogram.ts";
import { STFTSpectrogram } from "./stft-spectrogram.ts";
import type { SerializableClass } from "../serialization/index.ts";
import type { Layer } from "./layer.ts";

/** Every preprocessing layer that has no file of its own among the plain layers. */
export const preprocessingLayers = (): readonly SerializableClass<Layer>[] => [
  CategoryEncoding,
  CenterCrop,
  Discretization,
  HashedCrossing,
  Hashing,
  IntegerLookup,
  Normalization,
  StringLookup,
  TextVectorization,
  AutoContrast,
  AugMix,
  ContrastLimitedAdaptiveHistogramEqualization,
  CutMix,
  Equalization,
  MaxNumBoundingBoxes,
  MixUp,
  Pipeline,
  RandAugment,
  RandomBrightness,
  RandomColorDegeneration,
  RandomColorJitter,
  RandomContrast,
  RandomCrop,
  RandomElasticTransform,
  RandomErasing,
  RandomFlip,
  RandomGaussianBlur,
  RandomGrayscale,
  RandomHue,
  RandomInvert,
  RandomPerspective,
  RandomPosterization,
  RandomRotation,
  RandomSaturation,
  RandomSharpness,
  RandomShear,
  RandomTranslation,
  RandomZoom,
  Solarization,
  MelSpectrogram,
  STFTSpectrogram,
];
