/** What all recurrent layers share: a cell, applied step by step. */
import { assignRounded } from "./assign-rounded.ts";
import { ShapeError, StateError } from "../errors.ts";
import { formatShape, isPlainObject, type Shape, Tensor, Variable } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { checkOptions, type Config } from "../serialization/index.ts";
import type { InputSpec } from "./input-spec.ts";
import { type CallOptions, Layer } from "./layer.ts";
import type { LayerOptions, OptionDefaults } from "./layer-options.ts";
import { fittedStates, initialStateOf, type RecurrentCell, type States } from "./rnn-cell.ts";
import { runLoop } from "./recurrent-loop.ts";
import { flattenStructure, isShape, mapStructure } from "./structure.ts";

/** Options that every recurrent layer takes. */
export interface RecurrentOptions extends LayerOptions {
  /** Whether the output has all steps instead of the last. Default false. */
  readonly returnSequences?: boolean;
  /** Whether the result is `[output, ...states]`. Default false. */
  readonly returnState?: boolean;
  /** Whether steps are taken from the last to the first (outputs are in that order too). Default false. */
  readonly goBackwards?: boolean;
  /** Whether the state of a batch is where the next one starts; needs a fixed batch size. Default false. */
  readonly stateful?: boolean;
  /** Whether the steps are written out one by one instead of as a loop. Default false. */
  readonly unroll?: boolean;
  /** Whether masked steps give zeros instead of the output before them. Default false. */
  readonly zeroOutputForMask?: boolean;
}

/** Defaults of these options, in Keras's order. */
export const recurrentDefaults: OptionDefaults = {
  returnSequences: false,
  returnState: false,
  goBackwards: false,
  stateful: false,
  unroll: false,
  zeroOutputForMask: false,
};

/** States before the first step: a tensor, or a list of one tensor per state. */
export type InitialState = Tensor | readonly States[];

/** Options of a call of a recurrent layer. */
export interface RecurrentCallOptions extends CallOptions {
  /** States before the first step, one `[batch, units]` each. Default zeros, or where a stateful layer stopped. */
  readonly initialState?: InitialState | null;
}

/** What follows the inputs: the options, or the initial state in front of them. */
export type RecurrentArguments =
  [options?: RecurrentCallOptions] | [initialState: InitialState | null, options?: Omit<RecurrentCallOptions, "initialState">];

