// Bytes of programs bundled by vite and esbuild: what a page loads before it runs, and what it has loaded when it has trained.
// Needs a build (npm run size makes one).
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "node_modules/.cache/size");

const core = `
import { registerBackend, Sequential, tensor } from "nabla/core";
import { createWasmBackend } from "nabla/backends/wasm";
import { relu, softmax } from "nabla/activations";
import { GlorotUniform, Zeros } from "nabla/initializers";
import { CategoricalCrossentropy } from "nabla/losses";
import { CategoricalAccuracy } from "nabla/metrics";
import { SGD } from "nabla/optimizers";
registerBackend("wasm", () => createWasmBackend());
const initializers = { kernelInitializer: GlorotUniform(), biasInitializer: Zeros() };
`;
// Pages train when somebody asks for it. With an `await` outside of functions rolldown, vite's bundler, makes a file of every
// module that is also loaded later: 9 KB more.
const run = (sample) => `
const zeros = (...shape) => tensor(new Float32Array(shape.reduce((n, extent) => n * extent)), { shape });
async function train() {
  model.compile({ loss, optimizer, metrics });
  const [x, y] = [zeros(80, ${sample}), zeros(80, 10)];
  await model.fit(x, y, { epochs: 5, batchSize: 32 });
  console.log(await model.evaluate(x, y), await model.predict(x));
}
document.querySelector("button").onclick = train;
`;

/** Programs by name. */
export const programs = {
  "MLP on nabla/core": `${core}
import { Dense } from "nabla/layers";
const model = new Sequential([
  Dense({ units: 64, activation: relu, inputShape: [100], ...initializers }),
  Dense({ units: 10, activation: softmax, ...initializers }),
]);
const [loss, optimizer, metrics] = [CategoricalCrossentropy(), SGD(), [CategoricalAccuracy()]];
${run("100")}`,
  "LeNet on nabla/core": `${core}
import { AveragePooling2D, Conv2D, Dense, Flatten } from "nabla/layers";
const model = new Sequential([
  Conv2D({ filters: 6, kernelSize: 5, activation: relu, inputShape: [28, 28, 1], ...initializers }),
  AveragePooling2D(),
  Conv2D({ filters: 16, kernelSize: 5, activation: relu, ...initializers }),
  AveragePooling2D(),
  Flatten(),
  Dense({ units: 120, activation: relu, ...initializers }),
  Dense({ units: 84, activation: relu, ...initializers }),
  Dense({ units: 10, activation: softmax, ...initializers }),
]);
const [loss, optimizer, metrics] = [CategoricalCrossentropy(), SGD(), [CategoricalAccuracy()]];
${run("28, 28, 1")}`,
  "MLP on nabla": `
import { layers, Sequential, tensor } from "nabla";
const model = new Sequential([
  layers.Dense({ units: 64, activation: "relu", inputShape: [100] }),
  layers.Dense({ units: 10, activation: "softmax" }),
]);
const [loss, optimizer, metrics] = ["categorical_crossentropy", "sgd", ["accuracy"]];
${run("100")}`,
};

/** Bytes of one bundle: what is loaded at once, with gzip (level 9), and with gzip what is loaded when it has trained. */
function sizes(texts, early, trained) {
  const sum = (names, bytesOf) => names.reduce((total, name) => total + bytesOf(texts.get(name)), 0);
  const gzip = (text) => gzipSync(text, { level: 9 }).length;
  return { bytes: sum(early, (text) => Buffer.byteLength(text)), gzip: sum(early, gzip), trained: sum(trained, gzip) };
}

/** The entry of a bundle and what it imports at once; not what it imports when it is needed. */
function atOnce(entry, importsOf) {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    importsOf(name).forEach(visit);
  };
  visit(entry);
  return [...seen];
}

// A page without a document to speak of, and without memory that threads could share.
const page = `
const button = {};
globalThis.navigator ??= { hardwareConcurrency: 1 };
globalThis.document = { querySelector: () => button, createElement: () => ({}) };
delete globalThis.SharedArrayBuffer;
await import(process.argv[2]);
await button.onclick();
process.exit();
`;

