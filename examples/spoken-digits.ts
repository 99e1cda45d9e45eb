/**
 * Isolated words, as before deep learning: a hidden Markov model from left to right per digit, over mel-frequency cepstra;
 * the most likely model names the digit. L. Rabiner, "A tutorial on hidden Markov models", 1989, section VI.
 */
import { readdirSync, readFileSync } from "node:fs";
import { layers, ops, tensor } from "nabla";
import { GaussianHMM } from "nabla/classical";
import { lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { full, data, picture, figure } = example("spoken-digits", { files: ["audio/spoken-digits/train"] });
const bands = 26;
const cepstra = 13;
const mel = layers.MelSpectrogram({
  fftLength: 256,
  sequenceStride: 80,
  sequenceLength: 200,
  samplingRate: 8000,
  numMelBins: bands,
  minFreq: 100,
  maxFreq: 3800,
  powerToDb: false,
});
/** The discrete cosine transform that makes cepstra of logarithms. */
const cosines = tensor(
  Array.from({ length: bands }, (_, band) => Array.from({ length: cepstra }, (_, k) => Math.cos((Math.PI * k * (band + 0.5)) / bands))),
);

/** Frames of 13 cepstra and their changes, the mean of the recording taken away: [frames, 26]. */
async function features(path: string): Promise<number[][]> {
  const file = readFileSync(path);
  const samples = new Float32Array((file.length - 44) / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = file.readInt16LE(44 + 2 * i);
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  // One length for all, so that all recordings share one program; the silence at the end is cut off again.
  const padded = new Float32Array(12_000);
  padded.set(samples.subarray(0, 12_000).map((value) => value / loudest));
  const logs = ops.log(ops.add(mel(tensor(padded, { shape: [1, 12_000] })), 1e-5));
  const all = (await ops.matmul(ops.transpose(ops.squeeze(logs, 0)), cosines).array()) as number[][];
  const rows = all.slice(0, Math.max(8, Math.min(all.length, Math.floor(samples.length / 80))));
  const means = rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length);
  const at = (t: number): number[] => rows[Math.max(0, Math.min(rows.length - 1, t))]!.map((value, j) => value - means[j]!);
  return rows.map((_, t) => [...at(t), ...at(t + 2).map((value, j) => value - at(t - 2)[j]!)]);
}

async function recordings(part: string, perDigit: number): Promise<{ digit: number; frames: number[][] }[]> {
  const folder = data(`audio/spoken-digits/${part}`);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".wav"))
    .sort();
  const chosen = Array.from({ length: 10 }, (_, digit) => names.filter((name) => name.startsWith(`${digit}_`)).slice(0, perDigit)).flat();
  const out: { digit: number; frames: number[][] }[] = [];
  for (const name of chosen) out.push({ digit: Number(name[0]), frames: await features(`${folder}/${name}`) });
  return out;
}

const train = await recordings("train", full ? Infinity : 4);
const test = await recordings("test", full ? Infinity : 2);
const states = 6;
const models: GaussianHMM[] = [];
for (let digit = 0; digit < 10; digit++) {
  const own = train.filter((recording) => recording.digit === digit);
  const hmm = new GaussianHMM({
    nComponents: states,
    init: "segments",
    minCovar: 0.05,
    nIter: 20,
    startProb: Array.from({ length: states }, (_, i) => (i === 0 ? 1 : 0)),
    transMat: Array.from({ length: states }, (_, i) =>
      Array.from({ length: states }, (_, j) => (i === states - 1 ? Number(j === i) : j === i || j === i + 1 ? 0.5 : 0)),
    ),
  });
  models.push(
    await hmm.fit(
      own.flatMap(({ frames }) => frames),
      { lengths: own.map(({ frames }) => frames.length) },
    ),
  );
}
let right = 0;
for (const { digit, frames } of test) {
  const scores = await Promise.all(models.map((hmm) => hmm.score(frames)));
  if (scores.indexOf(Math.max(...scores)) === digit) right++;
}
console.log(`${train.length} recordings to learn from, ${test.length} others (the same speakers)`);
figure("spoken digits, accuracy", right / test.length, { atLeast: 0.9 });
picture(
  "spoken-digits.svg",
  lineChart({
    title: "Baum-Welch: the likelihood never falls",
    xLabel: "round",
    yLabel: "log-likelihood",
    series: models.slice(0, 4).map((hmm, digit) => ({ name: `digit ${digit}`, y: hmm.history })),
  }),
);
