/** Random numbers on the host: the same for the same seed, everywhere. */
import { randomIndices } from "./random-indices.ts";

/** A sequence of random numbers. */
export interface RandomNumbers {
  /** A whole number from 0 to, not including, `bound`. */
  index(bound: number): number;
  /** Evenly from [0, 1), 32 bits. */
  uniform(): number;
  /** From the standard normal distribution. */
  normal(): number;
  /** A position, with a chance that is proportional to its weight. */
  weighted(weights: ArrayLike<number>): number;
}

/** The sequence of a seed; `pass` numbers the sequences of one seed. Normal numbers by Box and Muller's method. */
export function randomNumbers(seed: number, pass: number = 0): RandomNumbers {
  const index = randomIndices(seed, pass);
  const uniform = (): number => index(2 ** 32) / 2 ** 32;
  let spare: number | undefined;
  return {
    index,
    uniform,
    normal: () => {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    weighted: (weights) => {
      let total = 0;
      for (let i = 0; i < weights.length; i++) total += weights[i]!;
      let left = uniform() * total;
      for (let i = 0; i < weights.length; i++) {
        left -= weights[i]!;
        if (left < 0) return i;
      }
      // Rounding may leave a little: the last that can be drawn.
      for (let i = weights.length - 1; i > 0; i--) if (weights[i]! > 0) return i;
      return 0;
    },
  };
}
