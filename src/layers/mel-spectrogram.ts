/** Spectrograms on the mel scale, as speech is heard. */
import { widened } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions, oneOf, positiveInteger } from "./layer-options.ts";
import { finiteNumber, nonNegative } from "./option-checks.ts";

/** Options of MelSpectrogram. */
export interface MelSpectrogramOptions extends LayerOptions {
  /** Length of the transform. Default 2048. */
  readonly fftLength?: number;
  /** Samples from frame to frame. Default 512. */
  readonly sequenceStride?: number;
  /** Samples of a frame, at most fftLength. Default: fftLength. */
  readonly sequenceLength?: number | null;
  /** "hann" (default), "hamming", or null for none. */
  readonly window?: "hann" | "hamming" | null;
  /** Samples per second. Default 16000. */
  readonly samplingRate?: number;
  /** Default 128. */
  readonly numMelBins?: number;
  /** Least frequency, Hz. Default 20. */
  readonly minFreq?: number;
  /** Largest frequency, Hz. Default: half the sampling rate. */
  readonly maxFreq?: number | null;
  /** Whether the result is in decibels. Default true. */
  readonly powerToDb?: boolean;
  /** Decibels below the loudest value that are cut off. Default 80. */
  readonly topDb?: number;
  /** Power of the magnitudes. Default 2. */
  readonly magExp?: number;
  /** Least value, before decibels. Default 1e-10. */
  readonly minPower?: number;
  /** What 0 decibels are. Default 1. */
  readonly refPower?: number;
}

/** HTK's mel scale. */
const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);

/** Share of each frequency (row) in each mel band (column): triangles on the mel scale, as HTK's. Shapes: [bins, bands]. */
export function melMatrix(bins: number, bands: number, samplingRate: number, minFreq: number, maxFreq: number): Float32Array {
  const [low, high] = [mel(minFreq), mel(maxFreq)];
  const edge = (i: number): number => low + ((high - low) * i) / (bands + 1);
  const weights = new Float32Array(bins * bands);
  // The constant part of a signal is in no band.
  for (let bin = 1; bin < bins; bin++) {
    const at = mel(((samplingRate / 2) * bin) / (bins - 1));
    for (let band = 0; band < bands; band++) {
      const [left, centre, right] = [edge(band), edge(band + 1), edge(band + 2)];
      weights[bin * bands + band] = Math.max(0, Math.min((at - left) / (centre - left), (right - at) / (right - centre)));
    }
  }
  return weights;
}

/**
 * The short-time Fourier transform's magnitudes to a power, summed up in bands of the mel scale, in decibels.
 *
 * Shapes: x `[batch, time]` or `[time]` -> `[batch, numMelBins, frames]` or `[numMelBins, frames]`.
 *
 * @example
 * const y = layers.MelSpectrogram({ numMelBins: 64, samplingRate: 8000, sequenceStride: 256 })(signal);
 */
export class MelSpectrogramLayer extends Layer<MelSpectrogramOptions> {
  static override readonly className: string = "MelSpectrogram";
  static override readonly computesInFormat: boolean = false;
  declare fftLength: number;
  declare sequenceStride: number;
  declare sequenceLength: number;
  declare window: "hann" | "hamming" | null;
  declare samplingRate: number;
  declare numMelBins: number;
  declare minFreq: number;
  declare maxFreq: number;
  declare powerToDb: boolean;
  declare topDb: number;
  declare magExp: number;
  declare minPower: number;
  declare refPower: number;

  constructor(options: MelSpectrogramOptions = {}) {
    super(options, {
      fftLength: 2048,
      sequenceStride: 512,
      sequenceLength: null,
      window: "hann",
      samplingRate: 16000,
      numMelBins: 128,
      minFreq: 20,
      maxFreq: null,
      powerToDb: true,
      topDb: 80,
      magExp: 2,
      minPower: 1e-10,
      refPower: 1,
    });
    positiveInteger(this.label, "fftLength", this.fftLength);
    this.sequenceLength ??= this.fftLength;
    positiveInteger(this.label, "sequenceLength", this.sequenceLength);
    positiveInteger(this.label, "sequenceStride", this.sequenceStride);
    positiveInteger(this.label, "numMelBins", this.numMelBins);
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where: this.label, problem, expected, received: describe(received) });
    if (this.fftLength < this.sequenceLength)
      throw wrong("a frame is longer than its transform", `sequenceLength of at most ${this.fftLength}`, this.sequenceLength);
    if (this.window !== null) oneOf(this.label, "window", this.window, ["hann", "hamming"]);
    if (!(this.samplingRate > 0)) throw wrong("samplingRate is not positive", "samples per second", this.samplingRate);
    this.maxFreq ??= Math.trunc(this.samplingRate / 2);
    if (!(this.minFreq >= 0 && this.maxFreq > this.minFreq))
      throw wrong("the frequencies make no range", "0 <= minFreq < maxFreq", [this.minFreq, this.maxFreq]);
    if (!(this.minPower > 0)) throw wrong("minPower is not positive", "a number above 0", this.minPower);
    for (const key of ["samplingRate", "minFreq", "maxFreq", "magExp", "minPower"] as const) finiteNumber(this.label, key, this[key]);
    if ((this.topDb as number | null) !== null) nonNegative(this.label, "topDb", this.topDb);
    if (!(finiteNumber(this.label, "refPower", this.refPower) > 0))
      throw wrong("refPower is not positive", "a number above 0", this.refPower);
    this.inputSpec = { minRank: 1, maxRank: 2 };
  }

  override call(input: Tensor): Tensor {
    const x = ops.cast(input, widened(this.dtype));
    const [real, imag] = ops.stft(x, this.sequenceLength, this.sequenceStride, this.fftLength, { window: this.window, center: true });
    const magnitude = ops.sqrt(ops.add(ops.square(real), ops.square(imag)));
    const spectrum = ops.power(magnitude, this.magExp);
    const bins = spectrum.dim(-1);
    const matrix = melMatrix(bins, this.numMelBins, this.samplingRate, this.minFreq, this.maxFreq);
    const bands = ops.matmul(spectrum, ops.cast(dataTensor(matrix, [bins, this.numMelBins], "float32"), spectrum.dtype));
    return ops.swapaxes(this.powerToDb ? this.#decibels(bands) : bands, -1, -2);
  }

  #decibels(power: Tensor): Tensor {
    const reference = 10 * Math.log10(Math.max(Math.abs(this.refPower), this.minPower));
    const level = ops.subtract(ops.multiply(10, ops.log10(ops.maximum(power, this.minPower))), reference);
    return ops.maximum(level, ops.subtract(ops.max(level), this.topDb));
  }
}

/** Spectrograms on the mel scale; see {@link MelSpectrogramLayer}. */
export const MelSpectrogram: CallableClass<typeof MelSpectrogramLayer> = /* @__PURE__ */ callableClass(MelSpectrogramLayer);
export type MelSpectrogram = MelSpectrogramLayer;
