import { describe, expect, it } from "vitest";
import { add, address, advance, constant, extract, i32, lanes, load, loadSplat, loadVector, reduceLanes, splat } from "../loops/block.ts";
import type { Expr } from "../loops/ir.ts";
import { mathImports } from "./emitted-functions.ts";
import { evaluate, f32x, i32x, readF32, readI32 } from "./run-emitted.ts";

describe("emitModule, memory, lanes and calls", () => {
  it("moves lanes: splat, lanes, extract, reduce", () => {
    expect(
      readI32(
        evaluate("i32", ([p]) => add(splat(load("i32", address(p!))), lanes()), [i32x([10])]),
        4,
      ),
    ).toEqual([10, 11, 12, 13]);
    expect(
      readF32(
        evaluate("f32", ([p]) => splat(add(load("f32", address(p!)), constant("f32", 1))), [f32x([10])]),
        4,
      ),
    ).toEqual([11, 11, 11, 11]);
    expect(
      readI32(
        evaluate("i32", ([p]) => splat(add(load("u8", address(p!)), i32(1))), [Uint8Array.of(255)]),
        4,
      ),
    ).toEqual([256, 256, 256, 256]);
    expect(
      readF32(
        evaluate("f32", ([p]) => loadSplat("f32", address(p!, 4)), [f32x([1, 2])]),
        4,
      ),
    ).toEqual([2, 2, 2, 2]);
    expect(
      readI32(
        evaluate("i32", ([p]) => loadSplat("u8", address(p!, 1)), [Uint8Array.of(1, 200)]),
        4,
      ),
    ).toEqual([200, 200, 200, 200]);
    for (let lane = 0; lane < 4; lane++) {
      expect(
        readF32(
          evaluate("f32", ([p]) => extract(loadVector("f32", address(p!)), lane), [f32x([1, 2, 3, 4])]),
          1,
        ),
      ).toEqual([lane + 1]);
      expect(
        readI32(
          evaluate("i32", ([p]) => extract(loadVector("i32", address(p!)), lane), [i32x([1, 2, 3, 4])]),
          1,
        ),
      ).toEqual([lane + 1]);
    }
    const x = f32x([1e8, 3, -1e8, 5]);
    const reduce = (f: "add" | "mul" | "min" | "max"): number =>
      readF32(
        evaluate("f32", ([p]) => reduceLanes(f, loadVector("f32", address(p!))), [x]),
        1,
      )[0]!;
    expect(reduce("add")).toBe(8); // (1e8 + -1e8) + (3 + 5)
    expect(reduce("mul")).toBe(Math.fround(Math.fround(1e8 * -1e8) * 15));
    expect(reduce("min")).toBe(-1e8);
    expect(reduce("max")).toBe(1e8);
    const rows = { add: 12 + 10 + 6 + 3, mul: 12 * 10 * 6 * 3, min: 3, max: 12, and: 12 & 10 & 6 & 3, or: 12 | 10 | 6 | 3 } as const;
    for (const [f, expected] of Object.entries(rows) as [keyof typeof rows, number][]) {
      expect(
        readI32(
          evaluate("i32", ([p]) => reduceLanes(f, loadVector("i32", address(p!))), [i32x([12, 10, 6, 3])]),
          1,
        ),
      ).toEqual([expected]);
    }
  });

  it("loads and stores part of a vector without touching the rest", () => {
    for (let count = 0; count <= 4; count++) {
      const expected = [1, 2, 3, 4].map((v, i) => (i < count ? v : 0));
      expect(
        readF32(
          evaluate("f32", ([p]) => loadVector("f32", address(p!, 4), count), [f32x([0, 1, 2, 3, 4])]),
          4,
        ),
      ).toEqual(expected);
      expect(
        readI32(
          evaluate("i32", ([p]) => loadVector("u8", address(p!, 1), count), [Uint8Array.of(9, 1, 2, 3, 4)]),
          4,
        ),
      ).toEqual(expected);
      expect(
        readF32(
          evaluate("f32", ([p]) => loadVector("f32", address(p!)), [f32x([1, 2, 3, 4])], count),
          4,
        ),
      ).toEqual(expected);
      const bytes = evaluate("u8", ([p]) => loadVector("i32", address(p!)), [i32x([257, 2, -1, 4])], count);
      expect([0, 1, 2, 3].map((i) => bytes.getUint8(i))).toEqual([1, 2, 255, 4].map((v, i) => (i < count ? v : 0)));
    }
    expect(evaluate("u8", ([p]) => load("i32", address(p!)), [i32x([0x1ff])]).getUint32(0, true)).toBe(255);
  });

  it("folds constant steps of addresses into the instruction, and adds negative ones", () => {
    const x = f32x([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(
      readF32(
        evaluate("f32", ([p]) => load("f32", address(advance(advance(p!, i32(1), 4), i32(2), 8), 4)), [x]),
        1,
      ),
    ).toEqual([7]);
    expect(
      readF32(
        evaluate("f32", ([p]) => load("f32", address(advance(p!, i32(1), 4), -4)), [x]),
        1,
      ),
    ).toEqual([1]);
    expect(
      readF32(
        evaluate("f32", ([p, q]) => load("f32", address(advance(p!, load("i32", address(q!)), 12), -8)), [x, i32x([2])]),
        1,
      ),
    ).toEqual([5]);
    expect(
      readF32(
        evaluate("f32", ([p, q]) => load("f32", address(advance(p!, load("i32", address(q!)), 4))), [x, i32x([2])]),
        1,
      ),
    ).toEqual([3]);
    expect(
      readF32(
        evaluate("f32", ([p, q]) => load("f32", address(advance(p!, load("i32", address(q!)), 4), 16)), [x, i32x([-2])]),
        1,
      ),
    ).toEqual([3]);
  });

  it("calls Math for float64", () => {
    for (const [name, reference] of Object.entries(mathImports) as [keyof typeof mathImports, (x: number, y: number) => number][]) {
      const isBinary = name === "pow" || name === "atan2" || name === "remainder";
      const x = name === "acosh" ? 1.5 : 0.75;
      const build = (p: Expr): Expr => ({
        op: "call",
        type: "f64",
        f: name,
        args: isBinary ? [load("f64", address(p)), constant("f64", 2.5)] : [load("f64", address(p))],
      });
      expect(evaluate("f64", ([p]) => build(p!), [Float64Array.of(x)]).getFloat64(0, true)).toBe(reference(x, 2.5));
    }
  });
});
