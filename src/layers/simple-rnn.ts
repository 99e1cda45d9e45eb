/** Fully connected recurrent layer. */
import type { Constraint } from "../constraints/index.ts";
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, type Tensor, Variable } from "../graph/index.ts";
import type { Initializer } from "../initializers/index.ts";
import * as ops from "../ops/index.ts";
import { dropout, SeedGenerator } from "../random/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { withPath } from "./call-context.ts";
import { knownExtent } from "./known-extent.ts";
import { type CallOptions, Layer } from "./layer.ts";
import {
  type ActivationFunction,
  type ActivationIdentifier,
  type ConstraintIdentifier,
  type InitializerIdentifier,
  type LayerOptions,
  positiveInteger,
  type RegularizerIdentifier,
  required,
} from "./layer-options.ts";

/** Options of SimpleRNN. */
export interface SimpleRNNOptions extends LayerOptions {
  /** Width of state and output. */
  readonly units: number;
  /** Default "tanh". */
  readonly activation?: ActivationIdentifier | null;
  readonly useBias?: boolean;
  readonly kernelInitializer?: InitializerIdentifier;
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
  /** Whether the output has all steps instead of the last. Default false. */
  readonly returnSequences?: boolean;
  /** Whether the result is `[output, state]`. Default false. */
  readonly returnState?: boolean;
  /** Whether steps are taken from the last to the first. Default false. */
  readonly goBackwards?: boolean;
  /** Whether the state of a batch is where the next one starts; needs a fixed batch size. Default false. */
  readonly stateful?: boolean;
  /** Whether the steps are written out one by one instead of as a loop. Default false. */
  readonly unroll?: boolean;
  /** Whether masked steps give zeros instead of the output before them. Default false. */
  readonly zeroOutputForMask?: boolean;
  readonly seed?: number | null;
}

/** Options of a call of a recurrent layer. */
export interface RecurrentCallOptions extends CallOptions {
  /** State before the first step: `[batch, units]`, or a list of it. Default zeros. */
  readonly initialState?: Tensor | readonly Tensor[] | null;
}

/**
 * `h_t = activation(x_t kernel + h_(t-1) recurrent_kernel + bias)`; the outputs are the states. Elman, 1990.
 * The projection of all inputs is one product before the loop.
 *
 * Shapes: x `[batch, steps, in]` -> `[batch, units]`, or `[batch, steps, units]` where `returnSequences`;
 * with `returnState` a list `[output, state]`. Weights: kernel `[in, units]`, recurrent_kernel `[units, units]`, bias `[units]`.
 *
 * @example
 * const y = layers.SimpleRNN({ units: 32, returnSequences: true })(x);
 */
export class SimpleRNNLayer extends Layer<SimpleRNNOptions> {
  static override readonly className: string = "SimpleRNN";
  declare returnSequences: boolean;
  declare returnState: boolean;
  declare goBackwards: boolean;
  declare stateful: boolean;
  declare unroll: boolean;
  declare zeroOutputForMask: boolean;
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
  declare dropout: number;
  declare recurrentDropout: number;
  declare seed: number | null;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | null = null;
  readonly seedGenerator: SeedGenerator;
  /** The state that a stateful layer keeps; no weight. */
  #state: Variable | null = null;

  constructor(options: SimpleRNNOptions) {
    super(options, {
      returnSequences: false,
      returnState: false,
      goBackwards: false,
      stateful: false,
      unroll: false,
      zeroOutputForMask: false,
      units: required,
      activation: "tanh",
      useBias: true,
      kernelInitializer: "glorot_uniform",
      recurrentInitializer: "orthogonal",
      biasInitializer: "zeros",
      kernelRegularizer: null,
      recurrentRegularizer: null,
      biasRegularizer: null,
      kernelConstraint: null,
      recurrentConstraint: null,
      biasConstraint: null,
      dropout: 0,
      recurrentDropout: 0,
      seed: null,
    });
    positiveInteger(this.label, "units", this.units);
    this.dropout = Math.min(1, Math.max(0, this.dropout));
    this.recurrentDropout = Math.min(1, Math.max(0, this.recurrentDropout));
    this.seedGenerator = new SeedGenerator({ seed: this.seed });
    this.supportsMasking = true;
    this.inputSpec = { rank: 3 };
  }

