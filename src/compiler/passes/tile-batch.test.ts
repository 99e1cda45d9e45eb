import { describe, expect, it } from "vitest";
import { type ConcreteShape, parameterTensor, sizeOf, Subgraph, type Tensor } from "../../graph/index.ts";
import {
  add,
  broadcastInDim,
  constant,
  convGeneral,
  dotGeneral,
  exp,
  maximum,
  multiply,
  reduceSum,
  scan,
  take,
  tanh,
  transpose,
} from "../../primitives/index.ts";
import { createNaiveBackend, naiveTarget } from "../../testing/naive-backend.ts";
import { compile } from "../compile.ts";
import type { Program, Stage } from "../program.ts";
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

/** A recurrent layer over [batch, time, inputs]: the last state, and all states [time, batch, units]. */
function recurrent(length: number, batch: number, units: number, reverse: boolean): Graph {
  const product = (x: Tensor, w: Tensor): Tensor =>
    dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [x.shape.length - 1], rhsContract: [0] });
  return ([x, kernel, recurrentKernel]) => {
    const [h, input, w, u] = [[batch, units], [batch, x!.shape[2]!], kernel!.shape, recurrentKernel!.shape].map((shape) =>
      parameterTensor(shape as ConcreteShape, "float32"),
    ) as [Tensor, Tensor, Tensor, Tensor];
    const next = tanh(add(product(input, w), product(h, u)));
    const body = new Subgraph([h, input, w, u], [next, multiply(next, next)]);
    const zeros = broadcastInDim(constant(0, "float32"), [batch, units], []);
    const steps = transpose(x!, [1, 0, 2]);
    return scan(body, { init: [zeros], xs: [steps], constants: [kernel!, recurrentKernel!], length, reverse });
  };
}

/** Compiled for slices that two threads share. */
function shared(graph: Graph, given: readonly (readonly number[])[], sliceBytes: number, lanes = 2): Program {
  const parameters = given.map((shape) => parameterTensor([...shape], "float32"));
  const target = naiveTarget({ ...naiveTarget().limits, sliceBytes, lanes });
  return compile(new Subgraph(parameters, graph(parameters)), { arguments: given.length, states: 0, writtenStates: [] }, target);
}

/** Turns and lanes of the loops of a program that have lanes. */
function slicesOf(program: Program): (readonly [number, number])[] {
  return program.stages.flatMap((stage) =>
    stage.kind === "loop" && stage.lanes !== undefined ? [[stage.trips, stage.lanes] as const] : [],
  );
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

describe("loops along the batch", () => {
  const [length, batch, units] = [5, 32, 6];
  const given = [
    [batch, length, 4],
    [4, units],
    [units, units],
  ];

  it.each([false, true])("go slice by slice with the kernels around them where threads share the slices (reversed: %s)", (reverse) => {
    const graph = recurrent(length, batch, units, reverse);
    const [whole, sliced] = [shared(graph, given, 0), shared(graph, given, 2 ** 16)];
    expect([slicesOf(whole), slicesOf(sliced)]).toEqual([[], [[4, 2]]]);
    const body = sliced.stages.flatMap((stage) => (stage.kind === "loop" ? stage.body : []));
    expect(body.map(({ kind }) => kind)).toContain("loop");
    expect(run(sliced)).toEqual(run(whole));
    // What a slice leaves stands in memory of its lane: the projection of all its steps, and the states.
    const own = sliced.buffers.filter(({ place }) => place.kind === "lane").map(({ elements }) => elements);
    expect(own).toContain((batch / 4) * units);
    expect(Math.max(...own)).toBeGreaterThanOrEqual((length * batch * units) / 4);
  });

  it("are left whole on one thread, with few rows, and where weights exceed the cache", () => {
    const graph = recurrent(length, batch, units, false);
    const few = recurrent(length, 8, units, false);
    const programs = [
      shared(graph, given, 2 ** 16, 1),
      shared(graph, given, 4 * units * units - 4),
      shared(few, [[8, length, 4], ...given.slice(1)], 2 ** 16),
    ];
    expect(programs.map(({ stages }) => stages.some((stage) => stage.kind === "loop" && stage.lanes === undefined))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("read states that are prepared from where they were prepared", () => {
    const product = (x: Tensor, w: Tensor): Tensor => dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
    const graph: Graph = ([x, u]) => {
      const [h, input, w] = [[batch, units], [batch, units], u!.shape].map((shape) => parameterTensor(shape as ConcreteShape, "float32"));
      const body = new Subgraph([h!, input!, w!], [tanh(add(input!, product(h!, w!)))]);
      const state = exp(broadcastInDim(constant(0.5, "float32"), [batch, units], []));
      return scan(body, { init: [state], xs: [x!], constants: [u!], length, reverse: false });
    };
    const parameters = [
      [length, batch, units],
      [units, units],
    ].map((shape) => parameterTensor(shape, "float32"));
    const [whole, sliced] = [0, 2 ** 16].map((sliceBytes) => {
      const target = naiveTarget({ ...naiveTarget().limits, sliceBytes, lanes: 2, preparedBytes: 2 ** 20 });
      return compile(new Subgraph(parameters, graph(parameters)), { arguments: 2, states: 0, writtenStates: [] }, target);
    }) as [Program, Program];
    expect(sliced.preparation.stages).toBe(1);
    expect(slicesOf(sliced)).toEqual([[4, 2]]);
    expect(run(sliced)).toEqual(run(whole));
  });

  it("have no index from data in them: what looks one up stands before, whole", () => {
    const inner = recurrent(length, batch, units, false);
    const graph: Graph = ([table, ...rest]) => {
      const indices = constant(1, "int32");
      const rows = take(table!, broadcastInDim(indices, [batch, length], []), 0);
      return inner([rows, ...rest]);
    };
    const program = shared(graph, [[3, 4], ...given.slice(1)], 2 ** 16);
    const isOutside = (stage: Stage): boolean => stage.kind === "parallel";
    expect(program.stages.filter(isOutside).length).toBeGreaterThan(0);
    expect(run(program)).toEqual(run(shared(graph, [[3, 4], ...given.slice(1)], 0)));
  });

  it("mean the same for kernels of rows, for batches that are no multiple of the threads, and beside other batches", () => {
    const graph: Graph = ([x, w, u]) => {
      const [last, all] = recurrent(length, 24, units, false)([x!, w!, u!]);
      const total = reduceSum(all!, [0]);
      return [add(last!, total), exp(last!), reduceSum(all!, [1])];
    };
    const shapes = [[24, length, 4], ...given.slice(1)];
    const [whole, sliced] = [shared(graph, shapes, 0), shared(graph, shapes, 2 ** 16, 3)];
    expect(slicesOf(sliced)).toEqual([[3, 3]]);
    expect(run(sliced)).toEqual(run(whole));
  });
});
