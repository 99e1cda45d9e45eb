/** Dictionaries whose atoms make up signals, few at a time. */
import { StateError, ValueError } from "../../errors.ts";
import { dataTensor, type Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import { shuffled } from "../../data/random-indices.ts";
import { randomNumbers } from "../../data/random-numbers.ts";
import { type Matrix, pickRows, readMatrix } from "../../data/samples.ts";
import { encodeRows, type SparseEncodeOptions, sparseEncodeOptions, type CompleteSparseEncodeOptions } from "./sparse-encode.ts";

/** Options of `DictionaryLearning`: those of `sparseEncode`, and its own. */
export interface DictionaryLearningOptions extends Omit<SparseEncodeOptions, "maxIter" | "tol"> {
  /** Number of atoms. */
  readonly nComponents: number;
  /** Samples per step; null: all of them. Default 256. */
  readonly batchSize?: number | null;
  /** Passes over the samples. Default 10. */
  readonly epochs?: number;
  /** Of the codes: steps at most (default 1000) and when they end (default 1e-4). */
  readonly transformMaxIter?: number;
  readonly transformTol?: number;
  /** Called after each pass with the mean objective of the samples as they were seen. */
  readonly onEpoch?: (epoch: number, objective: number) => void;
  /** Default 0. */
  readonly seed?: number;
}

/** What is learnt. */
interface State {
  readonly atoms: Matrix;
  readonly history: readonly number[];
}

/**
 * Atoms D of length at most 1 and codes Z that minimize `1/2 |X - Z D|^2 + alpha |Z|_1`: a batch is encoded, then every
 * atom takes its best value for all codes so far, old ones fading (J. Mairal, F. Bach, J. Ponce, G. Sapiro, "Online
 * dictionary learning for sparse coding", ICML 2009, algorithms 1 and 2). An atom that nobody uses becomes a sample.
 *
 * @example
 * const learning = await new DictionaryLearning({ nComponents: 100, alpha: 0.1 }).fit(patches);
 * const codes = await learning.transform(patches);
 */
export class DictionaryLearning {
  readonly #encode: CompleteSparseEncodeOptions;
  readonly #options: {
    readonly nComponents: number;
    readonly batchSize: number | null;
    readonly epochs: number;
    readonly onEpoch: (epoch: number, objective: number) => void;
    readonly seed: number;
  };
  #state: State | null = null;

  constructor(options: DictionaryLearningOptions) {
    const where = "DictionaryLearning";
    checkOptions(where, options, [
      "nComponents",
      "alpha",
      "algorithm",
      "positive",
      "batchSize",
      "epochs",
      "transformMaxIter",
      "transformTol",
      "onEpoch",
      "seed",
    ]);
    const {
      nComponents,
      batchSize = 256,
      epochs = 10,
      transformMaxIter = 1000,
      transformTol = 1e-4,
      onEpoch = () => undefined,
      seed = 0,
    } = options;
    const { alpha = 1, algorithm = "fista", positive = false } = options;
    this.#encode = sparseEncodeOptions(where, { alpha, algorithm, positive, maxIter: transformMaxIter, tol: transformTol });
    for (const [name, value] of Object.entries({ nComponents, epochs, ...(batchSize === null ? {} : { batchSize }) }))
      if (!(Number.isInteger(value) && value > 0))
        throw new ValueError({ where, problem: `${name} does not make sense`, expected: "a whole number from 1", received: String(value) });
    this.#options = { nComponents, batchSize, epochs, onEpoch, seed };
  }

  get #fitted(): State {
    if (this.#state === null)
      throw new StateError({
        where: "DictionaryLearning",
        problem: "nothing was learnt yet",
        expected: "a fitted dictionary",
        advice: "await its `fit` first",
      });
    return this.#state;
  }

  /** The atoms. Shapes: [atoms, features]. */
  get components(): Tensor {
    const { rows, columns, values } = this.#fitted.atoms;
    return dataTensor(Float32Array.from(values), [rows, columns], "float32");
  }

  /** Mean objective per sample in each pass, each batch with the dictionary of its time. */
  get history(): readonly number[] {
    return this.#fitted.history;
  }

  /** Learns. Shapes: x [n, features]. Throws ShapeError and ValueError for data that is empty or not finite, and for fewer samples than atoms. */
  async fit(x: TensorLike): Promise<this> {
    const where = "DictionaryLearning.fit";
    const samples = await readMatrix(where, x);
    const { nComponents, batchSize, epochs, onEpoch, seed } = this.#options;
    if (samples.rows < nComponents)
      throw new ValueError({
        where,
        problem: "there are fewer samples than atoms",
        expected: `at least ${nComponents} samples`,
        received: String(samples.rows),
      });
    const random = randomNumbers(seed, 2 ** 20);
    const width = samples.columns;
    const atoms: Matrix = {
      rows: nComponents,
      columns: width,
      values: pickRows(samples, shuffled(samples.rows, seed, 2 ** 21).subarray(0, nComponents)).values,
    };
    for (let k = 0; k < nComponents; k++) normalize(atoms, k, random, true);
    const gram = new Float64Array(nComponents * nComponents);
    const cross = new Float64Array(nComponents * width);
    const size = Math.min(samples.rows, batchSize ?? samples.rows);
    const history: number[] = [];
    let step = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = shuffled(samples.rows, seed, epoch);
      let total = 0;
      for (let start = 0; start + size <= samples.rows; start += size) {
        const batch = pickRows(samples, order.subarray(start, start + size));
        const codes = Float64Array.from(await (await encodeRows(batch, atoms, this.#encode)).data());
        total += objective(batch, codes, atoms, this.#encode.alpha);
        step++;
        // What batches of the first steps said fades quickly, later ones slowly (section 3.4.4 of the paper).
        const keep = size === samples.rows ? 0 : (step - 1) / (step + 1);
        accumulate(batch, codes, nComponents, keep, gram, cross);
        update(atoms, gram, cross, batch, random);
      }
      history.push(total / (Math.floor(samples.rows / size) * size));
      onEpoch(epoch, history.at(-1)!);
    }
    this.#state = { atoms, history };
    return this;
  }

  /** Codes of samples. Shapes: x [n, features] -> [n, atoms]. */
  async transform(x: TensorLike): Promise<Tensor> {
    const { atoms } = this.#fitted;
    return await encodeRows(await readMatrix("DictionaryLearning.transform", x, atoms.columns), atoms, this.#encode);
  }
}

function objective(batch: Matrix, codes: Float64Array, atoms: Matrix, alpha: number): number {
  let total = 0;
  const rest = new Float64Array(batch.columns);
  for (let row = 0; row < batch.rows; row++) {
    rest.set(batch.values.subarray(row * batch.columns, (row + 1) * batch.columns));
    for (let k = 0; k < atoms.rows; k++) {
      const code = codes[row * atoms.rows + k]!;
      if (code === 0) continue;
      total += alpha * Math.abs(code);
      for (let j = 0; j < batch.columns; j++) rest[j]! -= code * atoms.values[k * batch.columns + j]!;
    }
    for (const value of rest) total += 0.5 * value * value;
  }
  return total;
}

/** `gram = keep gram + Z^T Z`, `cross = keep cross + Z^T X`. */
function accumulate(batch: Matrix, codes: Float64Array, count: number, keep: number, gram: Float64Array, cross: Float64Array): void {
  for (let i = 0; i < gram.length; i++) gram[i]! *= keep;
  for (let i = 0; i < cross.length; i++) cross[i]! *= keep;
  const { columns } = batch;
  for (let row = 0; row < batch.rows; row++) {
    for (let k = 0; k < count; k++) {
      const code = codes[row * count + k]!;
      if (code === 0) continue;
      for (let other = 0; other < count; other++) gram[k * count + other]! += code * codes[row * count + other]!;
      for (let j = 0; j < columns; j++) cross[k * columns + j]! += code * batch.values[row * columns + j]!;
    }
  }
}

/** Every atom in turn takes its best value within the unit ball, the others as they are. */
function update(atoms: Matrix, gram: Float64Array, cross: Float64Array, batch: Matrix, random: ReturnType<typeof randomNumbers>): void {
  const { rows, columns, values } = atoms;
  const moved = new Float64Array(columns);
  for (let k = 0; k < rows; k++) {
    const curvature = gram[k * rows + k]!;
    if (curvature < 1e-8) {
      values.set(pickRows(batch, [random.index(batch.rows)]).values, k * columns);
      normalize(atoms, k, random, true);
      // Codes of the atom that stood there say nothing of the new one.
      for (let other = 0; other < rows; other++) gram[k * rows + other] = gram[other * rows + k] = 0;
      cross.fill(0, k * columns, (k + 1) * columns);
      continue;
    }
    moved.set(cross.subarray(k * columns, (k + 1) * columns));
    for (let other = 0; other < rows; other++) {
      const weight = gram[k * rows + other]!;
      if (weight === 0) continue;
      for (let j = 0; j < columns; j++) moved[j]! -= weight * values[other * columns + j]!;
    }
    for (let j = 0; j < columns; j++) values[k * columns + j]! += moved[j]! / curvature;
    normalize(atoms, k, random, false);
  }
}

/** Length 1 where an atom is longer, or in any case where `isExact`; noise where it has none. */
function normalize({ columns, values }: Matrix, k: number, random: ReturnType<typeof randomNumbers>, isExact: boolean): void {
  const atom = values.subarray(k * columns, (k + 1) * columns);
  if (isExact && atom.every((value) => value === 0)) for (let j = 0; j < columns; j++) atom[j] = random.normal();
  const length = Math.sqrt(atom.reduce((sum, value) => sum + value * value, 0));
  if (length > 1 || (isExact && length > 0)) for (let j = 0; j < columns; j++) atom[j]! /= length;
}
