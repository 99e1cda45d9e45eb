/** What a page loads: bytes of bundles, gzipped. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

it("a bundle of nabla/core holds what is imported, and the root's holds twice as much", async () => {
  const built = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, encoding: "utf8" });
  expect(built.status, built.stderr).toBe(0);
  const script: string = join(root, "scripts/size.mjs");
  const { measure } = (await import(script)) as {
    readonly measure: (name: string) => Promise<Record<"vite" | "esbuild", { gzip: number; trained: number }>>;
  };
  const mlp = await measure("MLP on nabla/core");
  // What is reached (docs/guides/browser.md), and a little: before a page trains (90 KB is asked), and when it has trained.
  expect(mlp.vite.gzip).toBeLessThan(84_000);
  expect(mlp.vite.trained).toBeLessThan(114_000);
  expect(mlp.esbuild.gzip).toBeLessThan(87_600);
  expect(mlp.esbuild.trained).toBeLessThan(119_000);
  const all = await measure("MLP on nabla");
  expect(all.vite.gzip).toBeGreaterThan(1.6 * mlp.vite.gzip);
  expect(all.vite.gzip).toBeLessThan(253_500);
  expect(all.vite.trained).toBeLessThan(283_500);
});
