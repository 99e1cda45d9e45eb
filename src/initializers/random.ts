/** Initializers of a given distribution. */
import type { ConcreteShape, Tensor } from "../graph/index.ts";
import { normal, truncatedNormal, uniform } from "../random/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { dtypeOf, type InitializerDType, RandomInitializer, type SeedOption } from "./initializer.ts";

/** Options of RandomNormal and TruncatedNormal. */
export interface RandomNormalOptions {
  /** Default 0. */
  mean?: number;
  /** Default 0.05. */
  stddev?: number;
  seed?: SeedOption;
}
/** Normal. */
export class RandomNormalInitializer extends RandomInitializer {
  static override readonly className: string = "RandomNormal";
  readonly mean: number;
  readonly stddev: number;
  constructor(options: RandomNormalOptions = {}) {
    super(options.seed);
    checkOptions("initializers.RandomNormal", options, ["mean", "stddev", "seed"]);
    this.mean = options.mean ?? 0;
    this.stddev = options.stddev ?? 0.05;
  }
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    return normal(shape, { mean: this.mean, stddev: this.stddev, seed: this.seed, dtype: dtypeOf(dtype) });
  }
  protected override options(): Record<string, unknown> {
    return { mean: this.mean, stddev: this.stddev, seed: this.seedConfig() };
  }
}
/** Normal. */
export const RandomNormal: CallableClass<typeof RandomNormalInitializer> = /* @__PURE__ */ callableClass(RandomNormalInitializer);
export type RandomNormal = RandomNormalInitializer;

/** Normal, redrawn beyond two standard deviations. */
export class TruncatedNormalInitializer extends RandomNormalInitializer {
  static override readonly className: string = "TruncatedNormal";
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    return truncatedNormal(shape, { mean: this.mean, stddev: this.stddev, seed: this.seed, dtype: dtypeOf(dtype) });
  }
}
/** Normal, redrawn beyond two standard deviations. */
export const TruncatedNormal: CallableClass<typeof TruncatedNormalInitializer> = /* @__PURE__ */ callableClass(TruncatedNormalInitializer);
export type TruncatedNormal = TruncatedNormalInitializer;

/** Options of RandomUniform. */
export interface RandomUniformOptions {
  /** Default -0.05. */
  minval?: number;
  /** Default 0.05. */
  maxval?: number;
  seed?: SeedOption;
}
/** Uniform on [minval, maxval). */
export class RandomUniformInitializer extends RandomInitializer {
  static override readonly className: string = "RandomUniform";
  readonly minval: number;
  readonly maxval: number;
  constructor(options: RandomUniformOptions = {}) {
    super(options.seed);
    checkOptions("initializers.RandomUniform", options, ["minval", "maxval", "seed"]);
    this.minval = options.minval ?? -0.05;
    this.maxval = options.maxval ?? 0.05;
  }
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    return uniform(shape, { minval: this.minval, maxval: this.maxval, seed: this.seed, dtype: dtypeOf(dtype) });
  }
  protected override options(): Record<string, unknown> {
    return { minval: this.minval, maxval: this.maxval, seed: this.seedConfig() };
  }
}
/** Uniform on [minval, maxval). */
export const RandomUniform: CallableClass<typeof RandomUniformInitializer> = /* @__PURE__ */ callableClass(RandomUniformInitializer);
export type RandomUniform = RandomUniformInitializer;
