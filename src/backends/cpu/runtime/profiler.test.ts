import { describe, expect, it } from "vitest";
import { compile } from "../../../compiler/compile.ts";
import type { ContractKernel, Kernel } from "../../../compiler/kernels/kernel.ts";
import { parameterTensor, Subgraph, type Tensor } from "../../../graph/index.ts";
import { add, dotGeneral, exp, reduceSum } from "../../../primitives/index.ts";
import { scheduleOf } from "../loops/contract/contract-schedule.ts";
import { createWasmBackend } from "../wasm/index.ts";
import { Profiler } from "./profiler.ts";
import { workOf } from "./work-of-kernel.ts";

const { target } = createWasmBackend({ threads: 1 });

function kernelsOf(parameters: readonly Tensor[], result: Tensor): Kernel[] {
  const counts = { arguments: parameters.length, states: 0, writtenStates: [] };
  return compile(new Subgraph(parameters, [result]), counts, target).kernels.map(({ kernel }) => kernel);
}

const [x, y] = [parameterTensor([30, 40], "float32"), parameterTensor([40, 50], "float32")];
const product = dotGeneral(x, y, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });

describe("workOf", () => {
  it("counts multiply-adds of contractions twice, and their epilogue", () => {
    const bias = parameterTensor([30, 50], "float32");
    const kernels = kernelsOf([x, y, bias], add(product, bias));
    const contract = kernels.find(({ kind }) => kind === "contract")!;
    expect(workOf(contract).operations).toBe(2 * 30 * 40 * 50 + 30 * 50);
  });

  it("counts a contraction whose sums are split into ranges once", () => {
    const plain = kernelsOf([x, y], product).find(({ kind }) => kind === "contract") as ContractKernel;
    const ranges: ContractKernel["axes"][number] = { extent: 7, role: "parallel", dynamic: true };
    const split: ContractKernel = {
      ...plain,
      axes: [ranges, ...plain.axes],
      roles: ["batch", ...plain.roles],
      schedule: { ...scheduleOf(plain), splitAxis: 0 },
    };
    expect(workOf(split).operations).toBe(workOf(plain).operations);
  });

  it("counts operations of maps and reductions, and bytes of what is read and written", () => {
    const [map] = kernelsOf([x], add(exp(x), x));
    expect(workOf(map!)).toEqual({ operations: 2 * 1200, bytes: 4 * (1200 + 1200) });
    const [sum] = kernelsOf([x], reduceSum(exp(x), [1]));
    expect(workOf(sum!)).toEqual({ operations: 1200 * 2, bytes: 4 * (1200 + 30) });
  });
});

describe("Profiler", () => {
  it("adds up runs of equal kernels and shows the dearest first, with rates and shares of the peak", () => {
    const profiler = new Profiler();
    expect(profiler.isEmpty).toBe(true);
    const contract = kernelsOf([x, y], product).find(({ kind }) => kind === "contract")!;
    const [map] = kernelsOf([x], add(exp(x), x));
    // 120,000 operations in 0.01 ms each.
    for (let i = 0; i < 5; i++) profiler.add(contract, 0.01);
    profiler.add({ ...contract }, 0.01);
    profiler.add(map!, 0.02);
    const lines = profiler.table("a machine", { gflops: 24, gigabytes: 10 }).split("\n");
    expect(lines[0]).toContain("a machine: 0.1 ms in kernels");
    expect(lines[2]!.trim().split(/\s+/).slice(0, 7)).toEqual(["0.06", "75.0%", "6", "10.0", "12.0", "1.9", "50.0%"]);
    expect(lines[2]).toContain("contract (m30 n50 k40)");
    expect(lines[3]!.trim().split(/\s+/).slice(0, 3)).toEqual(["0.02", "25.0%", "1"]);
    expect(lines).toHaveLength(4);
  });
});
