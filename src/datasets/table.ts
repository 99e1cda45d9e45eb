/** Tables of numbers inside the package: rows of features and a target. */
import { dataTensor, type Tensor } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { shuffled } from "../data/random-indices.ts";
import { inflate } from "./inflate.ts";
import { checkTestSplit } from "./test-split.ts";

/** Options of tables. */
export interface TableOptions {
  /** Share of the rows that is held out. Default 0.2. */
  readonly testSplit?: number;
  /** Seed of the order of the rows. Default 113. */
  readonly seed?: number;
}

/** `[[xTrain, yTrain], [xTest, yTest]]`: float32 `[n, features]`, and `[n]`: int32 classes or float32 values. */
export type LabelledRows = readonly [train: readonly [x: Tensor, y: Tensor], test: readonly [x: Tensor, y: Tensor]];

/** A table inside the package. */
export interface Table {
  /** What the columns are. */
  readonly featureNames: readonly string[];
  /** What the classes are; empty where the target is a number. */
  readonly targetNames: readonly string[];
  /**
   * The rows in random order, some held out, as Keras's `load_data(test_split, seed)` gives those of its tables. Throws
   * ValueError for a `testSplit` outside [0, 1).
   */
  readonly loadData: (options?: TableOptions) => Promise<LabelledRows>;
}

/** A table from its packed CSV file. */
export function table(
  name: string,
  parts: { readonly featureNames: readonly string[]; readonly targetNames: readonly string[]; readonly packed: () => Promise<string> },
): Table {
  const width = parts.featureNames.length;
  return {
    featureNames: parts.featureNames,
    targetNames: parts.targetNames,
    loadData: async (options: TableOptions = {}) => {
      const where = `datasets.${name}`;
      checkOptions(where, options, ["testSplit", "seed"]);
      const { testSplit = 0.2, seed = 113 } = options;
      checkTestSplit(where, testSplit);
      const rows = await tableRows(await parts.packed());
      const order = shuffled(rows.length, seed, 0);
      const pick = (start: number, end: number): [Tensor, Tensor] => {
        const x = new Float32Array((end - start) * width);
        const y = parts.targetNames.length > 0 ? new Int32Array(end - start) : new Float32Array(end - start);
        for (let i = start; i < end; i++) {
          const row = rows[order[i]!]!;
          x.set(row.slice(0, width), (i - start) * width);
          y[i - start] = row[width]!;
        }
        return [
          dataTensor(x, [end - start, width], "float32"),
          dataTensor(y, [end - start], y instanceof Int32Array ? "int32" : "float32"),
        ];
      };
      const kept = Math.floor(rows.length * (1 - testSplit));
      return [pick(0, kept), pick(kept, rows.length)];
    },
  };
}

/** The rows of a packed CSV file in its own order: numbers, the target last. */
export async function tableRows(packed: string): Promise<number[][]> {
  return new TextDecoder()
    .decode(await inflate(packed))
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
}
