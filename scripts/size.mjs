// Bytes of programs bundled by vite and esbuild: what a page loads before it runs. Needs a build (npm run size makes one).
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
const run = `
async function train() {
  model.compile({ loss, optimizer, metrics });
  await model.fit(tensor([[1]]), tensor([[1]]), { epochs: 5, batchSize: 32 });
  console.log(await model.evaluate(tensor([[1]]), tensor([[1]])), await model.predict(tensor([[1]])));
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
${run}`,
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
${run}`,
  "MLP on nabla": `
import { layers, Sequential, tensor } from "nabla";
const model = new Sequential([
  layers.Dense({ units: 64, activation: "relu", inputShape: [100] }),
  layers.Dense({ units: 10, activation: "softmax" }),
]);
const [loss, optimizer, metrics] = ["categorical_crossentropy", "sgd", ["accuracy"]];
${run}`,
};

/** Bytes of one bundle: what is loaded at once, and with gzip (level 9). */
const sizeOf = (texts) => ({
  bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  gzip: texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0),
});

/** The entry of a bundle and what it imports at once; not what it imports when it is needed. */
function atOnce(entry, find, importsOf) {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    importsOf(name).forEach(visit);
  };
  visit(entry);
  return [...seen].map(find);
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
  return sizeOf(
    atOnce(
      entry,
      (name) => chunks.get(name).code,
      (name) => chunks.get(name).imports,
    ),
  );
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
  const found = atOnce(entry, (name) => name, importsOf);
  const inputs = found.flatMap((name) => Object.entries(metafile.outputs[name].inputs));
  return { ...sizeOf(found.map((name) => texts.get(name))), inputs: inputs.map(([path, { bytesInOutput }]) => [path, bytesInOutput]) };
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
  console.log("program                 bundler     minified       gzip");
  for (const name of Object.keys(programs)) {
    const sizes = await measure(name);
    for (const bundler of ["vite", "esbuild"])
      console.log(`${name.padEnd(23)} ${bundler.padEnd(8)} ${kilobytes(sizes[bundler].bytes)} ${kilobytes(sizes[bundler].gzip)}`);
    if (name !== "MLP on nabla/core") continue;
    const rooms = new Map();
    for (const [path, bytes] of sizes.esbuild.inputs) {
      const [, room = path] = /dist\/((?:backends\/\w+(?:\/\w+)?)|[^/]+)/.exec(path) ?? [];
      rooms.set(room, (rooms.get(room) ?? 0) + bytes);
    }
    for (const [room, bytes] of [...rooms].sort((a, b) => b[1] - a[1]).slice(0, 12))
      console.log(`  ${room.padEnd(31)} ${kilobytes(bytes)}`);
  }
}
