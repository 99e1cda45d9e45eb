/** BLEU: how much of a translation stands in the references. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";

/** Options of `bleu`. */
export interface BleuOptions {
  /** Longest n-grams that are compared. Default 4. */
  readonly maxOrder?: number;
  /** "13a": as WMT cuts texts into words (default); "none": at blanks; or a function. */
  readonly tokenize?: "13a" | "none" | ((text: string) => readonly string[]);
  /** Whether texts are compared in small letters. Default false. */
  readonly lowercase?: boolean;
  /** What an order without a match counts as: "exp" (default) halves it again and again, "none" leaves it 0. */
  readonly smooth?: "exp" | "none";
}

/** What `bleu` finds. */
export interface BleuScore {
  /** 0 to 100. */
  readonly score: number;
  /** Precision of each order in percent. */
  readonly precisions: readonly number[];
  /** What too short translations are multiplied with. */
  readonly brevityPenalty: number;
  readonly translationLength: number;
  readonly referenceLength: number;
}

/**
 * Corpus BLEU: `BP exp(mean over n of ln p_n)` in percent, p_n the share of the translations' n-grams that stand in a
 * reference (as often as there), `BP = exp(1 - r / c)` where the c words of the translations are fewer than the r of the
 * references closest in length. K. Papineni and others, "BLEU", 2002; words and smoothing as in sacreBLEU (M. Post, "A call
 * for clarity in reporting BLEU scores", 2018). `references`: one text or a list of texts for each translation.
 *
 * @example
 * text.bleu(["the cat sat"], [["the cat sat down", "a cat sat"]]).score;
 */
export function bleu(
  translations: readonly string[],
  references: readonly (string | readonly string[])[],
  options: BleuOptions = {},
): BleuScore {
  checkOptions("bleu", options, ["maxOrder", "tokenize", "lowercase", "smooth"]);
  const { maxOrder = 4, tokenize = "13a", lowercase = false, smooth = "exp" } = options;
  if (translations.length !== references.length || translations.length === 0)
    throw new ValueError({
      where: "bleu",
      problem: "translations and references do not belong together",
      expected: "a list of references for each of at least one translation",
      received: `${translations.length} and ${references.length}`,
    });
  const cut =
    typeof tokenize === "function" ? tokenize : tokenize === "13a" ? tokenize13a : (text: string) => text.split(/\s+/).filter(Boolean);
  const words = (text: string): readonly string[] => cut(lowercase ? text.toLowerCase() : text);
  const matches = new Array<number>(maxOrder).fill(0);
  const totals = new Array<number>(maxOrder).fill(0);
  let [translationLength, referenceLength] = [0, 0];
  translations.forEach((translation, index) => {
    const given = words(translation);
    const listed = references[index]!;
    const wanted = (typeof listed === "string" ? [listed] : listed).map(words);
    translationLength += given.length;
    referenceLength += closestLength(given.length, wanted);
    for (let order = 1; order <= maxOrder; order++) {
      const most = new Map<string, number>();
      for (const reference of wanted)
        for (const [gram, count] of nGrams(reference, order)) most.set(gram, Math.max(count, most.get(gram) ?? 0));
      for (const [gram, count] of nGrams(given, order)) matches[order - 1]! += Math.min(count, most.get(gram) ?? 0);
      totals[order - 1]! += Math.max(0, given.length - order + 1);
    }
  });
  // An order that no translation is long enough for is left out.
  const orders = totals.filter((total) => total > 0).length;
  let halves = 1;
  const precisions = totals.map((total, i) => {
    if (total === 0) return 0;
    if (matches[i]! > 0) return (100 * matches[i]!) / total;
    if (smooth === "none") return 0;
    halves *= 2;
    return 100 / (halves * total);
  });
  const brevityPenalty =
    translationLength >= referenceLength ? 1 : translationLength === 0 ? 0 : Math.exp(1 - referenceLength / translationLength);
  const mean = precisions.slice(0, orders).reduce((sum, precision) => sum + Math.log(precision), 0) / orders;
  const any = matches.some((count) => count > 0);
  return { score: any && orders > 0 ? brevityPenalty * Math.exp(mean) : 0, precisions, brevityPenalty, translationLength, referenceLength };
}

/** Length of the reference closest to a translation's, the shorter of two. */
function closestLength(length: number, references: readonly (readonly string[])[]): number {
  let best = Infinity;
  for (const { length: candidate } of references) {
    const [gap, known] = [Math.abs(candidate - length), Math.abs(best - length)];
    if (gap < known || (gap === known && candidate < best)) best = candidate;
  }
  return Number.isFinite(best) ? best : 0;
}

function nGrams(words: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + order <= words.length; i++) {
    const gram = words.slice(i, i + order).join("\u0001");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** Words as mteval-v13a cuts them: signs apart, points and commas within numbers kept, dashes after digits apart. */
export function tokenize13a(text: string): string[] {
  return ` ${text} `
    .replace(/<skipped>/g, "")
    .replace(/-\n/g, "")
    .replace(/\n/g, " ")
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, "&")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/([{-~[-` -&(-+:-@/])/g, " $1 ")
    .replace(/([^0-9])([.,])/g, "$1 $2 ")
    .replace(/([.,])([^0-9])/g, " $1 $2")
    .replace(/([0-9])(-)/g, "$1 $2 ")
    .split(/\s+/)
    .filter((word) => word !== "");
}
