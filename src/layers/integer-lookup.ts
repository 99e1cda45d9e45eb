/** Integers to consecutive integers, by a vocabulary. */
import { ValueError } from "../errors.ts";
import type { StringTensor, Tensor } from "../graph/index.ts";
import { isHostTypedArray } from "../graph/index.ts";
import { integerBuckets } from "../hashing/index.ts";
import * as ops from "../ops/index.ts";
import { constantLike } from "../ops/promote.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import type { TextInput } from "./text-layer.ts";
import { IndexLookupLayer, type IndexLookupOptions, rowsOf } from "./index-lookup.ts";
import { describe, oneOf } from "./layer-options.ts";
import { checkedIndices, lookUpRange, lookUpSorted } from "./sorted-search.ts";

/** Options of IntegerLookup. */
export interface IntegerLookupOptions extends IndexLookupOptions<number> {
  /** Only "int64": 32 bits are kept. */
  readonly vocabularyDtype?: "int64";
  /** How one of several out-of-vocabulary indices is chosen: the remainder, or a hash. Default "floormod". */
  readonly oovMethod?: "floormod" | "farmhash";
}

/**
 * Integers to their indices in a vocabulary, as integers, indicator vectors, counts or tf-idf weights; with `invert`,
 * indices to integers. Part of programs: a model may begin with it. The vocabulary is given, or learned by `adapt`.
 *
 * Shapes: x `[batch, n]` -> int32 `[batch, n]`; `[batch, vocabulary]` for "multi_hot", "count", "tf_idf".
 *
 * @example
 * const lookup = layers.IntegerLookup({ vocabulary: [12, 36, 1138] });
 * await lookup([[36, 7]]).array(); // [[2, 0]]
 */
export class IntegerLookupLayer extends IndexLookupLayer<number, IntegerLookupOptions> {
  static override readonly className: string = "IntegerLookup";
  declare vocabularyDtype: "int64";
  declare oovMethod: "floormod" | "farmhash";

  constructor(options: IntegerLookupOptions = {}) {
    super(options, {
      invert: false,
      maxTokens: null,
      numOovIndices: 1,
      oovToken: -1,
      maskToken: null,
      outputMode: "int",
      sparse: false,
      padToMaxTokens: false,
      vocabularyDtype: "int64",
      idfWeights: null,
      vocabulary: null,
      vocabularySize: null,
      oovMethod: "floormod",
      salt: null,
    });
    oneOf(this.label, "vocabularyDtype", this.vocabularyDtype, ["int64"]);
    oneOf(this.label, "oovMethod", this.oovMethod, ["floormod", "farmhash"]);
    if (this.salt !== null && this.oovMethod !== "farmhash") {
      throw new ValueError({
        where: this.label,
        problem: "salt belongs to one way of choosing an index only",
        expected: 'oovMethod: "farmhash"',
        received: describe(this.oovMethod),
      });
    }
  }

  protected override get inputDType(): "int32" {
    return "int32";
  }

  protected override terms(vocabulary: unknown): number[] {
    const list = Array.isArray(vocabulary) || isHostTypedArray(vocabulary) ? Array.from(vocabulary as ArrayLike<number>, Number) : null;
    if (list?.every((term) => Number.isInteger(term) && term === (term | 0))) return list;
    throw new ValueError({
      where: this.label,
      problem: "this is no vocabulary",
      expected: "a list of integers of 32 bits: [12, 36]",
      received: describe(vocabulary),
      advice: typeof vocabulary === "string" ? "read the file and pass its lines as numbers" : "pass the terms",
    });
  }

  protected override termOf(line: string): number {
    return Number(line);
  }

  protected override async rows(batch: Tensor | StringTensor): Promise<number[][]> {
    const x = this.toIntegers(batch);
    return rowsOf(Array.from(await x.data()), x.shape as number[]);
  }

  override call(input: TextInput): Tensor {
    return super.call(input) as Tensor;
  }

  protected override lookUp(input: TextInput): Tensor {
    const x = this.toIntegers(input);
    const { oovStart, tokenStart, tokens } = this.table;
    const order = tokens.map((token, index) => [token, tokenStart + index] as const).sort((a, b) => a[0] - b[0]);
    const keys = Int32Array.from(order, ([token]) => token);
    const values = Int32Array.from(order, ([, index]) => index);
    const found = lookUpSorted(x, keys, values, this.#unknown(x, oovStart));
    const masked = this.maskToken === null ? null : ops.equal(x, this.maskToken);
    const mask = constantLike(this.outputMode === "int" ? 0 : -1, x);
    if (this.numOovIndices > 0) return masked === null ? found : ops.where(masked, mask, found);
    // Without an index for unknown integers, they are errors of the program; what is masked is none.
    const checked = checkedIndices(masked === null ? found : ops.where(masked, constantLike(0, x), found), this.table.size);
    return masked === null ? checked : ops.where(masked, mask, checked);
  }

  #unknown(x: Tensor, oovStart: number): Tensor {
    if (this.numOovIndices === 0) return constantLike(-1, x);
    if (this.numOovIndices === 1) return constantLike(oovStart, x);
    const chosen =
      this.oovMethod === "farmhash" ? integerBuckets(x, this.numOovIndices, this.salt) : ops.mod(x, constantLike(this.numOovIndices, x));
    return ops.add(chosen, oovStart);
  }

  protected override lookUpTerms(input: TextInput): Tensor {
    const x = this.toIntegers(input);
    const { tokens, tokenStart } = this.table;
    const terms = lookUpRange(x, tokenStart, Int32Array.from(tokens), constantLike(this.oovToken ?? -1, x));
    return this.maskToken === null ? terms : ops.where(ops.equal(x, 0), constantLike(this.maskToken, x), terms);
  }
}

/** Integers to consecutive integers; see {@link IntegerLookupLayer}. */
export const IntegerLookup: CallableClass<typeof IntegerLookupLayer> = /* @__PURE__ */ callableClass(IntegerLookupLayer);
export type IntegerLookup = IntegerLookupLayer;
