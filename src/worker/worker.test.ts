import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callbacks, data, errors, layers, loadModel, Sequential, setBackend, setRandomSeed, tensor, type Tensor } from "../index.ts";
import { Times } from "../testing/times-layer.ts";
import { connect, inWorker, serve } from "./index.ts";

let worker: Worker;
beforeAll(async () => {
  // Node runs no TypeScript in a worker of its own accord; a bundle is also what users start.
  const entryPoints = [fileURLToPath(new URL("../testing/worker-program.ts", import.meta.url))];
  const outfile = fileURLToPath(new URL("../../node_modules/.cache/nabla-worker-program.mjs", import.meta.url));
  await build({
    entryPoints,
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["source"],
    packages: "external",
  });
  worker = new Worker(outfile, { execArgv: [] });
  await setBackend("wasm");
});
afterAll(async () => void (await worker.terminate()));

const rows = 96;
const x = tensor(
  Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i * i)),
  { shape: [rows, 4] },
);
const y = tensor(Int32Array.from({ length: rows }, (_, i) => i % 3));

function model(): Sequential {
  const made = new Sequential([
    layers.Dense({ units: 16, activation: "relu", inputShape: [4] }),
    layers.Dropout({ rate: 0.25 }),
    layers.Dense({ units: 3, activation: "softmax" }),
  ]);
  made.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  return made;
}

