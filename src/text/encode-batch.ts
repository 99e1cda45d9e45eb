/** Texts as the rows of one array. */
import { dataTensor, type Tensor } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** Options of a tokenizer's `encodeBatch`. */
export interface EncodeBatchOptions {
  /** Length of all rows: longer ones are cut. Default: that of the longest. */
  readonly sequenceLength?: number | null;
  /** Put before every text; null (default): nothing. */
  readonly startToken?: string | null;
  /** Put after every text, kept where texts are cut; null (default): nothing. */
  readonly endToken?: string | null;
  /** What rows are filled up with. Default: the token 0. */
  readonly padToken?: string | null;
}

/** What makes numbers of texts. */
interface Encoder {
  encode(text: string): number[];
  tokenToId(token: string): number;
}

/** Numbers of texts, in rows of one length. Shapes: n texts -> int32 `[n, length]`. */
export function encodeBatch(where: string, tokenizer: Encoder, texts: readonly string[], options: EncodeBatchOptions): Tensor {
  checkOptions(where, options, ["sequenceLength", "startToken", "endToken", "padToken"]);
  const { startToken = null, endToken = null, padToken = null } = options;
  const begin = startToken === null ? [] : [tokenizer.tokenToId(startToken)];
  const end = endToken === null ? [] : [tokenizer.tokenToId(endToken)];
  const rows = texts.map((text) => [...begin, ...tokenizer.encode(text), ...end]);
  const length = options.sequenceLength ?? Math.max(0, ...rows.map((row) => row.length));
  const values = new Int32Array(texts.length * length).fill(padToken === null ? 0 : tokenizer.tokenToId(padToken));
  rows.forEach((row, index) => {
    values.set(row.length <= length ? row : [...row.slice(0, length - end.length), ...end], index * length);
  });
  return dataTensor(values, [texts.length, length], "int32");
}
