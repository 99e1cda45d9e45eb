import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradients } from "../../../autodiff/gradients.ts";
import { compile } from "../../../compiler/compile.ts";
import { DTypeError } from "../../../errors.ts";
import { parameterTensor, Subgraph, type Tensor } from "../../../graph/index.ts";
import * as ops from "../../../ops/index.ts";
import * as p from "../../../primitives/index.ts";
import { lenetStep } from "../../../testing/lenet-step.ts";
import { webGpuTarget } from "../index.ts";
import { lowerProgram } from "../runtime/lower-program.ts";
import type { HalfForm } from "./kernel-code.ts";
import { floatLiteral, intLiteral } from "./literals.ts";
import { libraryFor } from "./library.ts";

const limits = { invocations: 256, workgroupBytes: 16384 };

/** The WGSL of the kernels of a graph, without the library. */
function codeOf(parameters: readonly Tensor[], results: readonly Tensor[]): string[] {
  const program = compile(
    new Subgraph(parameters, results),
    { arguments: parameters.length, states: 0, writtenStates: [] },
    webGpuTarget(8, 2 ** 27),
  );
  return lowerProgram(program, limits).kernels.map(({ code }) => code.wgsl);
}

/** From the entry point on. */
const body = (code: string): string => code.slice(code.indexOf("@compute"));

describe("literals", () => {
  it("are the shortest that round to the value, and never beyond the largest float", () => {
    expect([0.1, 1, -2.5, 1e-45, 3.4028234663852886e38, 16777216].map(floatLiteral)).toEqual([
      "0.1f",
      "1f",
      "(-2.5f)",
      "1e-45f",
      "3.4028234663852886e+38f",
      "16777216f",
    ]);
    for (const x of [1 / 3, Math.PI, 1e30, 123456.789, 2 ** -126]) expect(Math.fround(parseFloat(floatLiteral(x)))).toBe(Math.fround(x));
  });
  it("read what WGSL has no constants for from variables", () => {
    expect([NaN, Infinity, -Infinity, -0].map(floatLiteral)).toEqual(["nan()", "infinity()", "(-infinity())", "negative_zero()"]);
    expect([5, -1, -2147483648, 2 ** 32 + 7].map(intLiteral)).toEqual(["5i", "(-1i)", "i32(-2147483648)", "7i"]);
  });
});

describe("libraryFor", () => {
  it("takes what is called and what that calls, once each, in one order", () => {
    const names = libraryFor("float_tanh(x) + float_exp(y)").map((text) => /fn (\w+)/.exec(text)![1]);
    expect(names).toEqual(["is_nan", "copy_sign", "power_of_two", "reduce_exp", "scaled_exp", "float_exp", "float_tanh"]);
    expect(libraryFor("x + y")).toEqual([]);
  });
});

