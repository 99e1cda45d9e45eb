/** The data that a calibration looks at. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { dataTensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import type { CalibratedQuantizationConfig, CalibrationTokenizer } from "./calibrated-config.ts";

async function tokensOf(part: string | TensorLike, tokenizer: CalibrationTokenizer): Promise<number[]> {
  if (typeof part !== "string") return Array.from(await asTensor(part).data(), Math.trunc);
  const made = typeof tokenizer === "function" ? tokenizer(part) : tokenizer.tokenize(part);
  return Array.from(await asTensor(made).data(), Math.trunc);
}

/**
 * What runs through the model: with a tokenizer, `numSamples` sequences of tokens `[1, sequenceLength]`, cut at equal
 * distances from all tokens behind each other, which are repeated where there are too few; without one, the first
 * `numSamples` elements of the data. Throws ValueError where there are no data.
 */
export async function calibrationInputs(where: string, config: CalibratedQuantizationConfig): Promise<Tensor[]> {
  const { dataset, tokenizer, numSamples, sequenceLength } = config;
  const wrong = (received: string): ValueError =>
    new ValueError({
      where,
      problem: "a calibration needs data",
      expected: "dataset: texts or arrays of token ids, or inputs of the model without a tokenizer",
      received,
    });
  if (dataset === null || dataset === undefined || typeof dataset === "string")
    throw wrong(typeof dataset === "string" ? "one text" : "no dataset");
  const parts: (string | TensorLike)[] = [];
  for await (const part of dataset as AsyncIterable<string | TensorLike>) {
    parts.push(part);
    if (tokenizer === null && parts.length === numSamples) break;
  }
  if (parts.length === 0) throw wrong("a dataset without elements");
  if (tokenizer === null) {
    if (parts.some((part) => typeof part === "string")) throw wrong("texts without a tokenizer");
    return parts.map((part) => asTensor(part as TensorLike));
  }
  const tokens: number[] = [];
  for (const part of parts) tokens.push(...(await tokensOf(part, tokenizer)));
  if (tokens.length === 0) throw wrong("texts without tokens");
  const repeats = Math.max(1, Math.ceil((numSamples * sequenceLength) / tokens.length));
  const starts = tokens.length * repeats - sequenceLength + 1;
  const stride = Math.max(1, Math.floor(starts / numSamples));
  return Array.from({ length: numSamples }, (_, sample) => {
    const start = (sample * stride) % starts;
    const ids = Int32Array.from({ length: sequenceLength }, (_, i) => tokens[(start + i) % tokens.length]!);
    return dataTensor(ids, [1, sequenceLength], "int32");
  });
}
