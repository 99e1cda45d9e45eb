/** Window functions: vectors of a known length, computed once. */
import { ValueError } from "../../errors.ts";
import { currentScope, dataTensor, type Tensor } from "../../graph/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { knownValues } from "../known-values.ts";

/** A window of a length: float32 [length]. */
export type WindowOp = (x: TensorLike) => Tensor;

/** Elements of the longest tensor. */
const longest = 2 ** 31 - 1;

function lengthOf(x: TensorLike): number {
  const length = typeof x === "number" ? x : knownValues(asTensor(x), "the length of the window", "give the length as a number")[0];
  if (length !== undefined && Number.isInteger(length) && length >= 0 && length <= longest) return length;
  throw new ValueError({
    where: currentScope(),
    problem: "the length of the window is no count",
    expected: `an integer from 0 to ${longest}`,
    received: String(length),
  });
}

/** `shape(i, last)` for i from 0 to last = length - 1. */
function windowOf(x: TensorLike, shape: (i: number, last: number) => number): Tensor {
  const length = lengthOf(x);
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = length === 1 ? 1 : shape(i, length - 1);
  return dataTensor(values, [length], "float32");
}
function windowOp(name: string, shape: (i: number, last: number) => number): WindowOp {
  return defineOp(name, (x: TensorLike) => windowOf(x, shape));
}

const turn = (i: number, last: number): number => (2 * Math.PI * i) / last;

/** A triangle: `1 - |2 i / (n - 1) - 1|`. */
export const bartlett: WindowOp = windowOp("bartlett", (i, last) => 1 - Math.abs((2 * i) / last - 1));
/** `0.54 - 0.46 cos(2 pi i / (n - 1))`. */
export const hamming: WindowOp = windowOp("hamming", (i, last) => 0.54 - 0.46 * Math.cos(turn(i, last)));
/** `0.5 - 0.5 cos(2 pi i / (n - 1))`. */
export const hanning: WindowOp = windowOp("hanning", (i, last) => 0.5 - 0.5 * Math.cos(turn(i, last)));
/** `0.42 - 0.5 cos(2 pi i / (n - 1)) + 0.08 cos(4 pi i / (n - 1))`. */
export const blackman: WindowOp = windowOp(
  "blackman",
  (i, last) => 0.42 - 0.5 * Math.cos(turn(i, last)) + 0.08 * Math.cos(2 * turn(i, last)),
);

/** Bessel's I0 by its series (Abramowitz and Stegun 9.6.12). */
function besselI0(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x * x) / (4 * k * k);
    sum += term;
  }
  return sum;
}
/** Kaiser's window: `I0(beta sqrt(1 - (2 i / (n - 1) - 1)^2)) / I0(beta)`. */
export const kaiser: (x: TensorLike, beta: number) => Tensor = defineOp("kaiser", (x: TensorLike, beta: number) =>
  windowOf(x, (i, last) => besselI0(beta * Math.sqrt(Math.max(0, 1 - ((2 * i) / last - 1) ** 2))) / besselI0(beta)),
);
