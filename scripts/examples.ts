/**
 * Runs the examples one after another and says what ran, was skipped and failed.
 *
 *   npm run examples [-- [--full] [--data-dir DIR] [--pictures DIR] [PART OF A NAME ...]]
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  options: { full: { type: "boolean", default: false }, "data-dir": { type: "string" }, pictures: { type: "string" } },
  allowPositionals: true,
});

/** The first programs take arguments of their own. */
const own: Readonly<Record<string, readonly string[]>> = { functional: [], sequential: [], lenet: values.full ? [] : ["--epochs", "1"] };
const shared = [
  ...(values.full ? ["--full"] : []),
  ...(values["data-dir"] === undefined ? [] : ["--data-dir", values["data-dir"]]),
  ...(values.pictures === undefined ? [] : ["--pictures", values.pictures]),
];

const names = readdirSync(join(root, "examples"))
  .filter((file) => file.endsWith(".ts") && file !== "example.ts")
  .map((file) => file.slice(0, -3))
  .filter((name) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
if (names.length === 0) {
  console.error(`no example is called ${positionals.join(", ")}`);
  process.exit(2);
}

const outcomes: { readonly name: string; readonly outcome: "ran" | "skipped" | "failed"; readonly seconds: number }[] = [];
for (const name of names) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const child = spawnSync(process.execPath, ["--import", "tsx", "--conditions=source", `examples/${name}.ts`, ...(own[name] ?? shared)], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 28,
  });
  process.stdout.write(child.stdout);
  const skipped = child.stdout.startsWith("skipped: ");
  outcomes.push({
    name,
    outcome: child.status !== 0 ? "failed" : skipped ? "skipped" : "ran",
    seconds: (performance.now() - start) / 1000,
  });
}

console.log("\n== summary");
for (const { name, outcome, seconds } of outcomes)
  console.log(`${outcome.padEnd(8)} ${name.padEnd(32)} ${seconds.toFixed(1).padStart(7)} s`);
const count = (wanted: string): number => outcomes.filter(({ outcome }) => outcome === wanted).length;
console.log(`${count("ran")} ran, ${count("skipped")} skipped, ${count("failed")} failed`);
process.exit(count("failed") > 0 ? 1 : 0);
