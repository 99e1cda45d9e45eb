/** Random whole numbers for shuffling: the same for the same seed, everywhere. */
import { threefry2x32 } from "../primitives/index.ts";

/** Draws numbers from 0 to, not including, a bound; `pass` numbers the sequences of one seed. */
export function randomIndices(seed: number, pass: number): (bound: number) => number {
  let count = 0;
  return (bound) => Math.floor(((threefry2x32(seed, pass, count++, 0x5eed)[0] >>> 0) / 2 ** 32) * bound);
}
