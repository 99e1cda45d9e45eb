/** A page that runs one suite and leaves what it found in `window.result`. */
import { fetchFixtures } from "./node-fs.ts";
import { type PageResult, runDeclared } from "./vitest.ts";

/** Suites by name. */
const suites: Readonly<Record<string, () => Promise<unknown>>> = {
  layers: () => import("../../keras/layers.test.ts"),
  losses: () => import("../../keras/losses.test.ts"),
  metrics: () => import("../../keras/metrics.test.ts"),
  models: () => import("../../keras/models.test.ts"),
  ops: () => import("../../keras/ops.test.ts"),
  optimizers: () => import("../../keras/optimizers.test.ts"),
  preprocessing: () => import("../../keras/preprocessing.test.ts"),
  recurrent: () => import("../../keras/recurrent-layers.test.ts"),
  small: () => import("../../keras/small-objects.test.ts"),
  compiled: () => import("../../keras/wasm.slow.test.ts"),
  utils: () => import("../../keras/utils.test.ts"),
};

declare global {
  interface Window {
    result?: PageResult;
  }
}

async function main(): Promise<PageResult> {
  const parameters = new URLSearchParams(location.search);
  const name = parameters.get("suite") ?? "";
  const suite = suites[name];
  if (suite === undefined) throw new Error(`no suite ${name}`);
  await fetchFixtures((await (await fetch("fixtures.json")).json()) as string[]);
  await suite();
  return runDeclared(new RegExp(parameters.get("only") ?? ""));
}

main().then(
  (result) => (window.result = result),
  (error: unknown) => (window.result = { passed: 0, failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)] }),
);
