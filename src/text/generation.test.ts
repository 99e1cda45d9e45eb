import { beforeAll, describe, expect, it } from "vitest";
import { ops, setBackend, tensor, type Tensor } from "../index.ts";
import { beamSearch, type NextToken, sampleSequences, sampleToken } from "./index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

/** A seeded table of log probabilities by the last token (a Markov chain). */
function chain(vocabulary: number, seed: number): number[][] {
  let x = seed;
  const random = (): number => (x = (x * 16807) % 2147483647) / 2147483647;
  return Array.from({ length: vocabulary }, () => {
    const row = Array.from({ length: vocabulary }, () => random() ** 3);
    const total = row.reduce((sum, value) => sum + value, 0);
    return row.map((value) => Math.log(value / total));
  });
}

const next =
  (table: readonly (readonly number[])[]): NextToken<null> =>
  async (tokens, length) => {
    const rows = (await tokens.array()) as number[][];
    return { logits: tensor(rows.map((row) => [...table[row[length - 1]!]!])), state: null };
  };

/** Every sequence up to a length that ends in `end`, by its score. */
function everySequence(
  table: readonly (readonly number[])[],
  start: number,
  end: number,
  most: number,
): { tokens: number[]; score: number }[] {
  const found: { tokens: number[]; score: number }[] = [];
  const visit = (tokens: number[], score: number): void => {
    const last = tokens.at(-1) ?? start;
    found.push({ tokens, score: score + table[last]![end]! });
    if (tokens.length + 2 < most) table.forEach((_, token) => token !== end && visit([...tokens, token], score + table[last]![token]!));
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

describe("beamSearch", () => {
  it("finds the best sequences of all, if the beams are wide enough", async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const table = chain(4, seed);
      const [found] = await beamSearch(next(table), { state: null, startTokens: 0, endToken: 3, maxLength: 5, beamWidth: 27 });
      const all = everySequence(table, 0, 3, 5);
      expect(found![0]!.score).toBeCloseTo(all[0]!.score, 4);
      expect([...found![0]!.tokens]).toEqual(all[0]!.tokens);
      expect([...found![4]!.tokens]).toEqual(all[4]!.tokens);
    }
  });

  it("is greedy search where the width is 1, and never worse where it is more", async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const table = chain(6, 31 * seed);
      const options = { state: null, startTokens: 0, endToken: null, maxLength: 6 };
      const [greedy] = await beamSearch(next(table), { ...options, beamWidth: 1 });
      const expected: number[] = [];
      for (let token = 0; expected.length < 5; expected.push(token)) token = table[token]!.indexOf(Math.max(...table[token]!));
      expect([...greedy![0]!.tokens]).toEqual(expected);
      const [wide] = await beamSearch(next(table), { ...options, beamWidth: 3 });
      expect(wide![0]!.score).toBeGreaterThanOrEqual(greedy![0]!.score - 1e-6);
    }
  });

  it("keeps the state of every beam beside its tokens, for batches", async () => {
    // The state counts the tokens so far and remembers which sequence of the batch it belongs to.
    const step: NextToken<{ seen: Tensor; item: Tensor }> = async (tokens, length, state) => {
      const rows = (await tokens.array()) as number[][];
      const seen = (await state.seen.array()) as number[];
      const item = (await state.item.array()) as number[];
      rows.forEach((row, i) => expect(seen[i]).toBe(row.slice(0, length).reduce((sum, token) => sum + token, 0) - row[length - 1]!));
      const last = rows.map((row) => row[length - 1]!);
      return {
        // The second sequence prefers token 2.
        logits: tensor(item.map((which) => (which === 0 ? [0, 3, 1, 0.5] : [0, 1, 3, 0.5]))),
        state: { seen: ops.add(state.seen, tensor(last)), item: state.item },
      };
    };
    const state = { seen: tensor([0, 0]), item: tensor([0, 1]) };
    const found = await beamSearch(step, { state, startTokens: [1], endToken: null, maxLength: 4, beamWidth: 2, lengthPenalty: 1 });
    expect(found.map((sequences) => [...sequences[0]!.tokens])).toEqual([[1, 1, 1], [2, 2, 2]]); // prettier-ignore
  });

  it("takes the logits of every place, those after the last token", async () => {
    const step: NextToken<null> = (tokens, length) => {
      const values = Array.from({ length: tokens.dim(0) }, () =>
        Array.from({ length: 4 }, (_, place) => [0, place === length - 1 ? 5 : 0, place === length ? 9 : 0]),
      );
      return { logits: tensor(values), state: null };
    };
    const [found] = await beamSearch(step, { state: null, startTokens: 0, endToken: null, maxLength: 4, beamWidth: 1 });
    expect([...found![0]!.tokens]).toEqual([1, 1, 1]);
  });

  it("says what does not fit", async () => {
    const options = { state: null, startTokens: 0, endToken: 1, maxLength: 3 };
    const wrong: NextToken<null> = () => ({ logits: tensor([1, 2]), state: null });
    await expect(beamSearch(wrong, options)).rejects.toThrow(/logits do not belong/);
    await expect(beamSearch(wrong, { ...options, maxLength: 1 })).rejects.toThrow(/no room for a token/);
    await expect(beamSearch(wrong, { ...options, beamwidth: 2 } as never)).rejects.toThrow(/beamWidth/);
  });
});

