/** Neighbourhoods of pixels. */

/** Number of neighbours: those of distance 1, sqrt 2, 2, sqrt 5, sqrt 8 at most. */
export type Neighbourhood = 4 | 8 | 12 | 20 | 24;

const squaredRadius: Readonly<Record<Neighbourhood, number>> = { 4: 1, 8: 2, 12: 4, 20: 5, 24: 8 };

/** All neighbourhoods. */
export const neighbourhoods: readonly Neighbourhood[] = [4, 8, 12, 20, 24];

/** One of the two directions of each pair of neighbours, as steps down and right. */
export function offsetsOf(neighbourhood: Neighbourhood): readonly (readonly [down: number, right: number])[] {
  const offsets: [number, number][] = [];
  for (let down = 0; down <= 2; down++) {
    for (let right = -2; right <= 2; right++) {
      if (down === 0 && right <= 0) continue;
      if (down * down + right * right <= squaredRadius[neighbourhood]) offsets.push([down, right]);
    }
  }
  return offsets;
}
