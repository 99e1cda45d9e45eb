/** Fourier transforms of keras.ops, on pairs `[real, imaginary]`; frames of signals and their spectra. */
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, dataTensor, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { type Complex, partsOf } from "../numpy/complex.ts";
import { pad, sliceAxis } from "../numpy/shaping.ts";
import { broadcast, castTo, constantLike, toFloat, toWideFloat } from "../promote.ts";
import { type Pair, transformed } from "./fourier.ts";

/** A transform of complex tensors. */
export type FourierOp = (x: Complex) => [Tensor, Tensor];

function complex(x: Complex, axes: number): Pair {
  if (!Array.isArray(x) || x.length !== 2) {
    throw new ValueError({
      where: currentScope(),
      problem: "a complex tensor is a pair",
      expected: "[real, imaginary]",
      received: Array.isArray(x) ? `a list of ${(x as unknown[]).length}` : String(x),
      advice: "for a real tensor give zeros as the imaginary part, or use ops.rfft",
    });
  }
  const parts = partsOf(x);
  parts.forEach(toWideFloat);
  if (parts[0].rank < axes) {
    throw new ShapeError({
      where: currentScope(),
      problem: "the tensor has too few axes to transform",
      expected: `rank ${axes} at least`,
      received: formatShape(parts[0].shape),
    });
  }
  return parts;
}

/** The transform along one axis, divided by the extent where `sign` is 1. */
function along(x: Pair, axis: number, sign: 1 | -1): Pair {
  const rank = x[0].rank;
  const order = Array.from({ length: rank }, (_, a) => (a === axis ? rank - 1 : a === rank - 1 ? axis : a));
  const move = (part: Tensor): Tensor => (axis === rank - 1 ? part : P.transpose(part, order));
  const [a, b] = transformed([move(x[0]), move(x[1])], sign);
  const back: Pair = [move(a), move(b)];
  if (sign < 0) return back;
  const size = x[0].dim(axis);
  return [P.divide(back[0], constantLike(size, back[0])), P.divide(back[1], constantLike(size, back[1]))];
}

function fourierOp(name: string, axes: number, sign: 1 | -1): FourierOp {
  return defineOp(name, (x: Complex): [Tensor, Tensor] => {
    let parts = complex(x, axes);
    for (let axis = 1; axis <= axes; axis++) parts = along(parts, parts[0].rank - axis, sign);
    return [parts[0], parts[1]];
  });
}
/** `out[k] = sum of x[j] e^(-2 pi i j k / n)` along the last axis. Shapes: pair of [.., n] -> the same. */
export const fft: FourierOp = fourierOp("fft", 1, -1);
/** The transform along the last two axes. */
export const fft2: FourierOp = fourierOp("fft2", 2, -1);
/** The inverse of `fft2`. */
export const ifft2: FourierOp = fourierOp("ifft2", 2, 1);

/** The longest frames and transforms: their factors are made at once. */
const longest = 2 ** 26;

type LengthRest = [(number | null | { fftLength?: number | null })?];

/** The last axis cut off, or followed by zeros, to `length`. */
function fitted(x: Tensor, length: number): Tensor {
  const extent = x.dim(-1);
  if (extent > length) return sliceAxis(x, x.rank - 1, 0, length);
  const none = concreteShape(x).map(() => 0);
  return P.pad(x, P.constant(0, x.dtype), none, none.map((_, axis) => (axis === x.rank - 1 ? length - extent : 0))); // prettier-ignore
}

/** The first half of the spectrum of real signals: [.., n] -> pair of [.., n / 2 + 1]. */
function realTransform(x: Tensor): [Tensor, Tensor] {
  const n = x.dim(-1);
  const [a, b] = transformed([x, constantLike(0, x)], -1);
  const half = Math.floor(n / 2) + 1;
  return [sliceAxis(a, x.rank - 1, 0, half), sliceAxis(b, x.rank - 1, 0, half)];
}

/** Real signals of length n from the first half of their spectrum; what the imaginary parts at both ends hold is not seen. */
function inverseRealTransform([a, b]: Pair, n: number): Tensor {
  const axis = a.rank - 1;
  const half = Math.floor(n / 2) + 1;
  const [re, im] = [fitted(a, half), fitted(b, half)];
  // The other half is the conjugate, backwards.
  const last = n % 2 === 0 ? half - 1 : half;
  const mirrored = (part: Tensor): Tensor => P.reverse(sliceAxis(part, axis, 1, Math.max(1, last)), [axis]);
  const shape = concreteShape(im);
  const place = P.iota(shape, axis, "int32");
  const isEnd = P.equal(place, constantLike(0, place));
  const ends = n % 2 === 0 ? P.or(isEnd, P.equal(place, constantLike(half - 1, place))) : isEnd;
  const seen = P.select(ends, constantLike(0, im), im);
  const whole: Pair = [P.concatenate([re, mirrored(re)], axis), P.concatenate([seen, P.negate(mirrored(seen))], axis)];
  const [out] = transformed(whole, 1);
  return P.divide(out, constantLike(n, out));
}

