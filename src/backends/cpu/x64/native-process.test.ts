/** Runs in processes and worker threads of their own that end in every way there is. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whereNative } from "../../../testing/native-instruction-sets.ts";

const source = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
/** Inside the project, so that koffi is found from there. */
const folder = fileURLToPath(new URL("../../../../node_modules/.cache/", import.meta.url));

/** Makes `long`, which runs for seconds in slices, and `quick`, on two threads. */
const programs = `
  import { compile } from ${source("../../../compiler/compile.ts")};
  import { parameterTensor, Subgraph } from ${source("../../../graph/index.ts")};
  import { dotGeneral, exp, scan } from ${source("../../../primitives/index.ts")};
  import { createX64Backend } from ${source("./index.ts")};
  const backend = createX64Backend({ threads: 2 });
  const square = () => parameterTensor([256, 256], "float32");
  const load = (parameters, results) =>
    backend.load(compile(new Subgraph(parameters, results), { arguments: parameters.length, states: 0, writtenStates: [] }, backend.target));
  const [carry, weight, init, w, x] = [square(), square(), square(), square(), square()];
  const body = new Subgraph([carry, weight], [dotGeneral(carry, weight, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] })]);
  const loop = load([init, w], scan(body, { init: [init], xs: [], constants: [w], length: 200000, reverse: false }));
  const zeros = new Float32Array(256 * 256);
  export const long = () => loop.run({ arguments: [zeros, zeros], states: [], scalars: [] });
  const map = load([x], [exp(x)]);
  export const quick = () => map.run({ arguments: [zeros], states: [], scalars: [] });
`;
const bundle = join(folder, `native-process-${process.pid}.mjs`);
const prelude = `import { long, quick } from ${JSON.stringify(pathToFileURL(bundle).href)};\n`;
const node = ["--input-type=module", "--eval"];

function run(script: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [...node, prelude + script], { encoding: "utf8", timeout: 110_000 });
}

whereNative("native code in processes that end", () => {
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    buildSync({
      stdin: { contents: programs, resolveDir: folder },
      outfile: bundle,
      bundle: true,
      format: "esm",
      platform: "node",
      conditions: ["source"],
      logLevel: "error",
    });
  });
  afterAll(() => rmSync(bundle, { force: true }));

  describe("a process with native threads", () => {
    it("ends at once when it is killed in the middle of a run", async () => {
      const child = spawn(process.execPath, [...node, `${prelude} long(); setTimeout(() => console.log("running"), 30);`], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
    });

    it("ends with the code of process.exit in the middle of a run", () => {
      const { status, stdout, stderr } = run(`long(); setTimeout(() => { console.log("exits"); process.exit(7); }, 30);`);
      expect([status, stdout.trim(), stderr]).toEqual([7, "exits", ""]);
    });

    it("ends with an error that nobody caught in the middle of a run", () => {
      const { status, stderr } = run(`long(); setTimeout(() => { throw new Error("not caught"); }, 30);`);
      expect(status).toBe(1);
      expect(stderr).toContain("not caught");
    });

    it("ends by itself", () => {
      const { status, stdout, stderr } = run(`console.log((await quick())[0][5]);`);
      expect([status, stdout.trim(), stderr]).toEqual([0, "1", ""]);
    });

    it("runs in worker threads, and gives back their threads and memory however they end", () => {
      const { status, stdout, stderr } = run(`
        const { readdirSync, readFileSync } = await import("node:fs");
        const { Worker } = await import("node:worker_threads");
        const worker = ${JSON.stringify(`${prelude}
          const { parentPort, workerData } = await import("node:worker_threads");
          parentPort.postMessage((await quick())[0][0]);
          if (workerData === "long") long();
          if (workerData === "exit") process.exit(0);
        `)};
        await quick();
        // Of Node's own threads only this process's are left once a worker is gone; executable pages outside files are generated code.
        const state = () => [
          readdirSync("/proc/self/task").length,
          readFileSync("/proc/self/maps", "utf8").split("\\n").filter((line) => / r-xp .* 0 *$/.test(line)).length,
        ];
        const one = async (kind) => {
          const thread = new Worker(new URL("data:text/javascript," + encodeURIComponent(worker)), { workerData: kind });
          // Both are listened for from the start: a thread's last message and its end can come in one turn.
          const ended = new Promise((resolve) => thread.once("exit", resolve));
          const value = await new Promise((resolve, reject) => { thread.once("message", resolve); thread.once("error", reject); });
          if (kind === "long") { await new Promise((resolve) => setTimeout(resolve, 50)); await thread.terminate(); }
          await ended;
          return value;
        };
        const values = [];
        values.push(await one("end"));
        const before = state();
        for (const kind of ["long", "exit", "end", "long"]) values.push(await one(kind));
        const after = state();
        console.log(JSON.stringify({ values, threads: after[0] - before[0], code: after[1] - before[1], works: (await quick())[0][0] }));
      `);
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toEqual({ values: [1, 1, 1, 1, 1], threads: 0, code: 0, works: 1 });
      expect(status).toBe(0);
    });
  });
});
