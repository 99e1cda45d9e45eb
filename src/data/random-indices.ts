/** Random whole numbers for shuffling: the same for the same seed, everywhere. */
import { threefry2x32 } from "../primitives/index.ts";

/**
 * Draws numbers from 0 to, not including, a bound; `pass` numbers the sequences of one seed. The sequence is that of
 * sfc32 (Doty-Humphrey, PractRand), which costs a few nanoseconds a number, started by Threefry.
 */
export function randomIndices(seed: number, pass: number): (bound: number) => number {
  let [a, b] = threefry2x32(seed, pass, 0, 0x5eed);
  let [c, counter] = threefry2x32(seed, pass, 1, 0x5eed);
  return (bound) => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return Math.floor(((sum >>> 0) / 2 ** 32) * bound);
  };
}

/** A permutation of 0 .. count - 1 by Fisher and Yates's method. */
export function shuffled(count: number, seed: number, pass: number): Int32Array {
  const draw = randomIndices(seed, pass);
  const order = new Int32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  for (let last = count - 1; last > 0; last--) {
    const other = draw(last + 1);
    const value = order[last]!;
    order[last] = order[other]!;
    order[other] = value;
  }
  return order;
}
