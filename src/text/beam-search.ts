/** The most likely sequences, searched along several at a time. */
import { dataTensor } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";
import {
  type DecoderState,
  type GenerationOptions,
  generationOptionNames,
  generationSetup,
  logitRows,
  type NextToken,
  reorderState,
  repeatState,
} from "./next-token.ts";

/** Options of `beamSearch`. */
export interface BeamSearchOptions<S extends DecoderState> extends GenerationOptions<S> {
  /** Sequences that are followed at a time; 1 is greedy search. Default 4. */
  readonly beamWidth?: number;
  /** alpha of the length penalty; 0 (default) compares sums of log probabilities as they are, which favours short sequences. */
  readonly lengthPenalty?: number;
}

/** A sequence that was found. */
export interface FoundSequence {
  /** Its tokens, without start and end. */
  readonly tokens: Int32Array;
  /** Sum of the log probabilities of its tokens and its end, divided by the length penalty. */
  readonly score: number;
}

interface Beam {
  readonly tokens: readonly number[];
  readonly logProbability: number;
  /** Row it comes from. */
  readonly parent: number;
}

/**
 * Beam search: the best sequences by `sum of log p(token | before) / lp`, with `lp = ((5 + length) / 6)^alpha`; for each
 * sequence of the batch the best `beamWidth` that ended, best first (those of `maxLength` where none did). Y. Wu and others, "Google's neural machine translation
 * system", 2016, equation 14 (without coverage). Throws ValueError and ShapeError.
 *
 * @example
 * const [best] = await text.beamSearch(step, { state, startTokens: start, endToken: end, maxLength: 40, beamWidth: 5 });
 */
export async function beamSearch<S extends DecoderState>(next: NextToken<S>, options: BeamSearchOptions<S>): Promise<FoundSequence[][]> {
  const where = "beamSearch";
  checkOptions(where, options, [...generationOptionNames, "beamWidth", "lengthPenalty"]);
  const { start, batch, endToken, padToken, maxLength } = generationSetup(where, options);
  const { beamWidth: width = 4, lengthPenalty: alpha = 0 } = options;
  const penalty = (length: number): number => ((5 + length) / 6) ** alpha;
  const finished = Array.from({ length: batch }, (): FoundSequence[] => []);
  // At first all beams of a sequence are the same: only one counts.
  let beams = Array.from({ length: batch * width }, (_, row): Beam => ({
    tokens: start,
    logProbability: row % width === 0 ? 0 : -Infinity,
    parent: row,
  }));
  let state = repeatState(options.state, width);
  const finish = (item: number, tokens: readonly number[], logProbability: number): void => {
    const score = logProbability / penalty(tokens.length);
    finished[item]!.push({ tokens: Int32Array.from(tokens), score });
    finished[item]!.sort((a, b) => b.score - a.score).splice(width);
  };
  // What is still followed cannot become better than its log probability now, at the length that is penalised least.
  const isDone = (item: number): boolean => {
    const found = finished[item]!;
    if (found.length < width) return false;
    const best = Math.max(...beams.slice(item * width, (item + 1) * width).map(({ logProbability }) => logProbability));
    return best / penalty(alpha > 0 ? maxLength - start.length : 0) <= found.at(-1)!.score;
  };
  for (let length = start.length; length < maxLength; length++) {
    const padded = new Int32Array(beams.length * maxLength).fill(padToken);
    beams.forEach(({ tokens }, row) => padded.set(tokens, row * maxLength));
    const scores = await next(dataTensor(padded, [beams.length, maxLength], "int32"), length, state);
    const { rows, vocabulary } = await logitRows(where, scores.logits, beams.length, length);
    const followed: Beam[] = [];
    for (let item = 0; item < batch; item++) {
      const candidates = bestCandidates(beams, rows, vocabulary, item, width);
      const kept: Beam[] = [];
      for (const { beam, token, logProbability } of candidates) {
        const { tokens } = beams[beam]!;
        if (token === endToken) finish(item, tokens.slice(start.length), logProbability);
        else if (kept.length < width) kept.push({ tokens: [...tokens, token], logProbability, parent: beam });
      }
      // A vocabulary smaller than the beams leaves places: they count for nothing.
      while (kept.length < width) kept.push({ ...(kept[0] ?? beams[item * width]!), logProbability: -Infinity });
      followed.push(...kept);
    }
    beams = followed;
    if (finished.every((_, item) => isDone(item))) break;
    state = reorderState(
      scores.state,
      Int32Array.from(beams, ({ parent }) => parent),
    );
  }
  // Where nothing ended, what was followed counts as it stands.
  const open = finished.map((found) => found.length === 0);
  beams.forEach(({ tokens, logProbability }, row) => {
    const item = Math.floor(row / width);
    if (open[item] === true && Number.isFinite(logProbability)) finish(item, tokens.slice(start.length), logProbability);
  });
  return finished;
}

interface Candidate {
  readonly beam: number;
  readonly token: number;
  readonly logProbability: number;
}

/** The best continuations of one sequence's beams: twice as many as beams, so that enough are left when half of them end. */
function bestCandidates(beams: readonly Beam[], rows: Float32Array, vocabulary: number, item: number, width: number): Candidate[] {
  const best: Candidate[] = [];
  const most = 2 * width;
  for (let beam = item * width; beam < (item + 1) * width; beam++) {
    const before = beams[beam]!.logProbability;
    if (before === -Infinity) continue;
    const logits = rows.subarray(beam * vocabulary, (beam + 1) * vocabulary);
    const normalizer = logSumExp(logits);
    for (let token = 0; token < vocabulary; token++) {
      const logProbability = before + logits[token]! - normalizer;
      if (best.length === most && !(logProbability > best[most - 1]!.logProbability)) continue;
      let at = best.length < most ? best.length : most - 1;
      while (at > 0 && best[at - 1]!.logProbability < logProbability) at--;
      best.splice(at, 0, { beam, token, logProbability });
      if (best.length > most) best.pop();
    }
  }
  return best;
}

/** ln of the sum of exp, without overflow. */
export function logSumExp(values: Float32Array): number {
  let most = -Infinity;
  for (const value of values) if (value > most) most = value;
  if (!Number.isFinite(most)) return most;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - most);
  return most + Math.log(sum);
}
