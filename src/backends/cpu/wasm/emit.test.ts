import { describe, expect, it } from "vitest";
import {
  abs,
  add,
  address,
  advance,
  and,
  bitcast,
  ceil,
  compare,
  constant,
  convert,
  div,
  floor,
  fma,
  get,
  i32,
  load,
  loadPtr,
  loadVector,
  max,
  min,
  mul,
  nearest,
  neg,
  not,
  or,
  rem,
  select,
  shl,
  shrS,
  shrU,
  sqrt,
  sub,
  trunc,
  xor,
} from "../loops/block.ts";
import type { CompareOp, Expr } from "../loops/ir.ts";
import { detectRelaxedSimd } from "./detect.ts";
import { emitModule } from "./emit.ts";
import { evaluate, execute, f32x, i32x, loopFunction, readF32, readI32 } from "./run-emitted.ts";

const relaxed = detectRelaxedSimd();

const floats = [0, -0, 1, -1.5, 2.5, 3.5, -2.5, 1e10, -3e9, NaN, Infinity, -Infinity, 0.1, 7, 1e-40, 123456.7].map(Math.fround);
const integers = [0, 1, -1, 7, -7, 2147483647, -2147483648, 65536, 255, 256, -256, 31, 32, 33, 12345, -99999];

describe("emitModule", () => {
  it("computes every unary operation, scalar and vector", () => {
    const even = (x: number): number => {
      if (!Number.isFinite(x) || Math.abs(x) > 2 ** 24) return x;
      const r = Math.round(x);
      const value = Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
      return value === 0 ? (Object.is(x, -0) || x < 0 ? -0 : 0) : value;
    };
    const rows: [(x: Expr) => Expr, (x: number) => number][] = [
      [neg, (x) => -x],
      [abs, Math.abs],
      [sqrt, Math.sqrt],
      [floor, Math.floor],
      [ceil, Math.ceil],
      [trunc, Math.trunc],
      [nearest, even],
    ];
    for (const [build, reference] of rows) {
      for (let i = 0; i < floats.length; i += 4) {
        const x = floats.slice(i, i + 4);
        const expected = x.map((v) => Math.fround(reference(v)));
        expect(
          readF32(
            evaluate("f32", ([p]) => build(loadVector("f32", address(p!))), [f32x(x)]),
            4,
          ),
        ).toEqual(expected);
        expect(
          readF32(
            evaluate("f32", ([p]) => build(load("f32", address(p!, 4))), [f32x(x)]),
            1,
          ),
        ).toEqual([expected[1]]);
      }
      expect(evaluate("f64", ([p]) => build(load("f64", address(p!))), [Float64Array.of(-6.25)]).getFloat64(0, true)).toEqual(
        reference(-6.25),
      );
    }
    for (const [build, reference] of [
      [neg, (x: number) => -x | 0],
      [abs, (x: number) => Math.abs(x) | 0],
      [not, (x: number) => ~x],
    ] as const) {
      for (let i = 0; i < integers.length; i += 4) {
        const x = integers.slice(i, i + 4);
        expect(
          readI32(
            evaluate("i32", ([p]) => build(loadVector("i32", address(p!))), [i32x(x)]),
            4,
          ),
        ).toEqual(x.map(reference));
        expect(
          readI32(
            evaluate("i32", ([p]) => build(load("i32", address(p!))), [i32x(x)]),
            1,
          ),
        ).toEqual([reference(x[0]!)]);
      }
    }
  });

  it("computes every binary operation on floats", () => {
    const nan =
      (f: (x: number, y: number) => number) =>
      (x: number, y: number): number =>
        Number.isNaN(x) || Number.isNaN(y) ? NaN : f(x, y);
    const rows: [(x: Expr, y: Expr) => Expr, (x: number, y: number) => number][] = [
      [add, (x, y) => x + y],
      [sub, (x, y) => x - y],
      [mul, (x, y) => x * y],
      [div, (x, y) => x / y],
      [min, nan(Math.min)],
      [max, nan(Math.max)],
    ];
    const reversed = [...floats].reverse();
    for (const [build, reference] of rows) {
      for (let i = 0; i < floats.length; i += 4) {
        const x = floats.slice(i, i + 4);
        const y = reversed.slice(i, i + 4);
        const expected = x.map((v, j) => Math.fround(reference(v, y[j]!)));
        expect(
          readF32(
            evaluate("f32", ([p, q]) => build(loadVector("f32", address(p!)), loadVector("f32", address(q!))), [f32x(x), f32x(y)]),
            4,
          ),
        ).toEqual(expected);
        expect(
          readF32(
            evaluate("f32", ([p, q]) => build(load("f32", address(p!)), load("f32", address(q!))), [f32x(x), f32x(y)]),
            1,
          ),
        ).toEqual([expected[0]]);
      }
      const inputs = [Float64Array.of(0.1), Float64Array.of(-3)];
      expect(evaluate("f64", ([p, q]) => build(load("f64", address(p!)), load("f64", address(q!))), inputs).getFloat64(0, true)).toBe(
        reference(0.1, -3),
      );
    }
  });

  it("computes every binary operation on integers", () => {
    const rows: [(x: Expr, y: Expr) => Expr, (x: number, y: number) => number, "both" | "scalar"][] = [
      [add, (x, y) => (x + y) | 0, "both"],
      [sub, (x, y) => (x - y) | 0, "both"],
      [mul, Math.imul, "both"],
      [min, Math.min, "both"],
      [max, Math.max, "both"],
      [and, (x, y) => x & y, "both"],
      [or, (x, y) => x | y, "both"],
      [xor, (x, y) => x ^ y, "both"],
      [div, (x, y) => Math.trunc(x / y) | 0, "scalar"],
      [rem, (x, y) => (x % y) | 0, "scalar"],
      [shl, (x, y) => x << y, "scalar"],
      [shrU, (x, y) => (x >>> y) | 0, "scalar"],
      [shrS, (x, y) => x >> y, "scalar"],
    ];
    const others = integers.map((_, i) => integers[(i * 7 + 3) % 16]!);
    for (const [build, reference, forms] of rows) {
      for (let i = 0; i < 16; i++) {
        const x = integers[i]!;
        const y = others[i] === 0 || others[i] === -1 ? 5 : others[i]!;
        expect(
          readI32(
            evaluate("i32", ([p, q]) => build(load("i32", address(p!)), load("i32", address(q!))), [i32x([x]), i32x([y])]),
            1,
          ),
        ).toEqual([reference(x, y)]);
      }
      if (forms === "scalar") continue;
      for (let i = 0; i < 16; i += 4) {
        const x = integers.slice(i, i + 4);
        const y = others.slice(i, i + 4);
        expect(
          readI32(
            evaluate("i32", ([p, q]) => build(loadVector("i32", address(p!)), loadVector("i32", address(q!))), [i32x(x), i32x(y)]),
            4,
          ),
        ).toEqual(x.map((v, j) => reference(v, y[j]!)));
      }
    }
    for (const [build, reference] of [
      [shl, (x: number) => x << 5],
      [shrU, (x: number) => (x >>> 5) | 0],
      [shrS, (x: number) => x >> 5],
    ] as const) {
      expect(
        readI32(
          evaluate("i32", ([p]) => build(loadVector("i32", address(p!)), i32(37)), [i32x(integers.slice(4, 8))]),
          4,
        ),
      ).toEqual(integers.slice(4, 8).map(reference));
    }
  });

  it("compares and selects", () => {
    const rows: Record<CompareOp, (x: number, y: number) => boolean> = {
      eq: (x, y) => x === y,
      ne: (x, y) => x !== y,
      lt: (x, y) => x < y,
      le: (x, y) => x <= y,
      gt: (x, y) => x > y,
      ge: (x, y) => x >= y,
      ltU: (x, y) => x >>> 0 < y >>> 0,
    };
    for (const [f, reference] of Object.entries(rows) as [CompareOp, (x: number, y: number) => boolean][]) {
      const pairs: [number, number][] = [
        [1, 2],
        [2, 2],
        [-1, 3],
        [5, -7],
      ];
      const x = pairs.map(([a]) => a);
      const y = pairs.map(([, b]) => b);
      const inputs = [i32x(x), i32x(y)];
      const mask = x.map((v, i) => (reference(v, y[i]!) ? -1 : 0));
      expect(
        readI32(
          evaluate("i32", ([p, q]) => compare(f, loadVector("i32", address(p!)), loadVector("i32", address(q!))), inputs),
          4,
        ),
      ).toEqual(mask);
      for (let i = 0; i < 4; i++) {
        expect(
          readI32(
            evaluate("i32", ([p, q]) => compare(f, load("i32", address(p!, 4 * i)), load("i32", address(q!, 4 * i))), inputs),
            1,
          ),
        ).toEqual([-mask[i]! | 0]);
      }
      if (f === "ltU") continue;
      const floatX = [1, NaN, -0, 3].map(Math.fround);
      const floatY = [2, NaN, 0, -Infinity].map(Math.fround);
      const floatMask = floatX.map((v, i) => (reference(v, floatY[i]!) ? -1 : 0));
      const floatInputs = [f32x(floatX), f32x(floatY)];
      expect(
        readI32(
          evaluate("i32", ([p, q]) => compare(f, loadVector("f32", address(p!)), loadVector("f32", address(q!))), floatInputs),
          4,
        ),
      ).toEqual(floatMask);
      expect(
        readF32(
          evaluate(
            "f32",
            ([p, q], body) => {
              const a = body.let(loadVector("f32", address(p!)));
              const b = body.let(loadVector("f32", address(q!)));
              return select(compare(f, a, b), a, b);
            },
            floatInputs,
          ),
          4,
        ),
      ).toEqual(floatX.map((v, i) => (floatMask[i] === 0 ? floatY[i]! : v)));
      expect(
        readF32(
          evaluate(
            "f32",
            ([p, q]) => select(compare(f, load("f32", address(p!)), load("f32", address(q!))), constant("f32", 5), constant("f32", 6)),
            floatInputs,
          ),
          1,
        ),
      ).toEqual([floatMask[0] === 0 ? 6 : 5]);
      const doubles = [Float64Array.of(1), Float64Array.of(2)];
      expect(
        readI32(
          evaluate("i32", ([p, q]) => compare(f, load("f64", address(p!)), load("f64", address(q!))), doubles),
          1,
        ),
      ).toEqual([reference(1, 2) ? 1 : 0]);
    }
  });

  it("converts with truncation and saturation", () => {
    const x = [NaN, 3e9, -3e9, -1.9].map(Math.fround);
    const truncated = [0, 2147483647, -2147483648, -1];
    expect(
      readI32(
        evaluate("i32", ([p]) => convert("i32v", loadVector("f32", address(p!))), [f32x(x)]),
        4,
      ),
    ).toEqual(truncated);
    for (let i = 0; i < 4; i++) {
      expect(
        readI32(
          evaluate("i32", ([p]) => convert("i32", load("f32", address(p!, 4 * i))), [f32x(x)]),
          1,
        ),
      ).toEqual([truncated[i]]);
      expect(
        readI32(
          evaluate("i32", ([p]) => convert("i32", convert("f64", load("f32", address(p!, 4 * i)))), [f32x(x)]),
          1,
        ),
      ).toEqual([truncated[i]]);
    }
    expect(
      readF32(
        evaluate("f32", ([p]) => convert("f32v", loadVector("i32", address(p!))), [i32x([1, -2, 16777217, 0])]),
        4,
      ),
    ).toEqual([1, -2, 16777216, 0]);
    expect(
      readF32(
        evaluate("f32", ([p]) => convert("f32", load("i32", address(p!))), [i32x([-5])]),
        1,
      ),
    ).toEqual([-5]);
    expect(evaluate("f64", ([p]) => convert("f64", load("i32", address(p!))), [i32x([-5])]).getFloat64(0, true)).toBe(-5);
    expect(
      readF32(
        evaluate("f32", ([p]) => convert("f32", load("f64", address(p!))), [Float64Array.of(0.1)]),
        1,
      ),
    ).toEqual([Math.fround(0.1)]);
    expect(
      readI32(
        evaluate("i32", ([p]) => bitcast("i32v", loadVector("f32", address(p!))), [f32x([1, 1, 1, 1])]),
        4,
      ),
    ).toEqual(new Array(4).fill(0x3f800000));
    expect(
      readI32(
        evaluate("i32", ([p]) => bitcast("i32", load("f32", address(p!))), [f32x([1])]),
        1,
      ),
    ).toEqual([0x3f800000]);
    expect(
      readF32(
        evaluate("f32", ([p]) => bitcast("f32", load("i32", address(p!))), [i32x([0x3f800000])]),
        1,
      ),
    ).toEqual([1]);
  });

  it("runs loops, whiles and branches", () => {
    const f = loopFunction("sum", (body, { block, from, to }) => {
      const x = body.let(loadPtr(block, 0));
      const total = body.declare("total", constant("f32", 0));
      body.for("i", from, to, 1, (inner, i) => {
        inner.if(
          compare("eq", rem(i, i32(2)), i32(0)),
          (then) => {
            then.set(total, add(get(total), load("f32", address(advance(x, i, 4)))));
          },
          (otherwise) => {
            otherwise.set(total, sub(get(total), load("f32", address(advance(x, i, 4)))));
          },
        );
      });
      const left = body.declare("left", i32(5));
      body.while(get(left), (inner) => {
        inner.set(left, sub(get(left), i32(1)));
        inner.set(total, add(get(total), constant("f32", 100)));
      });
      body.for("none", i32(3), to, 2, (inner) => inner.set(total, add(get(total), constant("f32", 1000))));
      body.for("twice", i32(0), i32(4), 2, (inner) => inner.set(total, add(get(total), constant("f32", 10000))));
      body.store("f32", address(loadPtr(block, 7)), get(total));
    });
    const result = (from: number, to: number): number => execute(f, [f32x([1, 2, 4, 8, 16])], from, to).getFloat32(4096 * 8, true);
    expect(result(0, 5)).toBe(1 - 2 + 4 - 8 + 16 + 500 + 1000 + 20000);
    expect(result(0, 1)).toBe(1 + 500 + 20000);
    expect(result(2, 2)).toBe(500 + 20000);
  });

  it("evaluates the limit of a loop once", () => {
    const f = loopFunction("once", (body, { block }) => {
      const limit = body.declare("limit", i32(3));
      const turns = body.declare("turns", i32(0));
      body.for("i", i32(0), get(limit), 1, (inner) => {
        inner.set(limit, i32(100));
        inner.set(turns, add(get(turns), i32(1)));
      });
      body.store("i32", address(loadPtr(block, 7)), get(turns));
    });
    expect(execute(f, []).getInt32(4096 * 8, true)).toBe(3);
  });

  it("gives scalars and vectors the same multiply-add", () => {
    const x = [1 + 2 ** -12, 3.3, 1e-3, 7].map(Math.fround);
    const inputs = [f32x(x), f32x(x), f32x([-1, 2.2, 5e-7, -49])];
    for (const relaxedFma of relaxed ? [false, true] : [false]) {
      const vector = readF32(
        evaluate(
          "f32",
          ([p, q, r]) => fma(loadVector("f32", address(p!)), loadVector("f32", address(q!)), loadVector("f32", address(r!))),
          inputs,
          4,
          relaxedFma,
        ),
        4,
      );
      const scalars = x.map(
        (_, i) =>
          readF32(
            evaluate(
              "f32",
              ([p, q, r]) => fma(load("f32", address(p!, 4 * i)), load("f32", address(q!, 4 * i)), load("f32", address(r!, 4 * i))),
              inputs,
              undefined,
              relaxedFma,
            ),
            1,
          )[0],
      );
      expect(scalars).toEqual(vector);
      const twice = x.map((v, i) => Math.fround(Math.fround(v * v) + inputs[2]![i]!));
      if (!relaxedFma) expect(vector).toEqual(twice);
      else vector.forEach((v, i) => expect(Math.abs(v - twice[i]!)).toBeLessThanOrEqual(2 ** -23 * Math.abs(x[i]! * x[i]!)));
    }
    const double = evaluate("f64", ([p]) => fma(load("f64", address(p!)), constant("f64", 3), constant("f64", 0.5)), [
      Float64Array.of(0.1),
    ]);
    expect(double.getFloat64(0, true)).toBe(0.1 * 3 + 0.5);
  });

  it("refuses IR that is not well-typed, with the function's name", () => {
    const wrong = loopFunction("wrong", (body, { block }) =>
      body.push({ op: "store", storage: "f32", address: address(block), value: i32(1) }),
    );
    expect(() => emitModule([wrong], { relaxedFma: false, sharedMemory: false })).toThrow(/wrong/);
    const unset = loopFunction("unset", (body, { block }) => body.store("f32", address(block), get({ name: "x", type: "f32" })));
    expect(() => emitModule([unset], { relaxedFma: false, sharedMemory: false })).toThrow(/read before it is set/);
  });

  it("has known bytes for a small function", () => {
    const f = loopFunction("add1", (body, { block }) => {
      const p = body.let(loadPtr(block, 1));
      body.store("f32", address(p, 4), add(load("f32", address(p)), constant("f32", 1)));
    });
    const hex = Buffer.from(emitModule([f], { relaxedFma: false, sharedMemory: true })).toString("hex");
    expect(hex).toBe(
      [
        "0061736d01000000", // magic, version
        "0108" + "01" + "60047f7f7f7f00", // type: (i32 i32 i32 i32) -> ()
        "0212" + "01" + "03656e76" + "066d656d6f7279" + "0203" + "00" + "808004", // import env.memory, shared, 0 to 65536 pages
        "0302" + "0100", // function of type 0
        "0708" + "01" + "0461646431" + "0000", // export add1
        "0a1d" + "01" + "1b" + "01" + "017f", // code: one i32 local
        "2000" + "280208" + "2104", // local.get 0, i32.load offset=8, local.set 4
        "2004" + "2004" + "2a0200" + "430000803f" + "92" + "380204", // local.get 4 (twice), f32.load, f32.const 1, f32.add, f32.store offset=4
        "0b",
      ].join(""),
    );
  });
});
