import { beforeAll, describe, expect, it } from "vitest";
import type { Executable, KernelBackend } from "../backends/backend.ts";
import type { TypedArray } from "../dtype/index.ts";
import { callbacks, data, errors, layers, registerBackend, Sequential, setBackend, setRandomSeed, tensor } from "../index.ts";
import { createNaiveBackend } from "../testing/naive-backend.ts";
import { readEvery } from "./batch-loop.ts";

/** How often results came to the host. */
let reads = 0;

/** A back-end like a GPU: work is handed over at once, results have to be waited for. */
function distantBackend(): KernelBackend {
  const near = createNaiveBackend();
  return {
    ...near,
    name: "distant",
    load: (program): Executable => {
      const inner = near.load(program);
      const brought = async (results: TypedArray[] | Promise<TypedArray[]>): Promise<TypedArray[]> => {
        reads++;
        await Promise.resolve();
        return await results;
      };
      return {
        run: (args) => (args.reads === false ? inner.run(args) : brought(inner.run(args))),
        read: () => brought(inner.read()),
        free: () => {
          inner.free();
        },
      };
    },
  };
}

beforeAll(async () => {
  registerBackend("distant", distantBackend);
  await setBackend("distant");
});

const steps = 40;
const x = tensor(
  Float32Array.from({ length: 2 * 2 * steps }, (_, i) => Math.sin(i * 1.7)),
  { shape: [2 * steps, 2] },
);
const y = tensor(Int32Array.from({ length: 2 * steps }, (_, i) => (i * i) % 3));
const quiet = { verbose: 0, batchSize: 2, shuffle: false } as const;

