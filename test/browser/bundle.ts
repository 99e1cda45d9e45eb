/** Bundles the pages of the browser tests, as an application would bundle nabla. */
import { build } from "esbuild";
import { join } from "node:path";

const here = import.meta.dirname;
const page = (name: string): string => join(here, "page", name);

/** What suites import from Node or vitest, and what stands in their place. */
const replaced: Readonly<Record<string, string>> = {
  vitest: page("vitest.ts"),
  "node:fs": page("node-fs.ts"),
  "node:zlib": page("node-zlib.ts"),
  "node:module": page("node-only.ts"),
  "node:path": page("node-only.ts"),
};

/** Files by name, ready to be served. Fails where anything of Node is left in the bundle. */
export async function bundlePages(): Promise<ReadonlyMap<string, Uint8Array>> {
  const result = await build({
    entryPoints: { main: page("main.ts"), programs: page("programs.ts"), worker: page("worker.ts") },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["source"],
    alias: { ...replaced },
    inject: [page("globals.ts")],
    outdir: "out",
    write: false,
    logLevel: "error",
  });
  return new Map(result.outputFiles.map(({ path, contents }) => [path.replace(/^.*[\\/]/, ""), contents]));
}
