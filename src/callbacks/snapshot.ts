/** The state of a model that is being trained, kept so that it can be restored. */
import { dataTensor, type Tensor, type Variable } from "../graph/index.ts";
import type { CallbackModel } from "./callback-model.ts";
import { optimizerOf } from "./learning-rate.ts";

/** Every variable of a model and its optimizer: weights, seeds, step count, learning rate, slots (made where they do not exist yet). */
export function trainingState(where: string, model: CallbackModel): Variable[] {
  const optimizer = optimizerOf(where, model);
  if (!optimizer.built) optimizer.build([...(model.trainableWeights ?? [])]);
  return [...new Set([...(model.variables ?? model.weights ?? []), ...optimizer.variables])];
}

/** Values of variables at one moment. */
export class Snapshot {
  readonly #values: ReadonlyMap<Variable, Tensor>;

  private constructor(values: ReadonlyMap<Variable, Tensor>) {
    this.#values = values;
  }

  /** Copies the values. */
  static async copy(variables: readonly Variable[]): Promise<Snapshot> {
    const entries = variables.map(
      async (variable) => [variable, dataTensor(await variable.data(), variable.shape, variable.dtype)] as const,
    );
    return new Snapshot(new Map(await Promise.all(entries)));
  }

  /** Holds the present versions: nothing is copied now, and training does not overwrite what is held. */
  static hold(variables: readonly Variable[]): Snapshot {
    return new Snapshot(new Map(variables.map((variable) => [variable, variable.read()])));
  }

  /** The value of a variable; undefined where it was not kept. */
  valueOf(variable: Variable): Tensor | undefined {
    return this.#values.get(variable);
  }

  /** Puts the values back. */
  restore(): void {
    for (const [variable, value] of this.#values) variable.assign(value);
  }
}
