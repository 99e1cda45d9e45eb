/**
 * Variational autoencoders of digits: the evidence lower bound on digits that were not learnt, new digits, the way from one
 * digit to another, and the plane of all digits (D. Kingma, M. Welling, "Auto-encoding variational Bayes", 2013).
 */
import { datasets, Input, layers, Model, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { VariationalAutoencoder } from "nabla/unsupervised";
import { imageGrid, lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { Dense } = layers;
const { budget, data, picture, figure } = example("variational", { files: ["mnist/train-images-idx3-ubyte.gz"] });
setRandomSeed(1);
const [[images], [testImages]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const pixels = (x: Tensor, count: number): Tensor => ops.reshape(ops.divide(ops.slice(x, [0, 0, 0], [count, 28, 28]), 255), [count, 784]);
const x = pixels(images, budget(2000, images.dim(0)));
const xTest = pixels(testImages, budget(500, testImages.dim(0)));
const digits = (y: Tensor): Tensor => ops.reshape(y, [-1, 28, 28]);

function make(width: number, hidden: readonly number[]): VariationalAutoencoder {
  const inputs = Input({ shape: [784] });
  const h = hidden.reduce((y, units) => Dense({ units, activation: "relu" })(y), inputs);
  const encoder = new Model({
    inputs,
    outputs: [Dense({ units: width, name: "mean" })(h), Dense({ units: width, name: "log_variance" })(h)],
  });
  const decoder = new Sequential([
    Input({ shape: [width] }),
    ...hidden.toReversed().map((units) => Dense({ units, activation: "relu" })),
    Dense({ units: 784, activation: "sigmoid" }),
  ]);
  return new VariationalAutoencoder({ encoder, decoder, seed: 7 });
}

const series: { name: string; y: number[]; dashed?: boolean }[] = [];
async function learn(name: string, vae: VariationalAutoencoder, epochs: number, atLeast: number): Promise<void> {
  // The rate falls to a twentieth along a cosine: the bound of the last passes is that of a net at rest.
  const steps = epochs * Math.ceil(x.dim(0) / 128);
  const learningRate = optimizers.schedules.CosineDecay({ initialLearningRate: 2e-3, decaySteps: steps, alpha: 0.05 });
  vae.compile({ optimizer: optimizers.Adam({ learningRate }) });
  const start = performance.now();
  const { history } = await vae.fit(x, null, { epochs, batchSize: 128, validationData: [xTest, null], verbose: 0 });
  const { elbo, kl_loss: kl, reconstruction_loss: reconstruction } = await vae.evaluate(xTest, null, { batchSize: 500, verbose: 0 });
  console.log(
    `${name}: ${epochs} epochs in ${((performance.now() - start) / 1000).toFixed(0)} s; -log p(x | z) ${reconstruction!.toFixed(2)}, divergence ${kl!.toFixed(2)} nats`,
  );
  figure(`${name}: test bound, nats`, elbo!, { atLeast });
  series.push({ name: `${name}, training`, y: history.elbo!, dashed: true }, { name: `${name}, held out`, y: history.val_elbo! });
}

const vae = make(20, [400]);
await learn("20 numbers a digit", vae, budget(2, 8), -110);
picture("variational-samples.png", await imageGrid(digits(await vae.generate(60, { seed: 4 })), { columns: 20, range: [0, 1], scale: 1 }));
const pick = (numbers: readonly number[]): Tensor => ops.take(xTest, numbers, 0);
const ways = await vae.interpolate(pick([3, 2, 1, 18]), pick([2, 1, 18, 4]), { steps: 12 });
picture("variational-interpolation.png", await imageGrid(digits(ways), { columns: 12, range: [0, 1], scale: 1 }));

const flat = make(2, [256]);
await learn("2 numbers a digit", flat, budget(2, 16), -160);
picture("variational-plane.png", await imageGrid(digits(await flat.latentPlane(12)), { columns: 12, range: [0, 1], scale: 1, gap: 0 }));
picture(
  "variational.svg",
  lineChart({
    title: "Evidence lower bound of MNIST",
    xLabel: "epoch",
    yLabel: "nats per digit",
    series: series.map((curve) => ({ ...curve, x: curve.y.map((_, i) => i + 1) })),
  }),
);

// Pictures of unknown worth are worth something where a machine reads them: the means of the codes as features.
const codes = await vae.encode(xTest, { batchSize: 500 });
figure(
  "numbers that carry a digit (variance of the mean above 0.1)",
  await ops.sum(ops.cast(ops.greater(ops.variance(codes, 0), 0.1), "float32")).item(),
);
