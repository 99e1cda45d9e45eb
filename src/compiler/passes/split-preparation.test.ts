import { describe, expect, it } from "vitest";
import { parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import { add, cos, cumulativeSum, dotGeneral } from "../../primitives/index.ts";
import { naiveTarget } from "../../testing/naive-backend.ts";
import { compile } from "../compile.ts";
import type { Program } from "../program.ts";

const parameter = (...shape: number[]): Tensor => parameterTensor(shape, "float32");
const matmul = (x: Tensor, w: Tensor): Tensor => dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });

function compiled(preparedBytes: number, isWritten = false): Program {
  const [x, v, w] = [parameter(4, 6), parameter(6, 5), parameter(5, 3)];
  const products = matmul(v, w);
  const results = [matmul(x, products), ...(isWritten ? [cos(w)] : [])];
  const target = naiveTarget({ ...naiveTarget().limits, preparedBytes });
  return compile(new Subgraph([x, v, w], results), { arguments: 1, states: 2, writtenStates: isWritten ? [1] : [] }, target);
}

/** Bytes of the arena that a buffer takes, from and to; null for others. */
function span(program: Program, buffer: number): readonly [number, number] | null {
  const { place, elements } = program.buffers[buffer]!;
  return place.kind === "arena" ? [place.offset, place.offset + 4 * elements] : null;
}

describe("what depends on states and constants alone", () => {
  it("stands in the first stages, and nothing after them writes where it stands", () => {
    const program = compiled(2 ** 20);
    expect(program.preparation).toEqual({ stages: 1, states: [0, 1] });
    expect(program.stages.length).toBe(2);
    const [first, second] = program.kernels;
    const kept = span(program, first!.buffers.at(-1)!)!;
    const later = span(program, second!.buffers.at(-1)!)!;
    expect(second!.buffers).toContain(first!.buffers.at(-1));
    expect(later[0] >= kept[1] || later[1] <= kept[0]).toBe(true);
  });

  it("is made in every run where the program writes a state it is made of, where it is large, or where nobody wants it", () => {
    expect(compiled(2 ** 20, true).preparation).toEqual({ stages: 0, states: [] });
    expect(compiled(6 * 3 * 4 - 1).preparation.stages).toBe(0);
    expect(compiled(6 * 3 * 4).preparation.stages).toBe(1);
    expect(compiled(0).preparation.stages).toBe(0);
  });

  it("may be a chain of kernels", () => {
    const [x, w] = [parameter(50), parameter(50)];
    const graph = new Subgraph([x, w], [add(x, cumulativeSum(cumulativeSum(cos(w), 0), 0))]);
    const target = naiveTarget({ ...naiveTarget().limits, preparedBytes: 2 ** 20 });
    const program = compile(graph, { arguments: 1, states: 1, writtenStates: [] }, target);
    expect(program.preparation).toEqual({ stages: program.stages.length - 1, states: [0] });
    expect(program.preparation.stages).toBeGreaterThan(1);
  });
});