/** Files of a bundle that are loaded when the program has trained, by running it. */
function untilTrained(texts, entry) {
  const out = join(folder, "run");
  rmSync(out, { recursive: true, force: true });
  for (const [name, text] of [...texts, ["page.mjs", page], ["package.json", '{ "type": "module" }']]) {
    mkdirSync(dirname(join(out, name)), { recursive: true });
    writeFileSync(join(out, name), text);
  }
  const coverage = join(out, "coverage");
  const { status, stderr } = spawnSync(process.execPath, [join(out, "page.mjs"), join(out, entry)], {
    encoding: "utf8",
    env: { ...process.env, NODE_V8_COVERAGE: coverage },
  });
  if (status !== 0) throw new Error(stderr.slice(-2000));
  const [report] = readdirSync(coverage).map((name) => JSON.parse(readFileSync(join(coverage, name), "utf8")));
  const loaded = new Set(report.result.map(({ url }) => url));
  return [...texts.keys()].filter((name) => loaded.has(pathToFileURL(join(out, name)).href));
}

async function withVite(file) {
  const result = await vite({
    configFile: false,
    root: folder,
    logLevel: "error",
    build: { write: false, target: "es2022", modulePreload: false, rolldownOptions: { input: file } },
  });
  const chunks = new Map((Array.isArray(result) ? result[0] : result).output.map((chunk) => [chunk.fileName, chunk]));
  const entry = [...chunks.values()].find((chunk) => chunk.isEntry).fileName;
  const texts = new Map([...chunks].map(([name, { code }]) => [name, code]));
  const found = atOnce(entry, (name) => chunks.get(name).imports);
  return sizes(texts, found, untilTrained(texts, entry));
}

async function withEsbuild(file) {
  const { outputFiles, metafile } = await esbuild({
    entryPoints: [file],
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: "out",
    metafile: true,
    write: false,
    logLevel: "error",
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [path.slice(folder.length + 1).replaceAll("\\", "/"), text]));
  const entry = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === "main.js")[0];
  const importsOf = (name) => metafile.outputs[name].imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path);
  const found = atOnce(entry, importsOf);
  const inputs = found.flatMap((name) => Object.entries(metafile.outputs[name].inputs));
  return { ...sizes(texts, found, untilTrained(texts, entry)), inputs: inputs.map(([path, { bytesInOutput }]) => [path, bytesInOutput]) };
}

/** An empty folder in which `nabla` is an installed package. */
export function installed() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules/nabla"), "junction");
  return folder;
}

/** Sizes of a program, by bundler. */
export async function measure(name) {
  installed();
  const file = join(folder, "main.js");
  writeFileSync(file, programs[name]);
  return { vite: await withVite(file), esbuild: await withEsbuild(file) };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1).padStart(7)} KB`;
  console.log("program                 bundler     minified       gzip  until trained");
  for (const name of Object.keys(programs)) {
    const measured = await measure(name);
    for (const bundler of ["vite", "esbuild"]) {
      const { bytes, gzip, trained } = measured[bundler];
      console.log(`${name.padEnd(23)} ${bundler.padEnd(8)} ${kilobytes(bytes)} ${kilobytes(gzip)}  ${kilobytes(trained)}`);
    }
    if (name !== "MLP on nabla/core") continue;
    const rooms = new Map();
    for (const [path, bytes] of measured.esbuild.inputs) {
      const [, room = path] = /dist\/((?:backends\/\w+(?:\/\w+)?)|[^/]+)/.exec(path) ?? [];
      rooms.set(room, (rooms.get(room) ?? 0) + bytes);
    }
    for (const [room, bytes] of [...rooms].sort((a, b) => b[1] - a[1]).slice(0, 12))
      console.log(`  ${room.padEnd(31)} ${kilobytes(bytes)}`);
  }
}
