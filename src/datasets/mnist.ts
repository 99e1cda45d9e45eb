/** MNIST, from its IDX files in a folder. */
import { ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import { platform } from "../platform/index.ts";
import { checkOptions } from "../serialization/index.ts";
import type { LabelledImages } from "./digits.ts";
import { readIdx } from "./idx.ts";
import { gunzip } from "./inflate.ts";

/** Options of data sets that lie in a folder. */
export interface FolderOptions {
  /** The folder. Default: `mnist` in the folder that NABLA_DATA names. */
  readonly dataDir?: string;
}

const parts = {
  trainImages: ["train-images-idx3-ubyte"],
  trainLabels: ["train-labels-idx1-ubyte"],
  testImages: ["t10k-images-idx3-ubyte", "test-images-idx3-ubyte"],
  testLabels: ["t10k-labels-idx1-ubyte", "test-labels-idx1-ubyte"],
} as const;

/**
 * MNIST: 60,000 handwritten digits of 28x28 pixels, 0 to 255, and a test set, from the four IDX files (`.gz` or not).
 * Throws ValueError, naming the files that are missing, where the folder does not hold them.
 *
 * @example
 * const [[xTrain, yTrain], [xTest, yTest]] = await datasets.mnist.loadData({ dataDir: "data/mnist" }); // [60000, 28, 28, 1]
 */
export async function loadMnist(options: FolderOptions = {}): Promise<LabelledImages> {
  checkOptions("datasets.mnist", options, ["dataDir"]);
  const root = platform.environment("NABLA_DATA");
  const folder = options.dataDir ?? (root === undefined ? undefined : `${root}/mnist`);
  if (folder === undefined) {
    throw new ValueError({
      where: "datasets.mnist",
      problem: "no folder is given",
      expected: `a folder with ${Object.values(parts)
        .map(([name]) => `${name}.gz`)
        .join(", ")}`,
      advice: "pass { dataDir }, or set the environment variable NABLA_DATA to the folder above `mnist`",
    });
  }
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    read(folder, parts.trainImages),
    read(folder, parts.trainLabels),
    read(folder, parts.testImages),
    read(folder, parts.testLabels),
  ]);
  return [pair(folder, trainImages, trainLabels), pair(folder, testImages, testLabels)];
}

async function read(folder: string, names: readonly string[]): Promise<Tensor> {
  for (const name of names) {
    for (const file of [`${folder}/${name}.gz`, `${folder}/${name}`, `${folder}/${name.replace("-idx", ".idx")}`]) {
      const bytes = await platform.readFile(file);
      if (bytes !== null) return readIdx(file, file.endsWith(".gz") ? await gunzip(file, bytes) : bytes);
    }
  }
  throw new ValueError({
    where: "datasets.mnist",
    problem: `a file is missing in ${folder}`,
    expected: names.map((name) => `${name}.gz or ${name}`).join(", or "),
    received: "neither",
    advice: `put MNIST's four IDX files there: ${Object.values(parts)
      .map(([name]) => `${name}.gz`)
      .join(", ")}`,
  });
}

function pair(folder: string, images: Tensor, labels: Tensor): [Tensor, Tensor] {
  if (images.rank !== 3 || labels.rank !== 1 || images.shape[0] !== labels.shape[0]) {
    throw new ValueError({
      where: "datasets.mnist",
      problem: `images and labels in ${folder} do not belong together`,
      expected: "[n, 28, 28] and [n]",
      received: `${images.toString()} and ${labels.toString()}`,
    });
  }
  // A channel axis at the end, as convolutions want it.
  return [dataTensor(images.node.values[0]!, [images.dim(0), images.dim(1), images.dim(2), 1], images.dtype), labels];
}
