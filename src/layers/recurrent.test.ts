import { beforeAll, describe, expect, it } from "vitest";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import type { Program, Stage } from "../compiler/program.ts";
import { gradients, jit, Layer, layers, ops, Sequential, setBackend, type Shape, tensor, type Tensor, type Variable } from "../index.ts";
import { registerBackend } from "../runtime/index.ts";

/** Numbers that look random, the same in every run. */
const filled = (shape: number[], phase = 0): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1.3 * i + phase)),
    { shape },
  );
};
const numbers = async (x: unknown): Promise<number[]> => Array.from(await (x as Tensor).data());
const close = async (a: unknown, b: unknown): Promise<void> => {
  const [left, right] = [await numbers(a), await numbers(b)];
  expect(left.length).toBe(right.length);
  left.forEach((value, i) => expect(value).toBeCloseTo(right[i]!, 5));
};
const mask = tensor([
  [false, true, true, false],
  [true, false, true, true],
]);

/** `h' = h + x kernel^T`, and an output that is no state: twice the first two. */
class Accumulator extends Layer {
  static override readonly className: string = "Accumulator";
  readonly stateSize = 3;
  readonly outputSize = 2;
  kernel!: Variable;
  override build(inputShape: Shape): void {
    this.kernel = this.addWeight({ name: "kernel", shape: [3, inputShape.at(-1)!], initializer: "ones" });
  }
  override call(x: Tensor, [h]: readonly Tensor[]): [Tensor, Tensor[]] {
    const next = ops.add(h!, ops.matmul(x, ops.transpose(this.kernel)));
    return [ops.multiply(ops.slice(next, [0, 0], [next.dim(0), 2]), 2), [next]];
  }
}

beforeAll(async () => {
  await setBackend("wasm");
});

