/** Programs on the WebGPU back-end: training, states, faults, loops, memory, refusals. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { DeviceBuffer, Executable } from "../backends/backend.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import type { WebGpuBackend } from "../backends/webgpu/index.ts";
import { lowerProgram } from "../backends/webgpu/runtime/lower-program.ts";
import { compile } from "../compiler/compile.ts";
import { roundToShort, type TypedArray } from "../dtype/index.ts";
import { BackendError, DTypeError, IndexError, ShapeError, StateError } from "../errors.ts";
import { parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import {
  add,
  broadcastInDim,
  constant,
  convert,
  greater,
  multiply,
  reduceSum,
  scan,
  subtract,
  take,
  whileLoop,
} from "../primitives/index.ts";
import * as ops from "../ops/index.ts";
import { loadProgram } from "../runtime/load.ts";
import { lenetStep, lenetWeights } from "./lenet-step.ts";
import { webGpuForTests, whereWebGpu } from "./webgpu-device.ts";

let seed = 1;
function random(length: number): Float32Array {
  return Float32Array.from({ length }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32 - 0.5;
  });
}
const fill = (value: number, shape: readonly number[]): Tensor => broadcastInDim(constant(value, "float32"), shape, []);
const f32 = (...shape: number[]): Tensor => parameterTensor(shape, "float32");

await whereWebGpu("programs on the WebGPU back-end", (backend) => {
  const load = (graph: Subgraph, args: number, states = 0, writtenStates: readonly number[] = []): Executable =>
    loadProgram(backend, graph, { arguments: args, states, writtenStates });
  const state = (values: Float32Array): DeviceBuffer => {
    const buffer = backend.allocate({ shape: [values.length], dtype: "float32" });
    buffer.write(values);
    return buffer;
  };

  describe("programs on webgpu", () => {
    it("train LeNet as the reference does, to the same bits each time", async () => {
      const batch = 8;
      const { graph, states } = lenetStep(batch);
      const images = random(batch * 28 * 28);
      const labels = Float32Array.from({ length: batch * 10 }, (_, i) => (i % 10 === Math.floor(i / 10) ? 1 : 0));
      const initial = [0, 1, 2].flatMap((part) =>
        lenetWeights.map((shape) => (part === 0 ? random(sizeOf(shape)).map((v) => v * 0.2) : new Float32Array(sizeOf(shape)))),
      );
      const counts = { arguments: 2, states, writtenStates: Array.from({ length: states }, (_, i) => i) };
      const train = async (on: WebGpuBackend | ReturnType<typeof createReferenceBackend>, steps: number): Promise<number[]> => {
        const executable = loadProgram(on, graph, counts);
        const buffers = initial.map((values, i) => {
          const buffer = on.allocate({ shape: lenetWeights[i % lenetWeights.length]!, dtype: "float32" });
          buffer.write(values);
          return buffer;
        });
        const losses: number[] = [];
        for (let step = 0; step < steps; step++) {
          // The scalars of the graph are constants there.
          const [loss] = await executable.run({ arguments: [images, labels], states: buffers, scalars: [] });
          losses.push(loss![0]!);
        }
        for (const buffer of buffers) buffer.free();
        executable.free();
        return losses;
      };
      const losses = await train(backend, 6);
      expect(losses[5]!).toBeLessThan(losses[0]!);
      expect(await train(backend, 6)).toEqual(losses);
      const reference = await train(createReferenceBackend(), 3);
      reference.forEach((loss, step) => {
        expect(Math.abs(losses[step]! - loss)).toBeLessThan(1e-4 * loss);
      });
    });

    it("copy arguments in and results out, and refuse what does not fit", async () => {
      const x = f32(4);
      const executable = load(new Subgraph([x], [add(x, x), x]), 1);
      const values = Float32Array.of(1, 2, 3, 4);
      const running = executable.run({ arguments: [values], states: [], scalars: [] });
      values.fill(9);
      expect(await running).toEqual([Float32Array.of(2, 4, 6, 8), Float32Array.of(1, 2, 3, 4)]);
      expect(() => executable.run({ arguments: [Float32Array.of(1)], states: [], scalars: [] })).toThrow(ShapeError);
    });

    it("name the operation whose index is out of range, write no state, and run on", async () => {
      const indices = parameterTensor([3], "int32");
      const [table, total] = [f32(4, 2), f32(2)];
      const rows = take(table, indices, 0, "check");
      const executable = load(new Subgraph([indices, table, total], [rows, add(total, reduceSum(rows, [0]))]), 1, 2, [1]);
      const states = [state(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)), state(Float32Array.of(100, 200))];
      const run = async (...at: number[]): Promise<TypedArray[]> =>
        executable.run({ arguments: [Int32Array.from(at)], states, scalars: [] });
      await expect(run(0, 4, 1)).rejects.toThrow(IndexError);
      await expect(run(0, 1, -1)).rejects.toThrow(/take[^]*expected {2}0 to 3[^]*received {2}-1/);
      expect(await states[1]!.read()).toEqual(Float32Array.of(100, 200));
      expect(await run(0, 3, 3)).toEqual([Float32Array.of(1, 2, 7, 8, 7, 8)]);
      expect(await states[1]!.read()).toEqual(Float32Array.of(115, 218));
    });

    it("leave results in place on demand; an index out of range then is told when they are read, and no run after it writes states", async () => {
      const indices = parameterTensor([2], "int32");
      const [table, total] = [f32(3), f32(2)];
      const rows = take(table, indices, 0, "check");
      const executable = load(new Subgraph([indices, table, total], [rows, add(total, rows)]), 1, 2, [1]);
      const states = [state(Float32Array.of(1, 2, 4)), state(Float32Array.of(0, 0))];
      const run = (...at: number[]): TypedArray[] | Promise<TypedArray[]> =>
        executable.run({ arguments: [Int32Array.from(at)], states, scalars: [], reads: false });
      // Kernels are being compiled at the first run.
      expect(await run(0, 1)).toEqual([]);
      expect(run(1, 2)).toEqual([]);
      expect(run(2, 2)).toEqual([]);
      expect(await executable.read()).toEqual([Float32Array.of(4, 4)]);
      expect(await states[1]!.read()).toEqual(Float32Array.of(7, 10));
      await run(1, 1);
      await run(3, 0);
      await run(0, 0);
      await expect(executable.read()).rejects.toThrow(IndexError);
      expect(await states[1]!.read()).toEqual(Float32Array.of(9, 12));
      await run(0, 0);
      expect(await executable.read()).toEqual([Float32Array.of(1, 1)]);
      expect(await states[1]!.read()).toEqual(Float32Array.of(10, 13));
    });

    it("follow states whose memory changes, and refuse freed ones", async () => {
      const x = f32(3);
      const executable = load(new Subgraph([x], [add(x, fill(1, [3])), multiply(x, fill(2, [3]))]), 0, 1, [0]);
      const buffers = [state(Float32Array.of(1, 2, 3)), state(Float32Array.of(10, 20, 30))];
      const run = async (buffer: DeviceBuffer): Promise<TypedArray> =>
        (await executable.run({ arguments: [], states: [buffer], scalars: [2] }))[0]!;
      expect(await run(buffers[0]!)).toEqual(Float32Array.of(2, 3, 4));
      expect(await run(buffers[1]!)).toEqual(Float32Array.of(11, 21, 31));
      expect(await run(buffers[0]!)).toEqual(Float32Array.of(3, 5, 7));
      buffers[1]!.free();
      await expect(run(buffers[1]!)).rejects.toThrow(StateError);
    });

    it("run kernels of equal code as one, whatever programs have brought their states together before", async () => {
      const sizes = [3, 70, 1000, 129, 5];
      const shapes = sizes.map((size) => [size]);
      const gradients = shapes.map((shape) => f32(...shape));
      const weights = shapes.map((shape) => f32(...shape));
      // Momentum, with a check of all gradients and the weights as float16.
      const slots = shapes.map((shape) => f32(...shape));
      const next = slots.map((slot, i) => add(multiply(slot, fill(0.5, shapes[i]!)), gradients[i]!));
      const finite = ops.stack(gradients.map((gradient) => ops.all(ops.isfinite(gradient))));
      const short = weights.map((x) => multiply(convert(x, "float16"), convert(x, "float16")));
      const graph = new Subgraph(
        [...gradients, ...weights, ...slots],
        [finite, ...short, ...weights.map((x, i) => subtract(x, next[i]!)), ...next],
      );
      const count = sizes.length;
      const counts = { arguments: count, states: 2 * count, writtenStates: Array.from({ length: 2 * count }, (_, i) => i) };
      const program = compile(graph, counts, backend.target);
      expect(lowerProgram(program, { invocations: 256, workgroupBytes: 16384 }).kernels.length).toBeLessThan(8);
      const held = backend.bytesHeld();
      const initial = [...sizes, ...sizes].map((size) => random(size));
      const states = initial.map((values) => state(values));
      const executable = backend.load(program);
      // Another program that needs some of the states, and one of its own, in one buffer, too.
      const own = state(Float32Array.of(1, 2, 3, 4));
      const [a, b, c] = [f32(70), f32(5), f32(4)];
      const twice = load(
        new Subgraph(
          [a, b, c],
          [a, b, c].map((x) => add(x, x)),
        ),
        0,
        3,
        [0, 1, 2],
      );
      const expected = initial.map((values) => [...values]);
      const shared = [1, 4];
      for (let step = 0; step < 4; step++) {
        const given = sizes.map((size, i) => random(size).map((value, k) => (step === 2 && i === 3 && k === 128 ? Infinity : value)));
        const before = expected.slice(0, count).map((values) => Float32Array.from(values));
        const [flags, ...squares] = await executable.run({ arguments: given, states, scalars: [] });
        expect([...flags!]).toEqual([1, 1, 1, step === 2 ? 0 : 1, 1]);
        squares.forEach((values, i) => {
          const rounded = before[i]!.map((value) => roundToShort("float16", value));
          expect([...values]).toEqual([...rounded.map((value) => roundToShort("float16", Math.fround(value * value)))]);
        });
        for (let i = 0; i < count; i++) {
          expected[count + i]!.forEach((slot, k) => {
            const moved = Math.fround(Math.fround(slot * 0.5) + given[i]![k]!);
            expected[count + i]![k] = moved;
            expected[i]![k] = Math.fround(expected[i]![k]! - moved);
          });
        }
        await twice.run({ arguments: [], states: [...shared.map((i) => states[i]!), own], scalars: [] });
        for (const i of shared) expected[i] = expected[i]!.map((value) => value * 2);
        for (const [i, buffer] of states.entries()) expect([...(await buffer.read())]).toEqual(expected[i]);
        // Values that the host writes stay where the variable is.
        states[0]!.write(Float32Array.of(1, 2, step));
        expected[0] = [1, 2, step];
      }
      expect(await own.read()).toEqual(Float32Array.of(16, 32, 48, 64));
      for (const buffer of [...states, own]) buffer.free();
      for (const one of [executable, twice]) one.free();
      expect(backend.bytesHeld()).toBe(held);
    });

    it("run loops over slices that are not aligned, forwards and backwards, and alternating carries", async () => {
      for (const reverse of [false, true]) {
        const [carry, x, factor] = [f32(3), f32(3), f32(3)];
        const next = add(multiply(carry, factor), x);
        const body = new Subgraph([carry, x, factor], [next, next]);
        const [init, xs, scale] = [f32(3), f32(5, 3), f32(3)];
        const outputs = scan(body, { init: [init], xs: [xs], constants: [scale], length: 5, reverse });
        const executable = load(new Subgraph([init, xs, scale], outputs), 3);
        const rows = Float32Array.from({ length: 15 }, (_, i) => i - 4);
        const [last, stacked] = await executable.run({
          arguments: [Float32Array.of(1, 1, 2), rows, Float32Array.of(2, 3, -1)],
          states: [],
          scalars: [],
        });
        const expected = new Float32Array(15);
        let value = [1, 1, 2];
        for (const i of reverse ? [4, 3, 2, 1, 0] : [0, 1, 2, 3, 4]) {
          value = value.map((v, j) => v * [2, 3, -1][j]! + rows[3 * i + j]!);
          expected.set(value, 3 * i);
        }
        expect(last).toEqual(Float32Array.from(value));
        expect(stacked).toEqual(expected);
      }
    });

    it("keep the order of runs where the host decides how a loop goes on", async () => {
      const [x, limit] = [f32(1), f32(1)];
      const below = new Subgraph([x, limit], [greaterThan(limit, x)]);
      const doubled = new Subgraph([x, limit], [add(x, x)]);
      const [init, most] = [f32(1), f32(1)];
      const executable = load(new Subgraph([init, most], whileLoop(below, doubled, [init], [most])), 2);
      const run = (from: number, to: number): TypedArray[] | Promise<TypedArray[]> =>
        executable.run({ arguments: [Float32Array.of(from), Float32Array.of(to)], states: [], scalars: [] });
      const results = await Promise.all([run(1, 100), run(3, 20), run(5, 4)]);
      expect(results.map(([values]) => values![0])).toEqual([128, 24, 5]);
      const signal = AbortSignal.abort(new Error("enough"));
      const stopped = async (): Promise<unknown> =>
        executable.run({ arguments: [Float32Array.of(1), Float32Array.of(9)], states: [], scalars: [], signal });
      await expect(stopped()).rejects.toThrow("enough");
    });

    it("give memory back after free", async () => {
      const x = f32(1000);
      const before = backend.bytesHeld();
      const executable = load(new Subgraph([x], [multiply(x, reduceSumAll(x))]), 1);
      await executable.run({ arguments: [random(1000)], states: [], scalars: [] });
      expect(backend.bytesHeld()).toBeGreaterThan(before);
      executable.free();
      executable.free();
      expect(backend.bytesHeld()).toBe(before);
      expect(() => executable.run({ arguments: [random(1000)], states: [], scalars: [] })).toThrow(StateError);
    });

    it("refuse float64 and what no device can hold", () => {
      expect(() => backend.allocate({ shape: [2], dtype: "float64" })).toThrow(DTypeError);
      expect(() => backend.allocate({ shape: [2 ** 34], dtype: "float32" })).toThrow(/a variable of shape[^]*too large for this device/);
    });

    it("share compiled kernels between programs", async () => {
      const make = async (batch: number): Promise<void> => {
        const x = f32(batch, 9);
        const executable = load(new Subgraph([x], [multiply(add(x, x), x)]), 1);
        await executable.run({ arguments: [random(batch * 9)], states: [], scalars: [] });
        executable.free();
      };
      await make(4);
      const count = backend.pipelineCount();
      await make(7);
      expect(backend.pipelineCount()).toBe(count);
    });

    it("let the process end by itself", () => {
      const here = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
      const script = `
        import { webGpuForTests } from ${here("./webgpu-device.ts")};
        import { backendInfo, ops, setBackend, tensor } from ${here("../index.ts")};
        await webGpuForTests();
        await setBackend("webgpu");
        console.log(backendInfo().name, (await ops.add(tensor([1, 2]), 1).data())[1]);
      `;
      const child = spawnSync(process.execPath, ["--import", "tsx", "--conditions=source", "--input-type=module", "--eval", script], {
        encoding: "utf8",
        timeout: 500_000,
      });
      expect([child.status, child.stdout.trim()]).toEqual([0, "webgpu 3"]);
    });

    it("say clearly that the device is gone", async () => {
      const other = await webGpuForTests();
      if (typeof other === "string") throw new Error(other);
      const x = f32(2);
      const executable = loadProgram(other, new Subgraph([x], [add(x, x)]), { arguments: 1, states: 0, writtenStates: [] });
      await executable.run({ arguments: [Float32Array.of(1, 2)], states: [], scalars: [] });
      other.close();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(() => executable.run({ arguments: [Float32Array.of(1, 2)], states: [], scalars: [] })).toThrow(BackendError);
      expect(() => executable.run({ arguments: [Float32Array.of(1, 2)], states: [], scalars: [] })).toThrow(/the device was closed/);
      expect(() => other.allocate({ shape: [1], dtype: "float32" })).toThrow(/load its saved weights/);
    });
  });
});

function greaterThan(x: Tensor, y: Tensor): Tensor {
  return convert(reduceSum(convert(greater(x, y), "int32"), [0]), "bool");
}

function reduceSumAll(x: Tensor): Tensor {
  return broadcastInDim(reduceSum(x, [0]), x.shape as number[], []);
}
