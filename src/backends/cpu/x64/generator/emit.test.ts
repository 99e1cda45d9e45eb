import { describe, expect, it } from "vitest";
import {
  abs,
  add,
  address,
  advance,
  and,
  bitcast,
  type Block,
  ceil,
  compare,
  constant,
  convert,
  div,
  extract,
  floor,
  fma,
  get,
  i32,
  lanes,
  load,
  loadPtr,
  loadSplat,
  loadVector,
  max,
  min,
  mul,
  nearest,
  neg,
  not,
  or,
  reduceLanes,
  rem,
  select,
  shl,
  shrS,
  shrU,
  splat,
  sqrt,
  sub,
  trunc,
  xor,
} from "../../loops/block.ts";
import type { CallableFunction, CompareOp, Expr, LoopFunction, Storage } from "../../loops/ir.ts";
import { interpret } from "../../loops/interpret.ts";
import { loopFunction } from "../../wasm/run-emitted.ts";
import { loadFunctions, NativePages, whyNotNative } from "../run-machine-code.ts";
import { emitFunctions } from "./emit.ts";

const kinds = (["avx512", "avx2"] as const).filter((kind) => {
  const reason = whyNotNative(kind);
  if (reason !== null) console.log(`${kind} code is not run: ${reason}`);
  return reason === null;
});

const lanesOf = { avx512: 16, avx2: 8 } as const;

/** The parameter block at 0, inputs of 512 bytes at 512 * (slot + 1), slot 7 at 4096, scratch at 8192. */
const memoryBytes = 10240;
const scratchAt = 8192;
type Input = Float32Array | Int32Array | Uint8Array | Float64Array;

function fillMemory(bytes: ArrayBuffer, inputs: readonly Input[], origin: bigint): void {
  const view = new DataView(bytes);
  new Uint8Array(bytes).fill(0xcc, 512);
  for (let slot = 0; slot < 8; slot++) view.setBigInt64(slot * 8, origin + BigInt(512 * (slot + 1)), true);
  inputs.forEach((input, slot) =>
    new Uint8Array(bytes, 512 * (slot + 1), input.byteLength).set(new Uint8Array(input.buffer, input.byteOffset, input.byteLength)),
  );
}

/** Memory after running a function as machine code. */
function execute(f: LoopFunction, kind: "avx2" | "avx512", inputs: readonly Input[], from = 0, to = 1): Uint8Array {
  const pages = new NativePages(memoryBytes);
  const code = loadFunctions([f], kind);
  try {
    fillMemory(pages.bytes, inputs, pages.address);
    code.functions[0]!(pages.address, from, to, pages.address + BigInt(scratchAt));
    return new Uint8Array(pages.bytes.slice(512, memoryBytes));
  } finally {
    code.free();
    pages.free();
  }
}

/** Memory after interpreting it. */
function interpreted(f: LoopFunction, kind: "avx2" | "avx512", inputs: readonly Input[], from = 0, to = 1): Uint8Array {
  const memory = new ArrayBuffer(memoryBytes);
  fillMemory(memory, inputs, 0n);
  interpret(f, { memory, lanes: lanesOf[kind], maskedTails: kind === "avx512", fma: true, block: 0, from, to, scratch: scratchAt });
  return new Uint8Array(memory.slice(512));
}

/** Runs and interprets; both must leave the same memory (NaN for NaN in the first `floats` words of slot 7). */
function expectSame(f: LoopFunction, kind: "avx2" | "avx512", inputs: readonly Input[], from = 0, to = 1): void {
  const found = execute(f, kind, inputs, from, to);
  const expected = interpreted(f, kind, inputs, from, to);
  const a = new Int32Array(found.buffer);
  const b = new Int32Array(expected.buffer);
  const isNaNWord = (bits: number): boolean => (bits & 0x7f800000) === 0x7f800000 && (bits & 0x7fffff) !== 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || (isNaNWord(a[i]!) && isNaNWord(b[i]!))) continue;
    // The low half of a NaN of 64 bits.
    if (f.name.includes("f64") && isNaNWord(a[i + 1]!) && isNaNWord(b[i + 1]!)) continue;
    expect.fail(`${f.name} (${kind}): word ${i} is ${a[i]}, interpreted ${b[i]}`);
  }
}

/** A function that stores `build(pointers)` in slot 7. */
function evaluation(
  name: string,
  storage: Storage,
  build: (pointers: readonly Expr[], body: Block) => Expr,
  count?: number | Expr,
): LoopFunction {
  return loopFunction(name, (body, { block }) => {
    const pointers = [0, 1, 2, 3, 4, 5, 6, 7].map((slot) => body.let(loadPtr(block, slot)));
    const value = build(pointers, body);
    body.store(storage, address(pointers[7]!), value, count);
  });
}

