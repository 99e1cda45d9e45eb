/** Texts as sequences of word numbers: IMDB's reviews and Reuters's newswires, from the files that Keras publishes. */
import { ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import { FormatError, parseJson } from "../saving/source.ts";
import { unpack } from "../saving/npy/archive.ts";
import { DataFolder, type FolderOptions } from "./data-folder.ts";
import { RandomState } from "./numpy-random.ts";
import { NumpyArray } from "./pickle/numpy-objects.ts";
import { unpickle } from "./pickle/unpickle.ts";
import { checkTestSplit } from "./test-split.ts";

/** Options of texts as word numbers, as in Keras. */
export interface WordSequenceOptions extends FolderOptions {
  /** Words kept: the most frequent ones, the special numbers included; null (default) keeps all. */
  readonly numWords?: number | null;
  /** The most frequent words that are left out. Default 0. */
  readonly skipTop?: number;
  /** Texts longer than this are left out; null (default) keeps all. */
  readonly maxlen?: number | null;
  /** Seed of the order. Default 113. */
  readonly seed?: number;
  /** The number that begins every text; null for none. Default 1. */
  readonly startChar?: number | null;
  /** The number in place of words that are left out; null drops them. Default 2. */
  readonly oovChar?: number | null;
  /** What is added to the numbers of words. Default 3. */
  readonly indexFrom?: number;
}

/** Options of Reuters. */
export interface ReutersOptions extends WordSequenceOptions {
  /** Share of the newswires that is held out, at the end. Default 0.2. */
  readonly testSplit?: number;
}

/** `[[xTrain, yTrain], [xTest, yTest]]`: a sequence of word numbers for each text, and int32 labels `[n]`. */
export type LabelledSequences = readonly [
  train: readonly [x: readonly Int32Array[], y: Tensor],
  test: readonly [x: readonly Int32Array[], y: Tensor],
];

const base = "https://storage.googleapis.com/tensorflow/tf-keras-datasets";
const optionNames = ["numWords", "skipTop", "maxlen", "seed", "startChar", "oovChar", "indexFrom"];

interface Sequences {
  readonly texts: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/**
 * IMDB: 25,000 film reviews as word numbers with labels 0 (negative) and 1, and as many to test with, in Keras's order,
 * from the folder's `imdb.npz` (downloaded where it is missing). A. Maas and others, "Learning word vectors for sentiment
 * analysis", 2011. Throws DownloadError or ValueError that name file and folder.
 *
 * @example
 * const [[texts, labels]] = await datasets.imdb.loadData({ numWords: 10000 });
 * const x = utils.padSequences(texts, { maxlen: 200 }); // [25000, 200]
 */
export async function loadImdb(options: WordSequenceOptions = {}): Promise<LabelledSequences> {
  const folder = new DataFolder("imdb", "imdb", options, optionNames);
  const { path, bytes } = await folder.read({
    names: ["imdb.npz"],
    url: `${base}/imdb.npz`,
    checksum: "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
  });
  const files = unpack(path, bytes);
  // One generator: the reviews to test with are shuffled by what it gives next.
  const random = new RandomState(options.seed ?? 113);
  const read = (part: string): Sequences =>
    numbered(shuffledBy(random, { texts: textsOf(path, files, `x_${part}`), labels: labelsOf(path, files, `y_${part}`) }), options);
  const train = shortEnough(folder, read("train"), options);
  const test = shortEnough(folder, read("test"), options);
  const most = options.numWords ?? largest([train, test]);
  return [packed(chosen(train, most, options)), packed(chosen(test, most, options))];
}

/** Number of every word of IMDB's reviews, 1 for the most frequent; in the sequences `indexFrom` is added. */
export async function imdbWordIndex(options: FolderOptions = {}): Promise<Record<string, number>> {
  return await wordIndex("imdb", options, "md5:bfafd718b763782e994055a2d397834f");
}

/**
 * Reuters: 11,228 newswires as word numbers with labels of 46 topics, in Keras's order, from the folder's `reuters.npz`.
 * Throws as `imdb` does.
 */
export async function loadReuters(options: ReutersOptions = {}): Promise<LabelledSequences> {
  const folder = new DataFolder("reuters", "reuters", options, [...optionNames, "testSplit"]);
  const { testSplit = 0.2 } = options;
  checkTestSplit(folder.where, testSplit);
  const { path, bytes } = await folder.read({
    names: ["reuters.npz"],
    url: `${base}/reuters.npz`,
    checksum: "sha256:d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
  });
  const files = unpack(path, bytes);
  const all = shuffledBy(new RandomState(options.seed ?? 113), { texts: textsOf(path, files, "x"), labels: labelsOf(path, files, "y") });
  const kept = shortEnough(folder, numbered(all, options), options);
  const { texts, labels } = chosen(kept, options.numWords ?? largest([kept]), options);
  const end = Math.trunc(texts.length * (1 - testSplit));
  return [
    packed({ texts: texts.slice(0, end), labels: labels.slice(0, end) }),
    packed({ texts: texts.slice(end), labels: labels.slice(end) }),
  ];
}

/** Number of every word of Reuters's newswires; in the sequences `indexFrom` is added. */
export async function reutersWordIndex(options: FolderOptions = {}): Promise<Record<string, number>> {
  return await wordIndex("reuters", options, "md5:4d44cc38712099c9e383dc6e5f11a921");
}

/** Reuters's topics by label. */
export const reutersLabelNames: readonly string[] = (
  "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass crude nat-gas cpi money-fx " +
  "interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem " +
  "dlr gas silver wpi hog lead"
).split(" ");

async function wordIndex(name: string, options: FolderOptions, checksum: `md5:${string}`): Promise<Record<string, number>> {
  const folder = new DataFolder(name, name, options);
  const file = `${name}_word_index.json`;
  const { path, bytes } = await folder.read({ names: [file], url: `${base}/${file}`, checksum });
  return parseJson(path, new TextDecoder().decode(bytes)) as Record<string, number>;
}

/** The content of a .npy file whose elements are Python objects: a pickle after the header. */
function objectArray(where: string, bytes: Uint8Array): NumpyArray {
  const wide = bytes[6]! > 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes.length < 12 ? bytes.length : wide ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  const value = unpickle(where, bytes.subarray(Math.min(start, bytes.length)));
  if (value instanceof NumpyArray) return value;
  throw new FormatError({ where, problem: "the file holds no array" });
}

function entryOf(where: string, files: Map<string, Uint8Array>, name: string): Uint8Array {
  const entry = files.get(`${name}.npy`) ?? files.get(name);
  if (entry !== undefined) return entry;
  throw new FormatError({ where, problem: `there is no array ${name}`, expected: name, received: [...files.keys()].join(", ") || "none" });
}

function textsOf(where: string, files: Map<string, Uint8Array>, name: string): number[][] {
  const { objects } = objectArray(`${where}, ${name}`, entryOf(where, files, name));
  const isText = (value: unknown): value is number[] => Array.isArray(value) && value.every((word) => Number.isInteger(word));
  if (objects !== null && objects.every(isText)) return objects as number[][];
  throw new FormatError({ where, problem: `${name} is no array of sequences`, expected: "lists of whole numbers" });
}

/** Labels, int64 in little-endian order. */
function labelsOf(where: string, files: Map<string, Uint8Array>, name: string): number[] {
  const bytes = entryOf(where, files, name);
  const start = 10 + (bytes[8]! | (bytes[9]! << 8));
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, start));
  if (!header.includes("'<i8'") || (bytes.length - start) % 8 !== 0)
    throw new FormatError({ where, problem: `${name} holds no labels`, expected: "int64", received: header.trim().slice(0, 80) });
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  return Array.from({ length: (bytes.length - start) / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

function shuffledBy(random: RandomState, { texts, labels }: Sequences): Sequences {
  if (texts.length !== labels.length) throw new FormatError({ where: "datasets", problem: "texts and labels do not belong together" });
  const order = [...random.permutation(texts.length)];
  return { texts: order.map((i) => texts[i]!), labels: order.map((i) => labels[i]!) };
}

/** Words numbered from `indexFrom` on, after the number that begins a text. */
function numbered({ texts, labels }: Sequences, options: WordSequenceOptions): Sequences {
  const { startChar = 1, indexFrom = 3 } = options;
  const begin = startChar === null ? [] : [startChar];
  return { texts: texts.map((text) => [...begin, ...text.map((word) => word + indexFrom)]), labels };
}

function shortEnough({ where }: DataFolder, { texts, labels }: Sequences, { maxlen = null }: WordSequenceOptions): Sequences {
  if (maxlen === null || maxlen === 0) return { texts, labels };
  // As Keras has it: sequences of maxlen itself go, too.
  const kept = texts.flatMap((text, i) => (text.length < maxlen ? [i] : []));
  if (kept.length > 0) return { texts: kept.map((i) => texts[i]!), labels: kept.map((i) => labels[i]!) };
  throw new ValueError({ where, problem: "no text is that short", expected: "a larger maxlen", received: String(maxlen) });
}

function largest(parts: readonly Sequences[]): number {
  let most = 0;
  for (const { texts } of parts) for (const text of texts) for (const word of text) if (word > most) most = word;
  return most;
}

/** Words below `most`, others replaced or dropped. */
function chosen({ texts, labels }: Sequences, most: number, { skipTop = 0, oovChar = 2 }: WordSequenceOptions): Sequences {
  const keeps = (word: number): boolean => skipTop <= word && word < most;
  const words = texts.map((text) => (oovChar === null ? text.filter(keeps) : text.map((word) => (keeps(word) ? word : oovChar))));
  return { texts: words, labels };
}

function packed({ texts, labels }: Sequences): [readonly Int32Array[], Tensor] {
  return [texts.map((text) => Int32Array.from(text)), dataTensor(Int32Array.from(labels), [labels.length], "int32")];
}
