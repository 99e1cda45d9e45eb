/** Initializers whose variance follows the number of inputs or outputs of a unit. */
import type { DType } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { type ConcreteShape, normalizeAxis, type Tensor } from "../graph/index.ts";
import { normal, type Seed, truncatedNormal, uniform } from "../random/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { dtypeOf, type InitializerDType, RandomInitializer, type SeedOption } from "./initializer.ts";

/** Axes of a weight that count as inputs or outputs; null: what its rank says. */
export type FanAxes = readonly number[] | null;

/**
 * Number of inputs and outputs of a unit of a weight: kernels of convolutions count their window. Where both
 * `inputAxes` and `outputAxes` are given, the products of the extents along them.
 */
export function computeFans(shape: ConcreteShape, inputAxes: FanAxes = null, outputAxes: FanAxes = null): [number, number] {
  if (inputAxes !== null && outputAxes !== null) {
    const along = (axes: readonly number[]): number =>
      axes.reduce((product, axis) => product * shape[normalizeAxis("initializers.VarianceScaling", axis, shape.length)]!, 1);
    return [along(inputAxes), along(outputAxes)];
  }
  if (shape.length === 0) return [1, 1];
  if (shape.length === 1) return [shape[0]!, shape[0]!];
  const window = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return [shape.at(-2)! * window, shape.at(-1)! * window];
}

/** Standard deviation of a standard normal distribution cut at two standard deviations. */
const truncatedDeviation = 0.87962566103423978;

/** Which fan divides the variance. */
export type FanMode = "fan_in" | "fan_out" | "fan_avg";
/** How values are drawn. "truncated_normal" is widened, so that its deviation after the cut is right. */
export type ScalingDistribution = "truncated_normal" | "untruncated_normal" | "normal" | "uniform";

/** Options of VarianceScaling. */
export interface VarianceScalingOptions {
  /** Positive. Default 1. */
  scale?: number;
  /** Default "fan_in". */
  mode?: FanMode;
  /** Default "truncated_normal". */
  distribution?: ScalingDistribution;
  seed?: SeedOption;
  /** Axes that count as inputs, together with outputAxes. Default: what the rank says. */
  inputAxes?: FanAxes;
  outputAxes?: FanAxes;
}
/** Draws values of a variance. */
type Draw = (shape: ConcreteShape, variance: number, options: { readonly seed: Exclude<Seed, null>; readonly dtype: DType }) => Tensor;

const drawUniform: Draw = (shape, variance, options) => {
  const limit = Math.sqrt(3 * variance);
  return uniform(shape, { minval: -limit, maxval: limit, ...options });
};
const drawNormal: Draw = (shape, variance, options) => normal(shape, { stddev: Math.sqrt(variance), ...options });
const drawTruncated: Draw = (shape, variance, options) =>
  truncatedNormal(shape, { stddev: Math.sqrt(variance) / truncatedDeviation, ...options });

/** Variance `scale / n`, n the number of inputs, outputs, or their mean. How values are drawn, subclasses bring along. */
export abstract class ScalingInitializer extends RandomInitializer {
  readonly scale: number;
  readonly mode: FanMode;
  readonly distribution: ScalingDistribution;
  readonly inputAxes: FanAxes;
  readonly outputAxes: FanAxes;
  readonly #draw: Draw;

  constructor(options: VarianceScalingOptions, draw: Draw) {
    super(options.seed);
    this.scale = options.scale ?? 1;
    this.mode = options.mode ?? "fan_in";
    this.distribution = options.distribution ?? "truncated_normal";
    this.inputAxes = options.inputAxes ?? null;
    this.outputAxes = options.outputAxes ?? null;
    this.#draw = draw;
  }

  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    const [inputs, outputs] = computeFans(shape, this.inputAxes, this.outputAxes);
    const n = this.mode === "fan_in" ? inputs : this.mode === "fan_out" ? outputs : (inputs + outputs) / 2;
    return this.#draw(shape, this.scale / Math.max(1, n), { seed: this.seed, dtype: dtypeOf(dtype) });
  }

  /** The same initializer, counting the given axes, unless it was told of axes before. */
  along(inputAxes: readonly number[], outputAxes: readonly number[]): ScalingInitializer {
    if (this.inputAxes !== null && this.outputAxes !== null) return this;
    const cls = this.constructor as new (options: object) => ScalingInitializer;
    return new cls({ ...this.options(), seed: this.seed, inputAxes, outputAxes });
  }

  /** Keras 3.4 knows of no axes: they are written only where there are some. */
  protected axesConfig(): Record<string, unknown> {
    return {
      ...(this.inputAxes === null ? {} : { inputAxes: this.inputAxes }),
      ...(this.outputAxes === null ? {} : { outputAxes: this.outputAxes }),
    };
  }
}

