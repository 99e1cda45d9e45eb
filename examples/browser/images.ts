/** What the network learns from: MNIST where the server has it, else the scans that nabla brings along. */
import { datasets, ops, type Tensor } from "nabla";

/** Images [n, 28, 28, 1] with values from 0 to 1, and their digits. */
export interface Images {
  readonly title: string;
  readonly source: string;
  readonly xTrain: Float32Array<ArrayBuffer>;
  readonly yTrain: Int32Array<ArrayBuffer>;
  readonly xTest: Float32Array<ArrayBuffer>;
  readonly yTest: Int32Array<ArrayBuffer>;
}

/** A choice of the page. */
export interface Choice {
  readonly title: string;
  load(): Promise<Images>;
}

/** The sets that can be had; `hasMnist`: whether the server has MNIST's files. */
export function choices(hasMnist: boolean): Choice[] {
  const digits: Choice = { title: "Digits, 1,437", load: loadDigits };
  const mnist = (count: number): Choice => ({ title: `MNIST, ${count.toLocaleString("en")}`, load: () => loadMnist(count) });
  return hasMnist ? [mnist(10_000), mnist(60_000), digits] : [digits];
}

/** Whether the server has MNIST's files: see vite.config.ts. */
export async function mnistIsThere(): Promise<boolean> {
  const response = await fetch("mnist/train-labels-idx1-ubyte.gz", { method: "HEAD" });
  return response.ok && response.headers.get("Content-Type") === "application/octet-stream";
}

async function loadMnist(count: number): Promise<Images> {
  const [[xTrain, yTrain], [xTest, yTest]] = await datasets.mnist.loadData({ dataDir: "mnist" });
  return {
    title: "MNIST",
    source: "MNIST of Y. LeCun, C. Cortes and C. Burges.",
    xTrain: await scaled(xTrain, count),
    yTrain: Int32Array.from((await yTrain.data()).subarray(0, count)),
    xTest: await scaled(xTest, 2000),
    yTest: Int32Array.from((await yTest.data()).subarray(0, 2000)),
  };
}

async function loadDigits(): Promise<Images> {
  const [[xTrain, yTrain], [xTest, yTest]] = await datasets.digits.loadData();
  return {
    title: "Optical digits",
    source: "Optical Recognition of Handwritten Digits of E. Alpaydin and C. Kaynak (UCI, CC BY 4.0), 8 × 8 pixels made larger.",
    xTrain: await enlarged(xTrain),
    yTrain: Int32Array.from(await yTrain.data()),
    xTest: await enlarged(xTest),
    yTest: Int32Array.from(await yTest.data()),
  };
}

/** The first `count` images, from 0 to 1. */
async function scaled(images: Tensor, count: number): Promise<Float32Array<ArrayBuffer>> {
  return Float32Array.from((await images.data()).subarray(0, 784 * count), (value) => value / 255);
}

/** Scans of 8 by 8 pixels in the middle of 28 by 28, 20 high, as MNIST's are. */
async function enlarged(images: Tensor): Promise<Float32Array<ArrayBuffer>> {
  const grown = ops.image.resize(ops.multiply(ops.cast(images, "float32"), 1 / 16), [20, 20], { interpolation: "bicubic" });
  const placed = ops.pad(ops.clip(grown, 0, 1), [
    [0, 0],
    [4, 4],
    [4, 4],
    [0, 0],
  ]);
  return Float32Array.from(await placed.data());
}
