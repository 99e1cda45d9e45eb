/**
 * Markov chains and hidden Markov models on Shakespeare: a chain of letters, and two hidden states that find out by
 * themselves which letters are vowels (R. Cave, L. Neuwirth, 1980).
 */
import { readFileSync } from "node:fs";
import { CategoricalHMM, MarkovChain } from "nabla/classical";
import { barChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, picture, figure } = example("markov-text", { files: ["text/tinyshakespeare.txt"] });
const alphabet = " abcdefghijklmnopqrstuvwxyz";
const text = readFileSync(data("text/tinyshakespeare.txt"), "utf8")
  .toLowerCase()
  .replace(/[^a-z]+/g, " ");
const letters = Int32Array.from(text.slice(0, budget(5000, 60_000)), (letter) => alphabet.indexOf(letter));

const chain = new MarkovChain({ nStates: 27, smoothing: 0.01 }).fit([letters]);
console.log(`drawn from the chain: "${Array.from(chain.sample(70, { seed: 4 }), (state) => alphabet[state]).join("")}"`);
const stationary = chain.stationary();
const frequencies = new Float64Array(27);
for (const letter of letters) frequencies[letter]! += 1 / letters.length;
figure(
  "stationary distribution, largest difference to the letters' frequencies",
  Math.max(...stationary.map((share, i) => Math.abs(share - frequencies[i]!))),
  { atMost: 1e-3 },
);
const bits = (score: number): number => -score / letters.length / Math.LN2;
figure("bits per letter: chain", bits(chain.score(letters)), { atMost: 3.5 });

const hmm = await new CategoricalHMM({ nComponents: 2, nFeatures: 27, nIter: budget(10, 200), tol: 0.5, seed: 3 }).fit(letters);
figure("bits per letter: two hidden states", bits(await hmm.score(letters)), { atMost: 4.1 });
const [first, second] = (await hmm.emissionProb.array()) as [number[], number[]];
/** P(first state | letter). */
const share = [...alphabet].map((_, i) => first[i]! / (first[i]! + second[i]! + 1e-12));
const ofA = share[1]! > 0.5;
const together = [...alphabet].filter((_, i) => share[i]! > 0.5 === ofA);
console.log(`letters that a hidden state shares with "a": ${together.map((letter) => (letter === " " ? "space" : letter)).join(" ")}`);
figure("of a e i o u, in one state", [..."aeiou"].filter((letter) => together.includes(letter)).length, { atLeast: 5 });
figure("consonants in it", together.filter((letter) => !" aeiouy".includes(letter)).length, { atMost: 2 });
picture(
  "hmm-vowels.svg",
  barChart({
    title: "Two hidden states, learnt from text alone",
    xLabel: "chance of the state of “a”, given the letter",
    names: [...alphabet].map((letter) => (letter === " " ? "space" : letter)),
    values: share.map((value) => (ofA ? value : 1 - value)),
  }),
);
