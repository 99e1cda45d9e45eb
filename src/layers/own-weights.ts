/** The weights that a layer makes for itself. */
import * as constraints from "../constraints/index.ts";
import { type DType, isFloat } from "../dtype/index.ts";
import { ShapeError } from "../errors.ts";
import { type ConcreteShape, formatShape, outsideTrace, sameShape, type Shape, Tensor, Variable } from "../graph/index.ts";
import * as initializers from "../initializers/index.ts";
import * as regularizers from "../regularizers/index.ts";
import { pathOf } from "./call-context.ts";
import { describe } from "./describe.ts";
import { DefaultInitializer } from "./default-initializer.ts";
import type { WeightOptions } from "./weight-options.ts";

function isConcrete(shape: Shape): shape is ConcreteShape {
  return Array.isArray(shape) && shape.every((extent) => Number.isInteger(extent) && extent >= 0);
}

/** The weights that one layer made: which of them are for the optimizer, and which add to the loss. */
export class OwnWeights {
  readonly #all: Variable[] = [];
  readonly #madeTrainable = new WeakSet<Variable>();
  readonly #kept = new WeakSet<Variable>();
  /** By weight, what it adds to the loss. */
  readonly regularizers: Map<Variable, regularizers.Regularizer> = new Map();

  /** Makes a weight of the layer `where`. Throws ShapeError for an unknown extent. */
  add(where: string, options: WeightOptions & { readonly dtype: DType }, layerIsTrainable: boolean): Variable {
    const { dtype, trainable = true } = options;
    const name = options.name ?? "variable";
    const given = options.shape ?? [];
    const initializer = initializers.get(options.initializer ?? new DefaultInitializer());
    if (!isConcrete(given)) {
      throw new ShapeError({
        where,
        problem: `the weight "${name}" needs a known shape`,
        expected: "whole numbers",
        received: Array.isArray(given) ? formatShape(given) : describe(given),
        advice: "give the input a fixed extent along the axes that the weights depend on",
      });
    }
    const shape = given;
    const first = outsideTrace(() => initializer(shape, dtype));
    // A first value that has to be computed waits until somebody reads the weight: a large network costs nothing to build.
    const waits = first instanceof Tensor && sameShape(first.shape, shape) && first.dtype === dtype && !first.node.values[0];
    const variable = new Variable(waits ? () => first : first, {
      ...{ name, shape, dtype },
      path: pathOf(name),
      trainable: trainable && layerIsTrainable,
    });
    if (trainable) this.#madeTrainable.add(variable);
    if (options.autocast === false) this.#kept.add(variable);
    const regularizer = regularizers.get(options.regularizer ?? null);
    if (regularizer !== null) this.regularizers.set(variable, regularizer);
    variable.constraint = constraints.get(options.constraint ?? null);
    this.#all.push(variable);
    return variable;
  }

  /** Forgets a weight. */
  remove(variable: Variable): void {
    const at = this.#all.indexOf(variable);
    if (at >= 0) this.#all.splice(at, 1);
    this.regularizers.delete(variable);
  }

  /** Those that were made for the optimizer, whether or not the layer is trainable now. */
  get trainable(): Variable[] {
    return this.#all.filter((variable) => this.#madeTrainable.has(variable));
  }

  /** Those of `variables` that a layer whose values are shorter reads rounded to them. */
  rounded(variables: readonly Variable[]): Variable[] {
    return variables.filter((variable) => isFloat(variable.dtype) && !this.#kept.has(variable));
  }

  /** With variables that the layer holds and did not make: those that are trained first, else in this order. */
  with(held: readonly Variable[]): Variable[] {
    const others = held.filter((variable) => !this.#all.includes(variable));
    const isTrained = (variable: Variable): boolean =>
      this.#madeTrainable.has(variable) || (others.includes(variable) && variable.trainable);
    const all = [...this.#all, ...others];
    return [...all.filter(isTrained), ...all.filter((variable) => !isTrained(variable))];
  }
}
