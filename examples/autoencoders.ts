/**
 * Seven autoencoders of digits, 32 numbers for 784 pixels: how well they reconstruct digits that were not learnt, how many
 * of a code's numbers are at rest, how much a code moves when the digit does.
 */
import { datasets, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import {
  Autoencoder,
  type BaseAutoencoder,
  ContractiveAutoencoder,
  KLSparsity,
  L1Sparsity,
  MaskingNoise,
  squaredJacobianNorm,
  StackedAutoencoder,
} from "nabla/unsupervised";
import { imageGrid } from "nabla/visualization";
import { example } from "./example.ts";

const { Conv2D, Conv2DTranspose, Dense, Flatten, Reshape } = layers;
const { full, budget, data, picture, figure } = example("autoencoders", { files: ["mnist/train-images-idx3-ubyte.gz"] });
const [[images], [testImages]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const pixels = (x: Tensor, count: number): Tensor => ops.reshape(ops.divide(ops.slice(x, [0, 0, 0], [count, 28, 28]), 255), [count, 784]);
const x = pixels(images, budget(1000, 10_000));
const xTest = pixels(testImages, budget(200, 2000));
const width = 32;
const encoder = (code: object = {}): Sequential =>
  new Sequential([Dense({ units: width, activation: "softplus", inputDim: 784, ...code })]);
const decoder = (): Sequential => new Sequential([Dense({ units: 784, activation: "sigmoid", inputDim: width })]);
const level = (units: number, from: number, top = false) => ({
  encoder: Dense({ units, activation: top ? "linear" : "relu" }),
  decoder: Dense({ units: from, activation: from === 784 ? "sigmoid" : "relu" }),
});
const kinds: Record<string, () => BaseAutoencoder> = {
  plain: () => new Autoencoder({ encoder: encoder(), decoder: decoder() }),
  "sparse (KL)": () =>
    new Autoencoder({
      encoder: encoder({ activation: "sigmoid", activityRegularizer: KLSparsity({ target: 0.1, weight: 2e-3 }) }),
      decoder: decoder(),
    }),
  "sparse (L1)": () =>
    new Autoencoder({ encoder: encoder({ activation: "relu", activityRegularizer: L1Sparsity({ weight: 2e-4 }) }), decoder: decoder() }),
  contractive: () => new ContractiveAutoencoder({ encoder: encoder(), decoder: decoder(), weight: 3e-5 }),
  denoising: () => new Autoencoder({ encoder: encoder(), decoder: decoder(), corruption: MaskingNoise({ rate: 0.3, seed: 2 }) }),
  convolutional: () =>
    new Autoencoder({
      encoder: new Sequential([
        Reshape({ targetShape: [28, 28, 1], inputShape: [784] }),
        Conv2D({ filters: 16, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
        Conv2D({ filters: 32, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
        Flatten(),
        Dense({ units: width }),
      ]),
      decoder: new Sequential([
        Dense({ units: 7 * 7 * 32, activation: "relu", inputDim: width }),
        Reshape({ targetShape: [7, 7, 32] }),
        Conv2DTranspose({ filters: 16, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
        Conv2DTranspose({ filters: 1, kernelSize: 3, strides: 2, padding: "same", activation: "sigmoid" }),
        Flatten(),
      ]),
    }),
  "stacked (256, 128, 32)": () =>
    new StackedAutoencoder({ inputShape: [784], levels: [level(256, 784), level(128, 256), level(width, 128, true)] }),
};

const shown: Tensor[] = [xTest];
const atoms: Tensor[] = [];
const errors: Record<string, number> = {};
const norms: Record<string, number> = {};
console.log("kind                    PSNR, dB   at rest   |J|^2   seconds");
for (const [name, make] of Object.entries(kinds)) {
  setRandomSeed(5);
  const autoencoder = make();
  const start = performance.now();
  const options = { epochs: budget(1, 30), batchSize: 100, verbose: 0 } as const;
  if (autoencoder instanceof StackedAutoencoder) await autoencoder.pretrain(x, { ...options, epochs: budget(1, 3) });
  autoencoder.compile({ optimizer: optimizers.Adam({ learningRate: 2e-3 }), loss: "binary_crossentropy" });
  await autoencoder.fit(x, null, options);
  const seconds = (performance.now() - start) / 1000;
  const output = await autoencoder.predict(xTest, { batchSize: 500 });
  const psnr = -10 * Math.log10(await ops.mean(ops.square(ops.subtract(output, xTest))).item());
  const codes = await autoencoder.encode(xTest, { batchSize: 500 });
  const rest = await ops.mean(ops.cast(ops.less(ops.abs(codes), 0.05), "float32")).item();
  const few = ops.slice(xTest, [0, 0], [50, 784]);
  norms[name] = await ops.mean(squaredJacobianNorm((y) => autoencoder.encoder(y) as Tensor, few)).item();
  errors[name] = psnr;
  console.log(
    `${name.padEnd(23)} ${psnr.toFixed(2).padStart(8)} ${(100 * rest).toFixed(0).padStart(7)} % ${norms[name].toFixed(3).padStart(8)} ${seconds.toFixed(0).padStart(8)}`,
  );
  shown.push(output);
  if (autoencoder.encoder.layers.length === 1) atoms.push(ops.transpose(autoencoder.encoder.weights[0]!));
}
figure("plain, dB", errors.plain!, { atLeast: 17 });
figure("best, dB", Math.max(...Object.values(errors)), { atLeast: 20 });
figure("contractive over plain, squared norm of the Jacobian", norms.contractive! / norms.plain!, { atMost: 0.5 });
const rows = shown.map((y) => ops.reshape(ops.slice(y, [0, 0], [12, 784]), [12, 28, 28]));
picture("autoencoders.png", await imageGrid(ops.concatenate(rows, 0), { columns: 12, range: [0, 1], scale: 1 }));
const filters = atoms.map((weights) => ops.reshape(ops.slice(weights, [0, 0], [10, 784]), [10, 28, 28]));
picture("autoencoders-filters.png", await imageGrid(ops.concatenate(filters, 0), { columns: 10, range: "each", scale: 1 }));
if (full) console.log("pictures: digits, then plain, sparse (KL), sparse (L1), contractive, denoising, convolutional, stacked");
