import { describe, it } from "vitest";
import {
  abs,
  add,
  address,
  type Block,
  ceil,
  constant,
  div,
  floor,
  fma,
  get,
  load,
  loadVector,
  max,
  min,
  mul,
  nearest,
  neg,
  sqrt,
  sub,
  trunc,
} from "../../loops/block.ts";
import type { Expr } from "../../loops/ir.ts";
import { doubles, evaluation, expectSame, floats, kinds, lanesOf, reversed } from "./expect-same.ts";

const floatUnary: readonly [string, (x: Expr) => Expr][] = [
  ["neg", neg],
  ["abs", abs],
  ["sqrt", sqrt],
  ["floor", floor],
  ["ceil", ceil],
  ["trunc", trunc],
  ["nearest", nearest],
];
const floatBinary: readonly [string, (x: Expr, y: Expr) => Expr][] = [
  ["add", add],
  ["sub", sub],
  ["mul", mul],
  ["div", div],
  ["min", min],
  ["max", max],
];

describe.each(kinds)("arithmetic on floats for %s", (kind) => {
  const width = lanesOf[kind];
  const parts = Array.from({ length: 32 / width }, (_, i) => i * width * 4);

  it("computes every operation on floats, in vectors and scalars", () => {
    for (const [name, f] of floatUnary) {
      for (const at of parts)
        expectSame(
          evaluation(name, "f32", ([p]) => f(loadVector("f32", address(p!, at)))),
          kind,
          [floats],
        );
      for (let i = 0; i < 32; i++)
        expectSame(
          evaluation(`${name} f32`, "f32", ([p]) => f(load("f32", address(p!, 4 * i)))),
          kind,
          [floats],
        );
      for (let i = 0; i < doubles.length; i++)
        expectSame(
          evaluation(`${name} f64`, "f64", ([p]) => f(load("f64", address(p!, 8 * i)))),
          kind,
          [doubles],
        );
    }
    for (const [name, f] of floatBinary) {
      for (const at of parts)
        expectSame(
          evaluation(name, "f32", ([p, q]) => f(loadVector("f32", address(p!, at)), loadVector("f32", address(q!, at)))),
          kind,
          [floats, reversed],
        );
      for (let i = 0; i < 32; i++)
        expectSame(
          evaluation(`${name} f32`, "f32", ([p, q]) => f(load("f32", address(p!, 4 * i)), load("f32", address(q!, 4 * i)))),
          kind,
          [floats, reversed],
        );
      for (let i = 0; i < doubles.length; i++)
        expectSame(
          evaluation(`${name} f64`, "f64", ([p, q]) => f(load("f64", address(p!, 8 * i)), load("f64", address(q!, 8 * (13 - i))))),
          kind,
          [doubles, doubles],
        );
      // Constants on either side.
      for (const c of [0, -0, 1.5, -3, NaN]) {
        for (const at of parts) {
          expectSame(
            evaluation(`${name} x c`, "f32", ([p]) => f(loadVector("f32", address(p!, at)), constant("f32v", c))),
            kind,
            [floats],
          );
          expectSame(
            evaluation(`${name} c x`, "f32", ([p]) => f(constant("f32v", c), loadVector("f32", address(p!, at)))),
            kind,
            [floats],
          );
        }
        for (const i of [0, 1, 3, 9, 10])
          expectSame(
            evaluation(`${name} f32 c`, "f32", ([p]) => f(load("f32", address(p!, 4 * i)), constant("f32", c))),
            kind,
            [floats],
          );
      }
    }
  });

  it("fuses multiply-add whichever operand comes from memory or is overwritten", () => {
    const v = (p: Expr, at = 0): Expr => loadVector("f32", address(p, at));
    const builds: readonly [string, (p: Expr, q: Expr, r: Expr, body: Block) => Expr][] = [
      ["all loads", (p, q, r) => fma(v(p), v(q), v(r))],
      ["constants", (p) => fma(fma(v(p), constant("f32v", 2), constant("f32v", -1)), constant("f32v", 0.5), v(p))],
      ["square", (p, _, __, body) => ((x: Expr) => fma(x, x, x))(body.let(v(p)))],
      [
        "horner",
        (p, _, __, body) => ((x: Expr) => fma(fma(constant("f32v", 3), x, constant("f32v", 4)), x, constant("f32v", 5)))(body.let(v(p))),
      ],
      [
        "updates",
        (p, q, r, body) => {
          const a = body.declare("a", v(p));
          const b = body.declare("b", v(q));
          body.set(a, fma(get(a), get(b), v(r)));
          body.set(b, fma(get(a), get(b), get(a)));
          body.set(a, fma(get(b), get(b), get(a)));
          body.set(b, fma(v(p), get(b), get(a)));
          body.set(b, fma(get(a), v(p), get(b)));
          return fma(get(a), get(b), get(b));
        },
      ],
    ];
    const small = floats.map((x) => (Number.isFinite(x) && Math.abs(x) < 100 ? x : 2));
    for (const [name, build] of builds)
      expectSame(
        evaluation(name, "f32", ([p, q, r], body) => build(p!, q!, r!, body)),
        kind,
        [small, reversed.map((x) => x % 8 || 1), small],
      );
    expectSame(
      evaluation("f32", "f32", ([p, q, r]) => fma(load("f32", address(p!)), load("f32", address(q!)), load("f32", address(r!)))),
      kind,
      [Float32Array.of(1 + 2 ** -12), Float32Array.of(1 + 2 ** -12), Float32Array.of(-1)],
    );
  });
});
