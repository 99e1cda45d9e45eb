/** Initializers whose variance follows the number of inputs or outputs of a unit. */
import { ValueError } from "../errors.ts";
import type { ConcreteShape, Tensor } from "../graph/index.ts";
import { normal, truncatedNormal, uniform } from "../random/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { dtypeOf, type InitializerDType, RandomInitializer, type SeedOption } from "./initializer.ts";

/** Number of inputs and outputs of a unit of a weight: kernels of convolutions count their window. */
export function computeFans(shape: ConcreteShape): [number, number] {
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
}
/** Variance `scale / n`, n the number of inputs, outputs, or their mean. Throws ValueError for other options. */
export class VarianceScalingInitializer extends RandomInitializer {
  static override readonly className: string = "VarianceScaling";
  readonly scale: number;
  readonly mode: FanMode;
  readonly distribution: ScalingDistribution;
  constructor(options: VarianceScalingOptions = {}) {
    super(options.seed);
    checkOptions("initializers.VarianceScaling", options, ["scale", "mode", "distribution", "seed"]);
    this.scale = options.scale ?? 1;
    this.mode = options.mode ?? "fan_in";
    this.distribution = options.distribution ?? "truncated_normal";
    requireOne("mode", this.mode, ["fan_in", "fan_out", "fan_avg"]);
    requireOne("distribution", this.distribution, ["truncated_normal", "untruncated_normal", "normal", "uniform"]);
    if (!(this.scale > 0))
      throw new ValueError({ where: "initializers.VarianceScaling", problem: "the scale is not positive", received: String(this.scale) });
  }
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    const [inputs, outputs] = computeFans(shape);
    const n = this.mode === "fan_in" ? inputs : this.mode === "fan_out" ? outputs : (inputs + outputs) / 2;
    const variance = this.scale / Math.max(1, n);
    const common = { seed: this.seed, dtype: dtypeOf(dtype) };
    if (this.distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return uniform(shape, { minval: -limit, maxval: limit, ...common });
    }
    if (this.distribution === "untruncated_normal") return normal(shape, { stddev: Math.sqrt(variance), ...common });
    return truncatedNormal(shape, { stddev: Math.sqrt(variance) / truncatedDeviation, ...common });
  }
  protected override options(): Record<string, unknown> {
    return { scale: this.scale, mode: this.mode, distribution: this.distribution, seed: this.seedConfig() };
  }
}
/** Variance `scale / n`. */
export const VarianceScaling: CallableClass<typeof VarianceScalingInitializer> = /* @__PURE__ */ callableClass(VarianceScalingInitializer);

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
}

/** A special case of VarianceScaling, whose only option is the seed. */
abstract class NamedScaling extends VarianceScalingInitializer {
  constructor(fixed: VarianceScalingOptions, options: SeedOptions) {
    super({ ...fixed, seed: options.seed });
    checkOptions("initializers", options, ["seed"]);
  }
  protected override options(): Record<string, unknown> {
    return { seed: this.seedConfig() };
  }
}

/** Uniform, variance `2 / (in + out)`. Glorot and Bengio 2010, AISTATS. */
export class GlorotUniformInitializer extends NamedScaling {
  static override readonly className: string = "GlorotUniform";
  constructor(options: SeedOptions = {}) {
    super({ mode: "fan_avg", distribution: "uniform" }, options);
  }
}
/** Uniform, variance `2 / (in + out)`. */
export const GlorotUniform: CallableClass<typeof GlorotUniformInitializer> = /* @__PURE__ */ callableClass(GlorotUniformInitializer);

/** Truncated normal, variance `2 / (in + out)`. Glorot and Bengio 2010, AISTATS. */
export class GlorotNormalInitializer extends NamedScaling {
  static override readonly className: string = "GlorotNormal";
  constructor(options: SeedOptions = {}) {
    super({ mode: "fan_avg" }, options);
  }
}
/** Truncated normal, variance `2 / (in + out)`. */
export const GlorotNormal: CallableClass<typeof GlorotNormalInitializer> = /* @__PURE__ */ callableClass(GlorotNormalInitializer);

/** Uniform, variance `2 / in`. He et al. 2015, arXiv:1502.01852. */
export class HeUniformInitializer extends NamedScaling {
  static override readonly className: string = "HeUniform";
  constructor(options: SeedOptions = {}) {
    super({ scale: 2, distribution: "uniform" }, options);
  }
}
/** Uniform, variance `2 / in`. */
export const HeUniform: CallableClass<typeof HeUniformInitializer> = /* @__PURE__ */ callableClass(HeUniformInitializer);

/** Truncated normal, variance `2 / in`. He et al. 2015, arXiv:1502.01852. */
export class HeNormalInitializer extends NamedScaling {
  static override readonly className: string = "HeNormal";
  constructor(options: SeedOptions = {}) {
    super({ scale: 2 }, options);
  }
}
/** Truncated normal, variance `2 / in`. */
export const HeNormal: CallableClass<typeof HeNormalInitializer> = /* @__PURE__ */ callableClass(HeNormalInitializer);

/** Uniform, variance `1 / in`. LeCun et al. 1998, "Efficient BackProp". */
export class LecunUniformInitializer extends NamedScaling {
  static override readonly className: string = "LecunUniform";
  constructor(options: SeedOptions = {}) {
    super({ distribution: "uniform" }, options);
  }
}
/** Uniform, variance `1 / in`. */
export const LecunUniform: CallableClass<typeof LecunUniformInitializer> = /* @__PURE__ */ callableClass(LecunUniformInitializer);

/** Truncated normal, variance `1 / in`. LeCun et al. 1998, "Efficient BackProp". */
export class LecunNormalInitializer extends NamedScaling {
  static override readonly className: string = "LecunNormal";
  constructor(options: SeedOptions = {}) {
    super({}, options);
  }
}
/** Truncated normal, variance `1 / in`. */
export const LecunNormal: CallableClass<typeof LecunNormalInitializer> = /* @__PURE__ */ callableClass(LecunNormalInitializer);
