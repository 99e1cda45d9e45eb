/** Vocabularies in files: Keras writes one beside the weights, a term per line, and the weights of "tf_idf" among the weights. */
import { type Tensor, Variable } from "../graph/index.ts";
import type { IndexTable } from "./index-table.ts";
import type { StoredArray } from "./stored-variables.ts";

/** Name of the file. */
export const vocabularyFile = "vocabulary.txt";
const idfName = "idf_weights";

/** The vocabulary as a file; null where none is known. */
export function vocabularyText<T extends string | number>(table: IndexTable<T>): string | null {
  return table.known ? table.vocabulary(true).join("\n") : null;
}

/** The lines of a vocabulary; null where they are special terms only, as before `adapt`. */
export function vocabularyLines(text: string | undefined, table: IndexTable<string> | IndexTable<number>): string[] | null {
  const lines = text?.split("\n") ?? [];
  return lines.length <= table.tokenStart ? null : lines;
}

/** Puts the weights per term into a store. */
export function storeIdf(idfWeights: readonly number[] | null, store: Map<string, Variable | Tensor>): void {
  if (idfWeights !== null) store.set(idfName, new Variable(Float32Array.from(idfWeights), { name: idfName, trainable: false }));
}

/** Takes the weights per term out of a store; null where there are none. */
export function takeIdf(store: ReadonlyMap<string, StoredArray>): {
  readonly idfWeights: readonly number[] | null;
  readonly rest: ReadonlyMap<string, StoredArray>;
} {
  const stored = store.get(idfName);
  const rest = new Map([...store].filter(([name]) => name !== idfName));
  const values = stored?.tensor("float32").node.values[0];
  return { idfWeights: values === undefined ? null : Array.from(values), rest };
}
