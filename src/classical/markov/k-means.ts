/** Groups of near vectors. */
import type { RandomNumbers } from "../../data/random-numbers.ts";
import type { Matrix } from "../../data/samples.ts";

/** Rounds at most. */
const rounds = 25;

/**
 * The group (0 .. count - 1) of each row: Lloyd's algorithm from centres that are drawn far from each other (D. Arthur,
 * S. Vassilvitskii, "k-means++", 2007).
 */
export function kMeans({ rows, columns, values }: Matrix, count: number, random: RandomNumbers): Int32Array {
  const centres = new Float64Array(count * columns);
  const distance = (row: number, centre: number): number => {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += (values[row * columns + j]! - centres[centre * columns + j]!) ** 2;
    return sum;
  };
  const nearest = new Float64Array(rows).fill(Infinity);
  for (let centre = 0; centre < count; centre++) {
    const row = centre === 0 ? random.index(rows) : random.weighted(nearest);
    centres.set(values.subarray(row * columns, (row + 1) * columns), centre * columns);
    for (let other = 0; other < rows; other++) nearest[other] = Math.min(nearest[other]!, distance(other, centre));
  }
  const owner = new Int32Array(rows);
  for (let round = 0; round < rounds; round++) {
    let moved = false;
    for (let row = 0; row < rows; row++) {
      let best = 0;
      let least = Infinity;
      for (let centre = 0; centre < count; centre++) {
        const own = distance(row, centre);
        if (own < least) [best, least] = [centre, own];
      }
      if (round === 0 || owner[row] !== best) moved = true;
      owner[row] = best;
    }
    if (!moved) break;
    const sums = new Float64Array(count * columns);
    const sizes = new Int32Array(count);
    for (let row = 0; row < rows; row++) {
      sizes[owner[row]!]!++;
      for (let j = 0; j < columns; j++) sums[owner[row]! * columns + j]! += values[row * columns + j]!;
    }
    for (let centre = 0; centre < count; centre++)
      if (sizes[centre]! > 0)
        for (let j = 0; j < columns; j++) centres[centre * columns + j] = sums[centre * columns + j]! / sizes[centre]!;
  }
  return owner;
}
