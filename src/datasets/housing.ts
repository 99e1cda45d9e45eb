/** Tables of house prices, from the files that Keras publishes. */
import type { Checksum } from "../downloads/index.ts";
import { ValueError } from "../errors.ts";
import { dataTensor, Tensor } from "../graph/index.ts";
import { loadNpz } from "../saving/npy/index.ts";
import { FormatError } from "../saving/source.ts";
import { DataFolder, type FolderOptions } from "./data-folder.ts";
import { RandomState } from "./numpy-random.ts";
import type { LabelledRows } from "./table.ts";
import { checkTestSplit } from "./test-split.ts";

/** Options of house prices. */
export interface HousingOptions extends FolderOptions {
  /** Share of the rows that is held out, at the end. Default 0.2. */
  readonly testSplit?: number;
  /** Seed of the order. Default 113. */
  readonly seed?: number;
}

/** Options of California's house prices. */
export interface CaliforniaHousingOptions extends HousingOptions {
  /** "large": 20,640 rows (default); "small": the first 600 of them. */
  readonly version?: "large" | "small";
}

const base = "https://storage.googleapis.com/tensorflow/tf-keras-datasets";

async function load(
  folder: DataFolder,
  file: string,
  checksum: Checksum,
  { testSplit = 0.2, seed = 113 }: HousingOptions,
  most: number,
): Promise<LabelledRows> {
  checkTestSplit(folder.where, testSplit);
  const { path, bytes } = await folder.read({ names: [file], url: `${base}/${file}`, checksum });
  const { x, y } = await loadNpz(bytes);
  if (!(x instanceof Tensor && y instanceof Tensor) || x.rank !== 2 || y.rank !== 1 || x.shape[0] !== y.shape[0])
    throw new FormatError({ where: path, problem: "the file does not hold what it should", expected: "x [n, features] and y [n]" });
  const width = x.dim(1);
  const [rows, targets] = [await x.data(), await y.data()];
  const count = Math.min(most, x.dim(0));
  const order = new RandomState(seed).permutation(count);
  const pick = (start: number, end: number): [Tensor, Tensor] => {
    const features = new Float32Array((end - start) * width);
    const prices = new Float32Array(end - start);
    for (let i = start; i < end; i++) {
      const row = order[i]!;
      for (let j = 0; j < width; j++) features[(i - start) * width + j] = rows[row * width + j]!;
      prices[i - start] = targets[row]!;
    }
    return [dataTensor(features, [end - start, width], "float32"), dataTensor(prices, [end - start], "float32")];
  };
  const kept = Math.trunc(count * (1 - testSplit));
  return [pick(0, kept), pick(kept, count)];
}

/**
 * California's house prices of 1990: 20,640 districts, float32 `[n, 8]` and the median price in dollars `[n]`, in Keras's
 * order, from the folder's `california_housing.npz` (downloaded where it is missing). R. Pace, R. Barry, "Sparse spatial
 * autoregressions", 1997. Throws DownloadError or ValueError that name file and folder.
 */
export async function loadCaliforniaHousing(options: CaliforniaHousingOptions = {}): Promise<LabelledRows> {
  const folder = new DataFolder("californiaHousing", "california-housing", options, ["testSplit", "seed", "version"]);
  const { version = "large" } = options;
  if (version !== "large" && version !== "small")
    throw new ValueError({
      where: folder.where,
      problem: "version has no such choice",
      expected: '"large", "small"',
      received: String(version),
    });
  const checksum = "sha256:1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f";
  return await load(folder, "california_housing.npz", checksum, options, version === "small" ? 600 : Infinity);
}

/** California's columns. */
export const californiaHousingFeatures: readonly string[] = [
  "MedInc",
  "HouseAge",
  "AveRooms",
  "AveBedrms",
  "Population",
  "AveOccup",
  "Latitude",
  "Longitude",
];

/**
 * Boston's house prices of 1978: 506 suburbs, float32 `[n, 13]` and the median price in thousands of dollars `[n]`, in
 * Keras's order, from the folder's `boston_housing.npz`. One of its columns ("B") builds on the assumption that
 * segregation raises prices: use it to show such problems, not to learn from. D. Harrison, D. Rubinfeld, 1978.
 */
export async function loadBostonHousing(options: HousingOptions = {}): Promise<LabelledRows> {
  const folder = new DataFolder("bostonHousing", "boston-housing", options, ["testSplit", "seed"]);
  return await load(
    folder,
    "boston_housing.npz",
    "sha256:f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    options,
    Infinity,
  );
}
