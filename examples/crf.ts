/**
 * A conditional random field puts the spaces back into Shakespeare: each letter is labelled as the start of a word or not,
 * from the letters around it and from the labels beside it (as Chinese is cut into words).
 */
import { readFileSync } from "node:fs";
import { LinearChainCRF } from "nabla/classical";
import { example } from "./example.ts";

const { budget, data, figure } = example("crf", { files: ["text/tinyshakespeare.txt"] });
const lines = readFileSync(data("text/tinyshakespeare.txt"), "utf8")
  .toLowerCase()
  .split("\n")
  .map((line) =>
    line
      .replace(/[^a-z ]/g, "")
      .trim()
      .replace(/ +/g, " "),
  )
  .filter((line) => line.split(" ").length > 3);

/** A line without its spaces: letters, and where words start. */
function cut(line: string): { letters: string; starts: string[] } {
  const words = line.split(" ");
  return { letters: words.join(""), starts: words.flatMap((word) => Array.from(word, (_, i) => (i === 0 ? "start" : "inside"))) };
}

/** The letters around a position, one to four at a time. */
function featuresAt(letters: string, t: number, isAlone: boolean): string[] {
  const features: string[] = [];
  for (const [from, to] of [
    [0, 1],
    [-1, 1],
    [0, 2],
    [-2, 1],
    [-1, 2],
    [0, 3],
    [-3, 1],
    [-2, 2],
    [-1, 3],
    [0, 4],
  ] as const) {
    if (isAlone && to - from > 2) continue;
    features.push(`${from}:${letters.slice(Math.max(0, t + from), t + to)}`);
  }
  return features;
}

const used = budget(300, 6000);
const training = lines.slice(0, used).map(cut);
const held = lines.slice(-budget(100, 1000)).map(cut);
/** Share of words that are cut out right: both ends. */
function wordScore(predicted: readonly string[][]): number {
  let [right, said, there] = [0, 0, 0];
  held.forEach(({ starts }, i) => {
    const words = (labels: readonly string[]): Set<string> => {
      const at = [...labels.keys()].filter((t) => t === 0 || labels[t] === "start");
      return new Set(at.map((start, k) => `${start}-${at[k + 1] ?? labels.length}`));
    };
    const [own, theirs] = [words(predicted[i]!), words(starts)];
    right += [...own].filter((word) => theirs.has(word)).length;
    said += own.size;
    there += theirs.size;
  });
  return (2 * right) / (said + there);
}

for (const isAlone of [true, false]) {
  const all = (parts: typeof training): string[][][] =>
    parts.map(({ letters }) => Array.from(letters, (_, t) => featuresAt(letters, t, isAlone)));
  const start = performance.now();
  const crf = await new LinearChainCRF({ l2: 0.5, minFrequency: 2, maxIter: budget(10, 80) }).fit(
    all(training),
    training.map(({ starts }) => starts),
  );
  const predicted = crf.predict(all(held));
  const name = isAlone ? "two letters" : "four letters";
  console.log(
    `features of up to ${name}: ${crf.iterations} iterations in ${((performance.now() - start) / 1000).toFixed(1)} s; start after start ${crf.transition("start", "start").toFixed(2)}, inside after start ${crf.transition("start", "inside").toFixed(2)}`,
  );
  figure(
    `${name}: letters labelled right`,
    crf.score(
      all(held),
      held.map(({ starts }) => starts),
    ),
    isAlone ? {} : { atLeast: 0.95 },
  );
  figure(`${name}: words cut out right (F1)`, wordScore(predicted), isAlone ? {} : { atLeast: 0.85 });
  held
    .slice(0, 2)
    .forEach(({ letters }, i) =>
      console.log(
        `  ${letters}\n  ${Array.from(letters, (letter, t) => (predicted[i]![t] === "start" && t > 0 ? ` ${letter}` : letter)).join("")}`,
      ),
    );
}
