/**
 * Sparse coding: patches of photographs as sums of few atoms that are learnt with them, and look like edges (B. Olshausen,
 * D. Field, "Emergence of simple-cell receptive field properties by learning a sparse code for natural images", 1996).
 */
import { readdirSync, readFileSync } from "node:fs";
import jpeg from "jpeg-js";
import { ops, tensor } from "nabla";
import { DictionaryLearning, samplePatches, sparseEncode, sparseObjective } from "nabla/unsupervised";
import { imageGrid, lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, picture, figure } = example("sparse-coding", { files: ["flowers/train"] });

/** Grey photographs at half their size, 100 x 100 from the middle. */
const photos: number[][][] = [];
const paths = readdirSync(data("flowers/train"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".jpg"));
for (const path of paths.sort().filter((_, i) => i % budget(20, 2) === 0)) {
  const { width, height, data: pixels } = jpeg.decode(readFileSync(`${data("flowers/train")}/${path}`), { useTArray: true });
  const grey = (x: number, y: number): number =>
    [0.299, 0.587, 0.114].reduce((sum, w, c) => sum + w * pixels[4 * (y * width + x) + c]!, 0) / 255;
  const [left, top] = [Math.floor(width / 2) - 100, Math.floor(height / 2) - 100];
  if (left < 0 || top < 0) continue;
  const half = (x: number, y: number): number => (grey(x, y) + grey(x + 1, y) + grey(x, y + 1) + grey(x + 1, y + 1)) / 4;
  photos.push(Array.from({ length: 100 }, (_, y) => Array.from({ length: 100 }, (_, x) => half(left + 2 * x, top + 2 * y))));
}
const size = 10;
const raw = await samplePatches(tensor(photos), { size, count: budget(2000, 12_000), minDeviation: 0.04, seed: 1 });
// Contrast is not what is to be learnt: every patch has length 1.
const patches = ops.divide(raw, ops.norm(raw, { axis: -1, keepdims: true }));

const alpha = 0.1;
const start = performance.now();
const learning = await new DictionaryLearning({
  nComponents: budget(36, 100),
  alpha,
  epochs: budget(2, 8),
  transformMaxIter: 100,
  seed: 2,
}).fit(patches);
console.log(
  `${learning.history.length} passes in ${((performance.now() - start) / 1000).toFixed(1)} s; mean objective ${learning.history.map((value) => value.toFixed(4)).join(" ")}`,
);
const atoms = learning.components;
picture("sparse-dictionary.png", await imageGrid(ops.reshape(atoms, [-1, size, size]), { range: "each", scale: 3 }));

// Three ways to the same codes.
const few = ops.slice(patches, [0, 0], [500, size * size]);
const values: Record<string, number> = {};
const curves: { name: string; x: number[]; y: number[] }[] = [];
for (const algorithm of ["coordinateDescent", "ista", "fista"] as const) {
  const codes = await sparseEncode(few, atoms, { alpha, algorithm, maxIter: 3000, tol: 1e-7 });
  values[algorithm] = await sparseObjective(few, codes, atoms, alpha);
  if (algorithm === "coordinateDescent") continue;
  const at = [1, 2, 5, 10, 20, 50, 100, 200];
  const y: number[] = [];
  for (const maxIter of at)
    y.push(
      (await sparseObjective(few, await sparseEncode(few, atoms, { alpha, algorithm, maxIter, tol: 1e-12 }), atoms, alpha)) /
        values.coordinateDescent! -
        1,
    );
  curves.push({ name: algorithm.toUpperCase(), x: at, y });
}
const least = Math.min(...Object.values(values));
for (const [algorithm, value] of Object.entries(values))
  figure(`${algorithm}: objective over the least`, value / least, { atMost: 1.0001 });
const codes = await (await learning.transform(few)).data();
figure("share of codes that are not zero", codes.filter((code) => code !== 0).length / codes.length, { atMost: 0.2 });
picture(
  "sparse-convergence.svg",
  lineChart({ title: "Above the least objective", xLabel: "steps", yLabel: "share", xScale: "log", yScale: "log", series: curves }),
);