async function thrownBy(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a model in a worker", () => {
  it("trains bit for bit as it would have trained here, and gives everything back", async () => {
    setRandomSeed(11);
    const there = model();
    await there.fit(x, y, { epochs: 1, verbose: 0 });
    const remote = await inWorker(there, { worker, backend: "wasm" });
    const far = await remote.fit(x, y, { epochs: 3, batchSize: 20, validationSplit: 0.25, verbose: 0 });
    const farthest = await remote.predict(x);

    setRandomSeed(11);
    const here = model();
    await here.fit(x, y, { epochs: 1, verbose: 0 });
    const near = await here.fit(x, y, { epochs: 3, batchSize: 20, validationSplit: 0.25, verbose: 0 });
    expect(far.history).toEqual(near.history);
    expect(far.epoch).toEqual([0, 1, 2]);
    expect(await farthest.data()).toEqual(await (await here.predict(x)).data());

    await remote.copyTo(there);
    expect(await there.optimizer.iterations.data()).toEqual(await here.optimizer.iterations.data());
    // Both go on alike: weights, moments and seeds came back.
    setRandomSeed(5);
    const again = await there.fit(x, y, { epochs: 1, verbose: 0 });
    setRandomSeed(5);
    expect((await here.fit(x, y, { epochs: 1, verbose: 0 })).history).toEqual(again.history);
    await remote.close();
  });

  it("answers callbacks on this thread that call the model while it trains", async () => {
    const remote = await inWorker(model(), { worker, backend: "wasm" });
    const seen: number[] = [];
    class Look extends callbacks.Callback {
      override async onEpochEnd(): Promise<void> {
        seen.push((await remote.predict(x)).dim(0), (await remote.evaluate(x, y, { verbose: 0 })).loss!);
      }
    }
    const { history } = await remote.fit(x, y, { epochs: 2, verbose: 0, callbacks: [new Look()] });
    expect(history.loss).toHaveLength(2);
    expect([seen[0], seen[2], seen[3]! < seen[1]!]).toEqual([rows, rows, true]);
    await remote.close();
  });

  it("tells callbacks on this thread, which stop it, restore weights and change the learning rate", async () => {
    const remote = await inWorker(model(), { worker, backend: "wasm" });
    const seen: string[] = [];
    const rates: number[] = [];
    class Watch extends callbacks.Callback {
      override onEpochEnd(epoch: number, logs: callbacks.Logs): void {
        seen.push(`${epoch} ${Object.keys(logs).join()}`);
        rates.push(logs["learning_rate"]!);
        if (epoch === 2) this.model.stopTraining = true;
      }
      override onTrainBatchEnd(batch: number): void {
        if (batch === 0) seen.push("batch 0");
      }
    }
    const schedule = callbacks.LearningRateScheduler((epoch) => 0.5 ** epoch);
    const { history } = await remote.fit(x, y, { epochs: 10, verbose: 0, callbacks: [schedule, new Watch()] });
    const keys = "accuracy,loss,learning_rate";
    expect(seen).toEqual(["batch 0", `0 ${keys}`, "batch 0", `1 ${keys}`, "batch 0", `2 ${keys}`]);
    expect(rates).toEqual([1, 0.5, 0.25]);
    expect(history["learning_rate"]).toEqual(rates);

    const best = new callbacks.EarlyStopping({ monitor: "loss", mode: "max", patience: 1, restoreBestWeights: true });
    const before = await (await remote.getWeights())[0]!.data();
    await remote.setWeights(await remote.getWeights());
    const stopped = await remote.fit(x, y, { epochs: 20, verbose: 0, callbacks: [best] });
    expect(stopped.epoch.length).toBeLessThan(20);
    expect(await (await remote.getWeights())[0]!.data()).not.toEqual(before);
    await remote.close();
  });

  it("stops at an AbortSignal and gives the History so far", async () => {
    const remote = await inWorker(model(), { worker });
    const controller = new AbortController();
    let epochs = 0;
    const stop = callbacks.LambdaCallback({ onEpochEnd: () => void (++epochs === 2 && controller.abort()) });
    const { epoch } = await remote.fit(x, y, { epochs: 100000, verbose: 0, signal: controller.signal, callbacks: [stop] });
    expect(epoch.length).toBeGreaterThanOrEqual(2);
    expect(epoch.length).toBeLessThan(100000);
    expect((await remote.fit(x, y, { epochs: 3, verbose: 0, signal: AbortSignal.abort() })).epoch).toEqual([]);
    await remote.close();
  });

  it("reads generators and data sets of this thread, batch by batch", async () => {
    const local = model();
    const remote = await inWorker(local, { worker, backend: "wasm" });
    const dataset = data.Dataset.fromTensors([x, y]).batch(32);
    const far = await remote.evaluate(dataset, null, { verbose: 0 });
    expect(far).toEqual(await local.evaluate(dataset, null, { verbose: 0 }));
    let passes = 0;
    function* batches(): Generator<[Tensor, Int32Array]> {
      passes++;
      for (let i = 0; i < 3; i++) yield [tensor(new Float32Array(40).fill(i), { shape: [10, 4] }), new Int32Array(10)];
    }
    const { epoch } = await remote.fit(batches, null, { epochs: 2, verbose: 0, validationData: [x, y] });
    expect([epoch.length, passes]).toEqual([2, 2]);
    await remote.close();
  });

  it("moves typed arrays where it may, and leaves them where it may not", async () => {
    const remote = await inWorker(new Sequential([layers.Dense({ units: 1, inputShape: [2] })]), { worker });
    const kept = new Float32Array(2);
    expect((await remote.predict([[1, 2], kept] as never)).shape).toEqual([2, 1]);
    expect(kept.length).toBe(2);
    const moved = new Float32Array(1);
    const narrow = await inWorker(new Sequential([layers.Dense({ units: 1, inputShape: [1] })]), { worker });
    await narrow.predict(moved, { transfer: true });
    expect(moved.length).toBe(0);
    await remote.close();
    await narrow.close();
  });

  it("steps over single batches and takes another loss", async () => {
    const [local, remote] = await (async () => {
      const made = model();
      return [made, await inWorker(made, { worker, backend: "wasm" })] as const;
    })();
    expect(await remote.testOnBatch(x, y)).toEqual(await local.testOnBatch(x, y));
    await remote.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    expect(Object.keys(await remote.trainOnBatch(x, y))).toEqual(["loss"]);
    expect((await remote.predictOnBatch(x)).shape).toEqual([rows, 3]);
    expect(await remote.backendInfo()).toMatchObject({ name: "wasm" });
    await remote.close();
  });

  it("throws here what is thrown there, with class and parts", async () => {
    const remote = await inWorker(model(), { worker });
    const wrong = await thrownBy(() => remote.fit(tensor([[1, 2, 3]]), y, { verbose: 0 }));
    expect(wrong).toBeInstanceOf(errors.ShapeError);
    expect(wrong).toMatchObject({ code: "E_SHAPE", parts: { received: expect.stringContaining("3") as string } });
    const option = await thrownBy(() => remote.fit(x, y, { epoch: 3 } as object));
    expect(option).toMatchObject({ name: "UnknownNameError", parts: { problem: 'there is no option "epoch"' } });
    const failing = callbacks.LambdaCallback({
      onEpochEnd: () => {
        throw new RangeError("mine");
      },
    });
    expect(await thrownBy(() => remote.fit(x, y, { verbose: 0, callbacks: [failing] }))).toMatchObject({
      name: "RangeError",
      message: "mine",
    });
    const notSent = await thrownBy(() => remote.predict((() => 1) as never));
    expect(notSent).toBeInstanceOf(Error);
    await remote.close();
    expect(await thrownBy(() => remote.predict(x))).toBeInstanceOf(errors.StateError);
  });

  it("may hold layers of one's own that the worker's program knows, and be made there", async () => {
    const own = new Sequential([layers.Dense({ units: 2, inputShape: [4] }), new Times({ factor: 3 })]);
    const remote = await inWorker(own, { worker, backend: "wasm" });
    expect(await (await remote.predict(x)).data()).toEqual(await (await own.predict(x)).data());
    await remote.close();

    class Unknown extends Times {
      static override readonly className = "Unknown";
    }
    const stranger = new Sequential([layers.Dense({ units: 2, inputShape: [4] }), new Unknown({ factor: 3 })]);
    expect(await thrownBy(() => inWorker(stranger, { worker }))).toMatchObject({ name: "UnknownNameError" });

    const made = await connect(worker);
    expect(made.name).toBe("made_there");
    expect(await (await made.predict(tensor([[1, 2]]))).array()).toEqual([[3]]);
    await made.close();
  });

  it("is saved from there, and may be loaded here", async () => {
    const local = model();
    const remote = await inWorker(local, { worker, backend: "wasm" });
    await remote.fit(x, y, { epochs: 1, verbose: 0 });
    const parts: Uint8Array[] = [];
    const name = "model.keras";
    await remote.save({ name, write: (given) => Promise.resolve(void parts.push(...given)) });
    const loaded = await loadModel(new Blob(parts as BlobPart[]));
    expect(await (await loaded.predict(x)).data()).toEqual(await (await remote.predict(x)).data());
    expect(await loaded.optimizer.iterations.item()).toBe(3);
    expect(await thrownBy(() => remote.save({ name: "model.txt", write: () => Promise.resolve() }))).toBeInstanceOf(errors.ValueError);
    await remote.close();
  });

  it("ends all calls when the worker breaks", async () => {
    const program = "const { parentPort } = require('node:worker_threads'); parentPort.on('message', () => { throw new Error('gone'); });";
    const broken = new Worker(program, { eval: true, execArgv: [] });
    const error = await thrownBy(() => inWorker(model(), { worker: broken }));
    expect(error).toMatchObject({ name: "BackendError", parts: { problem: "the worker did not start", received: "gone" } });
  });

  it("is refused where it cannot be sent, and serve on the main thread", async () => {
    expect(await thrownBy(() => inWorker(new Sequential([layers.Dense({ units: 1 })]), { worker }))).toBeInstanceOf(errors.StateError);
    expect(await thrownBy(() => inWorker(model(), { worker: {} as never }))).toBeInstanceOf(errors.ValueError);
    expect(await thrownBy(() => inWorker(model(), { wroker: worker } as object))).toMatchObject({ name: "UnknownNameError" });
    expect(serve).toBeTypeOf("function");
  });
});
