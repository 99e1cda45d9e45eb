/** What the built-in cells of recurrent layers share, and what any cell must have. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { dropout, SeedGenerator } from "../random/index.ts";
import type { Config } from "../serialization/index.ts";
import { contextTraining } from "./call-context.ts";
import { type InputShape, Layer } from "./layer.ts";
import {
  type ActivationIdentifier,
  type ConstraintIdentifier,
  describe,
  type InitializerIdentifier,
  type LayerOptions,
  type OptionDefaults,
  type RegularizerIdentifier,
} from "./layer-options.ts";
import { flattenStructure, isShape, packStructure, type Structure } from "./structure.ts";

/** Widths of a cell's states: one, or a list of them; cells that are stacked have lists in the list. */
export type StateSize = number | readonly StateSize[];
/** States of a cell: a tensor, or lists of states. */
export type States = Tensor | readonly States[];

/**
 * A cell: a layer whose call makes one step, `cell(inputs, states, { training })` -> `[output, new states]`. A cell of your
 * own has a `stateSize`, and an `outputSize` where the output is not as wide as the first state.
 */
export interface RecurrentCell extends Layer<never> {
  readonly stateSize: StateSize;
  readonly outputSize?: number | null;
  /** States before the first step. Default zeros `[batch, size]`. */
  getInitialState?(batchSize: number): States;
  /** Position among all new states of the one that is the output, if one always is: the loop need not carry both. */
  readonly outputState?: number | null;
  /** What is the same in all steps of one call of the layer around the cell is made here. */
  beginSequence?(inputs: Tensor, states: States, training: boolean): void;
  /** Forgets it. */
  endSequence?(): void;
}

/** Throws ValueError unless `value` is a cell: a layer with `stateSize`. */
export function checkCell(where: string, value: unknown): asserts value is RecurrentCell {
  if (value instanceof Layer && isStateSize((value as { stateSize?: unknown }).stateSize)) return;
  throw new ValueError({
    where,
    problem: value instanceof Layer ? "this layer is no cell: its stateSize is no number or list of numbers" : "this is no cell",
    expected: "a layer whose call takes (inputs, states) and gives [output, states], with stateSize: 32 or [32, 32]",
    received:
      value instanceof Layer ? `${value.label}, stateSize ${describe((value as { stateSize?: unknown }).stateSize)}` : describe(value),
    advice: "use SimpleRNNCell, LSTMCell or GRUCell, or give your own layer a stateSize",
  });
}

function isStateSize(value: unknown): value is StateSize {
  if (Array.isArray(value)) return value.length > 0 && value.every(isStateSize);
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}

/** Width of the last axis of a cell's output. */
export function outputSizeOf(cell: RecurrentCell): number {
  return cell.outputSize ?? (flattenStructure(cell.stateSize)[0] as number);
}

/** States before the first step: the cell's, or zeros. Always a list. */
export function initialStateOf(cell: RecurrentCell, batchSize: number): readonly States[] {
  const states = cell.getInitialState?.(batchSize) ?? zeroStates(cell, batchSize);
  return states instanceof Tensor ? [states] : states;
}

/** States of zeros `[batch, size]`. */
export function zeroStates(cell: Pick<RecurrentCell, "stateSize" | "policy">, batchSize: number): States {
  const zeros = (size: StateSize): States =>
    typeof size === "number" ? ops.zeros([batchSize, size], { dtype: cell.policy.computeDtype }) : size.map(zeros);
  return zeros(cell.stateSize);
}

/** `given` in the structure of `like`, each of its shape. Throws ValueError or ShapeError where they do not fit. */
export function fittedStates(where: string, what: string, given: unknown, like: readonly States[]): readonly States[] {
  const expected = flattenStructure(like) as Tensor[];
  const received = flattenStructure(given);
  if (received.length !== expected.length || !received.every((state) => state instanceof Tensor)) {
    throw new ValueError({
      where,
      problem: `the number of ${what} is wrong`,
      expected: `${expected.length}: ${expected.map((state) => formatShape(state.shape)).join(", ")}`,
      received: received.every((state) => state instanceof Tensor) ? String(received.length) : describe(received[0]),
      advice: "give one tensor per state, in the order of the cell's states",
    });
  }
  received.forEach((state, i) => {
    const wanted = expected[i]!.shape;
    if (state.rank === wanted.length && state.shape.every((extent, axis) => extent === wanted[axis])) return;
    throw new ShapeError({
      where,
      problem: received.length === 1 ? `the ${what.replace(/s$/, "")} does not fit` : `${what}: state ${i} does not fit`,
      expected: formatShape(wanted),
      received: formatShape(state.shape),
    });
  });
  return packStructure(like, received) as readonly States[];
}