const floats = Float32Array.from([
  0,
  -0,
  1,
  -1.5,
  2.5,
  3.5,
  -2.5,
  1e10,
  -3e9,
  NaN,
  Infinity,
  -Infinity,
  0.1,
  7,
  -0.49999997,
  123456.7,
  0.5,
  -0.5,
  2147483648,
  -2147483648,
  2147483520,
  1e-30,
  -7.75,
  8388609,
  3,
  -3,
  65504,
  0.25,
  -100.5,
  1e20,
  -1e20,
  42,
]);
const reversed = Float32Array.from([...floats].reverse());
const integers = Int32Array.from([
  0, 1, -1, 7, -7, 2147483647, -2147483648, 65536, 255, 256, -256, 31, 32, 33, 12345, -99999, 2, 3, 5, -5, 1000, -1000, 64, 63, 9, 10, 11,
  12, 13, 14, 15, 16,
]);
const mixed = Int32Array.from([...integers].reverse());
const doubles = Float64Array.from([0, -0, 1.5, -2.5, NaN, Infinity, -Infinity, 1e300, 3e9, -3e9, 0.5, -0.5, 2147483647.5, 1e-3]);

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
const comparisons: readonly CompareOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];

describe.each(kinds)("emitFunctions for %s", (kind) => {
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

  it("keeps masks in variables, joins and spreads them", () => {
    const f = loopFunction("masks", (body, { block }) => {
      const [p, q, out] = [0, 1, 7].map((slot) => body.let(loadPtr(block, slot)));
      const x = body.let(loadVector("f32", address(p!)));
      const y = body.let(loadVector("f32", address(q!)));
      const less = body.let(compare("lt", x, y));
      const any = body.declare("any", constant("i32v", 0));
      body.for("i", i32(0), i32(3), 1, (inside, i) => {
        const limit = inside.let(splat(convert("f32", i)));
        inside.set(any, or(get(any), compare("eq", x, limit)));
      });
      const both = body.let(and(not(less), xor(get(any), constant("i32v", -1))));
      body.store("f32", address(out!), select(both, x, y));
      body.store("i32", address(out!, 64), and(less, loadVector("i32", address(p!))));
      body.store("i32", address(out!, 128), both);
      body.store("i32", address(out!, 192), select(less, both, get(any)));
      body.store("i32", address(out!, 256), add(get(any), constant("i32v", 5)));
      const n = body.let(reduceLanes("add", and(both, constant("i32v", 1))));
      body.store("i32", address(out!, 320), n);
    });
    expectSame(f, kind, [floats, reversed]);
  });

  it("converts, reinterprets, spreads and takes lanes out", () => {
    for (const at of parts) {
      expectSame(
        evaluation("to int", "i32", ([p]) => convert("i32v", loadVector("f32", address(p!, at)))),
        kind,
        [floats],
      );
      expectSame(
        evaluation("to float", "f32", ([p]) => convert("f32v", loadVector("i32", address(p!, at)))),
        kind,
        [integers],
      );
      expectSame(
        evaluation("bits", "i32", ([p]) => shrU(bitcast("i32v", loadVector("f32", address(p!, at))), i32(23))),
        kind,
        [floats],
      );
    }
    for (let i = 0; i < 32; i++) {
      expectSame(
        evaluation("f32 to i32", "i32", ([p]) => convert("i32", load("f32", address(p!, 4 * i)))),
        kind,
        [floats],
      );
      expectSame(
        evaluation("f32 to f64", "f64", ([p]) => convert("f64", load("f32", address(p!, 4 * i)))),
        kind,
        [floats.map((x) => (Number.isNaN(x) ? 1 : x))],
      );
      expectSame(
        evaluation("i32 to f32", "f32", ([p]) => convert("f32", load("i32", address(p!, 4 * i)))),
        kind,
        [integers],
      );
      expectSame(
        evaluation("i32 to f64", "f64", ([p]) => convert("f64", load("i32", address(p!, 4 * i)))),
        kind,
        [integers],
      );
      expectSame(
        evaluation("f32 bits", "i32", ([p]) => bitcast("i32", load("f32", address(p!, 4 * i)))),
        kind,
        [floats],
      );
      expectSame(
        evaluation("bits of f32", "f32", ([p]) => bitcast("f32", and(load("i32", address(p!, 4 * i)), i32(0x3fffffff)))),
        kind,
        [integers],
      );
    }
    for (let i = 0; i < doubles.length; i++) {
      expectSame(
        evaluation("f64 to i32", "i32", ([p]) => convert("i32", load("f64", address(p!, 8 * i)))),
        kind,
        [doubles],
      );
      expectSame(
        evaluation("f64 to f32", "f32", ([p]) => convert("f32", load("f64", address(p!, 8 * i)))),
        kind,
        [doubles],
      );
    }
    expectSame(
      evaluation("lanes", "i32", () => lanes()),
      kind,
      [],
    );
    expectSame(
      evaluation("splat", "f32", ([p]) => splat(add(load("f32", address(p!, 8)), constant("f32", 1)))),
      kind,
      [floats],
    );
    expectSame(
      evaluation("splat i32", "i32", ([p]) => splat(add(load("i32", address(p!, 12)), i32(1)))),
      kind,
      [integers],
    );
    expectSame(
      evaluation("load splat", "f32", ([p]) => add(loadSplat("f32", address(p!, 8)), loadVector("f32", address(p!)))),
      kind,
      [floats],
    );
    expectSame(
      evaluation("splat u8", "i32", ([p]) => loadSplat("u8", address(p!, 3))),
      kind,
      [Uint8Array.of(1, 2, 3, 200)],
    );
    for (let lane = 0; lane < width; lane++) {
      expectSame(
        evaluation("extract", "f32", ([p]) => extract(loadVector("f32", address(p!)), lane)),
        kind,
        [floats],
      );
      expectSame(
        evaluation("extract i32", "i32", ([p]) => extract(loadVector("i32", address(p!)), lane)),
        kind,
        [integers],
      );
    }
    const inexact = floats.map((_, i) => Math.fround(1 / (i + 1.5)));
    for (const f of ["add", "mul", "min", "max"] as const) {
      expectSame(
        evaluation(`reduce ${f}`, "f32", ([p]) => reduceLanes(f, loadVector("f32", address(p!)))),
        kind,
        [inexact],
      );
      expectSame(
        evaluation(`reduce ${f} of special`, "f32", ([p]) => reduceLanes(f, loadVector("f32", address(p!)))),
        kind,
        [floats],
      );
    }
    for (const f of ["add", "mul", "min", "max", "and", "or"] as const)
      expectSame(
        evaluation(`reduce ${f} i32`, "i32", ([p]) => reduceLanes(f, loadVector("i32", address(p!)))),
        kind,
        [integers],
      );
  });

  it("reads and writes the first lanes only, of every number", () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 130);
    for (let count = 1; count < width; count++) {
      expectSame(
        evaluation(`load ${count}`, "f32", ([p]) => loadVector("f32", address(p!), count)),
        kind,
        [floats],
      );
      expectSame(
        evaluation(`store ${count}`, "f32", ([p]) => loadVector("f32", address(p!)), count),
        kind,
        [floats],
      );
      expectSame(
        evaluation(`bytes ${count}`, "i32", ([p]) => loadVector("u8", address(p!), count)),
        kind,
        [bytes],
      );
      expectSame(
        evaluation(`store bytes ${count}`, "u8", ([p]) => loadVector("i32", address(p!)), count),
        kind,
        [integers],
      );
    }
    expectSame(
      evaluation("all bytes", "i32", ([p]) => loadVector("u8", address(p!))),
      kind,
      [bytes],
    );
    expectSame(
      evaluation("store all bytes", "u8", ([p]) => loadVector("i32", address(p!))),
      kind,
      [integers],
    );
    expectSame(
      evaluation("store one byte", "u8", ([p]) => load("i32", address(p!, 20))),
      kind,
      [integers],
    );
  });

  it.runIf(kind === "avx512")("masks tails to a run-time number of lanes, all lanes beyond it", () => {
    for (const count of [0, 1, 5, 15, 16, 17, 300]) {
      const f = loopFunction("tail", (body, { block }) => {
        const [p, q, out] = [0, 1, 7].map((slot) => body.let(loadPtr(block, slot)));
        const n = add(body.let(load("i32", address(q!))), i32(0));
        body.store("f32", address(out!), add(loadVector("f32", address(p!), n), constant("f32v", 1)), n);
        body.store("u8", address(out!, 128), loadVector("u8", address(p!), n), n);
      });
      expectSame(f, kind, [floats, Int32Array.of(count)]);
    }
  });

  it("does not read beyond the lanes that exist", () => {
    // The last bytes of the last page: a read of one more faults.
    const pages = new NativePages(8192);
    const code = loadFunctions(
      [evaluation("end", "f32", ([p]) => add(loadVector("f32", address(p!), 3), loadVector("f32", address(p!), 3)), 3)],
      kind,
    );
    const view = new DataView(pages.bytes);
    view.setBigInt64(0, pages.address + 8192n - 12n, true);
    view.setBigInt64(56, pages.address + 256n, true);
    for (let i = 0; i < 3; i++) view.setFloat32(8192 - 12 + 4 * i, i + 1, true);
    code.functions[0]!(pages.address, 0, 1, 0n);
    expect([0, 1, 2, 3].map((i) => view.getFloat32(256 + 4 * i, true))).toEqual([2, 4, 6, 0]);
    code.free();
    pages.free();
  });

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
