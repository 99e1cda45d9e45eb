/** MNIST and the sets that took its place, from their four IDX files. */
import type { Checksum } from "../downloads/index.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { type DataFile, DataFolder, type FolderOptions } from "./data-folder.ts";
import type { LabelledImages } from "./digits.ts";
import { readIdx } from "./idx.ts";
import { gunzip } from "./inflate.ts";

interface IdxSet {
  readonly name: string;
  readonly folder: string;
  readonly base: string;
  /** SHA-256 of the training images and labels, the test images and labels (`.gz`). */
  readonly checksums: readonly [string, string, string, string];
}

// Fashion-MNIST: as Keras checks them. MNIST: of the files that LeCun published, which TensorFlow's mirror keeps.
const mnistSet: IdxSet = {
  name: "mnist",
  folder: "mnist",
  base: "https://storage.googleapis.com/cvdf-datasets/mnist",
  checksums: [
    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
  ],
};
const fashionMnistSet: IdxSet = {
  name: "fashionMnist",
  folder: "fashion-mnist",
  base: "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
  checksums: [
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
  ],
};

const published = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] as const;

/** A file's other names: `test-...`, and with the point that some unpackers leave. */
function namesOf(name: string): string[] {
  const names = name.startsWith("t10k") ? [name, name.replace("t10k", "test")] : [name];
  return names.flatMap((each) => [each, each.replace("-idx", ".idx")]);
}

async function load(set: IdxSet, options: FolderOptions): Promise<LabelledImages> {
  const folder = new DataFolder(set.name, set.folder, options);
  const tensors: Tensor[] = [];
  for (const [index, name] of published.entries()) {
    const file: DataFile = {
      names: namesOf(name),
      url: `${set.base}/${name}.gz`,
      checksum: `sha256:${set.checksums[index]!}` satisfies Checksum,
    };
    const { path, bytes } = await folder.read(file);
    tensors.push(readIdx(path, path.endsWith(".gz") ? await gunzip(path, bytes) : bytes));
  }
  return [pair(folder, tensors[0]!, tensors[1]!), pair(folder, tensors[2]!, tensors[3]!)];
}

function pair({ where, folder }: DataFolder, images: Tensor, labels: Tensor): [Tensor, Tensor] {
  if (images.rank === 3 && labels.rank === 1 && images.shape[0] === labels.shape[0]) return [images, labels];
  throw new ValueError({
    where,
    problem: `images and labels in ${folder} do not belong together`,
    expected: "[n, 28, 28] and [n]",
    received: `${images.toString()} and ${labels.toString()}`,
  });
}

/**
 * MNIST: 60,000 handwritten digits of 28x28 pixels, 0 to 255, and 10,000 to test with, from the four IDX files (`.gz` or
 * not) of a folder, downloaded where they are missing. As Keras gives them: uint8 `[60000, 28, 28]` and `[60000]`. Y. LeCun,
 * C. Cortes, C. Burges; CC BY-SA 3.0. Throws DownloadError or ValueError that name the file and the folder.
 *
 * @example
 * const [[xTrain, yTrain], [xTest, yTest]] = await datasets.mnist.loadData(); // [60000, 28, 28]
 */
export async function loadMnist(options: FolderOptions = {}): Promise<LabelledImages> {
  return await load(mnistSet, options);
}

/**
 * Fashion-MNIST: 60,000 pictures of clothing of 28x28 pixels and 10,000 to test with, from four IDX files as for MNIST:
 * uint8 `[60000, 28, 28]` and `[60000]`. H. Xiao, K. Rasul, R. Vollgraf, 2017; MIT, Zalando SE. Throws as `mnist` does.
 */
export async function loadFashionMnist(options: FolderOptions = {}): Promise<LabelledImages> {
  return await load(fashionMnistSet, options);
}

/** Fashion-MNIST's classes by label. */
export const fashionMnistClasses: readonly string[] = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];