/** Options that the built-in cells, and the layers made of them, share. */
export interface RecurrentWeightOptions extends LayerOptions {
  /** Default "tanh". */
  readonly activation?: ActivationIdentifier | null;
  readonly useBias?: boolean;
  readonly kernelInitializer?: InitializerIdentifier;
  /** Default "orthogonal". */
  readonly recurrentInitializer?: InitializerIdentifier;
  readonly biasInitializer?: InitializerIdentifier;
  readonly kernelRegularizer?: RegularizerIdentifier | null;
  readonly recurrentRegularizer?: RegularizerIdentifier | null;
  readonly biasRegularizer?: RegularizerIdentifier | null;
  readonly kernelConstraint?: ConstraintIdentifier | null;
  readonly recurrentConstraint?: ConstraintIdentifier | null;
  readonly biasConstraint?: ConstraintIdentifier | null;
  /** Share of the inputs that is dropped in training, the same at every step. Default 0. */
  readonly dropout?: number;
  /** Share of the state that is dropped in training, the same at every step. Default 0. */
  readonly recurrentDropout?: number;
  readonly seed?: number | null;
}

/** Defaults of the weights' options, in Keras's order. */
export const weightDefaults: OptionDefaults = {
  kernelInitializer: "glorot_uniform",
  recurrentInitializer: "orthogonal",
  biasInitializer: "zeros",
};

/** Defaults of regularizers, constraints and dropout, in Keras's order. */
export const penaltyDefaults: OptionDefaults = {
  kernelRegularizer: null,
  recurrentRegularizer: null,
  biasRegularizer: null,
  kernelConstraint: null,
  recurrentConstraint: null,
  biasConstraint: null,
  dropout: 0,
  recurrentDropout: 0,
  seed: null,
};

/** Throws ValueError unless a rate of dropout is a probability below 1. */
export function checkRate(where: string, name: string, rate: unknown): void {
  if (typeof rate === "number" && rate >= 0 && rate < 1) return;
  throw new ValueError({ where, problem: `${name} is a probability`, expected: "0 <= rate < 1", received: describe(rate) });
}

/**
 * Base of the built-in cells. Dropout multiplies the inputs, and the state inside the recurrent product, by masks that are
 * the same in every step of a sequence (Gal, Ghahramani, 2016); a cell that is called by itself draws them at every call.
 */
export abstract class RNNCell<Options extends RecurrentWeightOptions> extends Layer<Options> {
  declare dropout: number;
  declare recurrentDropout: number;
  declare seed: number | null;
  readonly seedGenerator: SeedGenerator;
  readonly outputState: number = 0;
  #masks: { readonly inputs: Tensor | null; readonly state: Tensor | null } | null = null;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, { ...defaults });
    checkRate(this.label, "dropout", this.dropout);
    checkRate(this.label, "recurrentDropout", this.recurrentDropout);
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
  }

  /** Widths of the states. */
  abstract readonly stateSize: StateSize;

  /** States before the first step, as a call takes them: zeros. */
  getInitialState(batchSize: number): States {
    const zeros = zeroStates(this, batchSize);
    return zeros instanceof Tensor ? [zeros] : zeros;
  }

  /** Draws the masks for all steps of a sequence. */
  beginSequence(inputs: Tensor, states: States, training: boolean): void {
    this.#masks = this.#draw(inputs, states, training);
  }

  /** Forgets the masks. */
  endSequence(): void {
    this.#masks = null;
  }

  #draw(inputs: Tensor, states: States, training: boolean): { inputs: Tensor | null; state: Tensor | null } {
    const mask = (like: Tensor, rate: number): Tensor | null =>
      training && rate > 0 ? dropout(ops.onesLike(like), rate, { seed: this.seedGenerator }) : null;
    return { inputs: mask(inputs, this.dropout), state: mask(flattenStructure(states)[0] as Tensor, this.recurrentDropout) };
  }

  /** The inputs, and the state for the recurrent product, with what is dropped set to 0. */
  protected dropped(inputs: Tensor, state: Tensor, training: boolean | null | undefined): { inputs: Tensor; state: Tensor } {
    const masks = this.#masks ?? this.#draw(inputs, state, (training ?? contextTraining()) === true);
    return {
      inputs: masks.inputs === null ? inputs : ops.multiply(inputs, masks.inputs),
      state: masks.state === null ? state : ops.multiply(state, masks.state),
    };
  }

  /** The states of a call as a list. Throws where number or shapes differ from the cell's. */
  protected statesOf(inputs: Tensor, states: States): readonly Tensor[] {
    const like = initialStateOf(this, inputs.dim(0));
    return fittedStates(this.label, "states", states, like) as readonly Tensor[];
  }

  /** New states, in a list or alone as the old ones were. */
  protected packed(states: States, next: readonly Tensor[]): States {
    return states instanceof Tensor ? next[0]! : next;
  }

  /** Shape of the output for inputs of this shape: that of the first state. Builds the cell if needed. */
  override computeOutputShape(inputShape: InputShape): Structure<Shape> {
    const shape = isShape(inputShape) ? inputShape : (inputShape as readonly Shape[])[0]!;
    if (!this.built) this.build(shape);
    const state = flattenStructure(initialStateOf(this, 1))[0] as Tensor;
    return [shape[0] ?? null, ...state.shape.slice(1)];
  }

  /** A cell is built from the shape of its inputs; those of the states follow. */
  override getBuildConfig(): Config | null {
    const shape = this.buildShape;
    if (shape === null) return null;
    return { input_shape: isShape(shape) ? shape : (shape as readonly Shape[])[0]! };
  }
}
