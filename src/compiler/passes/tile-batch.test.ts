import { describe, expect, it } from "vitest";
import { type ConcreteShape, parameterTensor, sizeOf, Subgraph, type Tensor } from "../../graph/index.ts";
import { add, broadcastInDim, constant, convGeneral, dotGeneral, exp, maximum, reduceSum } from "../../primitives/index.ts";
import { createNaiveBackend, naiveTarget } from "../../testing/naive-backend.ts";
import { compile } from "../compile.ts";
import type { Program } from "../program.ts";
import { filled } from "../../primitives/filled.ts";

type Graph = (parameters: readonly Tensor[]) => Tensor[];
const padding = [
  [1, 1],
  [1, 1],
] as const;
const relu = (x: Tensor): Tensor => maximum(x, broadcastInDim(constant(0, "float32"), x.shape as ConcreteShape, []));

/** Two convolutions with zeros around their images. */
const convolutions: Graph = ([x, v, w]) => [convGeneral(relu(convGeneral(x!, v!, { padding })), w!, { padding })];
const shapes = [
  [16, 6, 5, 3],
  [3, 3, 3, 8],
  [3, 3, 8, 2],
];

function compiled(graph: Graph, sliceBytes: number, given: readonly (readonly number[])[] = shapes, states = 0): Program {
  const parameters = given.map((shape) => parameterTensor([...shape], "float32"));
  const target = naiveTarget({ ...naiveTarget().limits, sliceBytes });
  const counts = { arguments: given.length - states, states, writtenStates: Array.from({ length: states }, (_, i) => i) };
  return compile(new Subgraph(parameters, graph(parameters)), counts, target);
}

const loopsOf = (program: Program): number[] => program.stages.flatMap((stage) => (stage.kind === "loop" ? [stage.trips] : []));

function run(program: Program): unknown {
  const values = program.arguments.map(({ shape }, i) => filled(shape, i + 1).data);
  return createNaiveBackend().load(program).run({ arguments: values, states: [], scalars: [] });
}

describe("kernels that follow each other along the batch", () => {
  const bytes = 4 * sizeOf([16, 6, 5, 8]);

  it("run slice by slice where they leave much, to the same bits in less memory", () => {
    const [whole, sliced] = [compiled(convolutions, 0), compiled(convolutions, bytes / 8)];
    expect([loopsOf(whole), loopsOf(sliced)]).toEqual([[], [8]]);
    expect(sliced.arenaBytes).toBeLessThan(whole.arenaBytes - bytes / 2);
    expect(run(sliced)).toEqual(run(whole));
  });

  it("are left whole where that gains little, where operands that do not move are large, and in programs that write states", () => {
    expect(loopsOf(compiled(convolutions, bytes / 3))).toEqual([]);
    const product = (x: Tensor, w: Tensor): Tensor => dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
    const dense: Graph = ([x, v, w]) => [product(relu(product(x!, v!)), w!)];
    const layers = (width: number): number[][] => [
      [512, width],
      [width, 800],
      [800, width],
    ];
    expect(loopsOf(compiled(dense, (4 * 512 * 800) / 8, layers(8)))).toEqual([8]);
    expect(loopsOf(compiled(dense, (4 * 512 * 800) / 8, layers(80)))).toEqual([]);
    const writing: Graph = (parameters) => [...convolutions(parameters), exp(parameters[2]!)];
    expect(loopsOf(compiled(writing, bytes / 8, shapes, 1))).toEqual([]);
  });

  it("end where a kernel looks along the batch, and what it reads is there whole", () => {
    const total: Graph = (parameters) => {
      const [y] = convolutions(parameters);
      const sum = broadcastInDim(reduceSum(y!, [0]), y!.shape as ConcreteShape, [1, 2, 3]);
      return [exp(add(y!, sum))];
    };
    const [whole, sliced] = [compiled(total, 0), compiled(total, bytes / 8)];
    expect(loopsOf(sliced)).toEqual([8]);
    expect(sliced.stages.length).toBeGreaterThan(1);
    expect(run(sliced)).toEqual(run(whole));
  });

  it("are left whole where windows reach into the next slice", () => {
    // One image: the first axis is that of its rows.
    expect(loopsOf(compiled(convolutions, 4 * 64 * 5, [[1, 64, 5, 3], shapes[1]!, shapes[2]!]))).toEqual([]);
  });
});