/** A layer that applies its cell to one time step after the other, as one loop of the program. */
export abstract class RecurrentLayer<Options extends RecurrentOptions> extends Layer<Options> {
  static override readonly defaultTraining: boolean = false;
  declare returnSequences: boolean;
  declare returnState: boolean;
  declare goBackwards: boolean;
  declare stateful: boolean;
  declare unroll: boolean;
  declare zeroOutputForMask: boolean;
  /** What makes one step. */
  abstract readonly cell: RecurrentCell;
  /** The states that a stateful layer keeps; no weights. */
  #states: readonly States[] | null = null;
  #stateVariables: Variable[] = [];

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, { ...recurrentDefaults, ...defaults });
    this.supportsMasking = true;
    this.inputSpec = { minRank: 3 };
  }

  override build(inputShape: Shape): void {
    const step: Shape = [inputShape[0] ?? null, ...inputShape.slice(2)];
    if (!this.cell.built) this.cell.build(step);
    this.inputSpec = sequenceSpec(this.cell.inputSpec);
    if (this.stateful) this.#makeStates(inputShape);
  }

  #makeStates(inputShape: Shape): void {
    const batch = inputShape[0];
    if (typeof batch !== "number") {
      throw new ShapeError({
        where: this.label,
        problem: "a stateful layer needs a fixed batch size",
        expected: "for example Input({ batchShape: [32, 10, 8] })",
        received: formatShape(inputShape),
      });
    }
    this.#states = initialStateOf(this.cell, batch);
    this.#stateVariables = (flattenStructure(this.#states) as Tensor[]).map(
      (state, i) =>
        new Variable(ops.cast(state, this.dtype), {
          ...{ name: "rnn_state", path: `${this.name}/rnn_state_${i}`, dtype: this.dtype, trainable: false },
        }),
    );
  }

  override get variables(): Variable[] {
    return [...super.variables, ...this.#stateVariables];
  }

  /** Sets the states that a stateful layer keeps back to zeros. Throws StateError where the layer keeps none. */
  resetState(): void {
    if (this.#states === null) {
      throw new StateError({
        where: `${this.label}.resetState`,
        problem: "the layer keeps no state",
        expected: "stateful: true, and a layer that was built",
        received: `stateful: ${this.stateful}, ${this.built ? "built" : "not built"}`,
      });
    }
    for (const state of this.#stateVariables) state.assign(ops.zerosLike(state));
  }

  /** The same as `resetState`. */
  resetStates(): void {
    this.resetState();
  }

  /** The states that a stateful layer keeps, flat; null where it keeps none. */
  get states(): readonly Tensor[] | null {
    return this.#states === null ? null : this.#stateVariables.map((state) => state.read());
  }

  /** States before the first step of a batch of this size, as the option `initialState` takes them. */
  getInitialState(batchSize: number): readonly States[] {
    return initialStateOf(this.cell, batchSize);
  }

  protected override checkInput(input: unknown): void {
    super.checkInput(input);
    if (!(input instanceof Tensor)) return;
    checkSteps(this.label, input);
    const steps = input.shape[1];
    if (steps === null && this.unroll) {
      throw new ShapeError({
        where: this.label,
        problem: "the steps of an unrolled layer must be known",
        expected: "a number along axis 1",
        received: formatShape(input.shape),
        advice: "give Input a shape with the number of steps, or leave out unroll: a loop is one program too",
      });
    }
  }

  override call(x: Tensor, ...rest: RecurrentArguments): Tensor | [Tensor, ...States[]] {
    const { training = false, mask = null, initialState = null } = recurrentArguments(this.label, rest);
    const start = this.#start(x, initialState);
    const first = ops.take(x, 0, { axis: 1 });
    const losses = this.cell.losses.length;
    this.cell.beginSequence?.(first, start, training === true);
    let result;
    try {
      result = runLoop({
        step: (input, states) => this.cell(input, states, { training }) as [Tensor, States],
        inputs: x,
        states: start,
        outputState: this.cell.outputState ?? null,
        mask: this.#stepMask(mask, x),
        backwards: this.goBackwards,
        unroll: this.unroll,
        zeroOutputForMask: this.zeroOutputForMask,
        sequence: this.returnSequences,
      });
    } finally {
      this.cell.endSequence?.();
    }
    if (!this.unroll && this.cell.losses.length > losses) {
      throw new StateError({
        where: this.label,
        problem: "the cell adds a loss inside the loop",
        expected: "losses of the layer around it",
        received: this.cell.label,
        advice: "set unroll: true, or the activityRegularizer of the recurrent layer",
      });
    }
    const states = flattenStructure(result.states) as Tensor[];
    this.#stateVariables.forEach((variable, i) => assignRounded(variable, states[i]!));
    const output = result.sequence ?? result.last;
    return this.returnState ? [output, ...result.states] : output;
  }

  #start(x: Tensor, given: InitialState | null): readonly States[] {
    const like = initialStateOf(this.cell, x.dim(0));
    if (given !== null) {
      const states = fittedStates(this.label, "initial states", given, like);
      return mapStructure(states, (state) => ops.cast(state as Tensor, this.cell.policy.computeDtype)) as readonly States[];
    }
    if (this.#states === null) return like;
    const kept = this.#stateVariables[0]!.shape[0];
    if (kept !== x.dim(0)) {
      throw new ShapeError({
        where: this.label,
        problem: "the batch is not as large as the state that the layer keeps",
        expected: `${kept} samples, as when the layer was built`,
        received: formatShape(x.shape),
        advice: "feed batches of one size (drop the last, smaller one), or make the layer without stateful",
      });
    }
    return fittedStates(
      this.label,
      "initial states",
      this.#stateVariables.map((variable) => ops.cast(variable.read(), this.cell.policy.computeDtype)),
      like,
    );
  }

  #stepMask(mask: RecurrentCallOptions["mask"], x: Tensor): Tensor | null {
    const first = (Array.isArray(mask) ? ((mask as readonly (Tensor | null)[])[0] ?? null) : mask) as Tensor | null | undefined;
    if (first === null || first === undefined) return null;
    if (first.rank === 2 && first.dim(0) === x.dim(0) && first.dim(1) === x.dim(1)) return first;
    throw new ShapeError({
      where: this.label,
      problem: "the mask does not fit the input",
      expected: `${formatShape([x.dim(0), x.dim(1)])}: one entry per step`,
      received: formatShape(first.shape),
    });
  }

  override computeMask(_inputs: unknown, mask: unknown = null): unknown {
    const first = Array.isArray(mask) ? ((mask as unknown[])[0] ?? null) : mask;
    const output = this.returnSequences ? first : null;
    return this.returnState ? [output, ...flattenStructure(this.cell.stateSize).map(() => null)] : output;
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  /** A recurrent layer is built from the shape of the sequences; those of initial states follow. */
  override getBuildConfig(): Config | null {
    const shape = this.buildShape;
    if (shape === null) return null;
    return { input_shape: isShape(shape) ? shape : (shape as readonly Shape[])[0]! };
  }
}

/** The options of a call, with the initial state among them. */
export function recurrentArguments(where: string, rest: RecurrentArguments): RecurrentCallOptions {
  const [first, second] = rest;
  const isOptions = first === undefined || (isPlainObject(first) && !(first instanceof Tensor));
  const options = (isOptions ? (first ?? {}) : { ...second, initialState: first }) as RecurrentCallOptions;
  checkOptions(`${where}, called`, options, ["training", "mask", "initialState"]);
  return options;
}

/** Throws ShapeError for sequences without steps. */
export function checkSteps(where: string, input: Tensor): void {
  if (input.shape[1] !== 0) return;
  throw new ShapeError({
    where,
    problem: "the sequences have no steps",
    expected: "at least one",
    received: formatShape(input.shape),
  });
}

/** What a cell demands of one step, as demands on whole sequences. */
export function sequenceSpec(spec: InputSpec | null): InputSpec {
  if (spec === null) return { minRank: 3 };
  const axes = Object.fromEntries(
    Object.entries(spec.axes ?? {}).map(([key, extent]) => [Number(key) > 0 ? Number(key) + 1 : Number(key), extent]),
  );
  return { ...(spec.rank === undefined ? { minRank: (spec.minRank ?? 2) + 1 } : { rank: spec.rank + 1 }), axes };
}

/** Makes the options that a layer shares with its cell one: what is set on the layer is set on the cell. */
export function shareOptions(layer: object, cell: object, keys: Iterable<string>): void {
  for (const key of keys) {
    Object.defineProperty(layer, key, {
      configurable: true,
      enumerable: false,
      get: () => (cell as Record<string, unknown>)[key],
      set: (value: unknown) => {
        (cell as Record<string, unknown>)[key] = value;
      },
    });
  }
}

/** Options of the cell inside a layer: the layer's, under the name that Keras gives the cell. */
export function cellOptions(layer: Layer<never>, name: string, keys: Iterable<string>): Record<string, unknown> {
  const values = layer as unknown as Readonly<Record<string, unknown>>;
  return {
    ...Object.fromEntries([...keys].map((key) => [key, values[key]])),
    name,
    dtype: layer.dtypePolicy,
    trainable: layer.trainable,
  };
}
