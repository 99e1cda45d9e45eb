import { describe, expect, it } from "vitest";
import type { Affine } from "../../graph/index.ts";
import { Random } from "../../testing/random.ts";
import { mayMeet } from "./are-apart.ts";

/** Every value that a function takes. */
function values(f: Affine, extents: readonly number[]): Set<number> {
  let found = [f.constant];
  f.coefficients.forEach((c, axis) => {
    found = found.flatMap((value) => Array.from({ length: extents[axis]! }, (_, i) => value + c * i));
  });
  return new Set(found);
}

describe("affine functions that may meet", () => {
  it("are told from those that lie apart: columns of one matrix, for example", () => {
    const column = (constant: number): Affine => ({ constant, coefficients: [12, 1] });
    expect(mayMeet(column(0), column(3), [5, 3])).toBe(false);
    expect(mayMeet(column(0), column(9), [5, 3])).toBe(false);
    expect(mayMeet(column(0), column(2), [5, 3])).toBe(true);
    expect(mayMeet(column(0), column(10), [5, 3])).toBe(true);
    expect(mayMeet(column(0), { constant: 100, coefficients: [1, 12] }, [5, 3])).toBe(true);
  });

  it("agree with all points of random functions", () => {
    const random = new Random(5);
    let apart = 0;
    for (let round = 0; round < 2000; round++) {
      const extents = [1 + random.integer(0, 4), 1 + random.integer(0, 4), 1 + random.integer(0, 3)];
      const coefficients = extents.map(() => random.integer(0, 9) - 4);
      const [a, b] = [
        { constant: 0, coefficients },
        { constant: random.integer(0, 30) - 15, coefficients },
      ];
      const meets = [...values(a, extents)].some((value) => values(b, extents).has(value));
      if (meets) expect(mayMeet(a, b, extents)).toBe(true);
      else if (!mayMeet(a, b, extents)) apart++;
    }
    expect(apart).toBeGreaterThan(500);
  });
});
