/** Texts to integers, by a vocabulary. */
import { ValueError } from "../errors.ts";
import { concreteShape, dataTensor, isStringData, StringTensor, stringTensor, type Tensor } from "../graph/index.ts";
import { bucketOf } from "../hashing/index.ts";
import { callableClass } from "../serialization/index.ts";
import type { StringLookupCall } from "./call-types.ts";
import type { TextInput } from "./text-layer.ts";
import { IndexLookupLayer, type IndexLookupOptions, knownValues, rowsOf } from "./index-lookup.ts";
import { describe } from "./layer-options.ts";

/** Options of StringLookup. */
export interface StringLookupOptions extends IndexLookupOptions<string> {
  /** Only "utf-8". */
  readonly encoding?: "utf-8";
}

/**
 * Texts to their indices in a vocabulary, as integers, indicator vectors, counts or tf-idf weights; with `invert`,
 * indices to texts. The vocabulary is given, or learned by `adapt`.
 *
 * Shapes: x texts `[batch, n]` -> int32 `[batch, n]`; `[batch, vocabulary]` for "multi_hot", "count", "tf_idf".
 *
 * @example
 * const lookup = layers.StringLookup({ vocabulary: ["red", "green"] });
 * await lookup([["green", "pink"]]).array(); // [[2, 0]]
 */
export class StringLookupLayer extends IndexLookupLayer<string, StringLookupOptions> {
  static override readonly className: string = "StringLookup";
  declare encoding: "utf-8";

  constructor(options: StringLookupOptions = {}) {
    super(options, {
      invert: false,
      maxTokens: null,
      numOovIndices: 1,
      oovToken: "[UNK]",
      maskToken: null,
      outputMode: "int",
      sparse: false,
      padToMaxTokens: false,
      idfWeights: null,
      vocabulary: null,
      vocabularySize: null,
      encoding: "utf-8",
      oovMethod: null,
      salt: null,
    });
    expectUtf8(this.label, this.encoding);
  }

  protected override terms(vocabulary: unknown): string[] {
    return textTerms(this.label, vocabulary);
  }

  protected override termOf(line: string): string {
    return line;
  }

  protected override async rows(batch: Tensor | StringTensor): Promise<string[][]> {
    const texts = this.expectTexts(batch);
    return rowsOf(await texts.data(), texts.shape);
  }

  protected override lookUp(input: TextInput): Tensor {
    const texts = this.expectTexts(input);
    const indices = Int32Array.from(texts.values, (text) => this.indexOf(text));
    return dataTensor(indices, texts.shape, "int32");
  }

  /** Index of a text; -1 for the mask where it has no index. Throws ValueError where there is no index for unknown texts. */
  indexOf(text: string): number {
    if (text === this.maskToken) return this.outputMode === "int" ? 0 : -1;
    const index = this.table.indexOf(text);
    if (index !== undefined) return index;
    const { oovStart } = this.table;
    if (this.numOovIndices === 1) return oovStart;
    if (this.numOovIndices > 1) return oovStart + bucketOf(text, this.numOovIndices, this.salt);
    throw new ValueError({
      where: this.label,
      problem: "a text is not in the vocabulary, and there is no index for such texts",
      expected: `one of ${this.table.tokens.length} terms`,
      received: describe(text),
      advice: "set numOovIndices to 1",
    });
  }

  protected override lookUpTerms(input: TextInput): StringTensor {
    const indices = this.toIntegers(input);
    const { tokens, tokenStart } = this.table;
    const termOf = (index: number): string => {
      if (index === 0 && this.maskToken !== null) return this.maskToken;
      return tokens[index - tokenStart] ?? this.oovToken ?? "";
    };
    const known = knownValues(indices);
    const texts = known === null ? async () => Array.from(await indices.data(), termOf) : Array.from(known, termOf);
    return new StringTensor(texts, concreteShape(indices));
  }
}

/** A vocabulary as texts. Throws ValueError for what is none, and for paths of files. */
export function textTerms(where: string, vocabulary: unknown): string[] {
  if (vocabulary instanceof StringTensor) return [...vocabulary.values];
  if (Array.isArray(vocabulary) && (vocabulary.length === 0 || isStringData(vocabulary)))
    return [...stringTensor(where, vocabulary).values];
  throw new ValueError({
    where,
    problem: "this is no vocabulary",
    expected: 'a list of texts: ["red", "green"]',
    received: describe(vocabulary),
    advice: typeof vocabulary === "string" ? "read the file and pass its lines" : "pass the terms",
  });
}

/** Throws ValueError for encodings other than UTF-8. */
export function expectUtf8(where: string, encoding: string): void {
  if (/^utf-?8$/i.test(encoding)) return;
  throw new ValueError({
    where,
    problem: "texts have one encoding here",
    expected: 'encoding: "utf-8"',
    received: describe(encoding),
    advice: "decode the bytes with a TextDecoder first",
  });
}

type StringLookupClass = typeof StringLookupLayer &
  (<const I extends boolean = false>(options?: StringLookupOptions & { readonly invert?: I }) => StringLookupCall<I> & StringLookupLayer);

/** Texts to integers; see {@link StringLookupLayer}. */
export const StringLookup: StringLookupClass = /* @__PURE__ */ callableClass(StringLookupLayer) as never;
export type StringLookup = StringLookupLayer;