describe("sampling", () => {
  const logits = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.15), Math.log(0.05));
  const frequencies = (choice: Parameters<typeof sampleToken>[2]): number[] => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 1000; i++) counts[sampleToken(logits, (i + 0.5) / 1000, choice)]!++;
    return counts.map((count) => count / 1000);
  };

  it("draws with the probabilities of the softmax, at any temperature", () => {
    frequencies({}).forEach((share, i) => expect(share).toBeCloseTo([0.5, 0.3, 0.15, 0.05][i]!, 2));
    const squares = [0.25, 0.09, 0.0225, 0.0025].map((value) => value / 0.365);
    frequencies({ temperature: 0.5 }).forEach((share, i) => expect(share).toBeCloseTo(squares[i]!, 2));
    expect(frequencies({ temperature: 0 })).toEqual([1, 0, 0, 0]);
  });

  it("draws from the likeliest only", () => {
    frequencies({ topK: 2 }).forEach((share, i) => expect(share).toBeCloseTo([0.625, 0.375, 0, 0][i]!, 2));
    frequencies({ topP: 0.8 }).forEach((share, i) => expect(share).toBeCloseTo([0.625, 0.375, 0, 0][i]!, 2));
    frequencies({ topP: 0.81 }).forEach((share, i) => expect(share).toBeCloseTo([0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0][i]!, 2));
  });

  it("makes sequences, the same for the same seed, until their ends", async () => {
    const table = chain(5, 11);
    const options = { state: null, batchSize: 3, startTokens: [0], endToken: 4, maxLength: 12 };
    const first = await sampleSequences(next(table), { ...options, seed: 7 });
    expect(await sampleSequences(next(table), { ...options, seed: 7 })).toEqual(first);
    const endless = await sampleSequences(next(table), { ...options, endToken: null, seed: 7 });
    expect(endless.map((tokens) => tokens.length)).toEqual([11, 11, 11]);
    expect(await sampleSequences(next(table), { ...options, endToken: null, seed: 8 })).not.toEqual(endless);
    expect(first.length).toBe(3);
    for (const tokens of first) expect(tokens.includes(4) || tokens.length > 11).toBe(false);
    await expect(sampleSequences(next(table), { ...options, topK: 0 })).rejects.toThrow(/topK/);
    await expect(sampleSequences(next(table), { ...options, temperature: -1 })).rejects.toThrow(/temperature/);
  });
});
