/**
 * How much of Keras is here: the recorded cases that pass, by group and class, and Keras's public symbols without a
 * counterpart. Runs the tests of test/keras.
 *
 *   npm run parity [-- folder with the recorded cases]
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import * as nabla from "../src/index.ts";
import { camelCase } from "../src/serialization/index.ts";

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

/** Whether the tests of a case passed, by its id; models by the name of the model. */
function runTests(): { cases: Map<string, boolean>; models: Map<string, boolean> } {
  const folder = mkdtempSync(join(tmpdir(), "nabla-parity-"));
  const output = join(folder, "report.json");
  const args = ["vitest", "run", "--project", "fast", "test/keras", "--reporter=json", `--outputFile=${output}`];
  spawnSync("npx", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const report = JSON.parse(readFileSync(output, "utf8")) as Report;
  rmSync(folder, { recursive: true });
  const cases = new Map<string, boolean>();
  const models = new Map<string, boolean>();
  const note = (map: Map<string, boolean>, key: string, status: string): void => {
    map.set(key, (map.get(key) ?? true) && status === "passed");
  };
  for (const { fullName, status } of report.testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const id = /(\S+\/\S+) gives Keras's numbers/.exec(fullName)?.[1];
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
  const { cases, models } = runTests();
  let [allPassed, all] = [0, 0];
  for (const group of groups()) {
    const entries = casesOf(group);
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
}

/** Symbols that mean nothing outside of Keras's own frameworks and Python. */
const bound: readonly RegExp[] = [
  /^keras\.(backend|legacy|optimizers\.legacy|utils\.legacy|wrappers|export|tree)\b/,
  /^keras\.layers\.(TorchModuleWrapper|TFSMLayer|JaxLayer|FlaxLayer)$/,
  /^keras\.(KerasTensor|StatelessScope|SymbolicScope|Operation|Function|device|name_scope|RematScope|remat)$/,
  /^keras\.config\.(backend|set_backend|.*flash_attention|.*traceback_filtering|.*interactive_logging|.*nnx.*|is_nnx_enabled)$/,
];

type Namespace = Readonly<Record<string, unknown>>;

/** nabla's rooms of a module of Keras, where names are looked for. */
function roomsOf(module: string): Namespace[] {
  const top = nabla as unknown as Namespace;
  const path = module.split(".").slice(1);
  const rooms: Namespace[] = [];
  const inner = path.reduce<unknown>((room, name) => (room as Namespace | undefined)?.[camelCase(name)], top);
  if (typeof inner === "object" && inner !== null) rooms.push(inner as Namespace);
  if (path[0] === "ops") rooms.push(nabla.ops);
  if (["models", "config", "saving", "mixed_precision", "dtype_policies", "utils", "preprocessing"].includes(path[0] ?? ""))
    rooms.push(top);
  if (path[0] === "preprocessing") rooms.push(...[top.utils].filter((room) => room !== undefined).map((room) => room as Namespace));
  return path.length === 0 ? [top] : rooms;
}

function isThere(symbol: string): boolean {
  const parts = symbol.split(".");
  const name = parts.at(-1)!;
  const names = [name, camelCase(name)];
  return roomsOf(parts.slice(0, -1).join(".")).some((room) => {
    if (names.some((candidate) => room[candidate] !== undefined)) return true;
    if (typeof room.get !== "function" || room === (nabla as unknown as Namespace)) return false;
    try {
      return (room.get as (name: string) => unknown)(name) !== undefined;
    } catch {
      // A class whose options have no default is there, though it cannot be made by its name.
      return false;
    }
  });
}

function printSymbols(): void {
  const { keras, symbols } = JSON.parse(readFileSync(join(fixtures, "symbols.json"), "utf8")) as { keras: string; symbols: string[] };
  const known = symbols.filter((symbol) => !bound.some((pattern) => pattern.test(symbol)));
  const missing = known.filter((symbol) => !isThere(symbol));
  console.log(
    `\nKeras ${keras}: ${known.length - missing.length} of ${known.length} public symbols have a counterpart (${symbols.length - known.length} are bound to a framework)`,
  );
  const byModule = new Map<string, string[]>();
  for (const symbol of missing) {
    const at = symbol.lastIndexOf(".");
    byModule.set(symbol.slice(0, at), [...(byModule.get(symbol.slice(0, at)) ?? []), symbol.slice(at + 1)]);
  }
  for (const [module, names] of byModule) console.log(`    ${module}: ${names.join(", ")}`);
}

if (!process.argv.includes("--symbols")) printCases();
printSymbols();
