import { describe, expect, it } from "vitest";
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { splitWindow } from "./split-window.ts";

/** A 3x3 convolution without padding, 8x8 images of 4 channels, whose windows' columns and channels are one axis of 12. */
function kernelOf(run: number): ContractKernel {
  const axis = (extent: number, role: "parallel" | "reduce"): ContractKernel["axes"][number] => ({ extent, role, dynamic: false });
  const access = (buffer: number, coefficients: number[]): ContractKernel["accesses"][number] => ({
    buffer,
    index: { constant: 0, coefficients },
    guards: [],
    fill: 0,
    dynamic: [],
  });
  const buffer = (elements: number, use: "read" | "write"): ContractKernel["buffers"][number] => ({ dtype: "float32", use, elements });
  return {
    kind: "contract",
    label: "conv",
    axes: [axis(2, "parallel"), axis(6, "parallel"), axis(6, "parallel"), axis(16, "parallel"), axis(3, "reduce"), axis(run, "reduce")],
    roles: ["m", "m", "m", "n", "k", "k"],
    buffers: [buffer(512, "read"), buffer(3 * run * 16, "read"), buffer(1152, "write")],
    accesses: [access(0, [256, 32, 4, 0, 32, 1]), access(1, [0, 0, 0, 1, run * 16, 16]), access(2, [576, 96, 16, 1, 0, 0])],
    lhs: 0,
    rhs: 1,
    scalars: [],
    epilogue: [{ op: "accumulator", index: 0, dtype: "float32" }],
    stores: [{ access: 2, value: 0 }],
  };
}

describe("a window whose columns and channels are one axis", () => {
  it("is taken apart where the run is three places of the image", () => {
    const { axes, roles, accesses } = splitWindow(kernelOf(12));
    expect(axes.map(({ extent }) => extent)).toEqual([2, 6, 6, 16, 3, 3, 4]);
    expect(roles).toEqual(["m", "m", "m", "n", "k", "k", "k"]);
    expect(accesses.map(({ index }) => index.coefficients)).toEqual([
      [256, 32, 4, 0, 32, 4, 1],
      [0, 0, 0, 1, 192, 64, 16],
      [576, 96, 16, 1, 0, 0, 0],
    ]);
  });

  it("stays where the run is no window", () => {
    const kernel = kernelOf(20);
    expect(splitWindow(kernel)).toBe(kernel);
  });
});
