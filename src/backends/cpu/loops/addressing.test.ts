import { describe, expect, it } from "vitest";
import type { Guard, MapKernel } from "../../../compiler/kernels/kernel.ts";
import "./complete.ts";
import { forSegments, planPointers, Point } from "./addressing.ts";
import { guardInterval } from "./guards.ts";
import { add, address, advance, i32, load } from "./block.ts";
import { type FunctionFrame, functionFrame } from "./function-frame.ts";
import { interpret } from "./interpret.ts";

const kernel: MapKernel = {
  kind: "map",
  label: "test",
  axes: [
    { extent: 4, role: "parallel", dynamic: false },
    { extent: 50, role: "parallel", dynamic: false },
  ],
  buffers: [],
  accesses: [],
  scalars: [],
  expression: [],
  stores: [],
};

/** Runs what `build` puts into a function and returns the scratch memory. */
function run(build: (frame: FunctionFrame) => void): Int32Array {
  const frame = functionFrame("test");
  build(frame);
  const memory = new ArrayBuffer(4096);
  interpret(frame.finish(), { memory, lanes: 4, maskedTails: false, fma: false, block: 0, from: 0, to: 1, scratch: 1024 });
  return new Int32Array(memory, 1024);
}

describe("guardInterval", () => {
  it("is where the index lies in range, for every step and direction", () => {
    for (const step of [1, 2, 3, -1, -2, -5]) {
      for (const start of [-7, -1, 0, 3, 20, 49]) {
        for (const limit of [1, 6, 30]) {
          const guard: Guard = { index: { constant: start, coefficients: [1, step] }, limit };
          const inside = [...Array(50).keys()].filter((i) => start + 2 + step * i >= 0 && start + 2 + step * i < limit);
          const found = run(({ body, scratch }) => {
            const interval = guardInterval(body, guard, 1, () => i32(2), { from: i32(0), to: i32(50) });
            body.store("i32", address(scratch), interval.from);
            body.store("i32", address(scratch, 4), interval.to);
          });
          expect(Math.max(0, found[1]! - found[0]!)).toBe(inside.length);
          if (inside.length > 0) expect(found[0]).toBe(inside[0]);
        }
      }
    }
  });
});

describe("forSegments", () => {
  it("covers the range once, with conditions that hold throughout each piece", () => {
    const guards: Guard[] = [
      { index: { constant: -5, coefficients: [0, 1] }, limit: 20 },
      { index: { constant: 30, coefficients: [0, -1] }, limit: 12 },
    ];
    const seen = run(({ body, scratch, parameters }) => {
      const point = Point.origin(body, kernel, planPointers(kernel, new Set()), parameters);
      forSegments(body, point, 1, { from: i32(0), to: i32(50) }, guards, (segment, piece, holds) => {
        segment.for("i", piece.from, piece.to, 1, (inner, i) => {
          const place = inner.let(advance(scratch, i, 12));
          holds.forEach((condition, g) => inner.store("i32", address(place, g * 4), condition));
          inner.store("i32", address(place, 8), add(load("i32", address(place, 8)), i32(1)));
        });
      });
    });
    for (let i = 0; i < 50; i++) {
      expect(seen[3 * i]).toBe(i - 5 >= 0 && i - 5 < 20 ? 1 : 0);
      expect(seen[3 * i + 1]).toBe(30 - i >= 0 && 30 - i < 12 ? 1 : 0);
      expect(seen[3 * i + 2]).toBe(1);
    }
  });
});
