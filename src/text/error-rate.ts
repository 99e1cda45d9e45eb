/** How many words or characters of a transcript are wrong. */
import { ValueError } from "../errors.ts";

/** The least number of insertions, deletions and substitutions that turn one list into another (V. Levenshtein, 1965). */
export function editDistance<T>(from: readonly T[], to: readonly T[]): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  from.forEach((item, i) => {
    const next = [i + 1];
    for (let j = 1; j <= to.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (item === to[j - 1] ? 0 : 1)));
    row = next;
  });
  return row[to.length]!;
}

function errorRate(where: string, transcripts: readonly string[], references: readonly string[], cut: (text: string) => string[]): number {
  if (transcripts.length !== references.length)
    throw new ValueError({
      where,
      problem: "transcripts and references do not belong together",
      expected: "a reference for each transcript",
      received: `${transcripts.length} and ${references.length}`,
    });
  let [wrong, all] = [0, 0];
  references.forEach((reference, index) => {
    const wanted = cut(reference);
    wrong += editDistance(cut(transcripts[index]!), wanted);
    all += wanted.length;
  });
  if (all === 0) throw new ValueError({ where, problem: "the references are empty", expected: "at least one word", received: "none" });
  return wrong / all;
}

const cutWords = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

/**
 * Word error rate: `(substitutions + deletions + insertions) / words of the references`, over all texts. May exceed 1.
 *
 * @example
 * text.wordErrorRate(["the cat sit"], ["the cat sat"]); // 1 / 3
 */
export function wordErrorRate(transcripts: readonly string[], references: readonly string[]): number {
  return errorRate("wordErrorRate", transcripts, references, cutWords);
}

/** Character error rate: the same for characters, blanks between words counted once. */
export function characterErrorRate(transcripts: readonly string[], references: readonly string[]): number {
  return errorRate("characterErrorRate", transcripts, references, (text) => Array.from(cutWords(text).join(" ")));
}
