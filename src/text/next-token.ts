/** What sequences are generated with: a function that scores the token that comes next. */
import { ShapeError, ValueError } from "../errors.ts";
import { dataTensor, formatShape, isPlainObject, Tensor } from "../graph/index.ts";
import { repeat } from "../ops/numpy/shaping.ts";
import { take } from "../ops/numpy/indexing.ts";

/** What a decoder remembers: tensors in lists and objects, their first axis the sequences. */
export type DecoderState = Tensor | readonly DecoderState[] | { readonly [name: string]: DecoderState } | null;

/** Scores and the state for the next step. */
export interface NextTokenScores<S extends DecoderState> {
  /** Logits `[n, vocabulary]`, or `[n, maxLength, vocabulary]`, of which those after the last token are taken. */
  readonly logits: Tensor;
  readonly state: S;
}

/**
 * Scores the token that comes after the first `length` of each row. `tokens`: int32 `[n, maxLength]`, filled up with the
 * padding token; `state`: what the step before gave, its rows those of `tokens`.
 */
export type NextToken<S extends DecoderState> = (
  tokens: Tensor,
  length: number,
  state: S,
) => NextTokenScores<S> | Promise<NextTokenScores<S>>;

/** What all ways to generate sequences need to know. */
export interface GenerationOptions<S extends DecoderState> {
  /** State before the first step; its first axis counts the sequences to generate. */
  readonly state: S;
  /** Number of sequences, where the state does not tell. Default 1. */
  readonly batchSize?: number;
  /** Tokens that every sequence begins with: one, or several. */
  readonly startTokens: number | readonly number[];
  /** The token that ends a sequence; null: all are of `maxLength`. */
  readonly endToken: number | null;
  /** Length at which every sequence ends, the start tokens and the end token included. */
  readonly maxLength: number;
  /** Default 0. */
  readonly padToken?: number;
}

/** Names of `GenerationOptions`, for `checkOptions`. */
export const generationOptionNames: readonly string[] = ["state", "batchSize", "startTokens", "endToken", "maxLength", "padToken"];

/** The options checked, with their defaults. Throws ValueError. */
export function generationSetup<S extends DecoderState>(
  where: string,
  options: GenerationOptions<S>,
): { start: number[]; batch: number; endToken: number; padToken: number; maxLength: number } {
  const start = typeof options.startTokens === "number" ? [options.startTokens] : [...options.startTokens];
  const batch = options.batchSize ?? rowsOfState(options.state) ?? 1;
  const { maxLength, endToken, padToken = 0 } = options;
  if (start.length === 0 || !Number.isInteger(maxLength) || maxLength <= start.length)
    throw new ValueError({
      where,
      problem: "there is nothing to begin with, or no room for a token",
      expected: "at least one start token, and a maxLength above their number",
      received: `${start.length} start tokens, maxLength ${maxLength}`,
    });
  return { start, batch, endToken: endToken ?? -1, padToken, maxLength };
}

function rowsOfState(state: DecoderState): number | null {
  if (state === null) return null;
  if (state instanceof Tensor) return state.dim(0);
  for (const part of Object.values<DecoderState>(state)) {
    const rows = rowsOfState(part);
    if (rows !== null) return rows;
  }
  return null;
}

function mapState<S extends DecoderState>(state: S, f: (tensor: Tensor) => Tensor): S {
  const visit = (part: DecoderState): DecoderState => {
    if (part === null) return null;
    if (part instanceof Tensor) return f(part);
    if (Array.isArray(part)) return part.map(visit);
    if (isPlainObject(part)) return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, visit(inner)]));
    throw new ValueError({
      where: "decoder state",
      problem: "the state holds what is no tensor",
      expected: "tensors in lists and objects",
      received: typeof part,
    });
  };
  // The same structure, other tensors.
  const mapped: DecoderState = visit(state);
  return mapped as S;
}

/** Every row of a state `times` times, one after another. */
export function repeatState<S extends DecoderState>(state: S, times: number): S {
  return times === 1 ? state : mapState(state, (tensor) => repeat(tensor, times, { axis: 0 }));
}

/** Rows of a state in another order. */
export function reorderState<S extends DecoderState>(state: S, rows: Int32Array): S {
  const isSame = rows.every((row, i) => row === i);
  if (isSame) return state;
  const order = dataTensor(rows, [rows.length], "int32");
  return mapState(state, (tensor) => take(tensor, order, { axis: 0 }));
}

/** The logits after `length` tokens, one row of `vocabulary` numbers for each sequence. Throws ShapeError. */
export async function logitRows(
  where: string,
  logits: Tensor,
  count: number,
  length: number,
): Promise<{ rows: Float32Array; vocabulary: number }> {
  const values = (await logits.data()) as Float32Array;
  const vocabulary = logits.dim(logits.rank - 1);
  if (logits.rank === 2 && logits.dim(0) === count) return { rows: values, vocabulary };
  if (logits.rank === 3 && logits.dim(0) === count && logits.dim(1) >= length) {
    const rows = new Float32Array(count * vocabulary);
    const stride = logits.dim(1) * vocabulary;
    for (let i = 0; i < count; i++) {
      const at = i * stride + (length - 1) * vocabulary;
      rows.set(values.subarray(at, at + vocabulary), i * vocabulary);
    }
    return { rows, vocabulary };
  }
  throw new ShapeError({
    where,
    problem: "the logits do not belong to the tokens",
    expected: `[${count}, vocabulary] or [${count}, maxLength, vocabulary]`,
    received: formatShape(logits.shape),
  });
}
