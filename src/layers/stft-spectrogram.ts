/** Spectrograms by convolution, with kernels that can be trained. */
import { epsilon, imageDataFormat } from "../config/index.ts";
import { isFloat } from "../dtype/index.ts";
import { DTypeError, ValueError } from "../errors.ts";
import type { Shape, Tensor, Variable } from "../graph/index.ts";
import { STFT, stftWindows } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { type DataFormat, dataFormats } from "./data-format.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions, oneOf, positiveInteger } from "./layer-options.ts";

/** What a spectrogram shows. */
export type SpectrogramMode = "log" | "magnitude" | "psd" | "real" | "imag" | "angle" | "stft";

/** Options of STFTSpectrogram. */
export interface STFTSpectrogramOptions extends LayerOptions {
  /** Default "log". */
  readonly mode?: SpectrogramMode;
  /** Samples of a frame. Default 256. */
  readonly frameLength?: number;
  /** Samples from frame to frame, at most a frame. Default: half a frame. */
  readonly frameStep?: number | null;
  /** Length of the transform, at least a frame. Default: the next power of two. */
  readonly fftLength?: number | null;
  /** A name, values, or null for none. Default "hann". */
  readonly window?: string | readonly number[] | null;
  /** Default false: the window is symmetric. */
  readonly periodic?: boolean;
  /** What the window is divided by: its Euclidean norm ("density", default), its sum, or nothing. */
  readonly scaling?: "density" | "spectrum" | null;
  /** Default "valid". */
  readonly padding?: "valid" | "same";
  /** Whether frequencies get an axis of their own, as images have it. Default false. */
  readonly expandDims?: boolean;
  readonly dataFormat?: DataFormat | null;
}

/**
 * The short-time Fourier transform of every channel, as a convolution whose kernels are weights.
 *
 * Shapes: x `[batch, time, channels]` -> `[batch, frames, channels * bins]`, or `[batch, frames, bins, channels]` with
 * expandDims; bins are `fftLength / 2 + 1`, twice as many in mode "stft".
 *
 * @example
 * const y = layers.STFTSpectrogram({ frameLength: 256, frameStep: 128, trainable: false })(signal);
 */
export class STFTSpectrogramLayer extends Layer<STFTSpectrogramOptions> {
  static override readonly className: string = "STFTSpectrogram";
  declare mode: SpectrogramMode;
  declare frameLength: number;
  declare frameStep: number | null;
  declare fftLength: number | null;
  declare window: string | readonly number[] | null;
  declare periodic: boolean;
  declare scaling: "density" | "spectrum" | null;
  declare padding: "valid" | "same";
  declare expandDims: boolean;
  declare dataFormat: DataFormat;
  realKernel: Variable | null = null;
  imagKernel: Variable | null = null;

