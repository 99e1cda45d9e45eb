// Packs tables (CSV, a header line, numbers, the last column `target`) into modules of src/datasets/data.
//   node scripts/pack-tables.mjs FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: node scripts/pack-tables.mjs FOLDER");
  process.exit(2);
}
const target = join(dirname(dirname(fileURLToPath(import.meta.url))), "src", "datasets", "data");
const sources = {
  iris: '150 irises of three species: sepal and petal, in cm. R. A. Fisher, "The use of multiple measurements in taxonomic problems", 1936.',
  wine: "178 wines of three cultivars: chemical analysis. M. Forina et al., PARVUS; UCI Machine Learning Repository, doi:10.24432/C5PC7J.",
  breast_cancer:
    "569 tumours, malignant or benign: cell nuclei of a fine needle aspirate. W. H. Wolberg, W. N. Street, O. L. Mangasarian, UCI Machine Learning Repository (Wisconsin Diagnostic), doi:10.24432/C5DW2B.",
  diabetes:
    '442 patients: ten measurements and the progression of the disease a year later. B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, "Least angle regression", 2004.',
};
for (const [name, source] of Object.entries(sources)) {
  const csv = readFileSync(join(folder, `${name}.csv`), "utf8");
  const text = deflateSync(csv, { level: 9 }).toString("base64");
  const lines = text.match(/.{1,160}/g).map((line) => `  ${JSON.stringify(line)},`);
  const words = name.split("_");
  const camel =
    words[0] +
    words
      .slice(1)
      .map((word) => word[0].toUpperCase() + word.slice(1))
      .join("");
  const comment = ` ${source} As in scikit-learn 1.2.1 (BSD 3-clause); the values are unchanged. The CSV file, zlib, base64.`
    .match(/.{1,114}(?: |$)/g)
    .map((line) => ` * ${line.trim()}`)
    .join("\n");
  writeFileSync(
    join(target, `${words.join("-")}.ts`),
    `/**\n${comment}\n */\nexport const ${camel}: string = [\n${lines.join("\n")}\n].join("");\n`,
  );
}