/** Throws ValueError for what is no number of elements. */
function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [what, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= 1 && value <= longest) continue;
    throw new ValueError({
      where: currentScope(),
      problem: `${what} is no count`,
      expected: `an integer from 1 to ${longest}`,
      received: String(value),
    });
  }
}

function lengthGiven(rest: LengthRest, otherwise: number): number {
  const { fftLength = null } = options<{ fftLength: number | null }>(["fftLength"], rest);
  const length = fftLength ?? otherwise;
  checkCounts({ fftLength: length });
  return length;
}

/** Spectrum of real signals, its first half; the signal is cut or followed by zeros to `fftLength`. Shapes: [.., n] -> pair of [.., n / 2 + 1]. */
export const rfft: (x: TensorLike, fftLength?: number | null | { fftLength?: number | null }) => [Tensor, Tensor] = defineOp(
  "rfft",
  (x: TensorLike, ...rest: LengthRest): [Tensor, Tensor] => {
    const t = toWideFloat(asTensor(x));
    if (t.rank < 1) throw new ShapeError({ where: currentScope(), problem: "a scalar has no spectrum", received: formatShape(t.shape) });
    return realTransform(fitted(t, lengthGiven(rest, t.dim(-1))));
  },
);
/** The real signal of length `fftLength` (default 2 (m - 1)) with the given first half of a spectrum. Shapes: pair of [.., m] -> [.., n]. */
export const irfft: (x: Complex, fftLength?: number | null | { fftLength?: number | null }) => Tensor = defineOp(
  "irfft",
  (x: Complex, ...rest: LengthRest) => {
    const parts = complex(x, 1);
    return inverseRealTransform(parts, lengthGiven(rest, 2 * (parts[0].dim(-1) - 1)));
  },
);

/** Frames [.., count, length] of the last axis, `stride` apart; what does not fill a frame is left out. */
export function framesOf(x: Tensor, length: number, stride: number): Tensor {
  checkCounts({ sequenceLength: length, sequenceStride: stride });
  const extent = x.rank === 0 ? 0 : x.dim(-1);
  const count = extent < length ? 0 : Math.floor((extent - length) / stride) + 1;
  if (count === 0) {
    throw new ShapeError({
      where: currentScope(),
      problem: `no frame of length ${length} fits`,
      expected: `a last axis of at least ${length}`,
      received: formatShape(x.shape),
    });
  }
  const index = P.add(
    P.multiply(P.iota([count, length], 0, "int32"), broadcast(P.constant(stride, "int32"), [count, length])),
    P.iota([count, length], 1, "int32"),
  );
  return P.take(x, index, x.rank - 1, "clamp");
}

/** Overlapping slices of the last axis. Shapes: [.., n] -> [.., (n - length) / stride + 1, length]. */
export const extractSequences: (x: TensorLike, sequenceLength: number, sequenceStride: number) => Tensor = defineOp(
  "extractSequences",
  (x: TensorLike, sequenceLength: number, sequenceStride: number) => framesOf(asTensor(x), sequenceLength, sequenceStride),
);

/** A window by name, its values, or null for none. */
export type SpectrumWindow = "hann" | "hamming" | TensorLike | null;
/** Options of `stft`. */
export interface StftOptions {
  /** Default "hann". */
  window?: SpectrumWindow;
  /** Whether frame t is centred at t times the stride: the signal is reflected at both ends. Default true. */
  center?: boolean;
}

/** The window of a frame of length `fftLength`: in the middle, zeros at both sides. */
function windowOf(window: SpectrumWindow, length: number, fftLength: number, dtype: Tensor["dtype"]): Tensor | null {
  if (fftLength < length) {
    throw new ValueError({
      where: currentScope(),
      problem: "fftLength is below sequenceLength",
      expected: `${length} at least`,
      received: String(fftLength),
    });
  }
  if (window === null) return null;
  let values: Tensor;
  if (typeof window === "string") {
    const shares = { hann: 0.5, hamming: 0.54 }[window as string];
    if (shares === undefined) {
      throw new ValueError({
        where: currentScope(),
        problem: "there is no such window",
        expected: '"hann", "hamming", a vector or null',
        received: JSON.stringify(window),
      });
    }
    const table = Float64Array.from({ length }, (_, i) => shares - (1 - shares) * Math.cos((2 * Math.PI * i) / length));
    values = castTo(dataTensor(table, [length], "float64"), dtype);
  } else values = castTo(toFloat(window), dtype);
  if (values.rank !== 1 || values.size !== length) {
    throw new ShapeError({
      where: currentScope(),
      problem: "the window has another length than the frames",
      expected: `[${length}]`,
      received: formatShape(values.shape),
    });
  }
  const before = Math.floor((fftLength - length) / 2);
  return P.pad(values, P.constant(0, dtype), [before], [fftLength - length - before]);
}

/**
 * Spectra of windowed frames: short-time Fourier transform.
 * Shapes: [.., n] -> pair of [.., frames, fftLength / 2 + 1].
 */
