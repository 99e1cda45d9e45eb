/** Orders for shuffling: the same for the same seed, everywhere. */
import { threefry2x32 } from "../primitives/index.ts";

/** A permutation of 0 .. count - 1 by Fisher and Yates's method; `pass` numbers the epochs of one seed. */
export function shuffled(count: number, seed: number, pass: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const bits = threefry2x32(seed, pass, last, 0x0bde)[0] >>> 0;
    const other = Math.floor((bits / 2 ** 32) * (last + 1));
    const value = order[last]!;
    order[last] = order[other]!;
    order[other] = value;
  }
  return order;
}
