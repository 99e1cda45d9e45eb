import "./complete.ts";
import { describe, expect, it } from "vitest";
import type { Access, Axis, Entry, Kernel, KernelBuffer, MapKernel, ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import type { DType } from "../../../dtype/index.ts";
import { findDifference, testTargets } from "./compare-runs.ts";
import { lowerKernel } from "./lower.ts";
import { randomCumulative, type RandomOptions, randomMap, randomReduce, randomScatter, randomSort } from "./random-kernel.ts";
import { prepareWasm } from "./run-lowered.ts";

const dtypes: readonly DType[] = ["float32", "float32", "int32", "int8", "uint8", "bool"];

function options(seed: number): RandomOptions {
  const others: readonly DType[] = seed % 10 === 0 ? ["float64"] : seed % 5 === 3 ? ["float16", "bfloat16"] : [];
  return { dtypes: [...dtypes, ...others], largest: 250, allowFaults: seed % 3 === 0 };
}

/** Random kernels on every target, interpreted and as wasm, against their meaning. */
function checkSeeds(make: (seed: number, options: RandomOptions) => Kernel, from: number, count: number): void {
  for (let seed = from; seed < from + count; seed++) {
    const kernel = make(seed, options(seed));
    const difference = findDifference(kernel, (target) => lowerKernel(kernel, target), seed, 1e-5);
    expect(difference, `seed ${seed}`).toBeNull();
  }
}

describe("lowerKernel on random kernels", () => {
  it("lowers maps with views, guards, gathers and every dtype", () => checkSeeds(randomMap, 0, 120));
  it("lowers reductions with several reducers and epilogues", () => checkSeeds(randomReduce, 0, 160));
  it("lowers scans in both directions", () => checkSeeds(randomCumulative, 0, 60));
  it("lowers stable sorts in both directions", () => checkSeeds(randomSort, 0, 60));
  it("lowers scatters in the order of their updates", () => checkSeeds(randomScatter, 0, 60));
});

const parallel = (extent: number, dynamic = false): Axis => ({ extent, role: "parallel", dynamic });
const reduced = (extent: number, dynamic = false): Axis => ({ extent, role: "reduce", dynamic });
const reads = (elements: number, dtype: DType = "float32"): KernelBuffer => ({ dtype, elements, use: "read" });
const writes = (elements: number, dtype: DType = "float32"): KernelBuffer => ({ dtype, elements, use: "write" });
const access = (buffer: number, coefficients: readonly number[], constant = 0): Access => ({
  buffer,
  index: { constant, coefficients },
  guards: [],
  fill: 0,
  dynamic: [],
});
const load = (position: number, dtype: DType = "float32"): Entry => ({ op: "load", access: position, dtype });

function check(kernel: Kernel, tolerance = 1e-6): void {
  expect(findDifference(kernel, (target) => lowerKernel(kernel, target), 7, tolerance)).toBeNull();
}

/** relu(x) over one axis. */
function relu(extent: number, dynamic: boolean): MapKernel {
  return {
    kind: "map",
    label: "relu",
    axes: [parallel(extent, dynamic)],
    buffers: [reads(extent), writes(extent)],
    accesses: [access(0, [1]), access(1, [1])],
    scalars: [],
    expression: [load(0), { op: "constant", value: 0, dtype: "float32" }, { op: "scalar", f: "maximum", args: [0, 1], dtype: "float32" }],
    stores: [{ access: 1, value: 2 }],
  };
}

/** Sum over rows of [rows, columns], or over columns. */
function sum(rows: number, columns: number, over: "rows" | "columns", dynamic = false): ReduceKernel {
  const byRows = over === "rows";
  return {
    kind: "reduce",
    label: "sum",
    axes: byRows ? [parallel(columns), reduced(rows, dynamic)] : [parallel(rows, dynamic), reduced(columns)],
    buffers: [reads(rows * columns), writes(byRows ? columns : rows)],
    accesses: [access(0, byRows ? [1, columns] : [columns, 1]), access(1, [1, 0])],
    scalars: [],
    expression: [load(0)],
    reducers: [{ reducer: "sum", value: 0, dtype: "float32" }],
    epilogue: [{ op: "accumulator", index: 0, dtype: "float32" }],
    stores: [{ access: 1, value: 0 }],
  };
}

describe("maps", () => {
  it("have every tail length, static and dynamic", () => {
    for (let extent = 0; extent <= 66; extent++) {
      check(relu(extent, false));
      check(relu(extent, true));
    }
  });

  it("split long axes into blocks of one unit each", () => {
    const kernel = relu(20001, true);
    expect(lowerKernel(kernel, testTargets[0]!).units).toBe(5);
    check(kernel);
    check(relu(20001, false));
  });

  it("share code between dynamic extents", () => {
    const text = (extent: number): string => JSON.stringify(lowerKernel(relu(extent, true), testTargets[0]!).code);
    expect(text(17)).toBe(text(100000));
    const sums = (extent: number): string => JSON.stringify(lowerKernel(sum(extent, 8, "rows", true), testTargets[0]!).code);
    expect(sums(3)).toBe(sums(70000));
  });

  it("transpose in tiles", () => {
    for (const [rows, columns] of [
      [64, 64],
      [33, 70],
      [17, 300],
    ] as const) {
      check({
        ...relu(1, false),
        axes: [parallel(rows), parallel(columns)],
        buffers: [reads(rows * columns), writes(rows * columns)],
        accesses: [access(0, [1, rows]), access(1, [columns, 1])],
      });
    }
  });

  it("transpose blocks in registers, rows and columns that are left one by one, whatever stands around them", () => {
    const copy = { kind: "map", label: "copy", scalars: [], expression: [load(0)], stores: [{ access: 1, value: 0 }] } as const;
    for (const [outer, rows, columns, dynamic] of [
      [1, 64, 48, false],
      [3, 16, 16, true],
      [2, 37, 150, false],
      [2, 150, 21, true],
    ] as const) {
      const elements = outer * rows * columns;
      // [outer, rows, columns] to [columns, outer, rows], and behind a first element.
      check({
        ...copy,
        axes: [parallel(outer, dynamic), parallel(rows), parallel(columns)],
        buffers: [reads(elements + 1), writes(elements + 1)],
        accesses: [access(0, [rows * columns, columns, 1], 1), access(1, [rows, 1, outer * rows], 1)],
      });
    }
    const kernel = lowerKernel(
      {
        ...copy,
        axes: [parallel(32), parallel(32)],
        buffers: [reads(1024), writes(1024)],
        accesses: [access(0, [32, 1]), access(1, [1, 32])],
      },
      testTargets[0]!,
    );
    expect(JSON.stringify(kernel.code)).toContain("firstPairs");
  });

  it("pad without a test in the innermost loop", () => {
    const [height, width] = [6, 21];
    const padded: Access = {
      ...access(0, [width - 4, 1], -2 - (width - 4)),
      guards: [
        { index: { constant: -1, coefficients: [1, 0] }, limit: height - 2 },
        { index: { constant: -2, coefficients: [0, 1] }, limit: width - 4 },
      ],
      fill: -5,
    };
    check({
      ...relu(1, false),
      axes: [parallel(height), parallel(width)],
      buffers: [reads((height - 2) * (width - 4)), writes(height * width)],
      accesses: [padded, access(1, [width, 1])],
      stores: [{ access: 1, value: 0 }],
    });
  });

  it("record the first index out of range and go on", () => {
    const kernel: MapKernel = {
      ...relu(1, false),
      axes: [parallel(5), parallel(6)],
      buffers: [reads(5, "int32"), reads(4 * 6), writes(30)],
      accesses: [
        access(0, [1, 0]),
        {
          ...access(1, [0, 1]),
          dynamic: [{ value: 0, stride: 6, extent: 4, mode: "check", offset: { constant: 0, coefficients: [0, 0] } }],
        },
        access(2, [6, 1]),
      ],
      expression: [load(0, "int32"), load(1)],
      stores: [{ access: 2, value: 1 }],
    };
    const run = prepareWasm(kernel, lowerKernel(kernel, testTargets[0]!), {
      buffers: [Int32Array.of(1, 0, 9, -3, 2), new Float32Array(24).fill(2), new Float32Array(30)],
      scalars: [],
    });
    run.run();
    expect(run.collect()).toEqual({ index: 9, extent: 4 });
  });
});

describe("reductions", () => {
  it("have every row and column length", () => {
    for (let extent = 0; extent <= 40; extent++) {
      check(sum(3, extent, "columns"));
      check(sum(3, extent, "rows"));
      check(sum(extent, 5, "rows", true));
    }
  });

  it("sum a million float32 with an error of a few units in the last place", () => {
    const count = 1 << 20;
    for (const kernel of [sum(1, count, "columns"), sum(count, 1, "rows"), sum(count / 4, 4, "rows", true)]) {
      const values = Float32Array.from({ length: count }, (_, i) => 0.1 + (i % 7) * 1e-3);
      const results = new Float32Array(kernel.buffers[1]!.elements);
      const run = prepareWasm(kernel, lowerKernel(kernel, testTargets[0]!), { buffers: [values, results], scalars: [] });
      run.run();
      const buffers = [values, results];
      run.collect();
      const exact = new Float64Array(results.length);
      values.forEach((x, i) => (exact[i % results.length]! += x));
      buffers[1]!.forEach((x, i) => expect(Math.abs(x / exact[i]! - 1)).toBeLessThan(2e-6));
    }
  });

  it("give the first of equal maxima, and NaN before everything", () => {
    const kernel = (columns: number, positional: "argmax" | "argmin", over: "rows" | "columns"): ReduceKernel => {
      const base = sum(over === "rows" ? columns : 2, over === "rows" ? 2 : columns, over);
      return {
        ...base,
        buffers: [base.buffers[0]!, writes(2, "int32")],
        reducers: [{ reducer: positional, value: 0, dtype: "int32" }],
        epilogue: [{ op: "accumulator", index: 0, dtype: "int32" }],
      };
    };
    for (const over of ["rows", "columns"] as const) {
      for (const [values, largest, smallest] of [
        [[1, 3, 3, 2, 3, -1, -1, 0, 1, 1, 1], 1, 5],
        [[1, NaN, 3, NaN, 3, -1, -1, 0, 1, 1, 1], 1, 1],
        [[5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5], 0, 0],
        [[-Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity], 0, 0],
      ] as const) {
        for (const [positional, expected] of [
          ["argmax", largest],
          ["argmin", smallest],
        ] as const) {
          const k = kernel(values.length, positional, over);
          const data = over === "columns" ? [...values, ...values] : values.flatMap((x) => [x, x]);
          const result = new Int32Array(2);
          const run = prepareWasm(k, lowerKernel(k, testTargets[0]!), { buffers: [Float32Array.from(data), result], scalars: [] });
          run.run();
          run.collect();
          expect([...result]).toEqual([expected, expected]);
        }
      }
    }
  });

  it("propagate NaN through max and min", () => {
    for (const over of ["rows", "columns"] as const) {
      const k: ReduceKernel = {
        ...sum(over === "rows" ? 9 : 2, over === "rows" ? 2 : 9, over),
        reducers: [{ reducer: "max", value: 0, dtype: "float32" }],
      };
      const values = Float32Array.from({ length: 18 }, (_, i) => (i === 8 ? NaN : -i));
      const result = new Float32Array(2);
      const run = prepareWasm(k, lowerKernel(k, testTargets[0]!), { buffers: [values, result], scalars: [] });
      run.run();
      run.collect();
      expect([...result]).toEqual(over === "rows" ? [NaN, -1] : [NaN, -9]);
    }
  });

  it("window over padded images, skipping what padding adds", () => {
    const [size, channels] = [7, 5];
    const guard = (axis: number): Access["guards"][number] => ({
      index: { constant: -1, coefficients: [0, 1, 2].map((i) => (i === axis ? 1 : 0)).concat(axis === 0 ? [1, 0] : [0, 1]) },
      limit: size,
    });
    for (const reducer of ["sum", "max", "argmax"] as const) {
      const dtype = reducer === "argmax" ? "int32" : "float32";
      const kernel: ReduceKernel = {
        kind: "reduce",
        label: "pool",
        axes: [parallel(size), parallel(size), parallel(channels), reduced(3), reduced(3)],
        buffers: [reads(size * size * channels), writes(size * size * channels, dtype)],
        accesses: [
          {
            ...access(0, [size * channels, channels, 1, size * channels, channels], -size * channels - channels),
            guards: [guard(0), guard(1)],
            fill: reducer === "sum" ? 0 : -Infinity,
          },
          access(1, [size * channels, channels, 1, 0, 0]),
        ],
        scalars: [],
        expression: [load(0)],
        reducers: [{ reducer, value: 0, dtype }],
        epilogue: [{ op: "accumulator", index: 0, dtype }],
        stores: [{ access: 1, value: 0 }],
      };
      check(kernel);
    }
  });
});
