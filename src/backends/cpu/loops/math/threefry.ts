/** Random bits. */
import { add, type Block, constant, i32, or, shl, shrU, xor } from "../block.ts";
import type { Expr } from "../ir.ts";

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

/**
 * Word 0 or 1 of Threefry-2x32 with 20 rounds; args key0, key1, counter0, counter1 (i32 or i32v). Source: Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011; Random123's `threefry2x32_R(20)`.
 */
export function threefry(block: Block, args: readonly Expr[], word: 0 | 1): Expr {
  const [key0, key1, counter0, counter1] = args.map((arg) => block.let(arg)) as [Expr, Expr, Expr, Expr];
  const like = (value: number): Expr => constant(key0.type, value | 0);
  const keys = [key0, key1, block.let(xor(xor(key0, key1), like(0x1bd11bda)))];
  let x0 = block.let(add(counter0, key0));
  let x1 = block.let(add(counter1, key1));
  for (let round = 0; round < 20; round++) {
    const by = rotations[round % 8]!;
    x0 = block.let(add(x0, x1));
    x1 = block.let(xor(or(shl(x1, i32(by)), shrU(x1, i32(32 - by))), x0));
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    x0 = block.let(add(x0, keys[injection % 3]!));
    x1 = block.let(add(x1, add(keys[(injection + 1) % 3]!, like(injection))));
  }
  return word === 0 ? x0 : x1;
}
