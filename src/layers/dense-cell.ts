/** Weights of the fully connected cells: kernel `[in, gates units]`, recurrent kernel `[units, gates units]`, bias. */
import type { Constraint } from "../constraints/index.ts";
import type { Shape, Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { knownExtent } from "./known-extent.ts";
import { type ActivationFunction, type OptionDefaults, positiveInteger } from "./layer-options.ts";
import { type RecurrentWeightOptions, RNNCell } from "./rnn-cell.ts";

/** Options of a fully connected cell. */
export interface DenseCellOptions extends RecurrentWeightOptions {
  /** Width of state and output. */
  readonly units: number;
}

/** A cell whose gates are dense: `gates` blocks of `units` columns stand beside each other in every weight. */
export abstract class DenseCell<Options extends DenseCellOptions> extends RNNCell<Options> {
  static override readonly defaultTraining: boolean = false;
  declare units: number;
  declare activation: ActivationFunction;
  declare useBias: boolean;
  declare kernelInitializer: Initializer;
  declare recurrentInitializer: Initializer;
  declare biasInitializer: Initializer;
  declare kernelRegularizer: Regularizer | null;
  declare recurrentRegularizer: Regularizer | null;
  declare biasRegularizer: Regularizer | null;
  declare kernelConstraint: Constraint | null;
  declare recurrentConstraint: Constraint | null;
  declare biasConstraint: Constraint | null;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | null = null;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, defaults);
    positiveInteger(this.label, "units", this.units);
    this.inputSpec = { rank: 2 };
  }

  /** Width of the output. */
  get outputSize(): number {
    return this.units;
  }

  /** Number of gates. */
  protected abstract readonly gates: number;

  /** Shape of the bias. Default: one row. */
  protected biasShape(): readonly number[] {
    return [this.gates * this.units];
  }

  /** What fills the bias at first. Default: `biasInitializer`. */
  protected firstBias(): Initializer {
    return this.biasInitializer;
  }

  override build(inputShape: Shape): void {
    const width = knownExtent(this.label, inputShape, -1);
    const columns = this.gates * this.units;
    this.kernel = this.addWeight({
      name: "kernel",
      shape: [width, columns],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.recurrentKernel = this.addWeight({
      name: "recurrent_kernel",
      shape: [this.units, columns],
      initializer: this.recurrentInitializer,
      regularizer: this.recurrentRegularizer,
      constraint: this.recurrentConstraint,
    });
    if (this.useBias) {
      this.bias = this.addWeight({
        name: "bias",
        shape: this.biasShape(),
        initializer: this.firstBias(),
        regularizer: this.biasRegularizer,
        constraint: this.biasConstraint,
      });
    }
    this.inputSpec = { rank: 2, axes: { [-1]: width } };
  }
}
