// Packs files of Keras cases (numbers produced by Keras itself) into test fixtures: gzip, without what tests do not read.
//   node scripts/pack-keras-cases.mjs <folder with the cases> <group> [names...]
// With names, only cases of these classes, functions or ops are kept.
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const [folder, group, ...names] = process.argv.slice(2);
if (folder === undefined || group === undefined) throw new Error("usage: pack-keras-cases.mjs <folder> <group> [names...]");
const file = JSON.parse(readFileSync(`${folder}/${group}.json`, "utf8"));
const nameOf = (entry) => entry.class_name ?? entry.function ?? entry.activation ?? entry.op?.replace(/^ops\./, "");
const unread = new Set(["other_backend", "backend", "note", "measured"]);
const cases = file.cases
  .filter((entry) => names.length === 0 || names.includes(nameOf(entry)))
  .map((entry) => Object.fromEntries(Object.entries(entry).filter(([key]) => !unread.has(key))));
const target = new URL(`../test/fixtures/keras/${group}.json.gz`, import.meta.url);
writeFileSync(target, gzipSync(JSON.stringify({ keras: file.keras, group, cases }), { level: 9 }));
console.log(`${group}: ${cases.length} of ${file.cases.length} cases`);
