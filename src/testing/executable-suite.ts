/** The suite that every CPU back-end's executables pass: threads, states, faults, loops, slices, memory, the process's end. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { DeviceBuffer, Executable } from "../backends/backend.ts";
import type { CpuBackend } from "../backends/cpu/runtime/cpu-backend.ts";
import { evaluate } from "../backends/reference/index.ts";
import { compile } from "../compiler/compile.ts";
import type { TypedArray } from "../dtype/index.ts";
import { IndexError, ShapeError, StateError } from "../errors.ts";
import { type ConcreteShape, dataTensor, parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import {
  add,
  broadcastInDim,
  constant,
  convGeneral,
  dotGeneral,
  exp,
  multiply,
  reduceSum,
  scan,
  take,
  transpose,
} from "../primitives/index.ts";
import { lenetStep, lenetWeights } from "./lenet-step.ts";

/** Options of the back-ends that the suite makes. */
export interface SuiteBackendOptions {
  readonly threads: number;
  /** See `ScheduleOptions`. */
  readonly sliceBytes?: number;
}

/** How a back-end is made for the suite. */
export interface ExecutableSuiteOptions {
  readonly create: (options: SuiteBackendOptions) => CpuBackend;
  /** Module (a URL) and expression that make the back-end on two threads in a process of its own. */
  readonly module: URL;
  readonly expression: string;
}

/** Of the numbers that `random` gives; every test begins with the same. */
let seed = 1;
function random(length: number): Float32Array {
  return Float32Array.from({ length }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32 - 0.5;
  });
}

const fill = (value: number, shape: readonly number[]): Tensor => broadcastInDim(constant(value, "float32"), shape, []);
const matmul = (x: Tensor, y: Tensor): Tensor => dotGeneral(x, y, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });

function load(
  backend: CpuBackend,
  graph: Subgraph,
  counts: { arguments: number; states?: number; writtenStates?: readonly number[] },
): Executable {
  return backend.load(compile(graph, { states: 0, writtenStates: [], ...counts }, backend.target));
}

/** exp of rows, a product and sums: several stages with many chunks. */
function mixedGraph(n: number): Subgraph {
  const x = parameterTensor([n, n], "float32");
  const y = parameterTensor([n, n], "float32");
  const product = matmul(exp(x), y);
  return new Subgraph([x, y], [product, reduceSum(multiply(product, x), [0]), reduceSum(exp(y), [0, 1])]);
}

/** state += take(state2, indices) summed; the result is the old state. */
function takeGraph(): Subgraph {
  const indices = parameterTensor([3], "int32");
  const table = parameterTensor([4, 2], "float32");
  const total = parameterTensor([2], "float32");
  const rows = take(table, indices, 0, "check");
  return new Subgraph([indices, table, total], [rows, add(total, reduceSum(rows, [0]))]);
}

/** Whether two lists of arrays hold the same bits (`toEqual` takes long for large arrays). */
function sameBits(a: readonly TypedArray[], b: readonly TypedArray[]): boolean {
  const bytes = (x: TypedArray): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
  return a.length === b.length && a.every((x, i) => Buffer.compare(bytes(x), bytes(b[i]!)) === 0);
}

