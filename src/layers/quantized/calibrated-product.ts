/** Kernels that were quantized on data: GPTQ and AWQ. */
import type { DType } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import type { Tensor, Variable } from "../../graph/index.ts";
import { formatShape } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import {
  affineFloats,
  affineNumbers,
  alongInputs,
  type AffineWeights,
  packInt4,
  type ScaledWeights,
  unpackInt4,
} from "../../quantizers/index.ts";
import type { CalibratedDTypePolicy } from "../calibrated-dtype-policy.ts";
import type { StoredArray } from "../stored-variables.ts";
import type { ProductForm, QuantizedProduct, WeightMaker } from "./forms.ts";

/** How Keras reads a kernel as a matrix: of three axes the longest decides whether the first or the first two are inputs. */
function matrixOf(
  where: string,
  shape: readonly number[],
): { readonly inputs: number; readonly outputs: number; readonly inputAxes: number } {
  if (shape.length !== 2 && shape.length !== 3)
    throw new ValueError({
      where,
      problem: "kernels of so many axes are not quantized on data",
      expected: "2 or 3 axes",
      received: formatShape(shape),
    });
  const inputAxes = shape.length === 2 || shape.indexOf(Math.max(...shape)) === 0 ? 1 : 2;
  const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);
  return { inputs: product(shape.slice(0, inputAxes)), outputs: product(shape.slice(inputAxes)), inputAxes };
}

/**
 * What a kernel is multiplied with, as a matrix `[samples, inputs]`. Throws ValueError where the product sums over other
 * axes of the kernel than those that the stored form takes for inputs.
 */
export function inputMatrix(where: string, form: ProductForm, x: Tensor): Tensor {
  const { inputs, inputAxes } = matrixOf(where, form.kernelShape);
  const fits = form.kernelAxes.length === inputAxes && form.kernelAxes.every((axis, i) => axis === i);
  if (!fits)
    throw new ValueError({
      where,
      problem: "the stored form takes other axes of the kernel for its inputs than the product",
      expected: `inputs along ${inputAxes === 1 ? "the first axis" : "the first two axes"} of a kernel ${formatShape(form.kernelShape)}`,
      received: `a sum over the axes ${form.kernelAxes.join(", ")}`,
      advice: "leave this layer out: filters",
    });
  const summed = form.inputAxes.slice(0, inputAxes).map((axis) => (axis < 0 ? axis + x.rank : axis));
  const others = Array.from({ length: x.rank }, (_, axis) => axis).filter((axis) => !summed.includes(axis));
  return ops.reshape(ops.transpose(x, [...others, ...summed]), [-1, inputs]);
}

/** Number of inputs of a kernel's stored form. */
export function inputsOf(where: string, form: ProductForm): number {
  return matrixOf(where, form.kernelShape).inputs;
}

/** A kernel `[inputs, outputs]`, as the stored form takes it for a matrix. */
export function kernelMatrix(where: string, form: ProductForm, kernel: Tensor): Tensor {
  const { inputs, outputs } = matrixOf(where, form.kernelShape);
  return ops.reshape(kernel, [inputs, outputs]);
}

/**
 * The product with a kernel of unsigned numbers, stored with outputs first and, of 4 bits, two outputs a byte: a scale and a
 * zero point per output and group of inputs. Weights: kernel uint8, kernel_scale, kernel_zero uint8 (of an einsum:
 * zero_point), for AWQ awq_scales, and g_idx, whose whole part is the group of each input.
 */
export class CalibratedProduct implements QuantizedProduct {
  readonly keepsWeight = false;
  readonly besideFirst = true;
  readonly variables: readonly Variable[];
  readonly #form: ProductForm;
  readonly #where: string;
  readonly #bits: number;
  readonly #isSymmetric: boolean;
  readonly #outputs: number;
  readonly #kernel: Variable;
  readonly #scale: Variable;
  readonly #zero: Variable;
  readonly #inputScales: Variable | null;
  readonly #groups: Variable;

