import { expect, it } from "vitest";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import { createX64Backend } from "../backends/cpu/x64/index.ts";
import { digits } from "../datasets/index.ts";
import { layers, Sequential, setBackend, registerBackend, setRandomSeed, tensor } from "../index.ts";
import { forInstructionSets, type InstructionSet } from "../testing/native-instruction-sets.ts";

type Generator = "wasm" | InstructionSet;

/** Losses of LeNet-5 over the first steps, and its weights afterwards. */
async function trajectory(generator: Generator, threads: number): Promise<{ losses: number[]; weights: Float32Array[] }> {
  const name = `${generator} on ${threads}`;
  registerBackend(name, () =>
    generator === "wasm" ? createWasmBackend({ threads }) : createX64Backend({ threads, instructionSet: generator }),
  );
  await setBackend(name);
  setRandomSeed(7);
  const [[images, labels]] = await digits.loadData();
  const pixels = await images.data();
  const answers = await labels.data();
  const model = new Sequential([
    layers.Rescaling({ scale: 1 / 16, inputShape: [8, 8, 1] }),
    layers.Resizing({ height: 32, width: 32 }),
    layers.Conv2D({ filters: 6, kernelSize: 5, activation: "tanh" }),
    layers.AveragePooling2D(),
    layers.Conv2D({ filters: 16, kernelSize: 5, activation: "tanh" }),
    layers.AveragePooling2D(),
    layers.Flatten(),
    layers.Dropout({ rate: 0.3 }),
    layers.Dense({ units: 120, activation: "tanh" }),
    layers.Dense({ units: 84, activation: "tanh" }),
    layers.Dense({ units: 10, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
  const losses: number[] = [];
  for (let step = 0; step < 12; step++) {
    const x = tensor(Float32Array.from(pixels.subarray(64 * step * 32, 64 * (step + 1) * 32)), { shape: [32, 8, 8, 1] });
    const y = tensor(Int32Array.from(answers.subarray(32 * step, 32 * (step + 1))));
    const { loss } = await model.trainOnBatch(x, y);
    losses.push(loss!);
  }
  const weights = await Promise.all((await model.getWeights()).map(async (weight) => (await weight.data()) as Float32Array));
  return { losses, weights };
}

const generators: Generator[] = ["wasm"];
forInstructionSets((instructionSet) => void generators.push(instructionSet));

it.each(generators)("LeNet's training gives the same bits on one thread, two and four (%s)", async (generator) => {
  const alone = await trajectory(generator, 1);
  expect(alone.losses.at(-1)).toBeLessThan(alone.losses[0]!);
  expect(await trajectory(generator, 2)).toEqual(alone);
  expect(await trajectory(generator, 4)).toEqual(alone);
});
