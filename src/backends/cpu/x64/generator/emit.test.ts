import { describe, expect, it } from "vitest";
import {
  add,
  address,
  advance,
  and,
  type Block,
  compare,
  constant,
  convert,
  div,
  fma,
  get,
  i32,
  load,
  loadPtr,
  loadSplat,
  loadVector,
  min,
  mul,
  or,
  select,
  shl,
  sub,
  xor,
} from "../../loops/block.ts";
import type { CallableFunction, Expr } from "../../loops/ir.ts";
import { loopFunction } from "../../wasm/run-emitted.ts";
import { emitFunctions } from "./emit.ts";
import { doubles, evaluation, execute, expectSame, floats, integers, interpreted, kinds } from "./expect-same.ts";

describe.each(kinds)("functions for %s", (kind) => {
  it("runs loops, branches and negative steps of pointers", () => {
    const f = loopFunction("control", (body, { block, from, to }) => {
      const [p, out] = [0, 7].map((slot) => body.let(loadPtr(block, slot)));
      const sum = body.declare("sum", i32(0));
      body.for("i", from, to, 1, (outer, i) => {
        outer.for("j", sub(i, i32(3)), i32(4), 2, (inner, j) => {
          inner.if(
            or(and(compare("lt", j, i), compare("ge", j, i32(-1))), compare("eq", i, i32(2))),
            (then) => then.set(sum, add(get(sum), load("i32", address(advance(advance(p!, i, 8), j, 4), 64)))),
            (otherwise) => otherwise.set(sum, xor(get(sum), mul(i, i32(12)))),
          );
        });
      });
      const n = body.declare("n", i32(1));
      body.while(and(compare("lt", get(n), i32(1000)), compare("ne", get(n), i32(81))), (inside) => inside.set(n, mul(get(n), i32(3))));
      body.store("i32", address(out!), get(sum));
      body.store("i32", address(out!, 4), get(n));
      body.if(compare("gt", from, i32(100)), (then) => then.store("i32", address(out!, 8), i32(1)));
    });
    expectSame(f, kind, [integers.map((x) => x % 1000)], 1, 6);
    expectSame(f, kind, [integers.map((x) => x % 1000)], 3, 3);
  });

  it("does not move a load over a store that may change it", () => {
    const f = loopFunction("order", (body, { block }) => {
      const [p] = [0].map((slot) => body.let(loadPtr(block, slot)));
      const x = body.let(loadVector("f32", address(p!)));
      body.store("f32", address(p!), constant("f32v", 5));
      body.store("f32", address(p!, 64), add(constant("f32v", 1), x));
      const y = body.declare("y", load("f32", address(p!, 128)));
      const at = body.declare("at", p!);
      const z = body.let(load("f32", address(get(at), 8)));
      body.set(at, advance(get(at), i32(4), 4));
      body.store("f32", address(get(at), 200), add(z, get(y)));
    });
    expectSame(f, kind, [floats]);
  });

  it("spills when registers run out, of every kind, across calls too", () => {
    const f = loopFunction("pressure", (body, { block, from, to }) => {
      const [p, q, out] = [0, 1, 7].map((slot) => body.let(loadPtr(block, slot)));
      const vectors = Array.from({ length: 40 }, (_, i) => body.declare(`v${i}`, loadVector("f32", address(p!, 4 * i))));
      const numbers = Array.from({ length: 24 }, (_, i) => body.declare(`n${i}`, load("i32", address(q!, 4 * (i % 16)))));
      const masks = Array.from({ length: 12 }, (_, i) => body.let(compare("lt", get(vectors[i]!), constant("f32v", i - 4))));
      const scalars = Array.from({ length: 24 }, (_, i) => body.declare(`s${i}`, load("f32", address(p!, 8 * i))));
      body.for("i", from, to, 1, (inside, i) => {
        vectors.forEach((v, j) =>
          inside.set(v, fma(get(v), get(vectors[(j + 7) % 40]!), select(masks[j % 12]!, get(vectors[(j + 13) % 40]!), get(v)))),
        );
        numbers.forEach((n, j) =>
          inside.set(n, add(mul(get(n), get(numbers[(j + 5) % 24]!)), shl(add(i, get(numbers[(j + 3) % 24]!)), i32(j % 5)))),
        );
        numbers.forEach((n, j) => inside.set(n, select(compare("lt", get(n), get(numbers[(j + 2) % 24]!)), div(get(n), i32(7)), get(n))));
        scalars.forEach((x, j) =>
          inside.set(x, min(add(get(x), get(scalars[(j + 1) % 24]!)), select(get(numbers[j]!), get(x), constant("f32", 2)))),
        );
      });
      vectors.forEach((v, i) => body.store("f32", address(out!, 64 * i), get(v)));
      numbers.forEach((n, i) => body.store("i32", address(out!, 2600 + 4 * i), get(n)));
      scalars.forEach((x, i) => body.store("f32", address(out!, 2800 + 4 * i), get(x)));
      masks.forEach((mask, i) => body.store("i32", address(out!, 3000 + 64 * i), mask));
    });
    const small = Float32Array.from({ length: 64 }, (_, i) => ((i * 37) % 16) / 8 - 1);
    expectSame(f, kind, [small, integers], 0, 3);
  });

  it("calls functions of doubles and keeps everything around the call", () => {
    const call = (f: CallableFunction, ...args: Expr[]): Expr => ({ op: "call", type: "f64", f, args });
    const f = loopFunction("calls", (body, { block, from, to }) => {
      const [p, out] = [0, 7].map((slot) => body.let(loadPtr(block, slot)));
      const x = body.let(load("f64", address(p!, 16)));
      const y = body.let(load("f64", address(p!, 80)));
      const v = body.let(loadVector("f32", address(p!)));
      const sum = body.declare("sum", constant("f64", 0));
      body.for("i", from, to, 1, (inside, i) => {
        inside.set(sum, add(get(sum), call("pow", add(x, convert("f64", i)), y)));
        inside.set(sum, add(call("remainder", get(sum), x), call("atan2", y, call("exp", y))));
      });
      body.store("f64", address(out!), get(sum));
      body.store("f32", address(out!, 64), v);
    });
    const found = new DataView(execute(f, kind, [doubles], 0, 5).buffer, 4096 - 512);
    const expected = new DataView(interpreted(f, kind, [doubles], 0, 5).buffer, 4096 - 512);
    expect(found.getFloat64(0, true)).toBeCloseTo(expected.getFloat64(0, true), 12);
    expect(found.getFloat32(64 + 8, true)).toBe(expected.getFloat32(64 + 8, true));
  });

  it("counts subnormal numbers as zero and gives the control word back", () => {
    const f = evaluation("subnormal", "f32", ([p]) => add(load("f32", address(p!)), load("f32", address(p!, 4))));
    const found = new Float32Array(execute(f, kind, [Float32Array.of(1e-40, 1e-40)]).buffer, 4096 - 512, 1);
    expect(found[0]).toBe(0);
    const tiny = 1e-310;
    expect(tiny / 2).toBeGreaterThan(0);
  });
});

