/** Kernels of the short-time Fourier transform. */
import { ShapeError, UnknownNameError, ValueError } from "../errors.ts";
import { type ConcreteShape, dataTensor, formatShape, type Tensor } from "../graph/index.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { dtypeOf, Initializer, type InitializerDType } from "./initializer.ts";

/** Windows by name, at a position from 0 to 1. */
const windows: Readonly<Record<string, (at: number) => number>> = {
  hann: (at) => 0.5 - 0.5 * Math.cos(2 * Math.PI * at),
  hamming: (at) => 0.54 - 0.46 * Math.cos(2 * Math.PI * at),
  blackman: (at) => 0.42 - 0.5 * Math.cos(2 * Math.PI * at) + 0.08 * Math.cos(4 * Math.PI * at),
  bartlett: (at) => 1 - Math.abs(2 * at - 1),
  boxcar: () => 1,
};

/** Names of windows. */
export const stftWindows: readonly string[] = /* @__PURE__ */ Object.keys(windows);

/** Options of STFT. */
export interface STFTOptions {
  /** Which part of the transform: "real" (default) or "imag". */
  readonly side?: "real" | "imag";
  /** "hann" (default), "hamming", "blackman", "bartlett", "boxcar", the values of a window, or null for none. */
  readonly window?: string | readonly number[] | null;
  /** What kernels are divided by: the window's Euclidean norm ("density", default), its sum ("spectrum"), or nothing. */
  readonly scaling?: "density" | "spectrum" | null;
  /** Whether the window begins its next period after its last value. Default false: it is symmetric. */
  readonly periodic?: boolean;
}

/**
 * `window[t] cos(2 pi t f / F)`, or `-window[t] sin(2 pi t f / F)`: with these kernels a convolution is a short-time
 * Fourier transform. Shapes: [frame, 1, F / 2 + 1].
 */
export class STFTInitializer extends Initializer {
  static override readonly className: string = "STFT";
  readonly side: "real" | "imag";
  readonly window: string | readonly number[] | null;
  readonly scaling: "density" | "spectrum" | null;
  readonly periodic: boolean;

  constructor(options: STFTOptions = {}) {
    super();
    const where = "initializers.STFT";
    checkOptions(where, options, ["side", "window", "scaling", "periodic"]);
    this.side = options.side ?? "real";
    this.window = options.window === undefined ? "hann" : options.window;
    this.scaling = options.scaling === undefined ? "density" : options.scaling;
    this.periodic = options.periodic ?? false;
    const choose = (name: string, value: unknown, choices: readonly (string | null)[]): void => {
      if (choices.includes(value as string | null)) return;
      throw new UnknownNameError({
        where,
        problem: `${name} has no such choice`,
        expected: choices.map((choice) => JSON.stringify(choice)).join(", "),
        received: JSON.stringify(value) ?? typeof value,
      });
    };
    choose("side", this.side, ["real", "imag"]);
    choose("scaling", this.scaling, ["density", "spectrum", null]);
    if (Array.isArray(this.window)) {
      if (!this.window.every(Number.isFinite)) {
        throw new ValueError({
          where,
          problem: "a window holds numbers",
          expected: "[0, 0.5, 1, 0.5]",
          received: JSON.stringify(this.window),
        });
      }
    } else choose("window", this.window, [...stftWindows, null]);
  }

  /** The window of a length; ones without one. */
  #windowOf(length: number): readonly number[] {
    const { window } = this;
    if (window === null) return new Array<number>(length).fill(1);
    if (typeof window !== "string") return window;
    const steps = this.periodic ? length : length - 1;
    return Array.from({ length }, (_, t) => (length === 1 ? 1 : windows[window]!(t / steps)));
  }

  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    const [length, channels, bins] = shape;
    const weights = shape.length === 3 && channels === 1 ? this.#windowOf(length!) : [];
    if (weights.length !== length || bins === undefined) {
      throw new ShapeError({
        where: "initializers.STFT",
        problem: "the kernel has no such shape",
        expected: Array.isArray(this.window) ? `[${this.window.length}, 1, bins], as long as the window` : "[frame, 1, bins]",
        received: formatShape(shape),
      });
    }
    const norm = { density: Math.hypot(...weights), spectrum: weights.reduce((sum, w) => sum + Math.abs(w), 0) };
    const scale = this.window === null || this.scaling === null ? 1 : norm[this.scaling];
    const period = (bins - 1) * 2;
    const values = new Float64Array(length * bins);
    for (let t = 0; t < length; t++) {
      for (let f = 0; f < bins; f++) {
        // The remainder keeps the angle small, and exact.
        const angle = (2 * Math.PI * ((t * f) % period)) / period;
        values[t * bins + f] = ((this.side === "real" ? Math.cos(angle) : -Math.sin(angle)) * weights[t]!) / scale;
      }
    }
    return cast(dataTensor(values, [length, 1, bins], "float64"), dtypeOf(dtype));
  }

  protected override options(): Record<string, unknown> {
    return { side: this.side, window: this.window, periodic: this.periodic, scaling: this.scaling };
  }
}

/** Kernels of the short-time Fourier transform; see {@link STFTInitializer}. */
export const STFT: CallableClass<typeof STFTInitializer> = /* @__PURE__ */ callableClass(STFTInitializer);
export type STFT = STFTInitializer;
