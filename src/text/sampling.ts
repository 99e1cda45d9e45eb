/** Sequences drawn at random. */
import { randomIndices } from "../data/random-indices.ts";
import { ValueError } from "../errors.ts";
import { dataTensor } from "../graph/index.ts";
import { makeDefaultSeed } from "../random/index.ts";
import { checkOptions } from "../serialization/index.ts";
import {
  type DecoderState,
  type GenerationOptions,
  generationOptionNames,
  generationSetup,
  logitRows,
  type NextToken,
} from "./next-token.ts";

/** How a token is drawn. */
export interface TokenChoice {
  /** Logits are divided by it: below 1 the likely tokens become likelier; 0 always takes the likeliest. Default 1. */
  readonly temperature?: number;
  /** Only the `topK` likeliest tokens are drawn from; null (default): all. */
  readonly topK?: number | null;
  /** Only the likeliest tokens that together have this probability are drawn from; null (default): all. */
  readonly topP?: number | null;
}

/** Options of `sampleSequences`. */
export interface SamplingOptions<S extends DecoderState> extends GenerationOptions<S>, TokenChoice {
  /** Default: one that `setRandomSeed` decides. */
  readonly seed?: number | null;
}

const choiceNames = ["temperature", "topK", "topP"];

/**
 * A token drawn with the probabilities `softmax(logits / temperature)`, restricted by `topK` (A. Fan and others, 2018) and
 * `topP` (A. Holtzman and others, "The curious case of neural text degeneration", 2020). `uniform`: a number in [0, 1).
 */
export function sampleToken(logits: Float32Array, uniform: number, choice: TokenChoice = {}): number {
  const { temperature = 1, topK = null, topP = null } = choice;
  const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
  if (temperature === 0) return order[0]!;
  const kept = topK === null ? order : order.slice(0, topK);
  const most = logits[kept[0]!]!;
  const weights = kept.map((token) => Math.exp((logits[token]! - most) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let [count, share] = [kept.length, 1];
  if (topP !== null) {
    // The token that reaches the share is among them.
    [count, share] = [0, 0];
    while (count < kept.length && share < topP) share += weights[count++]! / total;
  }
  let left = uniform * total * share;
  for (let i = 0; i < count; i++) {
    left -= weights[i]!;
    if (left < 0) return kept[i]!;
  }
  return kept[count - 1]!;
}

function checkChoice(where: string, { temperature = 1, topK = null, topP = null }: TokenChoice): void {
  const wrong = (name: string, expected: string, received: unknown): ValueError =>
    new ValueError({ where, problem: `${name} is out of range`, expected, received: String(received) });
  if (!(temperature >= 0 && Number.isFinite(temperature))) throw wrong("temperature", "a number from 0 on", temperature);
  if (topK !== null && !(Number.isInteger(topK) && topK >= 1)) throw wrong("topK", "a whole number from 1 on, or null", topK);
  if (topP !== null && !(topP > 0 && topP <= 1)) throw wrong("topP", "a number above 0 up to 1, or null", topP);
}

/**
 * Sequences of which every token is drawn given those before; for each sequence of the batch its tokens without start and
 * end. The same for the same seed. Throws ValueError and ShapeError.
 *
 * @example
 * const [tokens] = await text.sampleSequences(step, { state: null, startTokens: [7, 3], endToken: null, maxLength: 200, temperature: 0.8 });
 */
export async function sampleSequences<S extends DecoderState>(next: NextToken<S>, options: SamplingOptions<S>): Promise<Int32Array[]> {
  const where = "sampleSequences";
  checkOptions(where, options, [...generationOptionNames, ...choiceNames, "seed"]);
  checkChoice(where, options);
  const { start, batch, endToken, padToken, maxLength } = generationSetup(where, options);
  const draw = randomIndices(options.seed ?? makeDefaultSeed(), 0);
  const sequences = Array.from({ length: batch }, () => [...start]);
  const ended = new Array<boolean>(batch).fill(false);
  const padded = new Int32Array(batch * maxLength).fill(padToken);
  let { state } = options;
  for (let length = start.length; length < maxLength && ended.includes(false); length++) {
    sequences.forEach((tokens, row) => padded.set(tokens, row * maxLength));
    const scores = await next(dataTensor(padded.slice(), [batch, maxLength], "int32"), length, state);
    const { rows, vocabulary } = await logitRows(where, scores.logits, batch, length);
    state = scores.state;
    sequences.forEach((tokens, row) => {
      const token = sampleToken(rows.subarray(row * vocabulary, (row + 1) * vocabulary), draw(2 ** 24) / 2 ** 24, options);
      if (token === endToken) ended[row] = true;
      if (!ended[row]) tokens.push(token);
    });
  }
  return sequences.map((tokens) => Int32Array.from(tokens.slice(start.length)));
}