  constructor(layer: WeightMaker, form: ProductForm, policy: CalibratedDTypePolicy, isSymmetric: boolean) {
    this.#isSymmetric = isSymmetric;
    const { weightBits: bits, groupSize, quantizationMode } = policy;
    const { inputs, outputs } = matrixOf(layer.label, form.kernelShape);
    [this.#form, this.#where, this.#bits, this.#outputs] = [form, layer.label, bits, outputs];
    const shape = [outputs, groupSize === -1 ? 1 : Math.ceil(inputs / groupSize)];
    const bytes = { dtype: "uint8", initializer: "zeros", trainable: false } as const;
    const floats = { initializer: "ones", trainable: false } as const;
    this.#kernel = layer.addWeight({ ...bytes, name: "kernel", shape: [bits === 4 ? Math.ceil(outputs / 2) : outputs, inputs] });
    this.#scale = layer.addWeight({ ...floats, name: "kernel_scale", shape });
    this.#zero = layer.addWeight({ ...bytes, name: form.isMatrix ? "kernel_zero" : "zero_point", shape });
    this.#inputScales = quantizationMode === "awq" ? layer.addWeight({ ...floats, name: "awq_scales", shape: [inputs] }) : null;
    this.#groups = layer.addWeight({ ...floats, name: "g_idx", shape: [inputs], initializer: "zeros" });
    const scales = this.#inputScales === null ? [] : [this.#inputScales];
    this.variables = [this.#kernel, this.#scale, this.#zero, ...scales, this.#groups];
  }

  /** Values of the variables for what a calibration gave. */
  values(weights: AffineWeights | ScaledWeights): readonly Tensor[] {
    const scales = "inputScales" in weights ? [weights.inputScales] : [];
    return [this.#stored(weights.numbers), weights.scale, weights.zero, ...scales, weights.groups];
  }

  /**
   * Keras 3.15 forgets to write the zero points: those of symmetric numbers are known. Throws ValueError where others are
   * missing.
   */
  completed(store: ReadonlyMap<string, StoredArray>, beside: number): ReadonlyMap<string, StoredArray> {
    if (store.size !== beside + this.variables.length - 1) return store;
    const shape = this.#zero.shape as number[];
    if (!this.#isSymmetric)
      throw new ValueError({
        where: this.#where,
        problem: "the file holds no zero points, without which the numbers of the kernel mean nothing",
        expected: `an array ${formatShape(shape)} of bytes behind the scales`,
        received: `${store.size} arrays`,
        advice: "Keras 3.15 leaves them out when it saves: quantize the float model here, or with symmetric: true there",
      });
    const arrays = [...store.values()];
    const zero = { shape, dtype: "uint8", tensor: (dtype: DType): Tensor => ops.full(shape, 2 ** (this.#bits - 1), { dtype }) };
    arrays.splice(beside + this.variables.indexOf(this.#zero), 0, zero);
    return new Map(arrays.map((array, place) => [String(place), array]));
  }

  /** The nearest numbers under the scales that are there. */
  encode(kernel: Tensor): readonly Tensor[] {
    const weights = ops.transpose(kernelMatrix(this.#where, this.#form, kernel));
    const scaled = this.#inputScales === null ? weights : ops.multiply(weights, this.#inputScales);
    const numbers = affineNumbers(scaled, this.#along(this.#scale), this.#along(this.#zero), this.#bits);
    return [this.#stored(numbers), ...this.variables.slice(1).map((variable) => variable.read())];
  }

  #stored(numbers: Tensor): Tensor {
    const whole = ops.cast(numbers, "int32");
    return this.#bits === 4 ? packInt4(whole, { axis: 0, dtype: "uint8" })[0] : ops.cast(whole, "uint8");
  }

  #along(parameters: Variable): Tensor {
    return alongInputs(parameters.read(), this.#groups.read());
  }

  decode(): Tensor {
    const stored = this.#kernel.read();
    const numbers = this.#bits === 4 ? unpackInt4(stored, this.#outputs, { axis: 0, dtype: "uint8" }) : stored;
    const weights = ops.transpose(affineFloats(numbers, this.#along(this.#scale), this.#along(this.#zero)));
    const plain = this.#inputScales === null ? weights : ops.divide(weights, ops.expandDims(this.#inputScales, -1));
    return ops.reshape(plain, [...this.#form.kernelShape]);
  }

  product(x: Tensor): Tensor {
    return this.#form.multiply(x, this.decode());
  }
}
