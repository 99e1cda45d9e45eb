/** The table behind StringLookup, IntegerLookup and TextVectorization: terms, their indices, and how they are learned. */
import { StateError, ValueError } from "../errors.ts";
import { describe } from "./layer-options.ts";

/** What an IndexTable needs to know. */
export interface IndexTableOptions<T> {
  readonly maxTokens: number | null;
  readonly numOovIndices: number;
  readonly maskToken: T | null;
  readonly oovToken: T | null;
  readonly outputMode: string;
  readonly invert: boolean;
  readonly padToMaxTokens: boolean;
}

/** Terms and their indices: [mask, if the output is integers], out-of-vocabulary indices, then terms by frequency. */
export class IndexTable<T extends string | number> {
  readonly #where: string;
  readonly #options: IndexTableOptions<T>;
  #tokens: readonly T[] = [];
  #indices: ReadonlyMap<T, number> = new Map();
  #counts = new Map<T, number>();
  #documentCounts = new Map<T, number>();
  #documents = 0;
  /** Weight per index of output mode "tf_idf"; null before it is known. */
  idfWeights: readonly number[] | null = null;
  /** Whether the terms are known. */
  known = false;
  /** Size that a configuration tells, before the terms are read from the file beside it. */
  toldSize: number | null = null;

  constructor(where: string, options: IndexTableOptions<T>) {
    this.#where = where;
    this.#options = options;
  }

  /** Index of the first out-of-vocabulary index. */
  get oovStart(): number {
    return this.#options.maskToken !== null && this.#options.outputMode === "int" ? 1 : 0;
  }

  /** Index of the first term. */
  get tokenStart(): number {
    return this.oovStart + this.#options.numOovIndices;
  }

  /** Number of indices. */
  get size(): number {
    return this.tokenStart + this.#tokens.length;
  }

  /** Number of columns of encoded outputs. Throws StateError before the terms are known. */
  get depth(): number {
    const { maxTokens, padToMaxTokens, outputMode } = this.#options;
    if (padToMaxTokens && maxTokens !== null) return maxTokens;
    if (this.known) return this.size;
    if (this.toldSize !== null && this.toldSize > this.tokenStart) return this.toldSize;
    throw new StateError({
      where: this.#where,
      problem: `with output mode "${outputMode}" the vocabulary must be known before the layer is called`,
      expected: "a vocabulary",
      received: "none",
      advice: "await layer.adapt(data), or give the option vocabulary",
    });
  }

  /** Weights per column; zeros where only their number is known yet. Throws StateError before that. */
  get columnWeights(): readonly number[] {
    return this.idfWeights ?? new Array<number>(this.depth).fill(0);
  }

  /** Terms without mask and out-of-vocabulary entries. */
  get tokens(): readonly T[] {
    return this.#tokens;
  }

  /** The index of a term; undefined where it is out of vocabulary. The mask is not looked at. */
  indexOf(token: T): number | undefined {
    return this.#indices.get(token);
  }