async function untilReady(executable: Executable, args: readonly TypedArray[]): Promise<void> {
  // Workers acknowledge on their own: a few runs with time between them.
  for (let i = 0; i < 20; i++) {
    await executable.run({ arguments: args, states: [], scalars: [] });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Declares the tests. */
export function runExecutableSuite(name: string, options: ExecutableSuiteOptions): void {
  const backends: CpuBackend[] = [];
  const backendOf = (wanted: SuiteBackendOptions): CpuBackend => {
    const backend = options.create(wanted);
    backends.push(backend);
    return backend;
  };
  afterAll(async () => {
    await Promise.all(backends.map((backend) => backend.close()));
  });
  describe(`programs on ${name}`, () => {
    beforeEach(() => {
      seed = 1;
    });

    it("gives the same bits on one, two and three threads, before and after the workers are ready", async () => {
      const n = 160;
      const args = [random(n * n), random(n * n)];
      const expected = await load(backendOf({ threads: 1 }), mixedGraph(n), { arguments: 2 }).run({
        arguments: args,
        states: [],
        scalars: [],
      });
      expect(expected[0]!.some((value) => value !== 0)).toBe(true);
      for (const threads of [2, 3]) {
        const backend = backendOf({ threads });
        const executable = load(backend, mixedGraph(n), { arguments: 2 });
        const run = async (): Promise<TypedArray[]> => executable.run({ arguments: args, states: [], scalars: [] });
        expect(sameBits(await run(), expected)).toBe(true);
        await untilReady(executable, args);
        for (let i = 0; i < 30; i++) expect(sameBits(await run(), expected)).toBe(true);
      }
    });

    it("trains LeNet to the same bits on one and two threads", async () => {
      const batch = 8;
      const { graph, states } = lenetStep(batch);
      const images = random(batch * 28 * 28);
      const labels = Float32Array.from({ length: batch * 10 }, (_, i) => (i % 10 === Math.floor(i / 10) ? 1 : 0));
      const initial = [0, 1, 2].flatMap((part) =>
        lenetWeights.map((shape) => (part === 0 ? random(sizeOf(shape)).map((v) => v * 0.2) : new Float32Array(sizeOf(shape)))),
      );
      const train = async (threads: number): Promise<{ losses: number[]; weights: TypedArray[] }> => {
        const backend = backendOf({ threads });
        const executable = load(backend, graph, { arguments: 2, states, writtenStates: Array.from({ length: states }, (_, i) => i) });
        const buffers = initial.map((values, i) => {
          const buffer = backend.allocate({ shape: lenetWeights[i % lenetWeights.length]!, dtype: "float32" });
          buffer.write(values);
          return buffer;
        });
        const losses: number[] = [];
        for (let step = 0; step < 12; step++) {
          const [loss] = await executable.run({ arguments: [images, labels], states: buffers, scalars: [] });
          losses.push(loss![0]!);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return { losses, weights: buffers.map((buffer) => buffer.read() as TypedArray) };
      };
      const one = await train(1);
      const two = await train(2);
      expect(one.losses.at(-1)!).toBeLessThan(one.losses[0]! * 0.8);
      expect(two.losses).toEqual(one.losses);
      expect(sameBits(two.weights, one.weights)).toBe(true);
    });

    it("refuses tensors that memory cannot hold in one piece, before it asks for any", () => {
      const backend = backendOf({ threads: 1 });
      const before = backend.bytesHeld();
      expect(() => backend.allocate({ shape: [2 ** 16, 2 ** 15], dtype: "uint8" })).toThrow(/a tensor is too large for/);
      const x = parameterTensor([2 ** 20, 2 ** 13], "float64");
      expect(() => load(backend, new Subgraph([x], [exp(x)]), { arguments: 1 })).toThrow(/a tensor is too large for/);
      expect(backend.bytesHeld()).toBe(before);
    });

    it("copies arguments in and results out", async () => {
      const x = parameterTensor([4], "float32");
      const executable = load(backendOf({ threads: 1 }), new Subgraph([x], [add(x, x), x]), { arguments: 1 });
      const values = Float32Array.of(1, 2, 3, 4);
      const first = await executable.run({ arguments: [values], states: [], scalars: [] });
      const second = await executable.run({ arguments: [Float32Array.of(5, 6, 7, 8)], states: [], scalars: [] });
      expect(first).toEqual([Float32Array.of(2, 4, 6, 8), Float32Array.of(1, 2, 3, 4)]);
      expect(second[0]).toEqual(Float32Array.of(10, 12, 14, 16));
      expect(first[1]).not.toBe(values);
      expect(first[0]!.buffer).toBeInstanceOf(ArrayBuffer);
      expect(() => executable.run({ arguments: [Float32Array.of(1)], states: [], scalars: [] })).toThrow(ShapeError);
    });

    it("throws IndexError that names the operation, without writing a state, and runs on", async () => {
      const backend = backendOf({ threads: 2 });
      const executable = load(backend, takeGraph(), { arguments: 1, states: 2, writtenStates: [1] });
      const table = backend.allocate({ shape: [4, 2], dtype: "float32" });
      const total = backend.allocate({ shape: [2], dtype: "float32" });
      table.write(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      total.write(Float32Array.of(100, 200));
      const run = async (...indices: number[]): Promise<TypedArray[]> =>
        executable.run({ arguments: [Int32Array.from(indices)], states: [table, total], scalars: [] });
      await expect(run(0, 4, 1)).rejects.toThrow(IndexError);
      await expect(run(0, 1, -1)).rejects.toThrow(/take[^]*expected {2}0 to 3[^]*received {2}-1/);
      expect(await total.read()).toEqual(Float32Array.of(100, 200));
      expect(await run(0, 3, 3)).toEqual([Float32Array.of(1, 2, 7, 8, 7, 8)]);
      expect(await total.read()).toEqual(Float32Array.of(115, 218));
    });

    it("gives the same bits slice by slice of the batch as whole, on one thread and on two", async () => {
      const [x, v, w] = [
        parameterTensor([16, 24, 22, 8], "float32"),
        parameterTensor([3, 3, 8, 16], "float32"),
        parameterTensor([3, 3, 16, 3], "float32"),
      ];
      const padding = [
        [1, 1],
        [1, 1],
      ] as const;
      const graph = new Subgraph([x, v, w], [convGeneral(exp(convGeneral(x, v, { padding })), w, { padding })]);
      const [images, first, second] = [x, v, w].map(({ size }) => random(size)) as [Float32Array, Float32Array, Float32Array];
      const results: TypedArray[][] = [];
      for (const [threads, sliceBytes] of [
        [1, 0],
        [1, 2 ** 16],
        [2, 2 ** 17],
      ] as const) {
        // prettier-ignore
        const backend = backendOf({ threads, sliceBytes });
        const program = compile(graph, { arguments: 1, states: 2, writtenStates: [] }, backend.target);
        expect(program.stages.some((stage) => stage.kind === "loop")).toBe(sliceBytes > 0);
        const states = [first, second].map((values, i) => {
          const buffer = backend.allocate({ shape: [v, w][i]!.shape as ConcreteShape, dtype: "float32" });
          buffer.write(values);
          return buffer;
        });
        results.push(await backend.load(program).run({ arguments: [images], states, scalars: [] }));
      }
      expect(sameBits(results[1]!, results[0]!)).toBe(true);
      expect(sameBits(results[2]!, results[0]!)).toBe(true);
    });

    it("makes what depends on states alone anew when one has changed: written, stepped, or elsewhere in memory", async () => {
      const backend = backendOf({ threads: 2 });
      const [x, w, step] = [
        parameterTensor([64, 80], "float32"),
        parameterTensor([80, 96], "float32"),
        parameterTensor([80, 96], "float32"),
      ];
      const product = load(backend, new Subgraph([x, w], [matmul(x, w)]), { arguments: 1, states: 1 });
      const stepping = load(backend, new Subgraph([step, w], [add(w, step)]), { arguments: 1, states: 1, writtenStates: [0] });
      const ones = new Float32Array(64 * 80).fill(1);
      const weights = (value: number): Float32Array => new Float32Array(80 * 96).fill(value);
      let state = backend.allocate({ shape: [80, 96], dtype: "float32" });
      const sums = async (): Promise<unknown> => {
        const [values] = await product.run({ arguments: [ones], states: [state], scalars: [] });
        return new Set(values);
      };
      state.write(weights(1));
      expect([await sums(), await sums()]).toEqual([new Set([80]), new Set([80])]);
      state.write(weights(2));
      expect([await sums(), await sums()]).toEqual([new Set([160]), new Set([160])]);
      await stepping.run({ arguments: [weights(3)], states: [state], scalars: [] });
      expect([await sums(), await sums()]).toEqual([new Set([400]), new Set([400])]);
      state.free();
      state = backend.allocate({ shape: [80, 96], dtype: "float32" });
      state.write(weights(4));
      expect([await sums(), await sums()]).toEqual([new Set([320]), new Set([320])]);
    });

    it("follows states whose memory changes", async () => {
      const backend = backendOf({ threads: 1 });
      const state = parameterTensor([3], "float32");
      const executable = load(backend, new Subgraph([state], [add(state, fill(1, [3])), multiply(state, fill(2, [3]))]), {
        arguments: 0,
        states: 1,
        writtenStates: [0],
      });
      const buffers = [Float32Array.of(1, 2, 3), Float32Array.of(10, 20, 30)].map((values) => {
        const buffer = backend.allocate({ shape: [3], dtype: "float32" });
        buffer.write(values);
        return buffer;
      });
      const run = async (buffer: DeviceBuffer): Promise<TypedArray> =>
        (await executable.run({ arguments: [], states: [buffer], scalars: [] }))[0]!;
      expect(await run(buffers[0]!)).toEqual(Float32Array.of(2, 3, 4));
      expect(await run(buffers[1]!)).toEqual(Float32Array.of(11, 21, 31));
      expect(await run(buffers[0]!)).toEqual(Float32Array.of(3, 5, 7));
      expect(buffers[0]!.read()).toEqual(Float32Array.of(4, 8, 12));
      buffers[1]!.free();
      await expect(run(buffers[1]!)).rejects.toThrow(StateError);
    });

    it("writes a state where a contraction read the old version at the same place, and nowhere else", async () => {
      const [rows, n] = [70, 48];
      const given = [random(rows * n), random(n * n), random(n * n), random(n * n)];
      const shapeOf = (i: number): number[] => (i === 0 ? [rows, n] : [n, n]);
      // The third state becomes the square of the first, whose old version it needs.
      const updates = ([x, plain, crossed]: readonly Tensor[]): Tensor[] => {
        const product = dotGeneral(x!, x!, { lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
        return [add(plain!, product), add(transpose(crossed!, [1, 0]), product), matmul(plain!, plain!)];
      };
      const wanted = evaluate(updates(given.map((data, i) => dataTensor(data, shapeOf(i), "float32"))));
      const parameters = given.map((_, i) => parameterTensor(shapeOf(i), "float32"));
      const backend = backendOf({ threads: 2 });
      const counts = { arguments: 1, states: 3, writtenStates: [0, 1, 2] };
      const program = compile(new Subgraph(parameters, updates(parameters)), counts, backend.target);
      const states = given.slice(1).map((data) => {
        const buffer = backend.allocate({ shape: [n, n], dtype: "float32" });
        buffer.write(data);
        return buffer;
      });
      await backend.load(program).run({ arguments: [given[0]!], states, scalars: [] });
      for (const [i, state] of states.entries()) {
        const values = (await state.read()) as Float32Array;
        wanted[i]!.data.forEach((value, at) => expect(values[at]).toBeCloseTo(value, 4));
        state.free();
      }
      // Nothing is copied at the end but what was read elsewhere.
      expect(program.kernels.filter(({ kernel }) => kernel.label === "state").length).toBeLessThanOrEqual(1);
    });

    it("runs loops over slices and alternating carries", async () => {
      const backend = backendOf({ threads: 2 });
      for (const reverse of [false, true]) {
        const carry = parameterTensor([2], "float32");
        const x = parameterTensor([2], "float32");
        const factor = parameterTensor([2], "float32");
        const next = add(multiply(carry, factor), x);
        const body = new Subgraph([carry, x, factor], [next, next]);
        const [init, xs, scale] = [parameterTensor([2], "float32"), parameterTensor([5, 2], "float32"), parameterTensor([2], "float32")];
        const outputs = scan(body, { init: [init], xs: [xs], constants: [scale], length: 5, reverse });
        const executable = load(backend, new Subgraph([init, xs, scale], outputs), { arguments: 3 });
        const rows = [1, 10, 2, 20, 3, 30, 4, 40, 5, 50];
        const [last, stacked] = await executable.run({
          arguments: [Float32Array.of(1, 1), Float32Array.from(rows), Float32Array.of(2, 3)],
          states: [],
          scalars: [],
        });
        const expected = new Float32Array(10);
        let state = [1, 1];
        for (const i of reverse ? [4, 3, 2, 1, 0] : [0, 1, 2, 3, 4]) {
          state = [state[0]! * 2 + rows[2 * i]!, state[1]! * 3 + rows[2 * i + 1]!];
          expected.set(state, 2 * i);
        }
        expect(last).toEqual(Float32Array.from(state));
        expect(stacked).toEqual(expected);
      }
    });

    it("gives memory back after free, and when it is freed during a run", async () => {
      const backend = backendOf({ threads: 1 });
      const executable = load(backend, mixedGraph(32), { arguments: 2 });
      const args = [random(1024), random(1024)];
      await executable.run({ arguments: args, states: [], scalars: [] });
      executable.free();
      const before = backend.bytesHeld();
      for (let i = 0; i < 5; i++) {
        const again = load(backend, mixedGraph(32), { arguments: 2 });
        await again.run({ arguments: args, states: [], scalars: [] });
        expect(backend.bytesHeld()).toBeGreaterThan(before);
        again.free();
        again.free();
        expect(backend.bytesHeld()).toBe(before);
      }
      expect(() => executable.run({ arguments: args, states: [], scalars: [] })).toThrow(StateError);
    });

    it("yields macrotasks during long runs, keeps the order of runs, and stops at a signal", async () => {
      const backend = backendOf({ threads: 1 });
      const n = 64;
      const carry = parameterTensor([n, n], "float32");
      const weight = parameterTensor([n, n], "float32");
      const body = new Subgraph([carry, weight], [multiply(exp(matmul(carry, weight)), fill(0.01, [n, n]))]);
      const [init, w] = [parameterTensor([n, n], "float32"), parameterTensor([n, n], "float32")];
      const graph = new Subgraph([init, w], scan(body, { init: [init], xs: [], constants: [w], length: 8000, reverse: false }));
      const executable = load(backend, graph, { arguments: 2 });
      const args = { arguments: [random(n * n), random(n * n).map((v) => v / n)], states: [], scalars: [] };
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const long = executable.run(args);
      expect(long).toBeInstanceOf(Promise);
      const second = executable.run(args);
      const [a, b] = await Promise.all([long, second]);
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(2);
      expect(sameBits(b, a)).toBe(true);
      const abort = new AbortController();
      const stopped = executable.run({ ...args, signal: abort.signal });
      setTimeout(() => abort.abort(new Error("enough")), 1);
      await expect(stopped).rejects.toThrow("enough");
      expect(sameBits(await executable.run(args), a)).toBe(true);
    });

    it("writes NaN as a scalar in its first run too", async () => {
      const backend = backendOf({ threads: 1 });
      const y = broadcastInDim(constant(NaN, "float32"), [3], []);
      const program = compile(new Subgraph([], [y]), { arguments: 0, states: 0, writtenStates: [] }, backend.target);
      const [out] = await backend.load(program).run({ arguments: [], states: [], scalars: program.scalars.map(() => NaN) });
      expect(Array.from(out!)).toEqual([NaN, NaN, NaN]);
    });

    it("lets the process end by itself while workers sleep", () => {
      const here = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
      const script = `
      import { compile } from ${here("../compiler/compile.ts")};
      import { parameterTensor, Subgraph } from ${here("../graph/index.ts")};
      import { exp } from ${here("../primitives/index.ts")};
      import * as module from ${JSON.stringify(fileURLToPath(options.module))};
      const backend = ${options.expression};
      const x = parameterTensor([300000], "float32");
      const program = compile(new Subgraph([x], [exp(x)]), { arguments: 1, states: 0, writtenStates: [] }, backend.target);
      const executable = backend.load(program);
      for (let i = 0; i < 20; i++) await executable.run({ arguments: [new Float32Array(300000)], states: [], scalars: [] });
      await new Promise((resolve) => setTimeout(resolve, 100));
      const [y] = await executable.run({ arguments: [new Float32Array(300000)], states: [], scalars: [] });
      console.log("done", y[299999]);
    `;
      const child = spawnSync(process.execPath, ["--import", "tsx", "--conditions=source", "--input-type=module", "--eval", script], {
        encoding: "utf8",
        timeout: 110_000,
      });
      expect(child.stderr.replace(/npm warn.*\n/g, "")).toBe("");
      expect(child.stdout.trim()).toBe("done 1");
      expect(child.status).toBe(0);
    });
  });
}
