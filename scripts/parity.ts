/**
 * How much of Keras is here: the recorded cases that pass, by group and class, and Keras's public symbols and members of
 * its classes without a counterpart. Runs the tests that read recorded cases, on NABLA_BACKEND (default: the reference and WebAssembly; all of
 * them must pass).
 *
 *   npm run parity [-- folder with the recorded cases] [-- --symbols]
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { printMembers } from "./keras-members.ts";
import { printSymbols } from "./keras-symbols.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const fixtures = join(root, "test/fixtures/keras");
const given = process.argv[2] ?? join(root, "../shared/keras-cases");
const recorded = existsSync(given) ? given : fixtures;

interface Entry {
  readonly id: string;
  readonly [key: string]: unknown;
}

/** The cases of a group: all that were recorded where they are at hand, else those that the tests use. */
function casesOf(group: string): Entry[] {
  const plain = join(recorded, `${group}.json`);
  const text = existsSync(plain)
    ? readFileSync(plain, "utf8")
    : gunzipSync(readFileSync(join(fixtures, `${group}.json.gz`))).toString("utf8");
  return (JSON.parse(text) as { cases: Entry[] }).cases;
}

function groups(): string[] {
  const names = readdirSync(recorded).flatMap((file) => /^(.*?)\.json(\.gz)?$/.exec(file)?.[1] ?? []);
  return names.filter((name) => name !== "symbols").sort();
}

/** What a case is about. */
function subjectOf(entry: Entry): string {
  const subject = entry.class_name ?? entry.function ?? entry.activation ?? entry.op ?? entry.application ?? entry.name ?? entry.callback;
  return typeof subject === "string" ? subject.replace(/^(keras\.utils|ops)\./, "") : (entry.id.split("/")[1] ?? entry.id);
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[] }[];
}

/** Test files that read recorded cases: the fast ones, and the forward passes of whole applications. */
function testFiles(): string[] {
  const found: string[] = ["test/keras/applications.slow.test.ts"];
  for (const folder of ["src", "test"]) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!entry.endsWith(".test.ts") || entry.endsWith(".slow.test.ts")) continue;
      const file = join(folder, entry);
      if (/testCases\(|loadCases\(|fixtures\/keras/.test(readFileSync(join(root, file), "utf8"))) found.push(file);
    }
  }
  return found;
}

/** Whether the tests of a case passed, by its id; models by the name of the model. */
function runTests(ids: ReadonlySet<string>): { cases: Map<string, boolean>; models: Map<string, boolean> } {
  const folder = mkdtempSync(join(tmpdir(), "nabla-parity-"));
  const output = join(folder, "report.json");
  const args = ["vitest", "run", "--project", "fast", "--project", "slow", ...testFiles(), "--reporter=json", `--outputFile=${output}`];
  spawnSync("npx", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const report = JSON.parse(readFileSync(output, "utf8")) as Report;
  rmSync(folder, { recursive: true });
  const cases = new Map<string, boolean>();
  const models = new Map<string, boolean>();
  const note = (map: Map<string, boolean>, key: string, status: string): void => {
    // What was left out says nothing.
    if (status === "passed" || status === "failed") map.set(key, (map.get(key) ?? true) && status === "passed");
  };
  for (const { fullName, status } of report.testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const id = fullName.split(/\s+/).find((word) => ids.has(word));
    const model = /Keras's model (\S+)/.exec(fullName)?.[1];
    if (id !== undefined) note(cases, id, status);
    if (model !== undefined) note(models, model, status);
  }
  return { cases, models };
}

function row(name: string, passed: number, total: number): string {
  return `${name.padEnd(44)} ${String(passed).padStart(5)} / ${String(total).padStart(5)}${passed === total ? "" : "   <"}`;
}

function printCases(): void {
  const byGroup = groups().map((group) => [group, casesOf(group)] as const);
  const start = performance.now();
  const { cases, models } = runTests(new Set(byGroup.flatMap(([, entries]) => entries.map(({ id }) => id))));
  let [allPassed, all] = [0, 0];
  for (const [group, entries] of byGroup) {
    const perSubject = new Map<string, [number, number]>();
    for (const entry of entries) {
      const counts = perSubject.get(subjectOf(entry)) ?? [0, 0];
      perSubject.set(subjectOf(entry), [counts[0] + Number(cases.get(entry.id) === true), counts[1] + 1]);
    }
    const passed = [...perSubject.values()].reduce((sum, [good]) => sum + good, 0);
    console.log(row(group, passed, entries.length));
    for (const [subject, [good, total]] of perSubject) console.log(row(`    ${subject}`, good, total));
    allPassed += passed;
    all += entries.length;
  }
  const folder = join(recorded, "models");
  const names = existsSync(folder) ? [...new Set(readdirSync(folder).map((file) => file.split(".")[0]!))].sort() : [...models.keys()];
  const good = names.filter((name) => models.get(name) === true);
  console.log(row("models", good.length, names.length));
  for (const name of names) console.log(row(`    ${name}`, Number(models.get(name) === true), 1));
  console.log(row("all cases", allPassed + good.length, all + names.length));
  if (allPassed + good.length < all + names.length) process.exitCode = 1;
  console.log(`${((performance.now() - start) / 1000).toFixed(0)} s on ${process.env.NABLA_BACKEND ?? "reference and wasm"}`);
}

if (!process.argv.includes("--symbols")) printCases();
printSymbols(join(fixtures, "symbols.json"));
printMembers(join(fixtures, "members.json"));
