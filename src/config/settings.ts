/** Keras's settings: what is supposed where nothing else is said. */
import { type DType, isFloat } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";

/** Where the channels of an image stand. */
export type ImageDataFormat = "channels_last" | "channels_first";

/** Floating-point dtypes that tensors can have. */
export type FloatType = "float16" | "bfloat16" | "float32" | "float64";

let smallNumber = 1e-7;
let defaultFloat: FloatType = "float32";
let defaultFormat: ImageDataFormat = "channels_last";
let mostEpochs: number | null = null;
let mostSteps: number | null = null;
let interactive = true;

/** The small number that losses, metrics and constraints keep denominators and logarithms away from 0 with. Default 1e-7. */
export function epsilon(): number {
  return smallNumber;
}

/** Sets `epsilon()`, for graphs that are built from now on. Throws ValueError for what is no positive number. */
export function setEpsilon(value: number): void {
  if (!(typeof value === "number" && value > 0 && value < 1))
    throw new ValueError({
      where: "config.setEpsilon",
      problem: "this is no small number",
      expected: "0 < value < 1",
      received: String(value),
    });
  smallNumber = value;
}

/** Dtype of weights, of numbers and of new tensors where none is given. Default "float32". */
export function floatx(): FloatType {
  return defaultFloat;
}

/**
 * Sets `floatx()`, for what is made from now on. Of two bytes ("float16", "bfloat16") every weight, slot of an optimizer and
 * learning rate is too: steps below the format's precision vanish, and gradients below its range. Where it matters,
 * `config.setDtypePolicy("mixed_bfloat16")` keeps weights in float32. Throws ValueError for a dtype that is no float.
 */
export function setFloatx(dtype: FloatType): void {
  if (!["float16", "bfloat16", "float32", "float64"].includes(dtype)) {
    throw new ValueError({
      where: "config.setFloatx",
      problem: "numbers are not kept in this dtype",
      expected: '"float16", "bfloat16", "float32", "float64"',
      received: JSON.stringify(dtype) ?? String(dtype),
    });
  }
  defaultFloat = dtype;
}

/** `floatx()` for what is no floating-point dtype, else the dtype itself. */
export function floatOf(dtype: DType): DType {
  return isFloat(dtype) ? dtype : defaultFloat;
}

/** Where the channels stand for layers and operations that are not told. Default `config.imageDataFormat()`, which is "channels_last". */
export function imageDataFormat(): ImageDataFormat {
  return defaultFormat;
}

/** Sets `imageDataFormat()`, for layers that are made from now on. Throws ValueError for anything but the two formats. */
export function setImageDataFormat(dataFormat: ImageDataFormat): void {
  const given: string = dataFormat;
  if (given !== "channels_last" && given !== "channels_first") {
    throw new ValueError({
      where: "config.setImageDataFormat",
      problem: "there is no such format",
      expected: '"channels_last", "channels_first"',
      received: JSON.stringify(dataFormat) ?? String(dataFormat),
    });
  }
  defaultFormat = dataFormat;
}

function limit(where: string, value: number | null): number | null {
  if (value === null || (Number.isInteger(value) && value >= 0)) return value;
  throw new ValueError({ where, problem: "this is no limit", expected: "a whole number, or null for none", received: String(value) });
}

/** The most epochs that any `fit` runs; null (default): no limit. */
export function maxEpochs(): number | null {
  return mostEpochs;
}

/** Sets `maxEpochs()`, to try a program out. Throws ValueError for what is no whole number. */
export function setMaxEpochs(epochs: number | null): void {
  mostEpochs = limit("config.setMaxEpochs", epochs);
}

/** The most steps of an epoch of `fit`, of an `evaluate` and of a `predict`; null (default): no limit. */
export function maxStepsPerEpoch(): number | null {
  return mostSteps;
}

/** Sets `maxStepsPerEpoch()`, to try a program out. Throws ValueError for what is no whole number. */
export function setMaxStepsPerEpoch(steps: number | null): void {
  mostSteps = limit("config.setMaxStepsPerEpoch", steps);
}

/** Whether progress is drawn as it goes on; else every epoch, evaluation and prediction writes one line. Default true. */
export function isInteractiveLoggingEnabled(): boolean {
  return interactive;
}

/** Progress is drawn as it goes on, on a terminal. */
export function enableInteractiveLogging(): void {
  interactive = true;
}

/** Progress is written as one line per epoch, evaluation and prediction. */
export function disableInteractiveLogging(): void {
  interactive = false;
}
