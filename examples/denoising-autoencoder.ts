/**
 * A convolutional denoising autoencoder takes normal noise of deviation 0.5 off digits: the peak signal-to-noise ratio
 * before and after, beside a fully connected one and a median filter (P. Vincent and others, "Stacked denoising
 * autoencoders", 2010).
 */
import { datasets, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { Autoencoder } from "nabla/unsupervised";
import { imageGrid } from "nabla/visualization";
import { example } from "./example.ts";

const { Conv2D, Conv2DTranspose, Dense, Flatten, GaussianNoise, Reshape } = layers;
const { budget, data, picture, figure } = example("denoising-autoencoder", { files: ["mnist/train-images-idx3-ubyte.gz"] });
setRandomSeed(3);
const [[images], [testImages]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const pixels = (x: Tensor, count: number): Tensor =>
  ops.reshape(ops.divide(ops.slice(x, [0, 0, 0], [count, 28, 28]), 255), [count, 28, 28, 1]);
const x = pixels(images, budget(1000, 10_000));
const truth = pixels(testImages, budget(100, 1000));
const sigma = 0.5;
// As a camera would give it: noise takes no pixel out of 0 .. 1.
const noisy = ops.clip(GaussianNoise({ stddev: sigma, seed: 9 })(truth, { training: true }), 0, 1);

/** Peak signal-to-noise ratio in dB. */
const psnr = async (y: Tensor): Promise<number> => -10 * Math.log10(await ops.mean(ops.square(ops.subtract(y, truth))).item());
const before = await psnr(noisy);
figure("noisy, dB", before);

/** What the noise is, and the clipping: only training does it. */
const corruption = (): Sequential =>
  new Sequential([layers.Input({ shape: [28, 28, 1] }), GaussianNoise({ stddev: sigma, seed: 1 }), layers.ReLU({ maxValue: 1 })]);
const conv = (filters: number, strides = 1) => Conv2D({ filters, kernelSize: 3, strides, padding: "same", activation: "relu" });
const nets: Record<string, Autoencoder> = {
  "fully connected": new Autoencoder({
    corruption: corruption(),
    encoder: new Sequential([Flatten({ inputShape: [28, 28, 1] }), Dense({ units: 256, activation: "relu" })]),
    decoder: new Sequential([Dense({ units: 784, activation: "sigmoid", inputDim: 256 }), Reshape({ targetShape: [28, 28, 1] })]),
  }),
  convolutional: new Autoencoder({
    corruption: corruption(),
    encoder: new Sequential([layers.Input({ shape: [28, 28, 1] }), conv(32, 2), conv(32, 2), conv(32)]),
    decoder: new Sequential([
      layers.Input({ shape: [7, 7, 32] }),
      Conv2DTranspose({ filters: 32, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
      Conv2DTranspose({ filters: 32, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
      Conv2D({ filters: 1, kernelSize: 3, padding: "same", activation: "sigmoid" }),
    ]),
  }),
};

const shown: Tensor[] = [truth, noisy];
for (const [name, autoencoder] of Object.entries(nets)) {
  autoencoder.compile({ optimizer: optimizers.Adam({ learningRate: 2e-3 }), loss: "binary_crossentropy" });
  const start = performance.now();
  const { history } = await autoencoder.fit(x, null, { epochs: budget(1, 8), batchSize: 100, verbose: 0 });
  const restored = await autoencoder.predict(noisy, { batchSize: 100 });
  const after = await psnr(restored);
  console.log(
    `${name.padEnd(16)} ${autoencoder.countParams()} weights, loss ${history.loss!.at(-1)!.toFixed(4)}, ${((performance.now() - start) / 1000).toFixed(0)} s`,
  );
  figure(`${name}: gain, dB`, after - before, name === "convolutional" ? { atLeast: 9 } : { atLeast: 5 });
  shown.push(restored);
}
// A filter that knows nothing of digits: the mean of the pixel and its eight neighbours.
const smooth = layers.AveragePooling2D({ poolSize: 3, strides: 1, padding: "same" })(noisy);
figure("mean of nine pixels: gain, dB", (await psnr(smooth)) - before);
const rows = shown.map((y) => ops.slice(y, [0, 0, 0, 0], [10, 28, 28, 1]));
picture("denoising-autoencoder.png", await imageGrid(ops.concatenate(rows, 0), { columns: 10, range: [0, 1] }));
