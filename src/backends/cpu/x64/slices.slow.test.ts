/** Slices of a batch, each run by one thread from its first kernel to its last. */
import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../../compiler/compile.ts";
import type { Program } from "../../../compiler/program.ts";
import type { TypedArray } from "../../../dtype/index.ts";
import { IndexError } from "../../../errors.ts";
import { type ConcreteShape, parameterTensor, sizeOf, Subgraph, type Tensor } from "../../../graph/index.ts";
import { filled } from "../../../primitives/filled.ts";
import { add, convGeneral, dotGeneral, maximum, multiply, scan, take, tanh, transpose } from "../../../primitives/index.ts";
import { setRandomSeed } from "../../../random/seeds.ts";
import { registerBackend, setBackend } from "../../../runtime/index.ts";
import { forInstructionSets } from "../../../testing/native-instruction-sets.ts";
import { randomSequenceModel } from "../../../testing/random-sequence-model.ts";
import type { CpuBackend } from "../runtime/cpu-backend.ts";
import { createX64Backend, type X64Options } from "./index.ts";

const product = (x: Tensor, w: Tensor): Tensor =>
  dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [x.shape.length - 1], rhsContract: [0] });
const parameters = (shapes: readonly (readonly number[])[]): Tensor[] => shapes.map((shape) => parameterTensor([...shape], "float32"));

/** A recurrent layer over x [batch, time, inputs] from state h on, and a dense layer on its last state. */
function recurrent(x: Tensor, h: Tensor, weights: readonly [Tensor, Tensor, Tensor], reverse = false): Tensor[] {
  const [batch, length, inputs] = x.shape as [number, number, number];
  const [state, input, w, u] = parameters([
    h.shape as ConcreteShape,
    [batch, inputs],
    ...weights.slice(0, 2).map(({ shape }) => shape as ConcreteShape),
  ]);
  const next = tanh(add(product(input!, w!), product(state!, u!)));
  const body = new Subgraph([state!, input!, w!, u!], [next, multiply(next, next)]);
  const [last, all] = scan(body, { init: [h], xs: [transpose(x, [1, 0, 2])], constants: weights.slice(0, 2), length, reverse });
  return [product(last!, weights[2]), all!];
}

const shapes = [
  [48, 7, 5],
  [48, 40],
  [5, 40],
  [40, 40],
  [40, 3],
];
const recurrentGraph = (reverse: boolean): Subgraph => {
  const [x, h, w, u, v] = parameters(shapes);
  return new Subgraph([x!, h!, w!, u!, v!], recurrent(x!, h!, [w!, u!, v!], reverse));
};
const filter = [3, 3, 16, 16];
/** Convolutions that are filtered minimally. */
function convolutionGraph(layers: number, image: readonly number[]): Subgraph {
  const padding = [
    [1, 1],
    [1, 1],
  ] as const;
  const [x, w] = parameters([image, filter]);
  let y = x!;
  for (let i = 0; i < layers; i++) y = maximum(convGeneral(y, w!, { padding }), x!);
  return new Subgraph([x!, w!], [y]);
}

const lanesOf = (program: Program): (number | undefined)[] =>
  program.stages.flatMap((stage) => (stage.kind === "loop" ? [stage.lanes] : []));
const bytesOf = (values: readonly TypedArray[]): string =>
  values.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString("base64")).join();

