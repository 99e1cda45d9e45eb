import { describe, expect, it } from "vitest";
import { hostArray, type TypedArray } from "../../dtype/index.ts";
import type { Reducer } from "../../graph/index.ts";
import { runNaive } from "../../backends/cpu/loops/naive-kernel.ts";
import type { ReduceKernel } from "./kernel.ts";
import { splitReduce } from "./split-reduce.ts";

/** Reducers over `reduced` extents for `kept` results; the epilogue adds 0.5 (a run-time scalar) and a kept array. */
function kernelOf(kept: readonly number[], reduced: readonly number[], reducers: readonly Reducer[]): ReduceKernel {
  const extents = [...kept, ...reduced];
  const strides = extents.map((_, axis) => extents.slice(axis + 1).reduce((a, b) => a * b, 1));
  const keptStrides = kept.map((_, axis) => kept.slice(axis + 1).reduce((a, b) => a * b, 1));
  const results = kept.reduce((a, b) => a * b, 1);
  const kepts = { constant: 0, coefficients: [...keptStrides, ...reduced.map(() => 0)] };
  const plain = (buffer: number): ReduceKernel["accesses"][number] => ({ buffer, index: kepts, guards: [], fill: 0, dynamic: [] });
  const isPosition = (reducer: Reducer): boolean => reducer === "argmax" || reducer === "argmin";
  const n = reducers.length;
  return {
    kind: "reduce",
    label: "test",
    axes: [
      ...kept.map((extent) => ({ extent, role: "parallel" as const, dynamic: false })),
      ...reduced.map((extent) => ({ extent, role: "reduce" as const, dynamic: false })),
    ],
    buffers: [
      { dtype: "float32", elements: extents.reduce((a, b) => a * b, 1), use: "read" },
      { dtype: "float32", elements: results, use: "read" },
      ...reducers.map(() => ({ dtype: "float32" as const, elements: results, use: "write" as const })),
    ],
    accesses: [{ ...plain(0), index: { constant: 0, coefficients: strides } }, plain(1), ...reducers.map((_, i) => plain(2 + i))],
    scalars: ["float32"],
    expression: [{ op: "load", access: 0, dtype: "float32" }],
    reducers: reducers.map((reducer) => ({ reducer, value: 0, dtype: isPosition(reducer) ? ("int32" as const) : ("float32" as const) })),
    epilogue: [
      { op: "parameter", slot: 0, dtype: "float32" },
      { op: "load", access: 1, dtype: "float32" },
      { op: "scalar", f: "add", args: [0, 1], dtype: "float32" },
      ...reducers.flatMap((reducer, index) => [
        { op: "accumulator" as const, index, dtype: isPosition(reducer) ? ("int32" as const) : ("float32" as const) },
        { op: "scalar" as const, f: "convert" as const, args: [3 + 3 * index], dtype: "float32" as const },
        { op: "scalar" as const, f: "add" as const, args: [4 + 3 * index, 2], dtype: "float32" as const },
      ]),
    ],
    stores: Array.from({ length: n }, (_, i) => ({ access: 2 + i, value: 5 + 3 * i })),
  };
}

/** Whole numbers, so that sums are exact; maxima occur several times. */
function fill(kernel: ReduceKernel): TypedArray[] {
  return kernel.buffers.map(({ dtype, elements }) => {
    const array = hostArray(dtype, elements);
    for (let i = 0; i < elements; i++) array[i] = ((i * 2654435761) >>> 16) % 61;
    return array;
  });
}

describe("splitReduce", () => {
  it("leaves short reductions, and those with many results, whole", () => {
    expect(splitReduce(kernelOf([], [60000], ["sum"]))).toBeNull();
    expect(splitReduce(kernelOf([5000], [600], ["sum"]))).toBeNull();
    expect(splitReduce(kernelOf([300], [300], ["sum"]))).toBeNull();
  });

  it("gives what the whole kernel gives: even blocks, uneven ones, several axes, kept axes, positions", () => {
    const cases: [number[], number[], Reducer[]][] = [
      [[], [65536], ["sum", "max"]],
      [[], [66049], ["min", "argmin"]],
      [[2], [64, 31, 17], ["argmax", "sum"]],
      [[], [4, 16411], ["argmax", "min"]],
      [[64], [1031], ["sum"]],
    ];
    for (const [kept, reduced, reducers] of cases) {
      const kernel = kernelOf(kept, reduced, reducers);
      const split = splitReduce(kernel)!;
      expect(split).not.toBeNull();
      const expected = fill(kernel);
      runNaive(kernel, { buffers: expected, scalars: [0.5] });
      const got = fill(kernel);
      const temporaries = split.temporaries.map(({ dtype, elements }) => hostArray(dtype, elements));
      for (const part of [split.partial, split.combine]) {
        const buffers = part.buffers.map((b) => (b < 0 ? temporaries[-1 - b]! : got[b]!));
        runNaive(part.kernel, { buffers, scalars: part.scalars.map(() => 0.5) });
      }
      expect(got).toEqual(expected);
    }
  });

  it("keeps a dynamic leading axis whole, as the first parallel axis", () => {
    const kernel = kernelOf([16], [128, 400], ["sum"]);
    const dynamic = { ...kernel, axes: kernel.axes.map((axis, i) => ({ ...axis, dynamic: i === 1 })) };
    const split = splitReduce(dynamic)!;
    expect(split.partial.kernel.axes.map(({ extent, dynamic: isDynamic, role }) => [extent, isDynamic, role])).toEqual([
      [128, true, "parallel"],
      [16, false, "parallel"],
      [400, false, "reduce"],
    ]);
    expect(split.combine.kernel.axes.map(({ dynamic: isDynamic }) => isDynamic)).toEqual([false, true]);
  });
});
