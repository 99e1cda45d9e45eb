/** Training with values of 8 bits. */
import { InternalError } from "../../errors.ts";
import type { Tensor, Variable } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { withGradient } from "../../primitives/index.ts";
import { computeFloat8AmaxHistory, computeFloat8Scale, type Float8, quantizeAndDequantize } from "../../quantizers/index.ts";
import type { ProductForm, QuantizedProduct, WeightMaker } from "./forms.ts";

const largest: Readonly<Record<Float8, number>> = { float8_e4m3fn: 448, float8_e5m2: 57_344 };

/** A scale, and the largest absolute values of the last steps, of which the next scale is made. */
class Scale {
  readonly variables: readonly [Variable, Variable];

  constructor(layer: WeightMaker, name: string, length: number) {
    const made = (suffix: string, shape: readonly number[], initializer: string): Variable => {
      const variable = layer.addWeight({ name: `${name}_${suffix}`, shape, initializer, dtype: "float32" });
      variable.overwrittenByGradient = true;
      return variable;
    };
    this.variables = [made("scale", [], "ones"), made("amax_history", [length], "zeros")];
  }

  /** What follows x: the scale of the next step and the history with x in it. */
  next(x: Tensor, format: Float8): [Tensor, Tensor] {
    const [scale, history] = this.variables.map((variable) => variable.read()) as [Tensor, Tensor];
    return [computeFloat8Scale(ops.max(history, 0), scale, largest[format]), computeFloat8AmaxHistory(x, history)];
  }

  /** x as far as the format holds it. */
  rounded(x: Tensor, format: Float8): Tensor {
    return quantizeAndDequantize(x, this.variables[0].read(), format, "float32");
  }
}

/**
 * A product of what is left of x and kernel in float8_e4m3fn, whose cotangent is rounded to float8_e5m2. Scales follow the
 * largest values of the last steps; they come to the optimizer as gradients, which it assigns. Micikevicius et al. 2022,
 * arXiv:2209.05433. Weights beside the kernel: inputs_, kernel_ and outputs_grad_, each a scale `[]` and an amax_history
 * `[amaxHistoryLength]`.
 */
export class Float8Product implements QuantizedProduct {
  readonly keepsWeight = true;
  readonly variables: readonly Variable[];
  readonly #form: ProductForm;
  readonly #inputs: Scale;
  readonly #kernel: Scale;
  readonly #gradients: Scale;

  constructor(layer: WeightMaker, form: ProductForm, historyLength: number) {
    this.#form = form;
    this.#inputs = new Scale(layer, "inputs", historyLength);
    this.#kernel = new Scale(layer, "kernel", historyLength);
    this.#gradients = new Scale(layer, "outputs_grad", historyLength);
    this.variables = [this.#inputs, this.#kernel, this.#gradients].flatMap(({ variables }) => variables);
  }

  encode(kernel: Tensor): readonly Tensor[] {
    return [kernel];
  }

  decode(): Tensor {
    throw new InternalError("Float8Product", "the float kernel stays with the layer");
  }

  product(x: Tensor, kernel: Tensor | null, training: boolean): Tensor {
    const given = (value: Tensor, scale: Scale): Tensor => {
      const read = scale.variables.map((variable) => variable.read());
      const next = (): readonly (Tensor | null)[] => (training ? scale.next(value, "float8_e4m3fn") : [null, null]);
      return withGradient(scale.rounded(value, "float8_e4m3fn"), [value, ...read], (upstream) => [upstream, ...next()]);
    };
    const y = this.#form.multiply(given(x, this.#inputs), given(kernel!, this.#kernel));
    const scale = this.#gradients;
    const read = scale.variables.map((variable) => variable.read());
    return withGradient(y, [y, ...read], (upstream) => [scale.rounded(upstream, "float8_e5m2"), ...scale.next(upstream, "float8_e5m2")]);
  }
}
