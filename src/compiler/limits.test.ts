import { describe, expect, it } from "vitest";
import type { Limits } from "./target.ts";
import { createNaiveBackend, naiveTarget } from "../testing/naive-backend.ts";
import { lenetStep, lenetWeights } from "../testing/lenet-step.ts";
import { constant, multiply, broadcastInDim, add } from "../primitives/index.ts";
import { parameterTensor, Subgraph } from "../graph/index.ts";
import { compile } from "./compile.ts";
import { storeAccesses, writtenBuffers } from "./passes/kernel-graph.ts";

/** What WebGPU guarantees without asking for more. */
const webgpu: Limits = {
  buffersPerKernel: 8,
  rowsFrom: Infinity,
  alignmentBytes: 256,
  maxBufferBytes: 2 ** 27,
  dtypes: ["float32", "int32", "bool"],
  sharedArena: false,
};

const { graph, states } = lenetStep(4);
const counts = { arguments: 2, states, writtenStates: Array.from({ length: states }, (_, i) => i) };

describe("limits of a back-end", () => {
  it("are obeyed by every kernel of LeNet's training step under WebGPU's limits", () => {
    const program = compile(graph, counts, naiveTarget(webgpu));
    expect(new Set(program.kernels.map(({ kernel }) => kernel.kind))).toEqual(new Set(["map", "reduce", "contract"]));
    expect(program.arenas.length).toBeGreaterThan(1);
    for (const { kernel, buffers } of program.kernels) {
      expect(new Set(buffers).size, kernel.label).toBeLessThanOrEqual(8);
      const arenaOf = (position: number): number | undefined => {
        const { place } = program.buffers[buffers[position]!]!;
        return place.kind === "arena" ? place.arena : undefined;
      };
      const written = new Set(storeAccesses(kernel).map((access) => kernel.accesses[access]!.buffer));
      const writtenArenas = new Set([...written].map(arenaOf).filter((arena) => arena !== undefined));
      kernel.buffers.forEach(({ dtype, use }, position) => {
        expect(webgpu.dtypes).toContain(dtype);
        if (use === "read" && !written.has(position)) expect(writtenArenas.has(arenaOf(position) ?? -1), kernel.label).toBe(false);
      });
    }
  });

  it("split an expression that reads too many buffers, without changing its value", () => {
    const parameters = Array.from({ length: 20 }, () => parameterTensor([3], "float32"));
    const weighted = parameters.map((x, i) => multiply(x, broadcastInDim(constant(i, "float32"), [3], [])));
    const program = compile(
      new Subgraph(parameters, [weighted.reduce((a, b) => add(a, b))]),
      { arguments: 20, states: 0, writtenStates: [] },
      naiveTarget(webgpu),
    );
    for (const { buffers } of program.kernels) expect(buffers.length).toBeLessThanOrEqual(8);
    const values = parameters.map((_, i) => Float32Array.of(1, i, -1));
    const result = createNaiveBackend(webgpu).load(program).run({ arguments: values, states: [], scalars: [] });
    expect(Array.from((result as Float32Array[])[0]!)).toEqual([190, 2470, -190]);
  });

  it("leave every state written in place once, by kernels of the last use", () => {
    const program = compile(graph, counts, naiveTarget());
    for (let state = 0; state < 3 * lenetWeights.length; state++) {
      const writers = program.kernels.filter((bound) =>
        [...writtenBuffers(bound)].some((buffer) => {
          const { place } = program.buffers[buffer]!;
          return place.kind === "state" && place.index === state;
        }),
      );
      expect(writers.length, `state ${state}`).toBe(1);
    }
  });
});
