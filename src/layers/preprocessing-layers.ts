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
];
