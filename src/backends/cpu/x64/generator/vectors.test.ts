import { describe, expect, it } from "vitest";
import {
  add,
  address,
  and,
  bitcast,
  compare,
  constant,
  convert,
  extract,
  get,
  i32,
  lanes,
  load,
  loadPtr,
  loadSplat,
  loadVector,
  not,
  or,
  reduceLanes,
  select,
  shrU,
  shuffle,
  splat,
  xor,
} from "../../loops/block.ts";
import { loopFunction } from "../../wasm/run-emitted.ts";
import { loadFunctions, NativePages } from "../run-machine-code.ts";
import { doubles, evaluation, expectSame, floats, integers, kinds, lanesOf, reversed } from "./expect-same.ts";

describe.each(kinds)("vectors for %s", (kind) => {
  const width = lanesOf[kind];
  const parts = Array.from({ length: 32 / width }, (_, i) => i * width * 4);

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
    for (const f of ["firstPairs", "lastPairs", "firstHalves", "lastHalves", "evenBlocks", "oddBlocks"] as const) {
      expectSame(
        evaluation(f, "f32", ([p, q]) => shuffle(f, loadVector("f32", address(p!)), loadVector("f32", address(q!)))),
        kind,
        [floats, reversed],
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
});