/** Variance `scale / n`, n the number of inputs, outputs, or their mean. Throws ValueError for other options. */
export class VarianceScalingInitializer extends ScalingInitializer {
  static override readonly className: string = "VarianceScaling";
  constructor(options: VarianceScalingOptions = {}) {
    const { distribution } = options;
    super(options, distribution === "uniform" ? drawUniform : distribution === "untruncated_normal" ? drawNormal : drawTruncated);
    checkOptions("initializers.VarianceScaling", options, ["scale", "mode", "distribution", "seed", "inputAxes", "outputAxes"]);
    requireOne("mode", this.mode, ["fan_in", "fan_out", "fan_avg"]);
    requireOne("distribution", this.distribution, ["truncated_normal", "untruncated_normal", "normal", "uniform"]);
    if (!(this.scale > 0))
      throw new ValueError({ where: "initializers.VarianceScaling", problem: "the scale is not positive", received: String(this.scale) });
  }
  protected override options(): Record<string, unknown> {
    return { scale: this.scale, mode: this.mode, distribution: this.distribution, seed: this.seedConfig(), ...this.axesConfig() };
  }
}
/** Variance `scale / n`. */
export const VarianceScaling: CallableClass<typeof VarianceScalingInitializer> = /* @__PURE__ */ callableClass(VarianceScalingInitializer);
export type VarianceScaling = VarianceScalingInitializer;

function requireOne(option: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new ValueError({
    where: "initializers.VarianceScaling",
    problem: `there is no such ${option}`,
    expected: known.join(", "),
    received: JSON.stringify(value),
  });
}

/** Options of the named special cases. */
export interface SeedOptions {
  seed?: SeedOption;
  /** See {@link VarianceScalingOptions}. */
  inputAxes?: FanAxes;
  outputAxes?: FanAxes;
}

/** A special case of VarianceScaling, whose options are the seed and the axes. */
abstract class NamedScaling extends ScalingInitializer {
  constructor(draw: Draw, fixed: VarianceScalingOptions, options: SeedOptions) {
    super({ ...fixed, seed: options.seed, inputAxes: options.inputAxes ?? null, outputAxes: options.outputAxes ?? null }, draw);
    checkOptions("initializers", options, ["seed", "inputAxes", "outputAxes"]);
  }
  protected override options(): Record<string, unknown> {
    return { seed: this.seedConfig(), ...this.axesConfig() };
  }
}

/** Uniform, variance `2 / (in + out)`. Glorot and Bengio 2010, AISTATS. */
export class GlorotUniformInitializer extends NamedScaling {
  static override readonly className: string = "GlorotUniform";
  constructor(options: SeedOptions = {}) {
    super(drawUniform, { mode: "fan_avg", distribution: "uniform" }, options);
  }
}
/** Uniform, variance `2 / (in + out)`. */
export const GlorotUniform: CallableClass<typeof GlorotUniformInitializer> = /* @__PURE__ */ callableClass(GlorotUniformInitializer);
export type GlorotUniform = GlorotUniformInitializer;

/** Truncated normal, variance `2 / (in + out)`. Glorot and Bengio 2010, AISTATS. */
export class GlorotNormalInitializer extends NamedScaling {
  static override readonly className: string = "GlorotNormal";
  constructor(options: SeedOptions = {}) {
    super(drawTruncated, { mode: "fan_avg" }, options);
  }
}
/** Truncated normal, variance `2 / (in + out)`. */
export const GlorotNormal: CallableClass<typeof GlorotNormalInitializer> = /* @__PURE__ */ callableClass(GlorotNormalInitializer);
export type GlorotNormal = GlorotNormalInitializer;

/** Uniform, variance `2 / in`. He et al. 2015, arXiv:1502.01852. */
export class HeUniformInitializer extends NamedScaling {
  static override readonly className: string = "HeUniform";
  constructor(options: SeedOptions = {}) {
    super(drawUniform, { scale: 2, distribution: "uniform" }, options);
  }
}
/** Uniform, variance `2 / in`. */
export const HeUniform: CallableClass<typeof HeUniformInitializer> = /* @__PURE__ */ callableClass(HeUniformInitializer);
export type HeUniform = HeUniformInitializer;

/** Truncated normal, variance `2 / in`. He et al. 2015, arXiv:1502.01852. */
export class HeNormalInitializer extends NamedScaling {
  static override readonly className: string = "HeNormal";
  constructor(options: SeedOptions = {}) {
    super(drawTruncated, { scale: 2 }, options);
  }
}
/** Truncated normal, variance `2 / in`. */
export const HeNormal: CallableClass<typeof HeNormalInitializer> = /* @__PURE__ */ callableClass(HeNormalInitializer);
export type HeNormal = HeNormalInitializer;

/** Uniform, variance `1 / in`. LeCun et al. 1998, "Efficient BackProp". */
export class LecunUniformInitializer extends NamedScaling {
  static override readonly className: string = "LecunUniform";
  constructor(options: SeedOptions = {}) {
    super(drawUniform, { distribution: "uniform" }, options);
  }
}
/** Uniform, variance `1 / in`. */
export const LecunUniform: CallableClass<typeof LecunUniformInitializer> = /* @__PURE__ */ callableClass(LecunUniformInitializer);
export type LecunUniform = LecunUniformInitializer;

/** Truncated normal, variance `1 / in`. LeCun et al. 1998, "Efficient BackProp". */
export class LecunNormalInitializer extends NamedScaling {
  static override readonly className: string = "LecunNormal";
  constructor(options: SeedOptions = {}) {
    super(drawTruncated, {}, options);
  }
}
/** Truncated normal, variance `1 / in`. */
export const LecunNormal: CallableClass<typeof LecunNormalInitializer> = /* @__PURE__ */ callableClass(LecunNormalInitializer);
export type LecunNormal = LecunNormalInitializer;
