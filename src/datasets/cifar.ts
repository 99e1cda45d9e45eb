/** CIFAR-10 and CIFAR-100. */
import { ValueError } from "../errors.ts";
import { dataTensor } from "../graph/index.ts";
import { DataFolder, type FolderOptions } from "./data-folder.ts";
import type { LabelledImages } from "./digits.ts";
import { gunzip } from "./inflate.ts";
import { NumpyArray } from "./pickle/numpy-objects.ts";
import { unpickle } from "./pickle/unpickle.ts";
import { readTar } from "./tar.ts";

const side = 32;
const plane = side * side;
const imageBytes = 3 * plane;

/** Images (each channel a plane) and labels of one part of a set. */
interface Part {
  readonly planes: Uint8Array;
  readonly labels: ArrayLike<number>;
}

/**
 * CIFAR-10: 50,000 colour photographs of 32x32 pixels in ten classes, and 10,000 to test with; as Keras gives them: uint8
 * `[50000, 32, 32, 3]` and `[50000, 1]`. From the folder's `cifar-10-python.tar.gz` (downloaded where nothing is there), or
 * the binary files `data_batch_1.bin` ... and `test_batch.bin`, `.gz` or not, as many as there are. A. Krizhevsky,
 * "Learning multiple layers of features from tiny images", 2009. Throws DownloadError or ValueError that name file and folder.
 */
export async function loadCifar10(options: FolderOptions = {}): Promise<LabelledImages> {
  const folder = new DataFolder("cifar10", "cifar10", options);
  const training: Part[] = [];
  for (let batch = 1; batch <= 5; batch++) training.push(...(await binaryPart(folder, `data_batch_${batch}.bin`)));
  const test = await binaryPart(folder, "test_batch.bin");
  if (training.length > 0 && test.length > 0) return [joined(training), joined(test)];
  const archive = await folder.read({
    names: ["cifar-10-python.tar"],
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    checksum: "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
  });
  const files = await unpacked(archive.path, archive.bytes);
  const part = (name: string): Part => pickledPart(archive.path, files, `cifar-10-batches-py/${name}`, "labels");
  return [joined([1, 2, 3, 4, 5].map((batch) => part(`data_batch_${batch}`))), joined([part("test_batch")])];
}

/** Options of CIFAR-100. */
export interface Cifar100Options extends FolderOptions {
  /** "fine": 100 classes (default); "coarse": 20 of five each. */
  readonly labelMode?: "fine" | "coarse";
}

/** CIFAR-100: the same in 100 classes, or 20 coarse ones, from the folder's `cifar-100-python.tar.gz`. Throws as `cifar10` does. */
export async function loadCifar100(options: Cifar100Options = {}): Promise<LabelledImages> {
  const folder = new DataFolder("cifar100", "cifar100", options, ["labelMode"]);
  const { labelMode = "fine" } = options;
  if (labelMode !== "fine" && labelMode !== "coarse")
    throw new ValueError({
      where: folder.where,
      problem: "labelMode has no such choice",
      expected: '"fine", "coarse"',
      received: String(labelMode),
    });
  const archive = await folder.read({
    names: ["cifar-100-python.tar"],
    url: "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    checksum: "sha256:85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
  });
  const files = await unpacked(archive.path, archive.bytes);
  const part = (name: string): Part => pickledPart(archive.path, files, `cifar-100-python/${name}`, `${labelMode}_labels`);
  return [joined([part("train")]), joined([part("test")])];
}

/** CIFAR-10's classes by label. */
export const cifar10Classes: readonly string[] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

async function unpacked(path: string, bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  return readTar(path, path.endsWith(".gz") ? await gunzip(path, bytes) : bytes);
}

/** The binary layout: per image a label byte, then 1,024 bytes each of red, green and blue. */
async function binaryPart(folder: DataFolder, name: string): Promise<Part[]> {
  const found = await folder.find([name, `cifar-10-batches-bin/${name}`]);
  if (found === null) return [];
  const bytes = found.path.endsWith(".gz") ? await gunzip(found.path, found.bytes) : found.bytes;
  const record = 1 + imageBytes;
  const count = bytes.length / record;
  if (!Number.isInteger(count) || count === 0)
    throw new ValueError({
      where: folder.where,
      problem: `${found.path} is no CIFAR-10 batch, or it is cut off`,
      expected: `a multiple of ${record} bytes`,
      received: `${bytes.length} bytes`,
      advice: "download the file again",
    });
  const planes = new Uint8Array(count * imageBytes);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = bytes[i * record]!;
    planes.set(bytes.subarray(i * record + 1, (i + 1) * record), i * imageBytes);
  }
  const wrong = labels.find((label) => label >= cifar10Classes.length);
  if (wrong !== undefined)
    throw new ValueError({
      where: folder.where,
      problem: `${found.path} has a label outside the range`,
      expected: "0 to 9",
      received: String(wrong),
    });
  return [{ planes, labels }];
}

/** The Python layout: a dictionary with the images' rows and a list of labels. */
function pickledPart(where: string, files: Map<string, Uint8Array>, name: string, key: string): Part {
  const file = files.get(name);
  const content = file === undefined ? undefined : unpickle(`${where}, ${name}`, file);
  const planes = content instanceof Map ? content.get("data") : undefined;
  const labels = content instanceof Map ? content.get(key) : undefined;
  const fits =
    planes instanceof NumpyArray &&
    planes.type === "u1" &&
    !planes.isFortran &&
    planes.bytes.length % imageBytes === 0 &&
    Array.isArray(labels) &&
    labels.length === planes.bytes.length / imageBytes;
  if (!fits)
    throw new ValueError({
      where,
      problem: `${name} is not what it should be`,
      expected: `"data": uint8 [n, ${imageBytes}], "${key}": n labels`,
      received: file === undefined ? "no such file in the archive" : "something else",
      advice: "download the file again",
    });
  return { planes: planes.bytes, labels: labels as number[] };
}

/** All parts in order, the channels last. */
function joined(parts: readonly Part[]): LabelledImages[0] {
  const count = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const images = new Uint8Array(count * imageBytes);
  const labels = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    labels.set(part.labels, at);
    for (let i = 0; i < part.labels.length; i++, at++) {
      for (let channel = 0; channel < 3; channel++) {
        const from = i * imageBytes + channel * plane;
        const to = at * imageBytes + channel;
        for (let pixel = 0; pixel < plane; pixel++) images[to + 3 * pixel] = part.planes[from + pixel]!;
      }
    }
  }
  return [dataTensor(images, [count, side, side, 3], "uint8"), dataTensor(labels, [count, 1], "uint8")];
}