function classifier(options: object = {}): Sequential {
  setRandomSeed(3);
  const model = new Sequential([layers.Dense({ units: 3, activation: "softmax", inputDim: 2 })]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"], ...options });
  return model;
}

/** What a callback that looks at every batch sees. */
class Watcher extends callbacks.Callback {
  readonly seen: callbacks.Logs[] = [];
  readonly heard: string[] = [];
  override onTrainBatchBegin(batch: number): void {
    this.heard.push(`begin ${batch}`);
  }
  override onTrainBatchEnd(batch: number, logs: callbacks.Logs): void {
    this.heard.push(`end ${batch}`);
    this.seen.push({ ...logs });
  }
}

describe("the loop over batches", () => {
  it("reads the loss every few steps where nobody looks, and the history has the same bits", async () => {
    const watcher = new Watcher();
    const watched = await classifier().fit(x, y, { ...quiet, epochs: 2, callbacks: [watcher] });
    const trained = classifier();
    const unwatched = await trained.fit(x, y, { ...quiet, epochs: 2 });
    expect(unwatched.history).toEqual(watched.history);
    expect(watcher.seen.length).toBe(2 * steps);
    expect(watcher.seen.at(-1)).toEqual({ accuracy: watched.history.accuracy![1], loss: watched.history.loss![1] });
    reads = 0;
    await trained.fit(x, y, { ...quiet, epochs: 2 });
    expect(reads).toBeLessThanOrEqual(2 * Math.ceil(steps / readEvery));
    const { loss, accuracy } = await trained.evaluate(x, y, { batchSize: 2, verbose: 0 });
    reads = 0;
    await trained.evaluate(x, y, { batchSize: 2, verbose: 0 });
    expect(reads).toBeLessThanOrEqual(Math.ceil(steps / readEvery));
    const looked: number[] = [];
    const look = new callbacks.LambdaCallback({ onTestBatchEnd: (_batch, logs) => void looked.push(logs.loss!) });
    expect(await trained.evaluate(x, y, { batchSize: 2, verbose: 0, callbacks: [look] })).toEqual({ loss, accuracy });
    expect(looked.length).toBe(steps);
  });

  it("shows every batch its own numbers to whoever looks, also in a subclass of a callback that seldom does", async () => {
    class Talkative extends callbacks.TensorBoard {
      readonly losses: number[] = [];
      override onTrainBegin(): Promise<void> {
        return Promise.resolve();
      }
      override onEpochEnd(): Promise<void> {
        return Promise.resolve();
      }
      override onTrainEnd(): Promise<void> {
        return Promise.resolve();
      }
      override onTrainBatchEnd(_batch: number, logs: callbacks.Logs): void {
        this.losses.push(logs.loss!);
      }
    }
    const [watcher, talkative] = [new Watcher(), new Talkative({ logDir: "nowhere" })];
    await classifier().fit(x, y, { ...quiet, callbacks: [watcher] });
    await classifier().fit(x, y, { ...quiet, callbacks: [talkative] });
    expect(talkative.losses).toEqual(watcher.seen.map(({ loss }) => loss));
    expect(new Set(talkative.losses).size).toBeGreaterThan(steps / 2);
  });

  it("stops at the batch whose loss is no number", async () => {
    const spoilt = (await x.data()).slice();
    spoilt[2 * 2 * 5] = NaN;
    const heard = new Watcher();
    const model = classifier();
    const nan = new callbacks.TerminateOnNaN();
    await model.fit(tensor(spoilt, { shape: [2 * steps, 2] }), y, { ...quiet, callbacks: [nan, heard] });
    expect(heard.heard.at(-1)).toBe("end 5");
    expect(heard.seen.at(-1)!.loss).toBeNaN();
  });

  it("tells callbacks of groups of steps with stepsPerExecution", async () => {
    const watcher = new Watcher();
    const { history } = await classifier({ stepsPerExecution: 3 }).fit(x, y, { ...quiet, stepsPerEpoch: 8, callbacks: [watcher] });
    expect(watcher.heard).toEqual(["begin 0", "end 2", "begin 3", "end 5", "begin 6", "end 7"]);
    const each = new Watcher();
    const alone = await classifier().fit(x, y, { ...quiet, stepsPerEpoch: 8, callbacks: [each] });
    expect(history).toEqual(alone.history);
    expect(watcher.seen).toEqual([each.seen[2], each.seen[5], each.seen[7]]);
    // A stream ends in the middle of a group.
    const stream = new Watcher();
    const set = data.Dataset.fromTensors([x, y]).batch(2).take(4);
    await classifier({ stepsPerExecution: 3 }).fit(set, null, { verbose: 0, callbacks: [stream] });
    expect(stream.heard.slice(-2)).toEqual(["begin 3", "end 3"]);
    expect(stream.seen.at(-1)).toEqual(each.seen[3]);
    expect(classifier({ stepsPerExecution: 3 }).getCompileConfig()).toMatchObject({ steps_per_execution: 3 });
    expect(() => classifier({ stepsPerExecution: 0 })).toThrow(errors.ValueError);
  });
});

describe("batches of a data set", () => {
  it("are matched anew where an element is of another kind, and their class numbers are checked", async () => {
    const mixed = data.Dataset.range(4).map(async (i) => {
      const n = Number(await (i as ReturnType<typeof tensor>).item());
      const rows = tensor([
        [n, 1],
        [2, 3],
      ]);
      return n % 2 === 0 ? [rows, tensor(Int32Array.of(0, 1))] : [rows, tensor([0, 1])];
    });
    const { history } = await classifier().fit(mixed, null, { verbose: 0 });
    expect(history.loss![0]).toBeGreaterThan(0);
    const late = data.Dataset.fromTensors([
      tensor(Float32Array.from({ length: 40 }), { shape: [20, 2] }),
      tensor(Int32Array.from({ length: 20 }, (_, i) => (i === 17 ? 9 : 1))),
    ]);
    await expect(classifier().fit(late.batch(2), null, { verbose: 0 })).rejects.toThrow(/label outside the classes/);
  });

  it("do not mistake the input for the target where a function gives one tensor as both", async () => {
    const model = (): Sequential => {
      setRandomSeed(5);
      const made = new Sequential([layers.Dense({ units: 2, inputDim: 2 })]);
      made.compile({ optimizer: "sgd", loss: "mse" });
      return made;
    };
    const parts = data.Dataset.fromTensors([x, x]).batch(2);
    const alternating = (): data.Dataset => {
      let count = 0;
      return parts.map((pair) => {
        const [input] = pair as [ReturnType<typeof tensor>, unknown];
        return count++ % 2 === 0 ? [input, input] : [input, input.mul(2)];
      });
    };
    const whole = async (): Promise<[unknown, unknown][]> => {
      const list: [unknown, unknown][] = [];
      for await (const pair of alternating()) list.push(pair as unknown as [unknown, unknown]);
      return list;
    };
    const pairs = await whole();
    const wanted = await model().fit(() => pairs as never, null, { verbose: 0 });
    expect((await model().fit(alternating(), null, { verbose: 0 })).history).toEqual(wanted.history);
  });

  it("tells each of two models that share a program and train side by side its own losses", async () => {
    const twin = (k: number): readonly [Sequential, ReturnType<typeof tensor>] => {
      setRandomSeed(k);
      const net = new Sequential([layers.Dense({ units: 4, inputDim: 3, activation: "tanh" }), layers.Dense({ units: 1 })]);
      net.compile({ optimizer: "sgd", loss: "mse" });
      return [
        net,
        tensor(
          Float32Array.from({ length: 160 }, (_, i) => (1 + 4 * k) * Math.cos(i)),
          { shape: [160, 1] },
        ),
      ];
    };
    const x = tensor(
      Float32Array.from({ length: 480 }, (_, i) => Math.sin(i)),
      { shape: [160, 3] },
    );
    // After every batch, before its numbers are read, the other loop has its turn.
    class Turns extends callbacks.Callback {
      override readsBatchLogs(): boolean {
        return false;
      }
      override onTrainBatchEnd(): Promise<void> {
        return new Promise((resolve) => setImmediate(resolve));
      }
    }
    const learn = async ([net, y]: ReturnType<typeof twin>): Promise<unknown> =>
      (await net.fit(x, y, { epochs: 3, batchSize: 16, shuffle: false, verbose: 0, callbacks: [new Turns()] })).history;
    const alone = [await learn(twin(0)), await learn(twin(1))];
    expect(await Promise.all([twin(0), twin(1)].map(learn))).toEqual(alone);
  });
});
