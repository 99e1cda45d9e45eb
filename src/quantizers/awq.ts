/** Scaling inputs before their weights are rounded; see AWQConfig. */
import { dataTensor, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { affineFloats, affineNumbers, affineParameters, type AffineWeights, alongInputs, inputGroups } from "./affine.ts";
import type { AWQConfigClass } from "./awq-config.ts";
import type { InputStatistics } from "./calibrated-config.ts";

/** The largest absolute value of each input. */
export class MagnitudeStatistics implements InputStatistics {
  #largest: Tensor;

  constructor(inputs: number) {
    this.#largest = ops.zeros([inputs]);
  }

  add(inputs: Tensor): void {
    this.#largest = ops.maximum(this.#largest, ops.max(ops.abs(ops.cast(inputs, "float32")), { axis: 0 }));
  }

  async settle(): Promise<Tensor> {
    const values = await this.#largest.data();
    this.#largest = dataTensor(values, this.#largest.shape as number[], "float32");
    return this.#largest;
  }
}

/** Weights in AWQ's stored form. */
export interface ScaledWeights extends AffineWeights {
  /** float32 `[inputs]`: what weights were multiplied with before they were rounded. */
  readonly inputScales: Tensor;
}

/** Weights `[outputs, inputs]` rounded after inputs were scaled. */
function rounded(weights: Tensor, inputScales: Tensor, groupSize: number): ScaledWeights {
  const scaled = ops.multiply(weights, inputScales);
  const { scale, zero } = affineParameters(scaled, { bits: 4, groupSize });
  const inputs = weights.dim(1);
  const groups = ops.floor(inputGroups(inputs, groupSize));
  const numbers = affineNumbers(scaled, alongInputs(scale, groups), alongInputs(zero, groups), 4);
  return { numbers, scale, zero, groups, inputScales };
}

/** `a^r` for a ratio r, no smaller than 1e-4, around 1. */
function scalesOf(largest: Tensor, ratio: number): Tensor {
  const scales = ops.maximum(ops.power(largest, ratio), 1e-4);
  const middle = ops.sqrt(ops.multiply(ops.max(scales), ops.min(scales)));
  return ops.divide(scales, ops.maximum(middle, 1e-8));
}

/** The stored form of a kernel `[inputs, outputs]` for the largest absolute values `[inputs]` of its inputs. */
export async function awqQuantized(kernel: Tensor, magnitudes: Tensor, config: AWQConfigClass): Promise<ScaledWeights> {
  const weights = ops.transpose(ops.cast(kernel, "float32"));
  // Inputs that are always 0 say nothing.
  const largest = ops.where(ops.less(magnitudes, 1e-8), 1, magnitudes);
  let best = { loss: NaN, ratio: 0 };
  for (let point = 0; point <= config.numGridPoints; point++) {
    const ratio = point / config.numGridPoints;
    const { numbers, scale, zero, groups, inputScales } = rounded(weights, scalesOf(largest, ratio), config.groupSize);
    const floats = affineFloats(numbers, alongInputs(scale, groups), alongInputs(zero, groups));
    const missed = ops.square(ops.subtract(weights, ops.divide(floats, inputScales)));
    const loss = await ops.mean(ops.multiply(missed, ops.square(largest))).item();
    if (point === 0 || loss < best.loss) best = { loss, ratio };
  }
  return rounded(weights, scalesOf(largest, best.ratio), config.groupSize);
}
