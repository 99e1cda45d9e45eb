import { describe, expect, it } from "vitest";
import { grainOf } from "./unit-space.ts";

describe("grainOf", () => {
  it("makes some sixteen chunks of a kernel, none of less than 3 nor of much more than 20 microseconds", () => {
    // 12.8, 100 and 1000 microseconds of work.
    expect([grainOf(128, 100), grainOf(100, 1000), grainOf(1000, 1000)]).toEqual([30, 7, 20]);
  });

  it("takes at least one unit, and at most all", () => {
    expect([grainOf(4, 1e6), grainOf(4, 10), grainOf(1, 0)]).toEqual([1, 4, 1]);
  });
});
