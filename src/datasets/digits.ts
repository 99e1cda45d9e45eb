/** The UCI optical digits, inside the package. */
import { dataTensor, type Tensor } from "../graph/index.ts";
import { opticalDigits } from "./data/optical-digits.ts";
import { inflate } from "./inflate.ts";

/**
 * Images and labels, for training and held out, in the order in which Keras's `load_data` gives them:
 * `[[xTrain, yTrain], [xTest, yTest]]`, uint8 `[n, height, width, 1]` and uint8 `[n]`.
 */
export type LabelledImages = readonly [train: readonly [x: Tensor, y: Tensor], test: readonly [x: Tensor, y: Tensor]];

/** Number of scans. */
export const digitCount = 1797;
const pixels = 64;
/** Every fifth scan of each digit is held out: every writer and every digit is on both sides. */
const heldOutEvery = 5;

/**
 * Handwritten digits, 1,797 scans of 8x8 pixels with values 0 to 16 (E. Alpaydin, C. Kaynak, UCI, CC BY 4.0). The
 * original split does not exist in this part of the set: every fifth scan of each digit (355) is held out.
 *
 * @example
 * const [[xTrain, yTrain], [xTest, yTest]] = await datasets.digits.loadData(); // xTrain [1442, 8, 8, 1]
 */
export async function loadDigits(): Promise<LabelledImages> {
  const bytes = await inflate(opticalDigits);
  const labels = bytes.subarray(digitCount * pixels);
  const seen = new Array<number>(10).fill(0);
  const isHeldOut = Array.from(labels, (label) => ++seen[label]! % heldOutEvery === 0);
  const pick = (held: boolean): [Tensor, Tensor] => {
    const rows = isHeldOut.flatMap((out, row) => (out === held ? [row] : []));
    const x = new Uint8Array(rows.length * pixels);
    const y = new Uint8Array(rows.length);
    rows.forEach((row, index) => {
      x.set(bytes.subarray(row * pixels, (row + 1) * pixels), index * pixels);
      y[index] = labels[row]!;
    });
    return [dataTensor(x, [rows.length, 8, 8, 1], "uint8"), dataTensor(y, [rows.length], "uint8")];
  };
  return [pick(false), pick(true)];
}
