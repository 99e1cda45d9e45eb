// Lets what a bundle loads later know the program that loads it.
import { posix } from "node:path";

const program = ["models/sequential.js", "layers/index.js", "backends/cpu/wasm/backend.js"];
const generator = "backends/cpu/wasm/generator.js";

/** Modules that are loaded when they are first used, each with modules that are there by then. */
const known = new Map([
  ["backends/cpu/rare.js", [...program, generator]],
  [generator, program],
  ["backends/cpu/wasm/helpers.js", [...program, generator]],
  ["compiler/passes/rare.js", program],
  ["models/rare.js", program],
  ["saving/model-files.js", program],
]);

const meeting = (path) => path.replace(/\.js$/, ".later.js");

/**
 * Modules to be written, by path. esbuild makes a file of all modules that the same entries reach, and everything that is loaded
 * later is an entry: 17 files, of which a page that trains loads 13. Each of these modules imports what is there by the time that
 * it is loaded and uses nothing of it, so that all entries reach the program and it is one file (5.6 KB of gzip less). As the
 * package has no side effects there, bundlers leave the imports themselves out. They stand in modules of their own, since
 * Node's entry points import what is loaded later at once, and would import themselves by it.
 */
export function meetings() {
  const text = ([path, there]) => {
    const from = (module) => posix.relative(posix.dirname(path), module).replace(/^(?!\.)/, "./");
    return [...there.map((module, i) => `import * as _${i} from "${from(module)}";`), `export * from "${from(path)}";`, ""].join("\n");
  };
  return new Map([...known].map((entry) => [meeting(entry[0]), text(entry)]));
}

/** Throws for a part in `text` of a module that no module above meets. */
function checkKnown(text, path) {
  for (const [, specifier] of text.matchAll(/(?:new Part|\.loadBy)\(\(\) => import\("([^"]*\.js)"\)\)/g))
    if (!known.has(posix.join(posix.dirname(path), specifier)))
      throw new Error(`scripts/meet-program.mjs knows no ${specifier} of ${path}`);
}

/** `text` of a module with imports of the modules of `meetings` where it loads what they stand for. */
export function meetLater(text, path) {
  checkKnown(text, path);
  return text.replace(/\bimport\("(\.{1,2}\/[^"\n]*)"\)/g, (whole, specifier) =>
    known.has(posix.join(posix.dirname(path), specifier)) ? `import("${meeting(specifier)}")` : whole,
  );
}
