/**
 * Speech: which digit is said? A mel spectrogram (short-time Fourier transform) in front of a convolutional and a recurrent
 * net. Z. Jackson and others, Free Spoken Digit Dataset; CC BY-SA 4.0.
 */
import { data as pipelines, layers, ops, optimizers, Sequential, setRandomSeed, type Tensor } from "nabla";
import { example } from "./example.ts";

const { budget, data, figure } = example("speech", { files: ["audio/spoken-digits/train/0_george_5.wav"] });
setRandomSeed(10);

// Every recording a row of a second of sound at 8 kHz; the file's name begins with the digit.
const load = async (part: string): Promise<[Tensor, Tensor]> => {
  const { sounds, names } = await pipelines.loadSounds(data(`audio/spoken-digits/${part}`), { length: 8000, sampleRate: 8000 });
  return [
    sounds,
    ops.convertToTensor(
      names.map((name) => Number(name[0])),
      "int32",
    ),
  ];
};
const [soundTrain, yTrain] = await load("train");
const [soundTest, yTest] = await load("test");

// 64 bands from 60 Hz to 4 kHz every 10 ms, in decibels, each recording at its own loudness. Shapes: [n, 8000] -> [n, time, band].
const spectrogram = layers.MelSpectrogram({ fftLength: 256, sequenceStride: 80, sequenceLength: 256, samplingRate: 8000, numMelBins: 64, minFreq: 60, maxFreq: 4000 }); // prettier-ignore
const prepare = async (sound: Tensor): Promise<Tensor> => {
  const bands = ops.transpose(spectrogram(sound), [0, 2, 1]);
  const centred = ops.subtract(bands, ops.mean(bands, { axis: [1, 2], keepdims: true }));
  const scaled = ops.divide(centred, ops.add(ops.std(bands, { axis: [1, 2], keepdims: true }), 1e-3));
  await scaled.data();
  return scaled;
};
const xTrain = await prepare(soundTrain);
const xTest = await prepare(soundTest);
const [, time, bands] = xTrain.shape as readonly [number, number, number];
console.log(`${xTrain.dim(0)} recordings to learn from, ${xTest.dim(0)} held out; ${time} moments of ${bands} bands`);

// What a speaker varies: when it begins, how high it is, what is masked by noise (D. Park and others, "SpecAugment", 2019).
const model = new Sequential([
  layers.Input({ shape: [time, bands] }),
  layers.Reshape({ targetShape: [time, bands, 1] }),
  layers.RandomTranslation({ heightFactor: 0.12, widthFactor: 0.06, fillMode: "constant", fillValue: -1 }),
  layers.RandomErasing({ factor: 0.7, scale: [0.02, 0.15], fillValue: 0 }),
  layers.GaussianNoise({ stddev: 0.2 }),
  layers.Conv2D({ filters: 24, kernelSize: 3, padding: "same", activation: "relu" }),
  layers.BatchNormalization(),
  layers.MaxPooling2D({ poolSize: 2 }),
  layers.Conv2D({ filters: 48, kernelSize: 3, padding: "same", activation: "relu" }),
  layers.BatchNormalization(),
  layers.MaxPooling2D({ poolSize: 2 }),
  layers.Conv2D({ filters: 64, kernelSize: 3, padding: "same", activation: "relu" }),
  layers.MaxPooling2D({ poolSize: [1, 4] }),
  layers.Reshape({ targetShape: [Math.floor(Math.floor(time / 2) / 2), 64 * Math.floor(Math.floor(Math.floor(bands / 2) / 2) / 4)] }),
  layers.Dropout({ rate: 0.4 }),
  layers.Bidirectional({ layer: layers.GRU({ units: 48 }) }),
  layers.Dropout({ rate: 0.4 }),
  layers.Dense({ units: 10, activation: "softmax" }),
]);
const epochs = budget(1, 60);
const learningRate = optimizers.schedules.CosineDecay({ initialLearningRate: 0.002, decaySteps: epochs * 15 });
model.compile({ optimizer: optimizers.Adam({ learningRate }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
await model.fit(xTrain, yTrain, { epochs, batchSize: 32, verbose: 2 });
const { accuracy } = await model.evaluate(xTest, yTest, { verbose: 0 });
const said = await ops.argmax(await model.predict(xTest, { verbose: 0 }), -1).data();
const truth = await yTest.data();
const confused = [...truth.keys()].filter((i) => said[i] !== truth[i]).map((i) => `${truth[i]!} heard as ${said[i]!}`);
console.log(`mistakes: ${confused.join(", ") || "none"}`);
figure("accuracy on the test recordings", accuracy!, { atLeast: 0.92 });