describe("recurrent layers", () => {
  it.each(["SimpleRNN", "LSTM", "GRU"] as const)("%s gives the same as a loop and unrolled, with and without a mask", async (name) => {
    const options = { units: 3, returnSequences: true, returnState: true, goBackwards: true };
    const looped = layers[name](options);
    const unrolled = layers[name]({ ...options, unroll: true });
    const x = filled([2, 4, 5]);
    looped.build([2, 4, 5]);
    unrolled.build([2, 4, 5]);
    await unrolled.setWeights(await looped.getWeights());
    const states = name === "LSTM" ? 2 : 1;
    const initialState = Array.from({ length: states }, (_, i) => filled([2, 3], i));
    for (const call of [{}, { mask }, { initialState }, { mask, initialState }]) {
      const [a, b] = [looped(x, call), unrolled(x, call)] as [Tensor[], Tensor[]];
      expect(a.length).toBe(2 + states - 1);
      for (const [i, output] of a.entries()) await close(output, b[i]);
    }
  });

  it("keep the state where a step is masked, and give the output before it, at first zeros, or zeros", async () => {
    const x = filled([2, 4, 5]);
    const start = filled([2, 3], 1);
    const layer = layers.GRU({ units: 3, returnSequences: true, returnState: true });
    const [sequence, state] = layer(x, { mask, initialState: start }) as [Tensor, Tensor];
    const first = ops.take(sequence, 0, { axis: 0 });
    expect((await numbers(first)).slice(0, 3)).toEqual([0, 0, 0]);
    await close(ops.take(first, 3, { axis: 0 }), ops.take(first, 2, { axis: 0 }));
    await close(ops.take(state, 0, { axis: 0 }), ops.take(first, 2, { axis: 0 }));
    layer.zeroOutputForMask = true;
    const [zeroed] = layer(x, { mask, initialState: start }) as [Tensor];
    expect((await numbers(ops.take(zeroed, 0, { axis: 0 }))).slice(9)).toEqual([0, 0, 0]);
  });

  it("go on where a stateful layer stopped, until it is reset", async () => {
    const x = filled([2, 6, 5]);
    const whole = layers.LSTM({ units: 3 });
    const stateful = layers.LSTM({ units: 3, stateful: true });
    const halves = [ops.slice(x, [0, 0, 0], [2, 3, 5]), ops.slice(x, [0, 3, 0], [2, 3, 5])];
    const expected = await numbers(whole(x));
    stateful.build([2, 3, 5]);
    await stateful.setWeights(await whole.getWeights());
    for (let round = 0; round < 2; round++) {
      await numbers(stateful(halves[0]!));
      await close(stateful(halves[1]!), tensor(expected, { shape: [2, 3] }));
      stateful.resetState();
    }
    expect(() => stateful(filled([3, 3, 5]))).toThrow(/as large as the state/);
    expect(() => whole.resetState()).toThrow(/keeps no state/);
  });

  it("apply cells of one's own, whose output need not be a state", async () => {
    const layer = layers.RNN({ cell: new Accumulator(), returnSequences: true, returnState: true });
    const [outputs, state] = layer(ops.ones([1, 3, 2])) as [Tensor, Tensor];
    expect(await numbers(state)).toEqual([6, 6, 6]);
    expect(await numbers(outputs)).toEqual([4, 4, 8, 8, 12, 12]);
    const some = tensor([[true, false, true]]);
    const [held] = layer(ops.ones([1, 3, 2]), { mask: some }) as [Tensor];
    expect(await numbers(held)).toEqual([4, 4, 4, 4, 8, 8]);
    const last = layers.RNN({ cell: new Accumulator() })(ops.ones([1, 3, 2]));
    expect(await numbers(last)).toEqual([12, 12]);
  });

  it("drop the same inputs and states in every step, others in every call", async () => {
    const layer = layers.SimpleRNN({
      units: 4,
      activation: "linear",
      dropout: 0.5,
      seed: 3,
      kernelInitializer: "identity",
      recurrentInitializer: "zeros",
      returnSequences: true,
    });
    const draw = async (): Promise<number[][]> => {
      const y = await numbers(layer(ops.ones([1, 5, 4]), { training: true }));
      return Array.from({ length: 5 }, (_, step) => y.slice(4 * step, 4 * step + 4));
    };
    const seen = new Set<string>();
    for (let round = 0; round < 6; round++) {
      const steps = await draw();
      for (const step of steps) expect(step).toEqual(steps[0]);
      for (const value of steps[0]!) expect([0, 2]).toContain(value);
      seen.add(steps[0]!.join());
    }
    expect(seen.size).toBeGreaterThan(1);
    expect(await numbers(layer(ops.ones([1, 1, 4])))).toEqual([1, 1, 1, 1]);
  });

  it("are refused by name in a Sequential where they give several outputs", () => {
    const build = (): unknown => new Sequential([layers.InputLayer({ shape: [5, 3] }), layers.LSTM({ units: 4, returnState: true })]);
    expect(build).toThrow(/"lstm.*several outputs/);
  });

  it("refuse options of a call that do not exist, and losses that a cell adds inside the loop", () => {
    expect(() => layers.LSTM({ units: 2 })(filled([1, 2, 2]), { initialStates: [] } as never)).toThrow(/initialState"/);
    class Losing extends Accumulator {
      override call(x: Tensor, states: readonly Tensor[]): [Tensor, Tensor[]] {
        this.addLoss(ops.sum(x));
        return super.call(x, states);
      }
    }
    expect(() => layers.RNN({ cell: new Losing() })(ops.ones([1, 3, 2]))).toThrow(/inside the loop/);
  });
});

describe("wrappers", () => {
  it("run a layer in both directions", async () => {
    const x = filled([2, 4, 5]);
    const both = layers.Bidirectional({ layer: layers.GRU({ units: 3, returnSequences: true }), mergeMode: null });
    const [forward, backward] = both(x) as readonly Tensor[];
    const alone = layers.GRU({ units: 3, returnSequences: true });
    alone.build([2, 4, 5]);
    await alone.setWeights((await both.getWeights()).slice(0, 3));
    await close(forward, alone(x));
    await alone.setWeights((await both.getWeights()).slice(3));
    await close(backward, ops.flip(alone(ops.flip(x, { axis: 1 })), { axis: 1 }));
  });

  it("apply a layer to every step: as one batch where it looks at samples alone, else step by step", async () => {
    const x = filled([3, 4, 2]);
    const dense = layers.TimeDistributed({ layer: layers.Dense({ units: 2 }) });
    const y = dense(x);
    for (let step = 0; step < 4; step++) await close(ops.take(y, step, { axis: 1 }), dense.layer(ops.take(x, step, { axis: 1 })));
    const normalized = layers.TimeDistributed({ layer: layers.BatchNormalization() })(x, { training: true });
    for (let step = 0; step < 4; step++) {
      const mean = await numbers(ops.mean(ops.take(normalized, step, { axis: 1 }), { axis: 0 }));
      for (const value of mean) expect(Math.abs(value)).toBeLessThan(1e-5);
    }
  });

  it("apply a layer to every step with its part of the mask", async () => {
    const x = ops.reshape(ops.sin(ops.arange(0, 12, { dtype: "float32" })), [2, 3, 2]);
    const steps = tensor([
      [true, true, false],
      [true, false, true],
    ]);
    const normalized = layers.TimeDistributed({ layer: layers.BatchNormalization({ momentum: 0.5 }) });
    await close(
      normalized(x, { training: true, mask: steps }),
      // Keras 3.15 on torch.
      tensor([0.975327, 0.945956, 0, 0, -6.728741, 1.298615, -0.975327, -0.945956, 2.53175, 8.569724, 0, 0]),
    );
    await close(ops.concatenate(normalized.weights.slice(2)), tensor([-0.06215, -0.371061, 0.12744, 0.126064]));
    const refused = layers.TimeDistributed({ layer: layers.SimpleRNN({ units: 2 }) });
    expect(() => refused(ops.ones([2, 3, 4, 5]), { mask: steps })).toThrow(/mask does not fit/);
  });

  it("give the masks of outputs, and none for states", () => {
    const both = (mergeMode: "concat" | null, returnSequences: boolean): unknown =>
      layers.Bidirectional({ layer: layers.LSTM({ units: 2, returnSequences, returnState: true }), mergeMode }).computeMask(null, mask);
    expect(both("concat", true)).toBe(mask);
    expect(both("concat", false)).toBe(null);
    expect(both(null, true)).toEqual([mask, mask]);
    expect(both(null, false)).toEqual([null, null]);
  });
});

describe("options without an initializer", () => {
  it("begin with Glorot's uniform distribution, anew for every weight, and are written as null", async () => {
    const dense = layers.Dense({ units: 4, kernelInitializer: null, biasInitializer: null } as never);
    dense.build([null, 4]);
    const bias = await numbers(dense.bias!.read());
    expect(new Set([...bias, ...(await numbers(dense.kernel.read()))]).size).toBe(20);
    // Fans of a vector of four: both are 4.
    for (const value of bias) expect(Math.abs(value)).toBeLessThan(Math.sqrt(6 / 8));
    expect(dense.getConfig()).toMatchObject({ kernel_initializer: null, bias_initializer: null });
    const counter = dense.addWeight({ name: "count", shape: [2], dtype: "int32", initializer: null });
    expect(await numbers(counter.read())).toEqual([0, 0]);
  });
});

describe("the program of a recurrent layer", () => {
  /** Kernels in the body of each loop. */
  function loopsOf(stages: readonly Stage[], program: Program): { kinds: string[]; trips: number }[] {
    return stages.flatMap((stage) => {
      if (stage.kind !== "loop") return [];
      const kinds = stage.body.flatMap((inner) =>
        inner.kind === "parallel" ? inner.kernels.map((index) => program.kernels[index]!.kernel.kind) : [inner.kind],
      );
      return [{ kinds: kinds.sort(), trips: stage.trips }];
    });
  }

  it.each(["LSTM", "GRU"] as const)(
    "of %s is one: a product and a pass of elements per step and direction, masked or not",
    async (name) => {
      const programs: Program[] = [];
      registerBackend("watched", () => {
        const backend = createWasmBackend({ threads: 1 });
        return {
          ...backend,
          load: (program: Program) => {
            programs.push(program);
            return backend.load(program);
          },
        };
      });
      await setBackend("watched");
      try {
        const steps = 6;
        const counts = tensor(Array.from({ length: 4 }, () => Array.from({ length: steps }, (_, step) => step < 5)));
        const layer = layers[name]({ units: 8 });
        layer.build([4, steps, 5]);
        for (const weight of layer.weights) await weight.data();
        const step = (masked: boolean): ((x: Tensor, counts: Tensor) => Tensor[]) =>
          jit((x: Tensor, counts: Tensor) => {
            const loss = ops.mean(ops.square(layer(x, masked ? { mask: counts } : {})));
            return [loss, ...gradients([loss], layer.trainableWeights)];
          });
        for (const masked of [false, true]) {
          programs.length = 0;
          const results = step(masked)(filled([4, steps, 5]), counts);
          for (const result of results) await result.data();
          expect(programs.length).toBe(1);
          const [forward, backward] = loopsOf(programs[0]!.stages, programs[0]!);
          expect(forward!.trips).toBe(steps);
          // A state that the pass over the elements does not read is copied for the gradient by a kernel of its own.
          expect(forward!.kinds).toEqual(masked || name === "GRU" ? ["contract", "map"] : ["contract", "map", "map"]);
          expect(backward!.kinds).toEqual(["contract", "map"]);
        }
      } finally {
        await setBackend("wasm");
      }
    },
  );
});