  protected override get writesActivityRegularizer(): boolean {
    return true;
  }

  override build(inputShape: Shape): void {
    const width = knownExtent(this.label, inputShape, 2);
    // Keras keeps the weights in a cell; the paths say so.
    withPath("simple_rnn_cell", () => {
      this.kernel = this.addWeight({
        name: "kernel",
        shape: [width, this.units],
        initializer: this.kernelInitializer,
        regularizer: this.kernelRegularizer,
        constraint: this.kernelConstraint,
      });
      this.recurrentKernel = this.addWeight({
        name: "recurrent_kernel",
        shape: [this.units, this.units],
        initializer: this.recurrentInitializer,
        regularizer: this.recurrentRegularizer,
        constraint: this.recurrentConstraint,
      });
      if (this.useBias)
        this.bias = this.addWeight({
          name: "bias",
          shape: [this.units],
          initializer: this.biasInitializer,
          regularizer: this.biasRegularizer,
          constraint: this.biasConstraint,
        });
    });
    if (this.stateful) {
      const batch = inputShape[0];
      if (typeof batch !== "number") {
        throw new ShapeError({
          where: this.label,
          problem: "a stateful layer needs a fixed batch size",
          expected: "for example Input({ batchShape: [32, 10, 8] })",
          received: formatShape(inputShape),
        });
      }
      this.#state = new Variable(ops.zeros([batch, this.units], { dtype: this.dtype }), {
        name: "state",
        path: `${this.name}/state`,
        trainable: false,
      });
    }
    this.inputSpec = { rank: 3, axes: { [-1]: width } };
  }

  /** Keras leaves out a seed that was not given. */
  override getConfig(): Config {
    const { seed, ...config } = super.getConfig();
    return seed === null ? config : { ...config, seed };
  }

  override get variables(): Variable[] {
    return this.#state === null ? super.variables : [...super.variables, this.#state];
  }

  /** Sets the state that a stateful layer keeps back to zeros. */
  resetState(): void {
    if (this.#state !== null) this.#state.assign(ops.zerosLike(this.#state));
  }

  override call(x: Tensor, { training = false, mask = null, initialState = null }: RecurrentCallOptions = {}): Tensor | [Tensor, Tensor] {
    const batch = x.dim(0);
    const steps = x.dim(1);
    if (steps === 0)
      throw new ShapeError({
        where: this.label,
        problem: "the sequences have no steps",
        expected: "at least one",
        received: formatShape(x.shape),
      });
    const given = Array.isArray(initialState) ? (initialState[0] as Tensor | undefined) : (initialState as Tensor | null);
    const start = given ?? this.#state?.read() ?? ops.zeros([batch, this.units], { dtype: x.dtype });
    if (start.rank !== 2 || start.dim(0) !== batch || start.dim(1) !== this.units) {
      throw new ShapeError({
        where: this.label,
        problem: "the initial state does not fit",
        expected: formatShape([batch, this.units]),
        received: formatShape(start.shape),
      });
    }
    const dropped = (like: Tensor, rate: number): Tensor | null =>
      training === true && rate > 0 ? dropout(ops.onesLike(like), rate, { seed: this.seedGenerator }) : null;
    const inputMask = dropped(ops.take(x, 0, { axis: 1 }), this.dropout);
    const stateMask = dropped(start, this.recurrentDropout);
    let projected = ops.matmul(inputMask === null ? x : ops.multiply(x, ops.expandDims(inputMask, 1)), this.kernel);
    if (this.bias !== null) projected = ops.add(projected, this.bias);
    const timeMajor = ops.transpose(projected, [1, 0, 2]);
    const counts = mask === null || Array.isArray(mask) ? null : this.#timeMajorMask(mask as Tensor, batch, steps);

    const recurrentKernel = this.recurrentKernel.read();
    const step = (state: Tensor, input: Tensor): Tensor =>
      this.activation(ops.add(input, ops.matmul(stateMask === null ? state : ops.multiply(state, stateMask), recurrentKernel)));
    const { outputs, last, state } =
      counts === null ? this.#loop(step, timeMajor, start, steps) : this.#maskedLoop(step, timeMajor, counts, start, steps);

    this.#state?.assign(state);
    const output = this.returnSequences ? ops.transpose(outputs, [1, 0, 2]) : last;
    return this.returnState ? [output, state] : output;
  }

  #loop(step: (state: Tensor, input: Tensor) => Tensor, inputs: Tensor, start: Tensor, steps: number): LoopResult {
    if (this.unroll) {
      const states = [start];
      for (const time of order(steps, this.goBackwards)) states.push(step(states.at(-1)!, ops.take(inputs, time, { axis: 0 })));
      return { outputs: ops.stack(states.slice(1), { axis: 0 }), last: states.at(-1)!, state: states.at(-1)! };
    }
    const [state, outputs] = ops.scan(
      (carry: Tensor, input: Tensor): [Tensor, Tensor] => {
        const next = step(carry, input);
        return [next, next];
      },
      start,
      this.goBackwards ? ops.flip(inputs, { axis: 0 }) : inputs,
    );
    return { outputs, last: state, state };
  }

  /** A masked step leaves the state as it is, and gives the output before it (at first zeros), or zeros. */
  #maskedLoop(step: (state: Tensor, input: Tensor) => Tensor, inputs: Tensor, counts: Tensor, start: Tensor, steps: number): LoopResult {
    const zeros = ops.zerosLike(start);
    const masked = (state: Tensor, before: Tensor, input: Tensor, counted: Tensor): [Tensor, Tensor] => {
      const next = step(state, input);
      return [ops.where(counted, next, state), ops.where(counted, next, this.zeroOutputForMask ? zeros : before)];
    };
    if (this.unroll) {
      let state = start;
      const outputs: Tensor[] = [];
      for (const time of order(steps, this.goBackwards)) {
        const [next, output] = masked(
          state,
          outputs.at(-1) ?? zeros,
          ops.take(inputs, time, { axis: 0 }),
          ops.take(counts, time, { axis: 0 }),
        );
        state = next;
        outputs.push(output);
      }
      return { outputs: ops.stack(outputs, { axis: 0 }), last: outputs.at(-1)!, state };
    }
    const directed = (xs: Tensor): Tensor => (this.goBackwards ? ops.flip(xs, { axis: 0 }) : xs);
    const [[state, last], outputs] = ops.scan(
      ([before, output]: [Tensor, Tensor], x: Tensor | [Tensor, Tensor]): [[Tensor, Tensor], Tensor] => {
        const [input, counted] = x as [Tensor, Tensor];
        const [next, shown] = masked(before, output, input, counted);
        return [[next, shown], shown];
      },
      [start, zeros] as [Tensor, Tensor],
      [directed(inputs), directed(counts)],
    );
    return { outputs, last, state };
  }

  #timeMajorMask(mask: Tensor, batch: number, steps: number): Tensor {
    if (mask.rank !== 2 || mask.dim(0) !== batch || mask.dim(1) !== steps) {
      throw new ShapeError({
        where: this.label,
        problem: "the mask does not fit the input",
        expected: formatShape([batch, steps]),
        received: formatShape(mask.shape),
      });
    }
    return ops.expandDims(ops.transpose(ops.cast(mask, "bool"), [1, 0]), 2);
  }

  override computeMask(_inputs: unknown, mask: unknown): unknown {
    const first = Array.isArray(mask) ? ((mask as unknown[])[0] ?? null) : mask;
    const output = this.returnSequences ? first : null;
    return this.returnState ? [output, null] : output;
  }
}

interface LoopResult {
  /** `[steps, batch, units]`. */
  readonly outputs: Tensor;
  readonly last: Tensor;
  readonly state: Tensor;
}

function order(steps: number, backwards: boolean): number[] {
  const times = Array.from({ length: steps }, (_, time) => time);
  return backwards ? times.reverse() : times;
}

/** Fully connected recurrent layer; see {@link SimpleRNNLayer}. */
export const SimpleRNN: CallableClass<typeof SimpleRNNLayer> = /* @__PURE__ */ callableClass(SimpleRNNLayer);
export type SimpleRNN = SimpleRNNLayer;
