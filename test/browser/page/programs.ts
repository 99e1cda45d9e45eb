/** Small programs that browser tests call in a page: `window.programs.name()`. */
import { backendInfo, layers, ops, Sequential, setBackend, setRandomSeed, tensor, zeros } from "../../../src/index.ts";
import { createWasmBackend } from "../../../src/backends/cpu/wasm/index.ts";

/** What `backendInfo` says after the first run. */
async function info(backend: string): Promise<Record<string, unknown>> {
  await setBackend(backend);
  await ops.add(tensor([1, 2]), 1).data();
  return { ...backendInfo(), crossOriginIsolated };
}

/** Trains on two clouds of points; gives the losses and how often a timer of 10 ms came while it trained. */
async function train(backend: string): Promise<{ loss: number[]; ticks: number; ms: number }> {
  await setBackend(backend);
  setRandomSeed(3);
  const rows = 4096;
  const x = new Float32Array(rows * 64);
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    y[row] = row % 2;
    for (let i = 0; i < 64; i++) x[row * 64 + i] = Math.sin(row * 64 + i) + (row % 2 === 0 ? 0.3 : -0.3);
  }
  const model = new Sequential([
    layers.Dense({ units: 256, activation: "relu", inputShape: [64] }),
    layers.Dense({ units: 256, activation: "relu" }),
    layers.Dense({ units: 1, activation: "sigmoid" }),
  ]);
  model.compile({ optimizer: "adam", loss: "binary_crossentropy" });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  const start = performance.now();
  const { history } = await model.fit(tensor(x, { shape: [rows, 64] }), tensor(y, { shape: [rows, 1] }), { epochs: 6, verbose: 0 });
  clearInterval(timer);
  return { loss: history["loss"]!, ticks, ms: performance.now() - start };
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

/** Every program. */
export const programs: {
  readonly info: typeof info;
  readonly train: typeof train;
  readonly exceedMemory: typeof exceedMemory;
} = { info, train, exceedMemory };

declare global {
  interface Window {
    programs?: typeof programs;
  }
}
window.programs = programs;
