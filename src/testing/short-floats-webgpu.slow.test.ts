/** float16 and bfloat16 on WebGPU: two bytes an element in every buffer, the bits of the CPU, whoever writes a word and however long rows are. */
import { afterAll, describe, expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { plainHalves } from "../backends/webgpu/wgsl/kernel-code.ts";
import { fromBfloat16, fromFloat16, roundToShort, type ShortFloat, type TypedArray } from "../dtype/index.ts";
import { type NdArray, parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import { layers, ops, optimizers, Sequential, setBackend, setDtypePolicy, setRandomSeed, tensor } from "../index.ts";
import * as p from "../primitives/index.ts";
import { loadProgram } from "../runtime/load.ts";
import { runnerOf } from "./compare.ts";
import { runConformance } from "./conformance.ts";
import { exactGraph, exactGraphs, networkGraph, programOf } from "./short-float-graphs.ts";
import { whereWebGpu } from "./webgpu-device.ts";

const short: readonly ShortFloat[] = ["float16", "bfloat16"];
const from = { float16: fromFloat16, bfloat16: fromBfloat16 } as const;

/** Numbers of all sizes that a format holds, its subnormals too; bfloat16's, which are those of float32, may be flushed and are left out. */
function values(shape: readonly number[], format: ShortFloat): NdArray {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const bits = (i * 40503 + 977) & 0xffff;
    const value = from[format](bits);
    if (!Number.isFinite(value) || (format === "bfloat16" && !(Math.abs(value) >= 2 ** -60 && Math.abs(value) <= 2 ** 60)))
      return (i % 7) - 3;
    return value;
  });
  return { shape, dtype: format, data };
}

/** The same numbers; NaN is NaN, and 0 is not -0. */
function expectSame(got: readonly TypedArray[], expected: readonly TypedArray[]): void {
  got.forEach((array, i) => {
    const at = array.findIndex((value, k) => !Object.is(value, expected[i]![k]));
    expect([i, at, array[at]]).toEqual([i, -1, undefined]);
    expect(array.length).toBe(expected[i]!.length);
  });
}

const reference = runnerOf(createReferenceBackend());