  constructor(options: STFTSpectrogramOptions = {}) {
    super(options, {
      mode: "log",
      frameLength: 256,
      frameStep: null,
      fftLength: null,
      window: "hann",
      periodic: false,
      scaling: "density",
      padding: "valid",
      dataFormat: imageDataFormat(),
      expandDims: false,
    });
    this.dataFormat ??= imageDataFormat();
    oneOf(this.label, "mode", this.mode, ["log", "magnitude", "psd", "real", "imag", "angle", "stft"]);
    oneOf(this.label, "padding", this.padding, ["valid", "same"]);
    oneOf(this.label, "dataFormat", this.dataFormat, dataFormats);
    positiveInteger(this.label, "frameLength", this.frameLength);
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where: this.label, problem, expected, received: describe(received) });
    const { frameStep, fftLength, frameLength } = this;
    if (frameStep !== null && positiveInteger(this.label, "frameStep", frameStep) > frameLength)
      throw wrong("frameStep leaves samples out", `at most frameLength, ${frameLength}`, frameStep);
    if (fftLength !== null && (positiveInteger(this.label, "fftLength", fftLength) < frameLength || fftLength % 2 === 1))
      throw wrong("fftLength is even and no shorter than a frame", `at least frameLength, ${frameLength}`, fftLength);
    if (!Array.isArray(this.window) && this.window !== null) oneOf(this.label, "window", this.window, stftWindows);
    if (this.scaling !== null) oneOf(this.label, "scaling", this.scaling, ["density", "spectrum"]);
    // Refuses windows of other lengths now, not when the weights are made.
    if (Array.isArray(this.window) && this.window.length !== frameLength)
      throw wrong("window is no frame", `${frameLength} values`, this.window);
    this.inputSpec = { rank: 3 };
  }

  #initializer(side: "real" | "imag"): InstanceType<typeof STFT> {
    return STFT({ side, window: this.window, scaling: this.scaling, periodic: this.periodic });
  }

  get #bins(): number {
    return (this.fftLength ?? 2 ** Math.ceil(Math.log2(this.frameLength))) / 2 + 1;
  }

  override build(_inputShape: Shape): void {
    const shape = [this.frameLength, 1, this.#bins];
    if (this.mode !== "imag") this.realKernel = this.addWeight({ name: "real_kernel", shape, initializer: this.#initializer("real") });
    if (this.mode !== "real") this.imagKernel = this.addWeight({ name: "imag_kernel", shape, initializer: this.#initializer("imag") });
  }

  /** The transform of each channel. Shapes: [batch, time, channels] -> [batch, channels, bins, frames]. */
  #transformed(x: Tensor, kernel: Tensor): Tensor {
    const [batch, time, channels] = [x.dim(0), x.dim(1), x.dim(2)];
    const single = ops.reshape(ops.transpose(x, [0, 2, 1]), [batch * channels, time, 1]);
    const strides = this.frameStep ?? Math.max(1, Math.floor(this.frameLength / 2));
    const frames = ops.conv(single, kernel, { strides, padding: this.padding, dataFormat: "channels_last" });
    return ops.reshape(ops.transpose(frames, [0, 2, 1]), [batch, channels, frames.dim(2), frames.dim(1)]);
  }

  override call(input: Tensor): Tensor {
    if (!isFloat(input.dtype)) {
      throw new DTypeError({ where: this.label, problem: "signals are floating-point", expected: "float32", received: input.dtype });
    }
    const x = this.dataFormat === "channels_first" ? ops.transpose(input, [0, 2, 1]) : input;
    const real = this.realKernel === null ? null : this.#transformed(x, this.realKernel.read());
    const imag = this.imagKernel === null ? null : this.#transformed(x, this.imagKernel.read());
    return this.#arranged(this.#shown(real, imag));
  }

  #shown(real: Tensor | null, imag: Tensor | null): Tensor {
    if (real === null || imag === null) return (real ?? imag)!;
    if (this.mode === "angle") return ops.arctan2(imag, real);
    if (this.mode === "stft") return ops.concatenate([real, imag], 2);
    const power = ops.add(ops.square(real), ops.square(imag));
    if (this.mode === "psd") {
      // Every frequency but the first and the last stands for its negative too.
      const both = Float32Array.from({ length: this.#bins }, (_, f) => (f === 0 || f === this.#bins - 1 ? 1 : 2));
      return ops.multiply(power, ops.reshape(ops.convertToTensor(both, power.dtype), [1, 1, -1, 1]));
    }
    const magnitude = ops.sqrt(ops.maximum(power, epsilon()));
    return this.mode === "magnitude" ? magnitude : ops.log(ops.maximum(magnitude, epsilon()));
  }

  /** From [batch, channels, bins, frames] to the layout that was asked for. */
  #arranged(y: Tensor): Tensor {
    const last = this.dataFormat === "channels_last";
    if (this.expandDims) return ops.transpose(y, last ? [0, 3, 2, 1] : [0, 1, 3, 2]);
    const flat = ops.reshape(y, [y.dim(0), y.dim(1) * y.dim(2), y.dim(3)]);
    return last ? ops.transpose(flat, [0, 2, 1]) : flat;
  }
}

/** Spectrograms by convolution; see {@link STFTSpectrogramLayer}. */
export const STFTSpectrogram: CallableClass<typeof STFTSpectrogramLayer> = /* @__PURE__ */ callableClass(STFTSpectrogramLayer);
export type STFTSpectrogram = STFTSpectrogramLayer;
