/** What initializers share. */
import { floatx } from "../config/index.ts";
import type { DType } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import type { ConcreteShape, Tensor } from "../graph/index.ts";
import { makeDefaultSeed, type Seed, SeedGeneratorClass } from "../random/index.ts";
import { type Config, isSerialized, KerasObject } from "../serialization/index.ts";

/** The element type of a new weight. Default float32. */
export type InitializerDType = DType | null | { dtype?: DType | null };

/** The dtype that an initializer was asked for. */
export function dtypeOf(dtype: InitializerDType | undefined): DType {
  return (typeof dtype === "object" ? dtype?.dtype : dtype) ?? floatx();
}

/** Makes the first value of a weight: `initializer(shape, dtype)`. */
export abstract class Initializer extends KerasObject {
  /** A tensor of this shape. Nothing runs until it is needed. */
  abstract override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor;

  protected override invoke(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    if (!Array.isArray(shape) || !shape.every((extent) => Number.isInteger(extent) && extent >= 0)) {
      throw new ValueError({
        where: `initializers.${(this.constructor as typeof KerasObject).className}`,
        problem: "the shape of a weight is a list of whole numbers from 0 on",
        expected: "[3, 3, 16, 32]",
        received: Array.isArray(shape) ? JSON.stringify(shape) : typeof shape,
      });
    }
    return this.call(shape, dtype);
  }
}

/** Seeds as options and configurations give them. */
export type SeedOption = Seed | object | undefined;

/** An initializer that draws at random. A number as a seed gives the same values at every call. */
export abstract class RandomInitializer extends Initializer {
  /** The seed of the options; null: the initializer chose one. */
  readonly givenSeed: Seed;
  /** What it draws with. */
  readonly seed: Exclude<Seed, null>;

  constructor(seed: SeedOption) {
    super();
    this.givenSeed = seedOf(seed);
    this.seed = this.givenSeed ?? makeDefaultSeed();
  }

  /** The seed as configurations hold it. */
  protected seedConfig(): number | Config | null {
    const seed = this.givenSeed;
    if (!(seed instanceof SeedGeneratorClass)) return seed;
    return { module: "keras.random", class_name: "SeedGenerator", config: seed.getConfig(), registered_name: null };
  }
}

function seedOf(seed: SeedOption): Seed {
  if (seed === undefined || seed === null || typeof seed === "number" || seed instanceof SeedGeneratorClass) return seed ?? null;
  if (isSerialized(seed) && seed.class_name === "SeedGenerator") return SeedGeneratorClass.fromConfig(seed.config as Config);
  throw new ValueError({
    where: "initializers",
    problem: "this is no seed",
    expected: "an integer, a SeedGenerator or null",
    received: JSON.stringify(seed),
  });
}
