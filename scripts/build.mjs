// Compiles src/ to dist/: JavaScript and types. Data sets are TypeScript modules and come along.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { annotatePure } from "./annotate-pure.mjs";
import { dropFields } from "./drop-fields.mjs";
import { dropSamples } from "./drop-samples.mjs";
import { meetings, meetLater } from "./meet-program.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
rmSync(dist, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});

// The compiler writes `.js` into the imports of JavaScript and leaves `.ts` in those of declarations, which not every tool follows.
const specifier = /((?:\bfrom|\bimport|\bmodule)\s*\(?\s*"\.{1,2}\/[^"\n]*)\.ts"/g;
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".d.ts"))) {
  const path = join(dist, file);
  const text = readFileSync(path, "utf8");
  const rewritten = text.replace(specifier, '$1.js"');
  if (rewritten !== text) writeFileSync(path, rewritten);
}

// Nor does it look into URLs of worker programs. And bundlers cannot know that constants of modules are made by calls without
// side effects: where package.json says so of the module, each call says it too. Samples of primitives stay at home,
// and declarations of fields do where the constructor makes them.
const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const url = /new URL\("(\.{1,2}\/[^"\n]*)\.ts", import\.meta\.url\)/g;
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"))) {
  const path = join(dist, file);
  const name = file.replaceAll("\\", "/");
  const text = readFileSync(path, "utf8");
  const given = /^(primitives|graph)\//.test(name) ? dropSamples(text, file) : text;
  const linked = dropFields(meetLater(given.replace(url, 'new URL("$1.js", import.meta.url)'), name), file);
  const rewritten = sideEffects.includes(`./dist/${name}`) ? linked : annotatePure(linked, file);
  if (rewritten !== text) writeFileSync(path, rewritten);
}
for (const [file, text] of meetings()) writeFileSync(join(dist, file), text);
process.exit(tsc.status ?? 1);
