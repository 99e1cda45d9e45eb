// Where the bytes of a bundle are: what gzip spends on its modules, kinds of tokens and functions, and on what never runs while the
// program does. Bundles the MLP of size.mjs with vite into one file, with what it loads and without what it does not.
// Needs a build. Usage: size-map.mjs [HOW MANY]
import { mkdirSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { SourceMap } from "node:module";
import ts from "typescript";
import { build } from "vite";
import { deflateCost } from "./deflate-cost.mjs";
import { installed, programs } from "./size.mjs";

const most = Number(process.argv[2] ?? 40);
const folder = installed();

// The program, started at once.
const source = programs["MLP on nabla/core"].replace('document.querySelector("button").onclick = train;', "globalThis.trained = train();");
const input = join(folder, "main.js");
writeFileSync(input, source);
const isLoaded = (id) => id.endsWith("/generator.later.js");
const later = { name: "later", resolveDynamicImport: (id) => (isLoaded(String(id)) ? undefined : { id: String(id), external: true }) };
const { output } = await build({
  configFile: false,
  root: folder,
  logLevel: "error",
  build: {
    write: false,
    target: "es2022",
    modulePreload: false,
    sourcemap: true,
    rolldownOptions: { input, plugins: [later], output: { codeSplitting: false } },
  },
});
const { code: text, map } = output[0];
const code = text.replace(/\/\/# sourceMappingURL.*\n?$/, "");
const file = join(folder, "map/main.mjs");
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, code);

// By character: its cost, its module, whether it ran, what it is.
const bytes = deflateCost(Buffer.from(code));
const cost = new Float64Array(code.length);
for (let i = 0, at = 0; i < code.length; i++) for (const end = at + Buffer.byteLength(code[i]); at < end; at++) cost[i] += bytes[at];

const sourceMap = new SourceMap(JSON.parse(map.toString()));
const origins = [];
code.split("\n").forEach((line, l) => {
  for (let column = 0; column <= line.length; column++) {
    const { originalSource, originalLine } = sourceMap.findEntry(l, column);
    const module = originalSource === undefined ? "bundler" : join(folder, originalSource).replace(/^.*\/dist\//, "");
    origins.push({ module, line: (originalLine ?? -1) + 1 });
  }
});

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
globalThis.navigator ??= { hardwareConcurrency: 1 };
await import(pathToFileURL(file).href);
await globalThis.trained;
await setTimeout(100);
const { result } = await session.post("Profiler.takePreciseCoverage");
const ranges = result.find(({ url }) => url.endsWith("/map/main.mjs")).functions.flatMap((f) => f.ranges);
const ran = new Uint8Array(code.length).fill(1);
ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
for (const { startOffset, endOffset, count } of ranges) ran.fill(Math.min(count, 1), startOffset, endOffset);

const kinds = new Array(code.length).fill("brackets, operators, keywords");
const functions = [];
const isOfError = (node) => {
  for (let at = node; at !== undefined && !ts.isFunctionLike(at); at = at.parent)
    if (ts.isNewExpression(at) && at.arguments?.length === 1 && ts.isObjectLiteralExpression(at.arguments[0])) return true;
  return false;
};
const tree = ts.createSourceFile(file, code, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
const visit = (node) => {
  const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
  if (isText) kinds.fill(isOfError(node) ? "texts of errors" : "texts", node.getStart(), node.end);
  else if (ts.isNumericLiteral(node)) kinds.fill("numbers", node.getStart(), node.end);
  else if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) {
    const { parent } = node;
    const isName = parent.name === node && !ts.isVariableDeclaration(parent) && !ts.isParameter(parent) && !ts.isFunctionLike(parent);
    kinds.fill(
      isName || parent.propertyName === node || ts.isMethodDeclaration(parent) ? "names of properties" : "names of variables",
      node.getStart(),
      node.end,
    );
  }
  if (ts.isFunctionLike(node) && node.body !== undefined) functions.push([node.getStart(), node.end, node.name?.getText() ?? ""]);
  ts.forEachChild(node, visit);
};
visit(tree);

const kilobytes = (sum) => (sum / 1000).toFixed(2).padStart(8);
function print(title, keyOf) {
  const sums = new Map();
  for (let i = 0; i < code.length; i++) {
    const sum = sums.get(keyOf(i)) ?? [0, 0];
    sum[0] += cost[i];
    if (!ran[i]) sum[1] += cost[i];
    sums.set(keyOf(i), sum);
  }
  console.log(`\n${title.padEnd(50)}     gzip  never run, KB`);
  for (const [key, [all, idle]] of [...sums].sort((a, b) => b[1][0] - a[1][0]).slice(0, most))
    console.log(`${key.padEnd(50)} ${kilobytes(all)}   ${kilobytes(idle)}`);
}
print("all", () => "");
print("kind", (i) => kinds[i]);
print("room", (i) => dirname(origins[i].module));
print("module", (i) => origins[i].module);

const between = (array, start, end) => array.subarray(start, end);
const idle = functions.filter(([start, end]) => between(ran, start, end).every((count) => count === 0));
const outermost = idle.filter(([start, end]) => !idle.some(([s, e]) => s <= start && e >= end && e - s > end - start));
const rows = outermost.map(([start, end, name]) => [between(cost, start, end).reduce((a, b) => a + b, 0), origins[start], name]);
console.log(`\n${rows.length} functions that never run`);
for (const [sum, { module, line }, name] of rows.sort((a, b) => b[0] - a[0]).slice(0, most))
  console.log(`${kilobytes(sum)}  ${module}:${line} ${name}`);
const parts = result.filter(({ url }) => url.includes("/dist/")).map(({ url }) => url.replace(/^.*\/dist\//, ""));
console.log(`\nloaded while it trained: ${parts.length === 0 ? "nothing" : parts.join(", ")}`);
// The channel of a page's macrotasks would keep the process alive.
process.exit();