export const stft: (
  x: TensorLike,
  sequenceLength: number,
  sequenceStride: number,
  fftLength: number,
  window?: SpectrumWindow | StftOptions,
  center?: boolean,
) => [Tensor, Tensor] = defineOp(
  "stft",
  (
    x: TensorLike,
    sequenceLength: number,
    sequenceStride: number,
    fftLength: number,
    ...rest: [(SpectrumWindow | StftOptions)?, boolean?]
  ): [Tensor, Tensor] => {
    const { window = "hann", center = true } = options<StftOptions>(["window", "center"], rest);
    checkCounts({ sequenceLength, sequenceStride, fftLength });
    let t = toWideFloat(asTensor(x));
    if (center) {
      const side = Math.floor(fftLength / 2);
      t = pad(t, t.shape.map((_, axis) => (axis === t.rank - 1 ? [side, side] : [0, 0])), "reflect"); // prettier-ignore
    }
    const weights = windowOf(window, sequenceLength, fftLength, t.dtype);
    const frames = framesOf(t, fftLength, sequenceStride);
    return realTransform(weights === null ? frames : P.multiply(frames, broadcast(weights, concreteShape(frames))));
  },
);

/** Options of `istft`. */
export interface IstftOptions extends StftOptions {
  /** Length of the signal. Default null: as long as the frames reach. */
  length?: number | null;
}

/**
 * The signal of given spectra of frames: the inverse of `stft` with the same arguments, by overlapping the frames with the
 * window that makes up for it (Griffin and Lim 1984). Shapes: pair of [.., frames, fftLength / 2 + 1] -> [.., n].
 */
export const istft: (
  x: Complex,
  sequenceLength: number,
  sequenceStride: number,
  fftLength: number,
  length?: number | null | IstftOptions,
  window?: SpectrumWindow,
  center?: boolean,
) => Tensor = defineOp(
  "istft",
  (
    x: Complex,
    sequenceLength: number,
    sequenceStride: number,
    fftLength: number,
    ...rest: [(number | null | IstftOptions)?, SpectrumWindow?, boolean?]
  ) => {
    const { length = null, window = "hann", center = true } = options<IstftOptions>(["length", "window", "center"], rest);
    checkCounts({ sequenceLength, sequenceStride, fftLength });
    const parts = complex(x, 2);
    const weights = windowOf(window, sequenceLength, fftLength, parts[0].dtype);
    let frames = inverseRealTransform(parts, fftLength);
    if (weights !== null) {
      // The squares of the windows that overlap at each place sum to one after division.
      const sums = overlapped(squaresTiled(weights, fftLength, sequenceStride), sequenceStride, fftLength);
      const start = (Math.ceil(fftLength / sequenceStride) - 1) * sequenceStride;
      const energy = sliceAxis(sums, 0, start, start + sequenceStride);
      const place = P.remainder(P.iota([fftLength], 0, "int32"), broadcast(P.constant(sequenceStride, "int32"), [fftLength]));
      const at = P.take(energy, place, 0, "clamp");
      const zero = constantLike(0, at);
      const isEmpty = P.equal(at, zero);
      const synthesis = P.select(isEmpty, zero, P.divide(weights, P.select(isEmpty, constantLike(1, at), at)));
      frames = P.multiply(frames, broadcast(synthesis, concreteShape(frames)));
    }
    const signal = overlapped(frames, sequenceStride, fftLength);
    const total = signal.dim(-1);
    const start = center ? Math.floor(fftLength / 2) : 0;
    const end = length !== null ? start + length : center ? total - Math.floor(fftLength / 2) : total;
    return sliceAxis(signal, signal.rank - 1, start, Math.min(end, total));
  },
);

/** The squared window for as many frames as can overlap at one place, twice less one: [frames, length]. */
function squaresTiled(weights: Tensor, length: number, stride: number): Tensor {
  const frames = 2 * Math.ceil(length / stride) - 1;
  return broadcast(P.multiply(weights, weights), [frames, length]);
}

/** Frames [.., count, length] added at their places `stride` apart: [.., (count - 1) stride + length]. */
function overlapped(frames: Tensor, stride: number, length: number): Tensor {
  const shape = concreteShape(frames);
  const lead = shape.slice(0, -2);
  const count = shape.at(-2)!;
  // Cut into pieces of one stride: piece p of frame t lands at t + p.
  const pieces = Math.ceil(length / stride);
  const whole = fitted(frames, pieces * stride);
  const total = count + pieces - 1;
  let sum: Tensor | null = null;
  for (let piece = 0; piece < pieces; piece++) {
    const part = sliceAxis(whole, whole.rank - 1, piece * stride, (piece + 1) * stride);
    const none = concreteShape(part).map(() => 0);
    const low = none.map((_, axis) => (axis === lead.length ? piece : 0));
    const high = none.map((_, axis) => (axis === lead.length ? pieces - 1 - piece : 0));
    const moved = P.pad(part, P.constant(0, part.dtype), low, high);
    sum = sum === null ? moved : P.add(sum, moved);
  }
  const flat = P.reshape(sum!, [...lead, total * stride]);
  return sliceAxis(flat, lead.length, 0, (count - 1) * stride + length);
}
