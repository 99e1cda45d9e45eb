/** Rounding weights one input after the other; see GPTQConfig. */
import { dataTensor, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { affineParameters, type AffineWeights, inputGroups } from "./affine.ts";
import type { InputStatistics } from "./calibrated-config.ts";
import type { GPTQConfigClass } from "./gptq-config.ts";

/** Inputs whose errors reach the inputs behind them in one product. */
const blockSize = 128;

/** The Hessian of the squared error of outputs: `2 / n sum of x x^T`, over all samples x. */
export class HessianStatistics implements InputStatistics {
  #hessian: Tensor;
  #samples = 0;

  constructor(inputs: number) {
    this.#hessian = ops.zeros([inputs, inputs]);
  }

  add(inputs: Tensor): void {
    const x = ops.cast(inputs, "float32");
    const before = this.#samples;
    this.#samples += x.dim(0);
    const gram = ops.matmul(ops.transpose(x), x);
    this.#hessian = ops.add(ops.multiply(this.#hessian, before / this.#samples), ops.multiply(gram, 2 / this.#samples));
  }

  async settle(): Promise<Tensor> {
    const values = await this.#hessian.data();
    this.#hessian = dataTensor(values, this.#hessian.shape as number[], "float32");
    return this.#hessian;
  }
}

/** The Hessian with 1 for inputs that are always 0, and `damping` times the mean of its diagonal added to the diagonal. */
function damped(hessian: Tensor, damping: number): Tensor {
  const diagonal = ops.diagonal(hessian);
  const alive = ops.where(ops.equal(diagonal, 0), 1, diagonal);
  const raised = ops.add(alive, ops.multiply(ops.mean(alive), damping));
  return ops.add(hessian, ops.diag(ops.subtract(raised, diagonal)));
}

/** A matrix on the host, its rows behind each other. */
interface Matrix {
  readonly values: Float32Array;
  readonly columns: number;
}

async function onHost(x: Tensor): Promise<Matrix> {
  return { values: Float32Array.from(await x.data()), columns: x.dim(1) };
}

/** What errors are spread by: row i says how the error of input i reaches those behind it. */
function spreaderOf(hessian: Tensor, by: GPTQConfigClass["spreadBy"]): Tensor {
  const inverse = ops.inv(hessian);
  return by === "inverse" ? inverse : ops.transpose(ops.cholesky(inverse));
}

/** Places by falling value; equal ones stay in order. Values that are none count as 0. */
async function fallingOrder(values: Tensor): Promise<number[]> {
  const known = Array.from(await values.data(), (value) => (Number.isFinite(value) ? value : 0));
  return known.map((_, place) => place).sort((a, b) => known[b]! - known[a]! || a - b);
}

/**
 * The stored form of a kernel `[inputs, outputs]` for the Hessian `[inputs, inputs]` of its inputs. Arithmetic is that of
 * float32, operation by operation, so that ties fall as in Keras.
 */
export async function gptqQuantized(kernel: Tensor, hessian: Tensor, config: GPTQConfigClass): Promise<AffineWeights> {
  const [inputs, outputs] = [kernel.dim(0), kernel.dim(1)];
  const matrix = damped(hessian, config.hessianDamping);
  const order = config.activationOrder ? await fallingOrder(ops.diagonal(matrix)) : null;
  const ordered = (x: Tensor, axis: number): Tensor => (order === null ? x : ops.take(x, order, { axis }));
  const weights = await onHost(ordered(ops.cast(kernel, "float32"), 0));
  const inverse = await onHost(spreaderOf(ordered(ordered(matrix, 0), 1), config.spreadBy));
  const size = config.groupSize === -1 ? inputs : config.groupSize;
  const groups = Math.ceil(inputs / size);
  const top = 2 ** config.weightBits - 1;
  const numbers = new Int32Array(inputs * outputs);
  const [scale, zero] = [new Float32Array(groups * outputs), new Uint8Array(groups * outputs)];
  let known = 0;
  for (let start = 0; start < inputs; start += blockSize) {
    const end = Math.min(start + blockSize, inputs);
    // The range of a group is that of its weights before this block changes them.
    for (; known * size < end; known++) {
      const rows = weights.values.subarray(known * size * outputs, Math.min((known + 1) * size, inputs) * outputs);
      const group = dataTensor(Float32Array.from(rows), [rows.length / outputs, outputs], "float32");
      const { weightBits: bits, symmetric, perChannel } = config;
      const parameters = affineParameters(ops.transpose(group), { bits, symmetric, perChannel });
      scale.set(await parameters.scale.data(), known * outputs);
      zero.set(await parameters.zero.data(), known * outputs);
    }
    const errors = new Float32Array((end - start) * outputs);
    for (let row = start; row < end; row++) {
      const group = Math.floor(row / size) * outputs;
      const influence = inverse.values[row * inputs + row]!;
      const place = (order === null ? row : order[row]!) * outputs;
      for (let column = 0; column < outputs; column++) {
        const [s, z] = [scale[group + column]!, zero[group + column]!];
        const weight = weights.values[row * outputs + column]!;
        const q = Math.min(Math.max(roundHalfEven(Math.fround(Math.fround(weight / s) + z)), 0), top);
        numbers[place + column] = q;
        errors[(row - start) * outputs + column] = Math.fround(weight - Math.fround(s * (q - z))) / influence;
      }
      spread(weights, errors.subarray((row - start) * outputs, (row - start + 1) * outputs), inverse, row, end);
    }
    if (end < inputs) await spreadBeyond(weights, errors, inverse, start, end);
  }
  const perInput = inputGroups(inputs, config.groupSize);
  const behind = (values: Float32Array | Uint8Array, dtype: "float32" | "uint8"): Tensor =>
    ops.transpose(dataTensor(values, [groups, outputs], dtype));
  return {
    numbers: ops.transpose(dataTensor(numbers, [inputs, outputs], "int32")),
    scale: behind(scale, "float32"),
    zero: behind(zero, "uint8"),
    groups: order === null ? perInput : ops.take(perInput, inverseOrder(order), { axis: 0 }),
  };
}

/** Takes the share of an input's errors off the inputs behind it, up to `end`. */
function spread(weights: Matrix, errors: Float32Array, inverse: Matrix, row: number, end: number): void {
  const { values, columns } = weights;
  for (let later = row + 1; later < end; later++) {
    const share = inverse.values[row * inverse.columns + later]!;
    for (let column = 0; column < columns; column++) {
      const at = later * columns + column;
      values[at] = values[at]! - Math.fround(errors[column]! * share);
    }
  }
}

/** Takes the shares of a block's errors off all inputs behind the block. */
async function spreadBeyond(weights: Matrix, errors: Float32Array, inverse: Matrix, start: number, end: number): Promise<void> {
  const { columns } = weights;
  const inputs = inverse.columns;
  const shares = Float32Array.from({ length: (end - start) * (inputs - end) }, (_, i) => {
    const [row, later] = [start + Math.floor(i / (inputs - end)), end + (i % (inputs - end))];
    return inverse.values[row * inputs + later]!;
  });
  const [rows, behind] = [end - start, inputs - end];
  const product = ops.matmul(ops.transpose(dataTensor(shares, [rows, behind], "float32")), dataTensor(errors, [rows, columns], "float32"));
  const changes = await product.data();
  for (let i = 0; i < changes.length; i++) weights.values[end * columns + i] = weights.values[end * columns + i]! - changes[i]!;
}

function inverseOrder(order: readonly number[]): number[] {
  const places = new Array<number>(order.length);
  order.forEach((from, to) => (places[from] = to));
  return places;
}

function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
