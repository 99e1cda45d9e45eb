/**
 * Jacobi's rotations, all disjoint pairs of rows at once: a round-robin tournament gives n - 1 rounds (n for odd n) in which
 * every pair meets once, a sweep. Sweeps converge quadratically (Golub and Van Loan, Matrix Computations, 8.5).
 */
import { concreteShape, parameterTensor, Subgraph, type Tensor, typeOf } from "../../graph/index.ts";
import { dataTensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { constantLike } from "../promote.ts";
import { loop, rowsScaled } from "./batched.ts";

/** Sweeps after which the rotations stop in any case. */
const mostSweeps = 30;

/** Partner of each row in each round, int32 [rounds, n]; a row without one is its own. */
function tournament(n: number): Tensor {
  const players = n + (n % 2);
  const rounds = Math.max(1, players - 1);
  const partners = new Int32Array(rounds * n);
  for (let round = 0; round < rounds; round++) {
    const at = (seat: number): number => (seat === 0 ? 0 : 1 + ((seat - 1 + round) % (players - 1)));
    for (let seat = 0; seat < players / 2; seat++) {
      const [a, b] = [at(seat), at(players - 1 - seat)];
      if (a < n) partners[round * n + a] = b < n ? b : a;
      if (b < n) partners[round * n + b] = a < n ? a : b;
    }
  }
  return dataTensor(partners, [rounds, n], "int32");
}

/** Cosine and (signed) sine per row of the rotations that make the pairs' products zero. */
export interface Rotation {
  readonly cosine: Tensor;
  readonly sine: Tensor;
  /** Partner of each row: int32 [n]. */
  readonly partner: Tensor;
}

/** Row i becomes `cosine_i row_i - sine_i row_partner(i)`: [b, n, k]. */
export function rotatedRows(x: Tensor, { cosine, sine, partner }: Rotation): Tensor {
  return P.subtract(rowsScaled(x, cosine), rowsScaled(P.take(x, partner, 1, "clamp"), sine));
}

/**
 * The rotation that diagonalizes `[[own_i, cross], [cross, own_partner]]` for every pair: with
 * `tau = (own_partner - own_i) / (2 cross)`, `tan = sign(tau) / (|tau| + sqrt(1 + tau^2))`. [b, n] each.
 */
function rotationOf(own: Tensor, cross: Tensor, partner: Tensor): Rotation {
  const shape = concreteShape(own);
  const c = (value: number): Tensor => constantLike(value, own);
  const place = P.iota(shape, 1, "int32");
  const partners = P.broadcastInDim(partner, shape, [1]);
  const other = P.take(own, partner, 1, "clamp");
  const isOff = P.or(P.equal(cross, c(0)), P.equal(place, partners));
  const tau = P.divide(P.subtract(other, own), P.multiply(c(2), P.select(isOff, c(1), cross)));
  const first = P.select(P.less(place, partners), c(1), c(-1));
  const sign = P.select(P.equal(tau, c(0)), first, P.sign(tau));
  // 1 / (2 |tau|) where the square would overflow.
  const size = P.abs(tau);
  const isLarge = P.greater(size, c(1e10));
  const root = P.add(size, P.sqrt(P.add(c(1), P.multiply(P.select(isLarge, c(0), tau), P.select(isLarge, c(0), tau)))));
  const tangent = P.divide(sign, P.select(isLarge, P.multiply(c(2), size), root));
  const cosine = P.rsqrt(P.add(c(1), P.multiply(tangent, tangent)));
  return {
    cosine: P.select(isOff, c(1), cosine),
    sine: P.select(isOff, c(0), P.multiply(tangent, cosine)),
    partner,
  };
}

/**
 * Sweeps over `state` until `measure` of a sweep is at most `tolerance` for every matrix. One round: `pairs(state, partner)`
 * gives own and cross products and how far the pairs were from done (a scalar), `rotate` applies the rotation.
 */
export function sweeps(
  state: readonly Tensor[],
  tolerance: number,
  pairs: (state: readonly Tensor[], partner: Tensor) => { own: Tensor; cross: Tensor; measure: Tensor },
  rotate: (state: readonly Tensor[], rotation: Rotation) => Tensor[],
): Tensor[] {
  const { dtype } = typeOf(state[0]!);
  const n = state[0]!.dim(1);
  if (n < 2) return [...state];
  const table = tournament(n);
  const zero = P.constant(0, dtype);
  const init = [P.constant(0, "int32"), P.constant(Infinity, dtype), ...state];
  const parameters = (): Tensor[] =>
    [...init, table].map((x) => {
      const type = typeOf(x);
      return parameterTensor(type.shape, type.dtype);
    });
  const asked = parameters();
  const goesOn = P.and(P.less(asked[0]!, P.constant(mostSweeps, "int32")), P.greater(asked[1]!, P.constant(tolerance, dtype)));
  const given = parameters();
  const partners = given.at(-1)!;
  const { carries } = loop(table.dim(0), { init: [zero, ...given.slice(2, -1)], xs: [partners] }, (_i, [worst, ...now], [partner]) => {
    const { own, cross, measure } = pairs(now, partner!);
    return { carries: [P.maximum(worst!, measure), ...rotate(now, rotationOf(own, cross, partner!))] };
  });
  const count = P.add(given[0]!, P.constant(1, "int32"));
  const results = P.whileLoop(new Subgraph(asked, [goesOn]), new Subgraph(given, [count, ...carries]), init, [table]);
  return results.slice(2);
}