describe("emitFunctions", () => {
  it("keeps a 14x2 tile in registers: two loads, fourteen broadcasts and 28 multiply-adds a step", () => {
    const f = loopFunction("tile", (body, { block, scratch }) => {
      const a = body.declare("a", loadPtr(block, 0));
      const b = body.declare("b", loadPtr(block, 1));
      const sums = Array.from({ length: 28 }, (_, i) => body.declare(`c${i}`, constant("f32v", 0)));
      body.for("k", i32(0), i32(256), 1, (inside) => {
        const ys = [0, 1].map((v) => inside.let(loadVector("f32", address(get(b), 64 * v))));
        for (let row = 0; row < 14; row++) {
          const x = inside.let(loadSplat("f32", address(get(a), 4096 * row)));
          ys.forEach((y, v) => inside.set(sums[2 * row + v]!, fma(x, y, get(sums[2 * row + v]!))));
        }
        inside.set(a, advance(get(a), i32(1), 4));
        inside.set(b, advance(get(b), i32(1), 128));
      });
      sums.forEach((sum, i) => body.store("f32", address(scratch, 64 * i), get(sum)));
    });
    const { bytes } = emitFunctions([f], { avx512: true });
    // vmovups zmm (62 .1 7c 48 10), vbroadcastss zmm (62 .2 7d 48 18), vfmadd231ps zmm (62 .2 .. 4. b8), between the loop's ends.
    const count = (opcode: number, map: number): number => {
      let found = 0;
      for (let i = 0; i + 5 < bytes.length; i++) if (bytes[i] === 0x62 && (bytes[i + 1]! & 7) === map && bytes[i + 4] === opcode) found++;
      return found;
    };
    expect([count(0x10, 1), count(0x18, 2), count(0xb8, 2)]).toEqual([2, 14, 28]);
    // Nothing moves between registers and the stack.
    expect(count(0x11, 1)).toBe(28);
    expect(bytes.length).toBeLessThan(900);
  });

  it("does not carry accumulators that are cleared from one turn of a loop to the next", () => {
    const tile = (body: Block, block: Expr, scratch: Expr, rows: number): void => {
      const sums = Array.from({ length: rows * 2 }, (_, i) => body.declare(`c${i}`, constant("f32v", 0)));
      const a = body.declare("a", loadPtr(block, 0));
      body.for("k", i32(0), i32(64), 1, (inside) => {
        const y = inside.let(loadVector("f32", address(get(a))));
        sums.forEach((sum, i) => inside.set(sum, fma(loadSplat("f32", address(get(a), 4 * i)), y, get(sum))));
        inside.set(a, advance(get(a), i32(1), 64));
      });
      sums.forEach((sum, i) => body.store("f32", address(scratch, 64 * i), get(sum)));
    };
    const f = loopFunction("two tiles", (body, { block, from, to, scratch }) => {
      body.for("unit", from, to, 1, (inside) => {
        tile(inside, block, scratch, 14);
        tile(inside, block, scratch, 13);
      });
    });
    const { bytes } = emitFunctions([f], { avx512: true });
    // No frame: the first instruction is not `push rbp`.
    expect(bytes[0]).not.toBe(0x55);
  });

  it("places several functions, each aligned, and shares their constants", () => {
    const functions = [1, 2, 3].map((i) => evaluation(`f${i}`, "f32", ([p]) => mul(loadVector("f32", address(p!)), constant("f32v", 3))));
    const { offsets, bytes } = emitFunctions(functions, { avx512: false });
    expect(offsets.every((offset) => offset % 64 === 0)).toBe(true);
    expect(new Set(offsets).size).toBe(3);
    const three = [0, 0, 0x40, 0x40];
    const copies = [...bytes.keys()].filter(
      (i) => i % 32 === 0 && three.every((byte, j) => bytes[i + j] === byte && bytes[i + 28 + j] === byte),
    );
    expect(copies).toHaveLength(1);
  });

  it("refuses what is not well-typed, and calls whose address it does not know", () => {
    const wrong = evaluation("wrong", "f32", ([p]) => ({
      op: "binary",
      type: "f32v",
      f: "shl",
      x: loadVector("f32", address(p!)),
      y: i32(1),
    }));
    expect(() => emitFunctions([wrong], { avx512: true })).toThrow("shl does not exist for f32v");
    const call = evaluation("call", "f64", ([p]) => ({ op: "call", type: "f64", f: "exp", args: [load("f64", address(p!))] }));
    expect(() => emitFunctions([call], { avx512: true })).toThrow("the address of exp is not known");
    const unset = loopFunction("unset", (body, { scratch }) => body.store("f32", address(scratch), get({ name: "x", type: "f32" })));
    expect(() => emitFunctions([unset], { avx512: true })).toThrow("read before it is set");
  });
});
