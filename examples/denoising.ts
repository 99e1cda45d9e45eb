/**
 * A Markov random field takes noise off digits: 10 % of the pixels are flipped; fields and couplings are fitted to clean
 * training digits by pseudo-likelihood; ICM, loopy belief propagation and Gibbs sampling restore the others.
 */
import { datasets, ops, tensor, type Tensor } from "nabla";
import { MarkovRandomField } from "nabla/classical";
import { imageGrid } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, picture, figure } = example("denoising", { files: ["mnist/train-images-idx3-ubyte.gz"] });
const [[images], [testImages]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const binary = (x: Tensor, count: number): Tensor => ops.cast(ops.greater(ops.slice(x, [0, 0, 0], [count, 28, 28]), 127), "int32");
const clean = binary(images, budget(100, 2000));
const count = budget(10, 200);
const truth = binary(testImages, count);

let state = 7;
const uniform = (): number => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
const original = await truth.data();
const flipped = Int32Array.from(original, (pixel) => (uniform() < 0.1 ? 1 - pixel : pixel));
const noisy = tensor(flipped, { shape: [count, 28, 28] });

/** Peak signal-to-noise ratio in dB of values in 0 .. 1. */
function psnr(values: ArrayLike<number>): number {
  let error = 0;
  original.forEach((pixel, i) => (error += (values[i]! - pixel) ** 2 / original.length));
  return -10 * Math.log10(error);
}
const before = psnr(flipped);
figure("noisy, dB", before);

const gains: number[] = [];
const shown: ArrayLike<number>[] = [original, flipped];
for (const [name, neighbourhood, field, method] of [
  ["Ising, 4 neighbours, ICM", 4, "shared", "icm"],
  ["Ising, 8 neighbours, ICM", 8, "shared", "icm"],
  ["Ising, 4 neighbours, belief propagation", 4, "shared", "beliefPropagation"],
  ["8 neighbours, a field per pixel, belief propagation", 8, "perPixel", "beliefPropagation"],
  ["24 neighbours, a field per pixel, Gibbs sampling", 24, "perPixel", "gibbs"],
] as const) {
  const start = performance.now();
  const mrf = await new MarkovRandomField({ neighbourhood, field, l2: field === "perPixel" ? 1e-5 : 1e-6, maxIter: budget(20, 150) }).fit(
    clean,
  );
  const fitted = performance.now();
  const { labels, marginals } = await mrf.denoise(noisy, {
    noise: 0.1,
    method,
    ...(method === "gibbs" ? { sweeps: budget(20, 150), seed: 1 } : {}),
  });
  // The mean of what the pixel may be; after ICM that is its label.
  const means = await ops.squeeze(ops.slice(marginals, [0, 0, 0, 1], [count, 28, 28, 1]), -1).data();
  const wrong = (await labels.data()).filter((label, i) => label !== original[i]).length / original.length;
  gains.push(psnr(means) - before);
  shown.push(means);
  console.log(
    `${name.padEnd(52)} ${(100 * wrong).toFixed(2)} % wrong, ${psnr(means).toFixed(2)} dB; fit ${((fitted - start) / 1000).toFixed(1)} s, denoise ${((performance.now() - fitted) / 1000).toFixed(1)} s`,
  );
}
figure("best gain, dB", Math.max(...gains), { atLeast: 5.5 });
const rows = shown.map((values) =>
  Array.from({ length: 10 }, (_, image) =>
    Array.from({ length: 28 }, (_, row) => Array.from({ length: 28 }, (_, column) => values[(image * 28 + row) * 28 + column]!)),
  ),
);
picture("denoising.png", await imageGrid(rows.flat(), { columns: 10, range: [0, 1] }));
