import { describe, expect, it } from "vitest";
import { rngBitsPrimitive, threefry2x32 } from "./rng-bits.ts";
import { nd } from "./define.ts";

const hex = (words: readonly number[]): string[] => words.map((word) => (word >>> 0).toString(16).padStart(8, "0"));

describe("threefry2x32", () => {
  // Random123's known answer tests (kat_vectors, "threefry2x32 20"): counter, key, result.
  it.each([
    [
      [0, 0],
      [0, 0],
      ["6b200159", "99ba4efe"],
    ],
    [
      [-1, -1],
      [-1, -1],
      ["1cb996fc", "bb002be7"],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      ["c4923a9c", "483df7a0"],
    ],
  ])("gives the published answer for counter %j and key %j", (counter, key, answer) => {
    expect(hex(threefry2x32(key[0]! | 0, key[1]! | 0, counter[0]! | 0, counter[1]! | 0))).toEqual(answer);
  });
});

describe("rngBits", () => {
  it("gives element i the first word of the counter (i, 0)", () => {
    const [bits] = rngBitsPrimitive.reference(
      [nd([7, -9], [2], "int32")],
      { shape: [2, 3] },
      [{ shape: [2, 3], dtype: "int32" }],
      () => [],
    );
    expect(Array.from(bits!.data)).toEqual([0, 1, 2, 3, 4, 5].map((i) => threefry2x32(7, -9, i, 0)[0]));
  });
});