forInstructionSets((instructionSet) => {
  describe(`slices of a batch (${instructionSet})`, () => {
    const backends: CpuBackend[] = [];
    const backendOf = (options: X64Options): CpuBackend => {
      const backend = createX64Backend({ ...options, instructionSet });
      backends.push(backend);
      return backend;
    };
    afterAll(() => Promise.all(backends.map((backend) => backend.close())));

    /** Compiles and loads a graph whose parameters but the first are states, and gives a run. */
    const loaded = (backend: CpuBackend, graph: Subgraph, given: readonly (readonly number[])[]) => {
      const program = compile(graph, { arguments: 1, states: given.length - 1, writtenStates: [] }, backend.target);
      const executable = backend.load(program);
      const make = (): readonly ReturnType<CpuBackend["allocate"]>[] =>
        given.slice(1).map((shape, i) => {
          const buffer = backend.allocate({ shape: shape, dtype: "float32" });
          buffer.write(filled(shape, i + 2).data);
          return buffer;
        });
      let states = make();
      const run = async (): Promise<string> =>
        bytesOf(await executable.run({ arguments: [filled(given[0]!, 1).data], states, scalars: [] }));
      const move = (): void => {
        const before = states;
        states = make();
        for (const buffer of before) buffer.free();
      };
      return { program, executable, run, move };
    };

    it.each([
      ["loops forward", recurrentGraph(false), shapes, 2 ** 18, "auto"],
      ["loops backward", recurrentGraph(true), shapes, 2 ** 18, "auto"],
      ["convolutions by transformed arrays", convolutionGraph(1, [12, 14, 14, 16]), [[12, 14, 14, 16], filter], 2 ** 17, "whole"],
      ["convolutions in blocks of tiles", convolutionGraph(3, [12, 32, 32, 16]), [[12, 32, 32, 16], filter], 2 ** 18, "blocks"],
    ] as const)("have the same bits as whole batches, on one thread and several: %s", async (_, graph, given, sliceBytes, winograd) => {
      const whole = loaded(backendOf({ threads: 1, sliceBytes: 0, winograd }), graph, given);
      expect(lanesOf(whole.program).every((lanes) => lanes === undefined)).toBe(true);
      const expected = await whole.run();
      for (const threads of [1, 3]) {
        const { program, run, move } = loaded(backendOf({ threads, sliceBytes, winograd }), graph, given);
        if (threads > 1) expect(lanesOf(program)).toEqual([threads]);
        expect(await run()).toBe(expected);
        move();
        // Through the runs that are measured, alone and shared.
        for (let i = 0; i < 20; i++) if ((await run()) !== expected) throw new Error(`run ${i} on ${threads} threads has other bits`);
      }
    });

    it("give back what their lanes hold", async () => {
      const backend = backendOf({ threads: 2, sliceBytes: 2 ** 18 });
      const once = async (): Promise<void> => {
        const { program, executable, run } = loaded(backend, recurrentGraph(false), shapes);
        expect(lanesOf(program)).toEqual([2]);
        await run();
        executable.free();
      };
      await once();
      const states = shapes.slice(1).reduce((sum, shape) => sum + Math.ceil((sizeOf(shape) * 4) / 64) * 64, 0);
      const before = backend.bytesHeld();
      for (let i = 0; i < 4; i++) await once();
      // The states of each round are held by nobody, and collected sometime.
      expect(backend.bytesHeld() - before).toBeLessThanOrEqual(4 * states);
    });

    it("come after what may find an index out of range, and run again after that", async () => {
      const backend = backendOf({ threads: 2, sliceBytes: 2 ** 18 });
      const indices = parameterTensor([48, 7], "int32");
      const [table, h, w, u, v] = parameters([[9, 5], ...shapes.slice(1)]);
      const graph = new Subgraph([indices, table!, h!, w!, u!, v!], recurrent(take(table!, indices, 0), h!, [w!, u!, v!]));
      const program = compile(graph, { arguments: 6, states: 0, writtenStates: [] }, backend.target);
      expect(lanesOf(program)).toEqual([2]);
      const executable = backend.load(program);
      const rest = [[9, 5], ...shapes.slice(1)].map((shape, i) => filled(shape, i + 2).data);
      const run = async (index: number): Promise<string> =>
        bytesOf(await executable.run({ arguments: [new Int32Array(48 * 7).fill(index), ...rest], states: [], scalars: [] }));
      const first = await run(8);
      await expect((async () => run(9))()).rejects.toThrow(IndexError);
      expect(await run(8)).toBe(first);
    });

    it("let macrotasks through between them in long runs, and stop at a signal", async () => {
      const [batch, units, length] = [128, 64, 5000];
      const [init, w] = parameters([
        [batch, units],
        [units, units],
      ]);
      const body = new Subgraph([init!, w!], [tanh(product(init!, w!))]);
      const [start, weights] = parameters([
        [batch, units],
        [units, units],
      ]);
      const graph = new Subgraph([start!, weights!], scan(body, { init: [start!], xs: [], constants: [weights!], length, reverse: false }));
      const backend = backendOf({ threads: 2 });
      const program = compile(graph, { arguments: 2, states: 0, writtenStates: [] }, backend.target);
      const loop = program.stages.find((stage) => stage.kind === "loop");
      expect(loop?.lanes).toBe(2);
      // Slices are short enough to wait for.
      expect(loop!.trips).toBeGreaterThan(4);
      const executable = backend.load(program);
      const args = { arguments: [filled([batch, units], 1).data, filled([units, units], 2).data], states: [], scalars: [] };
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const first = await executable.run(args);
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(1);
      const abort = new AbortController();
      const stopped = executable.run({ ...args, signal: abort.signal });
      setTimeout(() => abort.abort(new Error("enough")), 1);
      await expect(stopped).rejects.toThrow("enough");
      expect(bytesOf(await executable.run(args))).toBe(bytesOf(first));
    });

    it("leave predictions of random models as they are, on any number of threads and in every run", { timeout: 120_000 }, async () => {
      const ways = [
        { name: "whole", options: { threads: 1, sliceBytes: 0 }, runs: 1 },
        { name: "one", options: { threads: 1 }, runs: 2 },
        // Through the runs that are measured.
        { name: "two", options: { threads: 2 }, runs: 9 },
        { name: "three", options: { threads: 3 }, runs: 9 },
      ].map((way) => ({ ...way, name: `${way.name} of ${instructionSet}` }));
      let cut = 0;
      for (const { name, options } of ways) {
        registerBackend(name, () => {
          const backend = backendOf(options);
          const load = backend.load.bind(backend);
          backend.load = (program) => {
            if (lanesOf(program).some((lanes) => lanes !== undefined)) cut++;
            return load(program);
          };
          return backend;
        });
      }
      for (let seed = 0; seed < 20; seed++) {
        await setBackend(ways[0]!.name);
        setRandomSeed(seed);
        const { model, x, batch, text, isStateful } = randomSequenceModel(seed);
        const predicted = async (): Promise<string> => {
          const calls: TypedArray[] = [];
          if (isStateful) for (const layer of model.layers) if ("resetState" in layer) (layer.resetState as () => void)();
          for (let call = 0; call < (isStateful ? 2 : 1); call++)
            calls.push(await (await model.predict(x, { batchSize: batch, verbose: 0 })).data());
          return bytesOf(calls);
        };
        const expected = await predicted();
        for (const { name, runs } of ways.slice(1)) {
          await setBackend(name);
          for (let i = 0; i < runs; i++)
            if ((await predicted()) !== expected) throw new Error(`seed ${seed}, run ${i} on ${name}: ${text}`);
        }
      }
      expect(cut).toBeGreaterThan(10);
    });
  });
});
