/** Small programs that browser tests call in a page: `window.programs.name()`. */
import {
  backendInfo,
  callbacks,
  layers,
  ops,
  Sequential,
  setBackend,
  setRandomSeed,
  type Tensor,
  tensor,
  zeros,
  loadModel,
  saving,
} from "../../../src/index.ts";
import { inWorker } from "../../../src/worker/index.ts";
import { createWasmBackend } from "../../../src/backends/cpu/wasm/index.ts";

/** What `backendInfo` says after the first run. */
async function info(backend: string): Promise<Record<string, unknown>> {
  await setBackend(backend);
  await ops.add(tensor([1, 2]), 1).data();
  return { ...backendInfo(), crossOriginIsolated };
}

/** Two clouds of points, and which one each is of. */
function clouds(rows = 4096): [x: Tensor, y: Tensor] {
  const x = new Float32Array(rows * 64);
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    y[row] = row % 2;
    for (let i = 0; i < 64; i++) x[row * 64 + i] = Math.sin(row * 64 + i) + (row % 2 === 0 ? 0.3 : -0.3);
  }
  return [tensor(x, { shape: [rows, 64] }), tensor(y, { shape: [rows, 1] })];
}

function network(): Sequential {
  setRandomSeed(3);
  const model = new Sequential([
    layers.Dense({ units: 256, activation: "relu", inputShape: [64] }),
    layers.Dense({ units: 256, activation: "relu" }),
    layers.Dense({ units: 1, activation: "sigmoid" }),
  ]);
  model.compile({ optimizer: "adam", loss: "binary_crossentropy" });
  return model;
}

/** How often a timer of 10 ms came while something ran, and how long it ran. */
async function ticking<T>(run: () => Promise<T>): Promise<{ result: T; ticks: number; ms: number }> {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  const start = performance.now();
  const result = await run();
  clearInterval(timer);
  return { result, ticks, ms: performance.now() - start };
}

/** Trains on this thread. */
async function train(backend: string): Promise<{ loss: number[]; ticks: number; ms: number }> {
  await setBackend(backend);
  const { result, ...times } = await ticking(() => network().fit(...clouds(), { epochs: 6, verbose: 0 }));
  return { loss: result.history["loss"]!, ...times };
}

/** Trains in a worker, and the same on this thread. */
async function trainInWorker(
  backend: string,
  rows?: number,
): Promise<{ loss: number[]; here: number[]; epochs: number[]; ticks: number; ms: number; info: object; error: string[]; back: boolean }> {
  await setBackend(backend);
  const worker = new Worker(new URL("worker.js", location.href), { type: "module" });
  const model = network();
  const remote = await inWorker(model, { worker, backend });
  const epochs: number[] = [];
  const watch = callbacks.LambdaCallback({ onEpochEnd: (epoch) => void epochs.push(epoch) });
  const { result, ...times } = await ticking(() => remote.fit(...clouds(rows), { epochs: 6, verbose: 0, callbacks: [watch] }));
  const predicted = await (await remote.predict(clouds(rows)[0])).data();
  await remote.copyTo(model);
  const again = await (await model.predict(clouds(rows)[0])).data();
  const error = await remote.predict(tensor([[1, 2]])).then(
    () => [],
    (thrown: unknown) => [String((thrown as Error).name), String((thrown as { code?: string }).code)],
  );
  const info = await remote.backendInfo();
  await remote.close();
  worker.terminate();
  const here = await network().fit(...clouds(rows), { epochs: 6, verbose: 0 });
  const back = predicted.every((value, i) => value === again[i]);
  return { loss: result.history["loss"]!, here: here.history["loss"]!, epochs, ...times, info, error, back };
}

/** What is said where one tensor is too large, and where all of them together are. */
async function exceedMemory(): Promise<string[]> {
  await setBackend("wasm");
  const said = async (run: () => unknown): Promise<string> => {
    try {
      await run();
      return "nothing";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  return [
    await said(() => ops.sum(ops.matmul(zeros([40000, 1]), zeros([1, 40000])).add(1)).data()),
    await said(() => createWasmBackend({ threads: 1, maximumBytes: 2 ** 24 }).allocate({ shape: [2 ** 24], dtype: "float32" })),
  ];
}

/** Saves a model in a place of this browser, finds it, loads it, copies it, removes it; gives what was seen. */
async function keep(scheme: string): Promise<{
  same: boolean;
  listed: string[];
  bytes: number;
  loadedFromWorker: boolean;
  refused: string;
  moved: string[];
  left: string[];
  missing: string;
}> {
  await setBackend("wasm");
  const name = `${scheme}://folder/mine`;
  const model = network();
  await model.fit(...clouds(), { epochs: 1, verbose: 0 });
  const said = (run: Promise<unknown>): Promise<string> =>
    run.then(
      () => "nothing",
      (error: unknown) => String((error as Error).message),
    );
  const wanted = await (await model.predict(clouds()[0])).data();
  const same = async (url: string): Promise<boolean> => {
    const loaded = await loadModel(url);
    const iterations = await loaded.optimizer.iterations.item();
    const found = await (await loaded.predict(clouds()[0])).data();
    return iterations > 0 && found.every((value, i) => value === wanted[i]);
  };
  await model.save(name);
  const found = await saving.listModels();
  const listed = Object.keys(found);
  const result = { same: await same(name), listed, bytes: found[`${name}.keras`]?.bytes ?? 0 };
  const refused = await said(model.save(name, { overwrite: false }));
  const worker = new Worker(new URL("worker.js", location.href), { type: "module" });
  const remote = await inWorker(model, { worker });
  await remote.save(`${scheme}://of-worker.keras`);
  const loadedFromWorker = await same(`${scheme}://of-worker`);
  worker.terminate();
  const other = scheme === "opfs" ? "indexeddb" : "opfs";
  await saving.moveModel(name, `${other}://moved`);
  const moved = Object.keys(await saving.listModels());
  await saving.removeModel(`${other}://moved`);
  await saving.removeModel(`${scheme}://of-worker.keras`);
  return {
    ...result,
    loadedFromWorker,
    refused,
    moved,
    left: Object.keys(await saving.listModels()),
    missing: await said(loadModel(name)),
  };
}

/** Offers a model as a download. */
async function download(): Promise<void> {
  await setBackend("wasm");
  await network().save("downloads://mine");
}

/** Every program. */
export const programs: {
  readonly info: typeof info;
  readonly train: typeof train;
  readonly trainInWorker: typeof trainInWorker;
  readonly exceedMemory: typeof exceedMemory;
  readonly keep: typeof keep;
  readonly download: typeof download;
} = { info, train, trainInWorker, exceedMemory, keep, download };

declare global {
  interface Window {
    programs?: typeof programs;
  }
}
window.programs = programs;