describe("lowerKernel", () => {
  it("writes a map: one invocation per point, the batch extent read at run time", () => {
    const x = parameterTensor([6, 5], "float32");
    const b = parameterTensor([5], "float32");
    const [code] = codeOf([x, b], [p.multiply(p.add(x, p.broadcastInDim(b, [6, 5], [1])), x)]);
    expect(code).toBe(
      `struct Uniforms { extent0: i32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> buffer0: array<f32>;
@group(0) @binding(2) var<storage, read> buffer1: array<f32>;
@group(0) @binding(3) var<storage, read_write> buffer2: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) cell: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = cell.x + cell.y * grid.x;
  let point0 = group * 64u + lane;
  if (point0 >= u32(uniforms.extent0) * 5u) { return; }
  let a1 = i32(point0 % 5u);
  let r2 = point0 / 5u;
  let a3 = i32(r2);
  let v4 = buffer0[(a3 * 5i + a1)];
  let v5 = buffer1[a1];
  let v6 = (v4 + v5);
  let v7 = (v6 * v4);
  buffer2[(a3 * 5i + a1)] = v7;
}
`,
    );
  });

  it("shares the code of a map between batch sizes", () => {
    const code = (batch: number): string => {
      const x = parameterTensor([batch, 7], "float32");
      return codeOf([x], [p.tanh(x)])[0]!;
    };
    expect(code(3)).toBe(code(8));
  });

  it("stores bytes word by word where an invocation owns words, keeping what follows in the last one", () => {
    const x = parameterTensor([10], "float32");
    const [code] = codeOf([x], [p.greater(x, p.zerosLike(x))]);
    expect(code).toContain("var<storage, read_write> buffer1: array<u32>;");
    expect(code).toContain("if (shift != 24u) { word1 |= buffer1[at >> 2u] & (0xffffff00u << shift); }");
    expect(body(code!)).toContain(`  for (var part1 = 0u; part1 < 4u; part1++) {
    let point2 = point0 * 4u + part1;
    if (point2 >= u32(uniforms.extent0)) { return; }
    let isLast3 = (part1 == 3u) | (point2 + 1u == u32(uniforms.extent0));`);
    expect(body(code!)).toContain("collect_part1(u32(a4), select(0u, 1u, v6), isLast3);");
  });

  it("stores parts of words that other invocations write too without touching their neighbours", () => {
    const [x, y] = [parameterTensor([3, 5], "float32"), parameterTensor([3, 4], "float32")];
    for (const [dtype, bits] of [
      ["bool", 255],
      ["bfloat16", 65535],
    ] as const) {
      // Rows of nine elements, from two kernels.
      const code = codeOf([x, y], [p.concatenate([p.convert(x, dtype), p.convert(y, dtype)], 1)]).find((text) => text.includes("atomic"));
      expect(code).toMatch(/var<storage, read_write> buffer\d: array<atomic<u32>>;/);
      expect(code).toContain(`(old ^ (value << shift)) & (${bits}u << shift));`);
    }
  });

  it("keeps float16 two to a word, two results to an invocation, or as the type f16 where the device has it", () => {
    const x = parameterTensor([9, 5], "float16");
    const graph = new Subgraph([x], [p.multiply(x, x)]);
    const program = compile(graph, { arguments: 1, states: 0, writtenStates: [] }, webGpuTarget(8, 2 ** 27));
    const of = (float16: HalfForm): string => lowerProgram(program, { ...limits, float16 }).kernels[0]!.code.wgsl;
    const words = of({ hasType: false, widens: true, narrows: false });
    expect(words).toContain("buffer1: array<u32>;");
    expect(words).toMatch(/unpack2x16float\(\(buffer0\[\(a\d+\) >> 1u\] >> \(\(u32\(a\d+\) & 1u\) \* 16u\)\)\)\.x/);
    expect(words).toMatch(/collect_part1\(u32\(a\d+\), float16_bits\(v\d+\), isLast\d+\);/);
    const typed = of({ hasType: true, widens: true, narrows: true });
    expect(typed.startsWith("enable f16;\n")).toBe(true);
    expect(typed).toMatch(/let v\d = f32\(buffer0\[a\d\]\);/);
    expect(typed).toMatch(/buffer1\[a\d\] = f16\(v\d\);/);
    // Subnormals that a conversion of the device would flush keep their bits.
    const flushing = of({ hasType: true, widens: false, narrows: false });
    expect(flushing).toMatch(/from_float16\(bitcast<u32>\(vec2<f16>\(buffer0\[a\d\], 0h\)\)\)/);
    expect(flushing).toMatch(/buffer1\[a\d\] = bitcast<vec2<f16>>\(float16_bits\(v\d\)\)\.x;/);
  });

  it("reduces rows in a tree whose form the shape fixes, and columns one invocation each", () => {
    const x = parameterTensor([4, 300], "float32");
    const [rows] = codeOf([x], [p.reduceMax(x, [1])]);
    expect(rows).toContain("@workgroup_size(128)");
    expect(rows).toContain("for (var half = 64u; half > 0u; half = half >> 1u) {");
    const short = parameterTensor([50, 40], "float32");
    const [sideBySide] = codeOf([short], [p.reduceMax(short, [1])]);
    expect(sideBySide).toContain("let result1 = group * 4u + lane / 16u;");
    const [columns] = codeOf([x], [p.reduceMax(x, [0])]);
    expect(columns).toContain("for (var k3 = 0i; k3 < uniforms.extent1; k3++) {");
    expect(columns).not.toContain("workgroupBarrier");
  });

  it("takes neighbouring columns side by side where few results have many elements each", () => {
    const x = parameterTensor([300, 200], "float32");
    const [code] = codeOf([x], [p.reduceMax(x, [0])]);
    expect(code).toContain("@workgroup_size(256)");
    expect(code).toContain("let result1 = group * 32u + lane % 32u;");
    expect(code).toMatch(/for \(var point\d+ = member0; exists2 & \(point\d+ < .*\); point\d+ \+= 8u\) \{/);
    expect(code).toContain("lane + half * 32u");
  });

  it("gives neighbouring invocations the channels of a depthwise convolution", () => {
    const [x, w] = [parameterTensor([2, 20, 20, 48], "float32"), parameterTensor([3, 3, 48, 1], "float32")];
    const program = compile(
      new Subgraph([x, w], [ops.depthwiseConv(x, w, { padding: "same" })]),
      { arguments: 2, states: 0, writtenStates: [] },
      webGpuTarget(8, 2 ** 27),
    );
    const [{ distinct, code }] = lowerProgram(program, limits).kernels as [ReturnType<typeof lowerProgram>["kernels"][number]];
    // Channels are a batch axis, and stand first.
    expect(distinct.kernel.axes[0]!.extent).toBe(48);
    expect(code.wgsl).toMatch(/let (a\d+) = i32\(point\d+ % 48u\);[^]*buffer2\[\(\1 \+ /);
  });

  it("walks as memory of what is read lies, unless words would be written in parts", () => {
    const xs = [0, 1, 2].map(() => parameterTensor([40, 52], "float32"));
    const [x, y, z] = xs.map((one) => p.transpose(one, [1, 0])) as [Tensor, Tensor, Tensor];
    const floats = codeOf(xs, [p.add(p.add(x, y), z)])[0]!;
    expect(floats).toMatch(/i32\(point\d+ % 52u\)/);
    const bools = codeOf(xs, [p.greater(p.add(x, y), z)])[0]!;
    expect(bools).toMatch(/i32\(point\d+ % 40u\)/);
    expect(bools).toContain("collect_part3(");
  });

  it("runs through long rows in pieces, short ones and floats of two bytes in order", () => {
    const code = (length: number, dtype: "float32" | "bfloat16"): string => {
      const x = parameterTensor([3, length], dtype);
      return codeOf([x], [p.cumulativeSum(x, 1)])[0]!;
    };
    expect(code(300, "float32")).toContain("var<workgroup> pieces: array<f32, 256>;");
    expect(code(200, "float32") + code(300, "bfloat16")).not.toContain("pieces");
  });

  it("adds up updates of rows by a workgroup for each row that has any", () => {
    const [table, at, rows] = [
      parameterTensor([500, 100], "float32"),
      parameterTensor([40], "int32"),
      parameterTensor([40, 100], "float32"),
    ];
    const code = codeOf([table, at, rows], gradients([p.take(table, at, 0, "clamp")], [table], { cotangents: [rows] })).at(-1)!;
    expect(code).toContain("@workgroup_size(128)");
    expect(code).toContain("workgroupUniformLoad(&is_done)");
  });

  it("exchanges registers within subgroups, and takes what they hold through workgroup memory once", () => {
    const x = parameterTensor([4, 1000], "float32");
    const program = compile(
      new Subgraph([x], [p.reduceSum(x, [1])]),
      { arguments: 1, states: 0, writtenStates: [] },
      webGpuTarget(8, 2 ** 27),
    );
    const of = (min: number, max: number): string => lowerProgram(program, { ...limits, subgroups: { min, max } }).kernels[0]!.code.wgsl;
    const fixed = of(32, 32);
    expect(fixed.startsWith("enable subgroups;\n")).toBe(true);
    expect([...fixed.matchAll(/subgroupShuffleXor\(state\d+, (\d+)u\)/g)].map(([, mask]) => mask)).toEqual(["1", "2", "4", "8", "16"]);
    expect(fixed).toContain("var<workgroup> shared_f320: array<f32, 8>;");
    expect(fixed.split("workgroupBarrier();").length).toBe(2);
    expect(fixed).not.toContain("subgroup_size:");
    const chosen = of(8, 64);
    expect(chosen).toContain("@builtin(subgroup_size) subgroup_size: u32");
    expect(chosen).not.toContain("if (subgroup_size > 4u)");
    expect(chosen).toContain("if (subgroup_size > 32u) {");
    expect(chosen).not.toContain("64u)");
    expect(chosen).toContain("var<workgroup> shared_f320: array<f32, 32>;");
    // A row of one subgroup needs no memory.
    const y = parameterTensor([99, 40], "float32");
    const rows = compile(
      new Subgraph([y], [p.reduceSum(y, [1])]),
      { arguments: 1, states: 0, writtenStates: [] },
      webGpuTarget(8, 2 ** 27),
    );
    const alone = lowerProgram(rows, { ...limits, subgroups: { min: 16, max: 32 } }).kernels[0]!.code.wgsl;
    expect(alone).toContain("subgroupShuffleXor");
    expect(alone).not.toMatch(/workgroupBarrier|var<workgroup>/);
  });

  it("writes a tiled contraction: the next tile is loaded while one is multiplied, the bias and tanh are the epilogue", () => {
    const [x, w, b] = [parameterTensor([70, 48], "float32"), parameterTensor([48, 32], "float32"), parameterTensor([32], "float32")];
    const product = p.dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
    const [code, ...others] = codeOf([x, w, b], [p.tanh(p.add(product, p.broadcastInDim(b, [70, 32], [1])))]);
    expect(others).toEqual([]);
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const example = /```wgsl\n([^]*?)```/.exec(readme)![1]!;
    // Every piece between two omissions stands in the code, in this order.
    let at = 0;
    for (const piece of example.split(/^ *\.\.\.\n/m)) {
      const found = code!.indexOf(piece.trimEnd(), at);
      expect(found, piece).toBeGreaterThanOrEqual(0);
      at = found + piece.trimEnd().length;
    }
  });

  it("sums a long k in ranges of their own, and products with vectors without tiles", () => {
    const matrices = (m: number, n: number, k: number): string[] => {
      const [x, w] = [parameterTensor([m, k], "float32"), parameterTensor([k, n], "float32")];
      return codeOf([x, w], [p.dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] })]);
    };
    const [partial, combine] = matrices(16, 16, 4096);
    expect(partial).toContain("tile_lhs");
    expect(partial).toMatch(/let end\d+ = min\(begin\d+ \+ 256i, i32\(4096u\)\);/);
    expect(combine).not.toContain("tile_lhs");
    expect(matrices(1, 512, 512).join()).not.toContain("tile_lhs");
    expect(matrices(8, 8, 8).join()).not.toContain("tile_lhs");
  });

  it("checks indices from data and records the first fault", () => {
    const table = parameterTensor([9, 4], "float32");
    const at = parameterTensor([3], "int32");
    const [code] = codeOf([table, at], [p.take(table, at, 0, "check")]);
    expect(code).toContain("@group(0) @binding(4) var<storage, read_write> fault: array<atomic<u32>, 4>;");
    expect(body(code!)).toMatch(/if \(!inside\d+\) \{ report_fault\(uniforms\.number, index\d+, 9i\); \}/);
  });

  it("runs kernels of equal code as one: device buffers are bound once, a table tells where each begins", () => {
    const sizes = [5, 70, 300];
    const states = sizes.map((size) => parameterTensor([size], "float32"));
    const gradients = sizes.map((size) => parameterTensor([size], "float32"));
    const updates = states.map((x, i) => p.add(p.multiply(x, x), gradients[i]!));
    const program = compile(
      new Subgraph([...gradients, ...states], updates),
      { arguments: 3, states: 3, writtenStates: [0, 1, 2] },
      webGpuTarget(8, 2 ** 27),
    );
    const { kernels, unitOf, joinedStates } = lowerProgram(program, limits);
    expect(unitOf).toEqual([0, 0, 0]);
    expect([...joinedStates]).toEqual([0, 1, 2]);
    const [{ code, members, bound }] = kernels as [(typeof kernels)[number]];
    expect(code.bindings).toEqual(["write", "read"]);
    expect(bound!.map(({ memory }) => memory.kind)).toEqual(["states", "arguments"]);
    expect(members.map(({ workgroups }) => workgroups)).toEqual([1, 2, 5]);
    expect(members.map(({ bases }) => bases)).toEqual([
      [
        { state: 0, elements: 0 },
        { state: null, elements: 0 },
      ],
      [
        { state: 1, elements: 0 },
        { state: null, elements: 64 },
      ],
      [
        { state: 2, elements: 0 },
        { state: null, elements: 192 },
      ],
    ]);
    expect(code.wgsl).toContain("struct Uniforms { @align(16) extent0: i32, base0: i32, base1: i32, first: u32 }");
    expect(code.wgsl).toContain("var<uniform> members: array<Uniforms, 3>;");
    expect(code.wgsl).toContain("if (members[middle].first <= cell_number) { member_found = middle; } else { end = middle; }");
    expect(code.wgsl).toContain("buffer0[uniforms.base0 + a1] = ");
  });

  it("does not join kernels that write elements of two types to one device buffer, or long ones", () => {
    const of = (sizes: readonly number[], dtype: "float32" | "bool"): number => {
      const xs = sizes.map((size) => parameterTensor([size], "float32"));
      const ys = xs.map((x) => (dtype === "bool" ? p.greater(x, p.zerosLike(x)) : p.tanh(x)));
      const program = compile(new Subgraph(xs, ys), { arguments: xs.length, states: 0, writtenStates: [] }, webGpuTarget(8, 2 ** 27));
      return lowerProgram(program, limits).kernels.length;
    };
    expect(of([4, 9, 1000], "float32")).toBe(1);
    expect(of([4, 9, 1000], "bool")).toBe(1);
    expect(of([2 ** 20, 2 ** 20 + 1], "float32")).toBe(2);
  });

  it("refuses float64 with a sentence that says what to do", () => {
    const x = parameterTensor([2], "float64");
    expect(() => codeOf([x], [p.add(x, x)])).toThrow(DTypeError);
    expect(() => codeOf([x], [p.add(x, x)])).toThrow(/no float64[^]*convert to float32/);
  });

  it("generates a training step of LeNet within the default limits of WebGPU", () => {
    const { graph, states } = lenetStep(32);
    const program = compile(
      graph,
      { arguments: 2, states, writtenStates: Array.from({ length: states }, (_, i) => i) },
      webGpuTarget(8, 2 ** 27),
    );
    const { kernels, unitOf } = lowerProgram(program, limits);
    // Those updates by Adam that are kernels of their own: five, whose gradients are in two arenas.
    expect(program.kernels.length - kernels.length).toBe(3);
    expect(kernels.flatMap(({ members }) => members.map(({ number }) => number)).sort((a, b) => a - b)).toEqual([...unitOf.keys()]);
    for (const { code } of kernels) {
      expect(code.bindings.length + (code.hasFault ? 1 : 0)).toBeLessThanOrEqual(8);
      expect(code.wgsl).toContain("fn main(");
    }
  });
});