for (const [form, name] of [
  [undefined, "as the device does"],
  [plainHalves, "by integer arithmetic"],
] as const) {
  await whereWebGpu(
    `values of two bytes on the WebGPU back-end, ${name}`,
    (backend) => {
      afterAll(() => backend.close());
      const run = runnerOf(backend);

      describe.each(short)(`%s on webgpu, converted ${name}`, (format) => {
        it("is rounded to the nearest even", async () => {
          const given = Float32Array.from({ length: 40001 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 2 ** ((i % 60) - 30) * (1 + i / 40001));
          const x = parameterTensor([given.length], "float32");
          const y = p.convert(x, format);
          const graph = new Subgraph([x], [y, p.multiply(y, y)]);
          const expected = given.map((value) => roundToShort(format, value));
          const squares = expected.map((value) => roundToShort(format, Math.fround(value * value)));
          expectSame(await run(graph, [{ shape: [given.length], dtype: "float32", data: given }]), [expected, squares]);
        });

        it("takes two bytes in a variable, and every value comes back, also through kernels", async () => {
          const all = Float32Array.from({ length: 65535 }, (_, bits) => from[format](bits));
          const before = backend.bytesHeld();
          const state = backend.allocate({ shape: [65535], dtype: format });
          expect(backend.bytesHeld() - before).toBe(131072);
          state.write(all);
          expectSame([await state.read()], [all]);
          const x = parameterTensor([65535], format);
          const graph = new Subgraph([x], [p.convert(x, "float32"), p.reverse(p.reverse(x, [0]), [0])]);
          const executable = loadProgram(backend, graph, { arguments: 0, states: 1, writtenStates: [] });
          const got = await executable.run({ arguments: [], states: [state], scalars: [] });
          const flushed = (value: number): number => (format === "bfloat16" && Math.abs(value) < 2 ** -126 ? Math.sign(value) * 0 : value);
          expectSame(
            got.map((array) => array.map(flushed)),
            [all.map(flushed), all.map(flushed)],
          );
          executable.free();
          state.free();
        });

        it.each(Object.keys(exactGraphs))("has the bits of the reference: %s", async (kind) => {
          const graph = exactGraph(kind, format);
          const indices: NdArray = { shape: [5], dtype: "int32", data: Int32Array.of(2, 0, 1, 2, 2) };
          const args = [values([3, 5, 7], format), values([3, 5, 7], format), indices];
          args[1]!.data.reverse();
          expectSame(await run(graph, args), await reference(graph, args));
        });

        it.each([3, 4])("is carried, sliced and stacked by loops over rows of %i", async (width) => {
          for (const reverse of [false, true]) {
            const [carry, x] = [parameterTensor([width], format), parameterTensor([width], format)];
            const next = p.subtract(x, carry);
            const body = new Subgraph([carry, x], [next, p.multiply(next, x)]);
            const [init, xs] = [parameterTensor([width], format), parameterTensor([5, width], format)];
            const outputs = p.scan(body, { init: [init], xs: [xs], constants: [], length: 5, reverse });
            const graph = new Subgraph([init, xs], outputs);
            const args = [values([width], format), values([5, width], format)];
            expectSame(await run(graph, args), await reference(graph, args));
          }
        });

        it("is read by contractions with vectors of four, and by rows that end within a word", async () => {
          const graph = networkGraph(format);
          const args = graph.parameters.map((tensor, i) => {
            const shape = tensor.shape as number[];
            const data = Float32Array.from({ length: sizeOf(shape) }, (_, k) => ((k * (7 + i)) % 17) / 16 - 0.5);
            return { shape, dtype: format, data };
          });
          // Sums of these are exact in float32, in whatever order.
          expectSame(await run(graph, args), await reference(graph, args));
          for (const columns of [31, 64]) {
            const x = parameterTensor([9, columns], format);
            const softmax = new Subgraph([x], [ops.softmax(x)]);
            const data = Float32Array.from({ length: 9 * columns }, (_, k) => (k % 23) / 4);
            const row = [{ shape: [9, columns], dtype: format, data }];
            const [got] = await run(softmax, row);
            const [expected] = await reference(softmax, row);
            const unit = format === "float16" ? 2 ** -10 : 2 ** -7;
            got!.forEach((value, k) => expect(Math.abs(value - expected![k]!)).toBeLessThanOrEqual(expected![k]! * unit));
          }
        });
      });
    },
    form === undefined ? {} : { float16: form },
  );
}

await whereWebGpu("training in two bytes on the WebGPU back-end", (backend) => {
  runConformance("webgpu in two bytes", runnerOf(backend), { short, dtypes: ["float16", "bfloat16", "int32", "bool"] });
  afterAll(() => backend.close());

  describe("models in mixed precision on webgpu", () => {
    const images = tensor(
      Float32Array.from({ length: 24 * 81 }, (_, i) => Math.sin(i * 1.7) + ((i / 81) % 3)),
      { shape: [24, 9, 9, 1] },
    );
    const labels = tensor(
      Int32Array.from({ length: 24 }, (_, i) => i % 3),
      { shape: [24] },
    );
    it.each(["mixed_float16", "mixed_bfloat16"] as const)("train under %s as on the CPU", async (policy) => {
      const train = async (name: string): Promise<number[]> => {
        await setBackend(name);
        setDtypePolicy(policy);
        setRandomSeed(3);
        const model = new Sequential([
          layers.Conv2D({ filters: 6, kernelSize: 3, padding: "same", activation: "relu", inputShape: [9, 9, 1] }),
          layers.BatchNormalization(),
          layers.MaxPooling2D({ poolSize: 2 }),
          layers.Flatten(),
          layers.Dropout({ rate: 0.25 }),
          layers.Dense({ units: 5, activation: "tanh" }),
          layers.LayerNormalization(),
          layers.Dense({ units: 3, activation: "softmax", dtype: "float32" }),
        ]);
        setDtypePolicy(null);
        model.compile({ optimizer: optimizers.Adam({ learningRate: 0.02 }), loss: "sparse_categorical_crossentropy" });
        const { history } = await model.fit(images, labels, { verbose: 0, epochs: 4, batchSize: 8, shuffle: false });
        return history.loss!;
      };
      const losses = await train("webgpu");
      const expected = await train("reference");
      expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.8);
      losses.forEach((loss, epoch) => expect(Math.abs(loss - expected[epoch]!)).toBeLessThan(0.05 * expected[epoch]!));
    });

    it("leave out a step whose gradients are too large for float16, and halve the scale of the loss", async () => {
      await setBackend("webgpu");
      setDtypePolicy("mixed_float16");
      const model = new Sequential([layers.Dense({ units: 1, useBias: false, kernelInitializer: "ones", inputDim: 3 })]);
      setDtypePolicy(null);
      model.compile({ optimizer: optimizers.SGD({ learningRate: 0.5 }), loss: "mse" });
      const scaling = model.optimizer as InstanceType<typeof optimizers.LossScaleOptimizer>;
      const before = scaling.initialScale;
      await model.trainOnBatch([[100, 50, 25]], [[0]]);
      expect(await (scaling.dynamicScale as Tensor).item()).toBe(before / 2);
      expect(await model.weights[0]!.data()).toEqual(Float32Array.of(1, 1, 1));
    });
  });
});

describe("programs in two bytes", () => {
  it("take half the memory", () => {
    const [now, wide] = [programOf(networkGraph("float16")), programOf(networkGraph("float16"), ["float32", "int32"])];
    const sum = (sizes: readonly number[]): number => sizes.reduce((total, bytes) => total + bytes, 0);
    expect(sum(now.arenas)).toBeLessThan(0.51 * sum(wide.arenas));
    expect(sum(now.arenas)).toBeGreaterThan(0.49 * sum(wide.arenas));
  });
});
