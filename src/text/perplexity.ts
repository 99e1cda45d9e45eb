/** Perplexity of what was said, from its log probabilities. */
import { ValueError } from "../errors.ts";

/**
 * `exp(-mean of ln p)` over all tokens of all sequences; each sequence has the log probabilities of its tokens (the end token
 * among them where it counts). 2 to the cross-entropy in bits. Throws ValueError where there are no tokens, or where a number
 * is no log probability.
 *
 * @example
 * text.perplexity([[Math.log(0.5), Math.log(0.125)]]); // 4
 */
export function perplexity(logProbabilities: Iterable<Iterable<number>>): number {
  let [total, tokens] = [0, 0];
  for (const sequence of logProbabilities) {
    for (const value of sequence) {
      // A rounding error above 0 is none.
      if (!(value <= 1e-5))
        throw new ValueError({
          where: "perplexity",
          problem: "this is no log probability",
          expected: "natural logarithms of probabilities, 0 or less",
          received: String(value),
        });
      total += value;
      tokens++;
    }
  }
  if (tokens > 0) return Math.exp(-total / tokens);
  throw new ValueError({ where: "perplexity", problem: "there are no tokens", expected: "at least one", received: "none" });
}
