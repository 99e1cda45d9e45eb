/** Where default seeds stand. Loads nothing, so that a program can set its seed before everything else. */
import type { SeedGeneratorClass } from "./seed-generator.ts";

/** What default seeds go on from, and the generator behind `seed: null` once something has used it. */
export const seeds: { seed: number; count: number; generator: SeedGeneratorClass | undefined } = {
  seed: /* @__PURE__ */ Math.floor(/* @__PURE__ */ Math.random() * 0x7fffffff),
  count: 0,
  generator: undefined,
};

/**
 * Makes everything random repeat: default seeds of layers and initializers, the global generator, shuffling.
 * Call it first, before layers and data sets are made.
 */
export function setRandomSeed(seed: number): void {
  resumeSeeds([seed | 0, 0]);
}

/** Where the default seeds stand: another thread that takes it over goes on as this one would. */
export function seedState(): readonly [seed: number, count: number] {
  return [seeds.seed, seeds.count];
}

/** Goes on with default seeds where another thread stood. The global generator begins anew. */
export function resumeSeeds([seed, count]: readonly [seed: number, count: number]): void {
  seeds.seed = seed;
  seeds.count = count;
  seeds.generator = undefined;
}
