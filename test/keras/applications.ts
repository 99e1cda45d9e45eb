/** Cases of applications: building the network that a case describes, and filling it by the cases' formula. */
import { applications, type Model, type Variable } from "../../src/index.ts";
import { resetAutoNames } from "../../src/layers/auto-names.ts";
import { camelCaseKeys } from "../../src/serialization/index.ts";
import type { Case } from "./cases.ts";

/** The model of a case, with names counted from the beginning. */
export function modelOf(entry: Case): Model {
  resetAutoNames();
  const make = applications[entry["application"] as "ResNet50"] as (options: object) => Model;
  return make(camelCaseKeys(entry["kwargs"] as Record<string, unknown>));
}

/** What the files' formula gives for element i of weight k, from -1 to 1. */
export function formula(size: number, k: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    let x = Math.imul(i + 1, 2654435761) ^ Math.imul(k + 1, 2246822519);
    x = Math.imul(x ^ (x >>> 16), 2246822507);
    x = Math.imul(x ^ (x >>> 13), 3266489909);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

/** The value of weight k of a filled network. */
export function filled(weight: Variable, k: number, gain: number): Float32Array {
  const { shape, name, size } = weight;
  const scaleOf = (inputs: number): number => gain * Math.sqrt(6 / inputs);
  const w = formula(size, k);
  if (name === "depthwise_kernel") return Float32Array.from(w, (x) => x * scaleOf(shape[0]! * shape[1]!));
  if (shape.length >= 2) return Float32Array.from(w, (x) => x * scaleOf(size / shape.at(-1)!));
  if (name === "gamma") return Float32Array.from(w, (x) => 1 + 0.2 * x);
  if (name === "moving_variance") return Float32Array.from(w, (x) => 1 + 0.5 * x);
  return Float32Array.from(w, (x) => 0.1 * x);
}
