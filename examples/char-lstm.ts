/**
 * A recurrent net that writes: it reads Shakespeare's plays character by character and learns which comes next.
 * A. Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015.
 */
import { readFileSync } from "node:fs";
import { callbacks, layers, losses, optimizers, Sequential, setRandomSeed, tensor, text } from "nabla";
import { example } from "./example.ts";

const { full, budget, data, figure } = example("char-lstm", { files: ["text/tinyshakespeare.txt"] });
setRandomSeed(2015);
const start = performance.now();

// Characters as numbers; the last tenth is held out.
const plays = readFileSync(data("text/tinyshakespeare.txt"), "utf8").slice(0, budget(60_000, Infinity));
const characters = [...new Set(plays)].sort();
const numberOf = new Map(characters.map((character, index) => [character, index]));
const encoded = Int32Array.from(plays, (character) => numberOf.get(character)!);
const split = Math.floor(0.9 * encoded.length);

/** Runs of `length` characters, one after another, and the same moved on by one: what is read, and what is to be said. */
function runs(from: number, to: number, length: number, shift = 0): [Int32Array, Int32Array, number] {
  const count = Math.floor((to - from - 1 - shift) / length);
  const first = from + shift;
  return [encoded.slice(first, first + count * length), encoded.slice(first + 1, first + 1 + count * length), count];
}

const length = 100;
const units = budget(64, 320);
const model = new Sequential([
  layers.Input({ shape: [null], dtype: "int32" }),
  layers.Embedding({ inputDim: characters.length, outputDim: 64 }),
  layers.LSTM({ units, returnSequences: true }),
  layers.Dropout({ rate: budget(0, 0.25) }),
  layers.Dense({ units: characters.length }),
]);
const epochs = budget(1, 14);
const batchSize = 64;
const steps = Math.floor(split / length / batchSize);
const learningRate = optimizers.schedules.CosineDecay({
  initialLearningRate: 0,
  warmupTarget: 0.006,
  warmupSteps: 100,
  decaySteps: Math.max(1, epochs * steps - 100),
  alpha: 0.02,
});
model.compile({
  optimizer: optimizers.AdamW({ learningRate, weightDecay: 0.01, clipnorm: 1 }),
  loss: losses.SparseCategoricalCrossentropy({ fromLogits: true }),
});
model.summary();

const [xHeldOut, yHeldOut, heldOut] = runs(split, encoded.length, length);
const validationData = [tensor(xHeldOut, { shape: [heldOut, length] }), tensor(yHeldOut, { shape: [heldOut, length] })] as const;
const curve: number[] = [];
for (let epoch = 0; epoch < epochs; epoch++) {
  // Every epoch cuts the text at other places.
  const [x, y, count] = runs(0, split, length, (37 * epoch) % length);
  const shape = [count, length];
  const { history } = await model.fit(tensor(x, { shape }), tensor(y, { shape }), {
    batchSize,
    initialEpoch: epoch,
    epochs: epoch + 1,
    validationData,
    callbacks: [callbacks.TerminateOnNaN()],
  });
  curve.push(history.val_loss!.at(-1)!);
}
console.log(`nats per character, held out, by epoch: ${curve.map((loss) => loss.toFixed(3)).join(" ")}`);

// What it writes, cautiously and boldly. The logits of every place come back; those after the last character count.
const prompt = "ROMEO:\n";
const write = async (choice: text.TokenChoice, seed: number): Promise<string> => {
  const [tokens] = await text.sampleSequences(async (prefix) => ({ logits: await model.predictOnBatch(prefix), state: null }), {
    state: null,
    startTokens: Array.from(prompt, (character) => numberOf.get(character) ?? 0),
    endToken: null,
    maxLength: prompt.length + budget(60, 300),
    seed,
    ...choice,
  });
  return prompt + Array.from(tokens!, (index) => characters[index]!).join("");
};
console.log(`\ntemperature 0.5\n${await write({ temperature: 0.5 }, 1)}`);
console.log(`\ntemperature 0.9, of the 10 likeliest\n${await write({ temperature: 0.9, topK: 10 }, 2)}\n`);
console.log(`Time: ${((performance.now() - start) / 60_000).toFixed(1)} minutes${full ? "" : ", a small budget"}`);
figure("held-out nats per character", Math.min(...curve), { atMost: 1.65 });