  /** Terms by index. */
  vocabulary(includeSpecialTokens: boolean): T[] {
    if (!includeSpecialTokens) return [...this.#tokens];
    return [...this.#specialTokens(), ...this.#tokens];
  }

  #specialTokens(): T[] {
    const { maskToken, oovToken, numOovIndices } = this.#options;
    return [...new Array<T>(this.oovStart).fill(maskToken!), ...new Array<T>(numOovIndices).fill(oovToken!)];
  }

  /** Takes terms, which may begin with mask and out-of-vocabulary entries. Throws ValueError for what makes no table. */
  setVocabulary(vocabulary: readonly T[], idfWeights: readonly number[] | null): void {
    const { maskToken, oovToken, invert, maxTokens, outputMode, padToMaxTokens } = this.#options;
    const wrong = (problem: string, expected: string, received: unknown, advice?: string): ValueError =>
      new ValueError({
        where: this.#where,
        problem,
        expected,
        received: describe(received),
        ...(advice === undefined ? {} : { advice }),
      });
    if (vocabulary.length === 0) throw wrong("the vocabulary is empty", "at least one term", vocabulary);
    if (outputMode === "tf_idf" && idfWeights === null)
      throw wrong('output mode "tf_idf" needs idfWeights beside a vocabulary', "one weight per term", null);
    if (outputMode !== "tf_idf" && idfWeights !== null)
      throw wrong('idfWeights belong to output mode "tf_idf"', "no idfWeights", idfWeights);
    const special = this.#specialTokens();
    const found = special.every((token, index) => vocabulary[index] === token);
    const tokens = found ? vocabulary.slice(special.length) : [...vocabulary];
    const indices = new Map<T, number>();
    for (const token of tokens) {
      if (indices.has(token)) throw wrong("a term of the vocabulary is repeated", "every term once", token, "remove the duplicates");
      indices.set(token, this.tokenStart + indices.size);
    }
    const order = "leave special terms out, or put them in front in the order mask, out-of-vocabulary";
    if (maskToken !== null && indices.has(maskToken))
      throw wrong("the mask is among the terms", "it in front or not at all", maskToken, order);
    if (invert && oovToken !== null && indices.has(oovToken)) {
      throw wrong("the out-of-vocabulary term is among the terms", "it in front or not at all", oovToken, order);
    }
    if (maxTokens !== null && this.tokenStart + tokens.length > maxTokens) {
      throw wrong("the vocabulary is larger than maxTokens", `at most ${maxTokens}`, this.tokenStart + tokens.length);
    }
    if (idfWeights !== null) {
      if (idfWeights.length !== vocabulary.length)
        throw wrong("idfWeights differ in length from the vocabulary", String(vocabulary.length), idfWeights.length);
      const mean = idfWeights.reduce((sum, weight) => sum + weight, 0) / idfWeights.length;
      const front = found ? [] : new Array<number>(this.tokenStart).fill(mean);
      this.idfWeights = padded([...front, ...idfWeights], padToMaxTokens ? maxTokens : null);
    }
    this.#tokens = tokens;
    this.#indices = indices;
    this.known = true;
  }

  /** Forgets what was counted. */
  reset(): void {
    this.#counts = new Map();
    this.#documentCounts = new Map();
    this.#documents = 0;
  }

  /** Counts the terms of documents. */
  count(documents: Iterable<readonly T[]>): void {
    for (const document of documents) {
      this.#documents++;
      for (const token of document) this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
      if (this.#options.outputMode !== "tf_idf") continue;
      for (const token of new Set(document)) this.#documentCounts.set(token, (this.#documentCounts.get(token) ?? 0) + 1);
    }
  }

  /** Makes the table of what was counted: most frequent first, ties by descending order of the terms. */
  finish(): void {
    const { maskToken, oovToken, maxTokens, outputMode, padToMaxTokens } = this.#options;
    if (this.#counts.size === 0) return;
    if (maskToken !== null) this.#counts.delete(maskToken);
    if (oovToken !== null) this.#counts.delete(oovToken);
    const sorted = [...this.#counts].sort(([a, n], [b, m]) => m - n || compare(b, a)).map(([token]) => token);
    const tokens = maxTokens === null ? sorted : sorted.slice(0, Math.max(0, maxTokens - this.tokenStart));
    this.#tokens = tokens;
    this.#indices = new Map(tokens.map((token, index) => [token, this.tokenStart + index]));
    this.known = true;
    if (outputMode === "tf_idf") {
      const weights = tokens.map((token) => Math.log(1 + this.#documents / (1 + (this.#documentCounts.get(token) ?? 0))));
      const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
      this.idfWeights = padded([...new Array<number>(this.tokenStart).fill(mean), ...weights], padToMaxTokens ? maxTokens : null);
    }
    this.reset();
  }
}

function padded(weights: readonly number[], length: number | null): number[] {
  return length === null ? [...weights] : [...weights, ...new Array<number>(Math.max(0, length - weights.length)).fill(0)];
}

/** Order of terms: numbers by value, texts by their UTF-8 bytes, which is the order of code points. */
function compare<T extends string | number>(a: T, b: T): number {
  if (typeof a === "number" || typeof b === "number") return Number(a) - Number(b);
  const [x, y] = [Array.from(String(a)), Array.from(String(b))];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}
