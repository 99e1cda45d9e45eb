import { describe, expect, it } from "vitest";
import { dataTensor, parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import { add, constant, full, multiply, reduceSum } from "../../primitives/index.ts";
import { createReferenceBackend, evaluate, interpret } from "./index.ts";

const vector = (...values: number[]): Tensor => dataTensor(Float32Array.from(values), [values.length], "float32");

describe("evaluate", () => {
  it("computes tensors whose leaves have values", () => {
    const x = vector(1, 2, 3);
    const [sum, square] = evaluate([reduceSum(x, [0]), multiply(x, x)]);
    expect(sum).toEqual({ shape: [], dtype: "float32", data: Float32Array.of(6) });
    expect(Array.from(square!.data)).toEqual([1, 4, 9]);
  });

  it("takes a chain of 100,000 nodes", () => {
    let x = constant(0, "float64");
    const one = constant(1, "float64");
    for (let i = 0; i < 100_000; i++) x = add(x, one);
    expect(evaluate([x])[0]!.data[0]).toBe(100_000);
  });

  it("takes a node that has been read as a leaf", () => {
    const x = add(vector(1, 2), vector(1, 2));
    x.node.values[0] = Float32Array.of(10, 20);
    expect(Array.from(evaluate([add(x, x)])[0]!.data)).toEqual([20, 40]);
  });

  it("accumulates in float64 and rounds once", () => {
    expect(evaluate([reduceSum(vector(1e8, 1, -1e8, 1), [0])])[0]!.data[0]).toBe(2);
  });
});

describe("interpret", () => {
  it("binds parameters, also where one is an inner node or a result", () => {
    const x = parameterTensor([2], "float32");
    const y = add(x, x);
    const graph = new Subgraph([x, y], [x, y, multiply(y, x)]);
    const args = [3, 5].map((value) => ({ shape: [2], dtype: "float32" as const, data: Float32Array.of(value, value) }));
    expect(interpret(graph, args).map((result) => result.data[0])).toEqual([3, 5, 15]);
  });
});

describe("the reference back-end", () => {
  it("runs programs with arguments, states and scalars, and writes states after all results", async () => {
    const backend = createReferenceBackend();
    const [x, a, b] = [0, 1, 2].map(() => parameterTensor([2], "float32")) as [Tensor, Tensor, Tensor];
    const rate = parameterTensor([], "float32");
    const step = add(a, multiply(x, full([2], 2, "float32")));
    // Results: the sum; then b's new value is a's old one and a's is the step.
    const graph = new Subgraph([x, a, b, rate], [reduceSum(b, [0]), rate, step, a]);
    const states = [1, 2].map(() => backend.allocate({ shape: [2], dtype: "float32" }));
    states[0]!.write(Float32Array.of(1, 2));
    states[1]!.write(Float32Array.of(30, 40));
    const executable = backend.interpret(graph, { arguments: 1, states: 2, writtenStates: [0, 1] });
    const results = await executable.run({ arguments: [Float32Array.of(10, 10)], states, scalars: [0.5] });
    expect(results.map((values) => Array.from(values))).toEqual([[70], [0.5]]);
    expect(Array.from(await states[0]!.read())).toEqual([21, 22]);
    expect(Array.from(await states[1]!.read())).toEqual([1, 2]);
    expect(backend.bytesHeld()).toBe(16);
    states.forEach((state) => state.free());
    expect(backend.bytesHeld()).toBe(0);
  });

  it("returns copies, and gives the event loop air in a long run", async () => {
    const backend = createReferenceBackend();
    const x = parameterTensor([100], "float32");
    let y = x;
    for (let i = 0; i < 20_000; i++) y = add(y, x);
    const executable = backend.interpret(new Subgraph([x], [y, x]), { arguments: 1, states: 0, writtenStates: [] });
    const argument = new Float32Array(100).fill(1);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const running = executable.run({ arguments: [argument], states: [], scalars: [] });
    expect(running).toBeInstanceOf(Promise);
    argument.fill(9);
    const [sum, same] = await running;
    clearInterval(timer);
    expect([sum![0], same![0]]).toEqual([20_001, 1]);
    expect(ticks).toBeGreaterThan(0);
  });

  it("stops where the signal says so and writes no state", async () => {
    const backend = createReferenceBackend();
    const state = backend.allocate({ shape: [], dtype: "float32" });
    const x = parameterTensor([], "float32");
    const executable = backend.interpret(new Subgraph([x], [add(x, constant(1, "float32"))]), {
      arguments: 0,
      states: 1,
      writtenStates: [0],
    });
    const run = async (signal: AbortSignal): Promise<unknown> =>
      await executable.run({ arguments: [], states: [state], scalars: [], signal });
    await expect(run(AbortSignal.abort())).rejects.toThrow("abort");
    expect(Array.from(await state.read())).toEqual([0]);
  });
});
