/** Seeds: where random numbers come from, so that runs can be repeated. */
import type { Tensor } from "../graph/index.ts";
import { dataTensor } from "../graph/index.ts";
import { Variable } from "../graph/variable.ts";
import { add, threefry2x32 } from "../primitives/index.ts";
import { callableClass, type CallableClass, checkOptions, type Config } from "../serialization/index.ts";
import { seeds } from "./seeds.ts";

/** What random functions take as a seed: a number (the same draw every time), a generator (another draw every time), or null for the global generator. */
export type Seed = number | SeedGeneratorClass | null;

/** What default seeds and the global generator go on from. */
export interface RandomState {
  readonly seed: number;
  readonly count: number;
  /** Seed of the global generator; null where nothing has used it yet. */
  readonly global: number | null;
}

/** Where randomness stands; the state of the global generator, which is a variable, beside it. */
export function randomState(): { readonly state: RandomState; readonly generator: Variable | null } {
  const { seed, count, generator } = seeds;
  return { state: { seed, count, global: generator?.seed ?? null }, generator: generator?.state ?? null };
}

/** Goes back to where randomness stood; gives the global generator's variable, whose value is to be restored too. */
export function restoreRandomState({ seed, count, global }: RandomState): Variable | null {
  if (global === null) seeds.generator = undefined;
  else seeds.generator ??= new SeedGeneratorClass({ seed: global });
  seeds.seed = seed;
  seeds.count = count;
  return seeds.generator?.state ?? null;
}

/** The next default seed, a positive integer: what a layer or initializer without a seed of its own takes. */
export function makeDefaultSeed(): number {
  return (threefry2x32(seeds.seed, 0x5eed, seeds.count++, 0)[0] >>> 2) + 1;
}

/** The generator behind `seed: null`. */
export function globalSeedGenerator(): SeedGeneratorClass {
  return (seeds.generator ??= new SeedGeneratorClass({}));
}

/** Options of a SeedGenerator. */
export interface SeedGeneratorOptions {
  /** Integer; by default the next default seed. */
  seed?: number | null;
  name?: string | null;
}

/** A stream of keys: a variable int32 [2] = (seed, count) whose count goes up with each draw, inside traced steps too. */
export class SeedGeneratorClass {
  static readonly className: string = "SeedGenerator";
  readonly seed: number;
  readonly name: string;
  /** (seed, number of draws so far). Not trainable; saved with the layer that owns it. */
  readonly state: Variable;

  /** `options`: the seed itself does, too. */
  constructor(options: SeedGeneratorOptions | number | null = {}) {
    const { seed, name } = typeof options === "number" || options === null ? { seed: options } : options;
    if (typeof options === "object" && options !== null) checkOptions("SeedGenerator", options, ["seed", "name"]);
    this.seed = seed ?? makeDefaultSeed();
    this.name = name ?? "seed_generator";
    this.state = new Variable(Int32Array.of(this.seed | 0, 0), { name: "seed_generator_state", dtype: "int32", trainable: false });
  }

  /** The present key; the next call gives another one. */
  next(): Tensor {
    const key = this.state.read();
    this.state.assign(add(key, dataTensor(Int32Array.of(0, 1), [2], "int32")));
    return key;
  }

  getConfig(): Config {
    return { seed: this.seed };
  }
  static fromConfig(config: Config): SeedGeneratorClass {
    return new SeedGeneratorClass({ seed: (config["seed"] as number | null | undefined) ?? null });
  }
}

/** A stream of keys for random functions. */
export const SeedGenerator: CallableClass<typeof SeedGeneratorClass> = /* @__PURE__ */ callableClass(SeedGeneratorClass);
/** A stream of keys for random functions. */
export type SeedGenerator = SeedGeneratorClass;

/** The key of one draw. */
export function drawKey(seed: Seed | undefined): Tensor {
  if (typeof seed === "number") return dataTensor(Int32Array.of(seed | 0, 0), [2], "int32");
  return (seed ?? globalSeedGenerator()).next();
}
