import { describe, it } from "vitest";
import {
  abs,
  add,
  address,
  and,
  compare,
  constant,
  div,
  i32,
  load,
  loadPtr,
  loadVector,
  max,
  min,
  mul,
  neg,
  not,
  or,
  rem,
  select,
  shl,
  shrS,
  shrU,
  sub,
  xor,
} from "../../loops/block.ts";
import type { CompareOp, Expr } from "../../loops/ir.ts";
import { loopFunction } from "../../wasm/run-emitted.ts";
import { doubles, evaluation, expectSame, floats, integers, kinds, lanesOf, mixed, reversed } from "./expect-same.ts";

const comparisons: readonly CompareOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];

describe.each(kinds)("arithmetic and comparisons of integers for %s", (kind) => {
  const width = lanesOf[kind];
  const parts = Array.from({ length: 32 / width }, (_, i) => i * width * 4);

  it("computes every operation on integers", () => {
    const unary: readonly [string, (x: Expr) => Expr][] = [
      ["neg", neg],
      ["abs", abs],
      ["not", not],
    ];
    const binary: readonly [string, (x: Expr, y: Expr) => Expr][] = [
      ["add", add],
      ["sub", sub],
      ["mul", mul],
      ["min", min],
      ["max", max],
      ["and", and],
      ["or", or],
      ["xor", xor],
    ];
    const scalar = (p: Expr, i: number): Expr => load("i32", address(p, 4 * i));
    for (const [name, f] of unary) {
      for (const at of parts)
        expectSame(
          evaluation(name, "i32", ([p]) => f(loadVector("i32", address(p!, at)))),
          kind,
          [integers],
        );
      for (let i = 0; i < 8; i++)
        expectSame(
          evaluation(`${name} i32`, "i32", ([p]) => f(scalar(p!, i))),
          kind,
          [integers],
        );
    }
    for (const [name, f] of binary) {
      for (const at of parts)
        expectSame(
          evaluation(name, "i32", ([p, q]) => f(loadVector("i32", address(p!, at)), loadVector("i32", address(q!, at)))),
          kind,
          [integers, mixed],
        );
      for (let i = 0; i < 16; i++)
        expectSame(
          evaluation(`${name} i32`, "i32", ([p, q]) => f(scalar(p!, i), scalar(q!, i))),
          kind,
          [integers, mixed],
        );
      for (const c of [0, 1, -1, 3, 8, 100000])
        expectSame(
          evaluation(`${name} ${c}`, "i32", ([p]) => f(scalar(p!, 5), i32(c))),
          kind,
          [integers],
        );
    }
    for (const f of [div, rem]) {
      for (const [i, j] of [
        [3, 16],
        [4, 17],
        [14, 18],
        [15, 17],
        [5, 2],
      ] as const)
        expectSame(
          evaluation("division", "i32", ([p]) => f(scalar(p!, i), scalar(p!, j))),
          kind,
          [integers],
        );
      for (const c of [1, 8, 7]) {
        expectSame(
          evaluation("division of what may be negative", "i32", ([p]) => f(scalar(p!, 15), i32(c))),
          kind,
          [integers],
        );
        expectSame(
          evaluation("division of what is not", "i32", ([p]) => f(load("u8", address(p!)), i32(c))),
          kind,
          [Uint8Array.of(219)],
        );
      }
    }
    for (const f of [shl, shrU, shrS]) {
      for (const count of [0, 1, 5, 31]) {
        for (const at of parts)
          expectSame(
            evaluation("shift", "i32", ([p]) => f(loadVector("i32", address(p!, at)), i32(count))),
            kind,
            [integers],
          );
        expectSame(
          evaluation("scalar shift", "i32", ([p]) => f(scalar(p!, 15), i32(count))),
          kind,
          [integers],
        );
      }
      for (let i = 0; i < 16; i++) {
        expectSame(
          evaluation("shift by a value", "i32", ([p]) => f(loadVector("i32", address(p!)), scalar(p!, i))),
          kind,
          [integers],
        );
        expectSame(
          evaluation("scalar shift by a value", "i32", ([p]) => f(scalar(p!, 15), scalar(p!, i))),
          kind,
          [integers],
        );
      }
    }
  });

  it("compares and selects, unordered operands included", () => {
    for (const f of [...comparisons, "ltU"] as const) {
      for (const at of parts) {
        const x = (p: Expr): Expr => loadVector("i32", address(p, at));
        expectSame(
          evaluation(f, "i32", ([p, q]) => compare(f, x(p!), x(q!))),
          kind,
          [integers, mixed],
        );
        expectSame(
          evaluation(`${f} equal`, "i32", ([p]) => compare(f, x(p!), x(p!))),
          kind,
          [integers],
        );
        expectSame(
          evaluation(`${f} select`, "i32", ([p, q]) => select(compare(f, x(p!), x(q!)), x(q!), constant("i32v", 0))),
          kind,
          [integers, mixed],
        );
      }
      for (let i = 0; i < 16; i++) {
        const x = (p: Expr): Expr => load("i32", address(p, 4 * i));
        expectSame(
          evaluation(`${f} i32`, "i32", ([p, q]) => compare(f, x(p!), x(q!))),
          kind,
          [integers, mixed],
        );
        expectSame(
          evaluation(`${f} select i32`, "i32", ([p, q]) => select(compare(f, x(p!), x(q!)), x(q!), i32(5))),
          kind,
          [integers, mixed],
        );
      }
    }
    for (const f of comparisons) {
      for (const at of parts) {
        const x = (p: Expr): Expr => loadVector("f32", address(p, at));
        expectSame(
          evaluation(f, "i32", ([p, q]) => compare(f, x(p!), x(q!))),
          kind,
          [floats, reversed],
        );
        expectSame(
          evaluation(`${f} select`, "f32", ([p, q]) => select(compare(f, x(p!), x(q!)), x(p!), x(q!))),
          kind,
          [floats, reversed],
        );
      }
      for (let i = 0; i < 32; i++) {
        const x = (p: Expr): Expr => load("f32", address(p, 4 * i));
        expectSame(
          evaluation(`${f} f32`, "i32", ([p, q]) => compare(f, x(p!), x(q!))),
          kind,
          [floats, reversed],
        );
        expectSame(
          evaluation(`${f} select f32`, "f32", ([p, q]) => select(compare(f, x(p!), x(q!)), x(p!), x(q!))),
          kind,
          [floats, reversed],
        );
        expectSame(
          loopFunction(`${f} branch`, (body, { block }) => {
            const [p, q, out] = [0, 1, 7].map((slot) => body.let(loadPtr(block, slot)));
            body.if(
              compare(f, x(p!), x(q!)),
              (then) => then.store("i32", address(out!), i32(1)),
              (otherwise) => otherwise.store("i32", address(out!), i32(2)),
            );
          }),
          kind,
          [floats, reversed],
        );
      }
      const x = (p: Expr, i: number): Expr => load("f64", address(p, 8 * i));
      for (let i = 0; i < doubles.length; i++) {
        expectSame(
          evaluation(`${f} f64`, "i32", ([p]) => compare(f, x(p!, i), x(p!, 13 - i))),
          kind,
          [doubles],
        );
        expectSame(
          evaluation(`${f} select f64`, "f64", ([p]) => select(compare(f, x(p!, i), x(p!, 13 - i)), x(p!, i), x(p!, 2))),
          kind,
          [doubles],
        );
        expectSame(
          evaluation(`${f} f64 selects f32`, "f32", ([p, q]) =>
            select(compare(f, x(p!, i), x(p!, 13 - i)), load("f32", address(q!)), load("f32", address(q!, 8))),
          ),
          kind,
          [doubles, floats],
        );
      }
    }
    for (const condition of [0, 1, -1, 6])
      expectSame(
        evaluation("select by a number", "f32", ([p]) => select(load("i32", address(p!)), constant("f32", 2), constant("f32", 3))),
        kind,
        [Int32Array.of(condition)],
      );
  });
});
