/** What the back-end `cpu` is where native code may not run, in processes of their own. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nativeInstructionSets, nativeProblem } from "../../../testing/native-instruction-sets.ts";

/** Inside the project, so that koffi is found from there. */
const folder = fileURLToPath(new URL("../../../../node_modules/.cache/", import.meta.url));
const bundle = join(folder, `fallback-${process.pid}.mjs`);

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  buildSync({
    stdin: {
      contents: `
        import { backendInfo, tensor } from ${JSON.stringify(fileURLToPath(new URL("../../../index.ts", import.meta.url)))};
        try {
          const values = await tensor([1, 2, 3]).add(1).data();
          console.log(JSON.stringify({ values: [...values], ...backendInfo() }));
        } catch (error) {
          console.log(JSON.stringify({ code: error.code, message: error.message }));
        }
      `,
      resolveDir: folder,
    },
    outfile: bundle,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["source"],
    logLevel: "error",
  });
});
afterAll(() => rmSync(bundle, { force: true }));

function run(flags: readonly string[], environment: Record<string, string>): Record<string, unknown> {
  const { NABLA_BACKEND: _backend, NABLA_CPU: _cpu, ...rest } = process.env;
  const child = spawnSync(process.execPath, [...flags, bundle], { encoding: "utf8", env: { ...rest, ...environment }, timeout: 110_000 });
  expect(child.stderr).toBe("");
  return JSON.parse(child.stdout) as Record<string, unknown>;
}

const withoutKoffi = ["--no-addons"];

it("WebAssembly takes over where koffi may not be loaded, and the reason is told", () => {
  const info = run(withoutKoffi, {});
  expect(info).toMatchObject({ name: "cpu", values: [2, 3, 4] });
  expect(info["target"]).toMatch(/^wasm/);
  expect(info["refused: x64"]).toMatch(/koffi.*cannot be loaded/);
});

it("NABLA_CPU is an error where its instruction set does not run, never another back-end", () => {
  const info = run(withoutKoffi, { NABLA_CPU: "avx512" });
  expect(info["code"]).toBe("E_BACKEND");
  expect(info["message"]).toMatch(/koffi/);
});

const problem = nativeProblem();
it.skipIf(problem !== undefined)("native code serves where it runs, with the instruction set that is asked for", () => {
  const best = nativeInstructionSets()[0]!;
  expect(run([], {})).toMatchObject({ name: "cpu", target: `x86-64 ${best}`, values: [2, 3, 4] });
  expect(run([], { NABLA_CPU: "avx2", NABLA_THREADS: "3" })).toMatchObject({ target: "x86-64 avx2", threads: 3, values: [2, 3, 4] });
  expect(run([], { NABLA_BACKEND: "wasm" })["target"]).toMatch(/^wasm/);
  if (best === "avx2") expect(run([], { NABLA_CPU: "avx512" })["message"]).toMatch(/does not run avx512/);
});
