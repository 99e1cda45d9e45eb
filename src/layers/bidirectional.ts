/** A recurrent layer in both directions. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type Config, type CustomObjects } from "../serialization/index.ts";
import type { RecurrentWithState, SequenceCall } from "./call-types.ts";
import { withPath } from "./call-context.ts";
import { tensorForWeight } from "./layer-arguments.ts";
import { Layer } from "./layer.ts";
import { type LayerOptions, oneOf, required } from "./layer-options.ts";
import { deserialize, serialize } from "./registry.ts";
import { checkSteps, type InitialState, type RecurrentArguments, recurrentArguments } from "./recurrent-layer.ts";
import { flattenStructure, isShape } from "./structure.ts";
import { checkLayer, revivedLayers } from "./wrapper.ts";

/** How the outputs of both directions become one: side by side, their sum, product or mean; null: a list of both. */
export type MergeMode = "concat" | "sum" | "mul" | "ave" | null;

/** Options of Bidirectional. */
export interface BidirectionalOptions extends LayerOptions {
  /** A recurrent layer; the forward direction is made after it. */
  readonly layer: Layer;
  /** Default "concat". */
  readonly mergeMode?: MergeMode;
  /** The other direction. Default: one like `layer`. */
  readonly backwardLayer?: Layer | null;
  /** Values of the weights of both directions, forward first, set when the layer is built. Not written into files. */
  readonly weights?: readonly TensorLike[] | null;
}

/** What Bidirectional needs of a layer: that of a recurrent layer. */
interface Direction extends Layer {
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  zeroOutputForMask?: boolean;
  resetState?(): void;
  readonly states?: readonly Tensor[] | null;
}

/**
 * Runs a recurrent layer from the first step to the last and another from the last to the first, and joins their outputs,
 * both in the order of the inputs. Schuster, Paliwal, "Bidirectional recurrent neural networks", 1997. One program.
 *
 * Shapes: x `[batch, steps, ...]` -> the layer's output with the last axis doubled ("concat"), of the same shape ("sum",
 * "mul", "ave"), or a list of two (null); with `returnState` the states of both follow.
 *
 * @example
 * const y = layers.Bidirectional({ layer: layers.LSTM({ units: 32 }), mergeMode: "sum" })(x);
 */
export class BidirectionalLayer extends Layer<BidirectionalOptions> {
  static override readonly className: string = "Bidirectional";
  declare mergeMode: MergeMode;
  declare backwardLayer: Direction;
  forwardLayer: Direction;
  readonly #initialWeights: readonly TensorLike[] | null;

  constructor(options: BidirectionalOptions) {
    const { weights = null, ...rest } = options;
    super(rest, { layer: required, backwardLayer: null, mergeMode: "concat" });
    this.#initialWeights = weights;
    const own = this as unknown as { layer?: unknown; backwardLayer?: unknown };
    const [layer, backward] = [own.layer, own.backwardLayer];
    delete own.layer;
    // The weights come in the order of the properties: those of the forward layer first.
    delete own.backwardLayer;
    // null means a list of both outputs, and only a missing option means the default.
    if (this.mergeMode !== null) oneOf(this.label, "mergeMode", this.mergeMode, ["concat", "sum", "mul", "ave"]);
    checkDirection(this.label, "layer", layer);
    if (backward !== null) checkDirection(this.label, "backwardLayer", backward);
    const copy = (prefix: string, changes: Config): Direction =>
      withPath(this.name, () => copyOf(layer, `${prefix}_${layer.name.replace(new RegExp(`^${prefix}_`), "")}`, changes));
    this.forwardLayer = copy("forward", {});
    this.backwardLayer = backward ?? copy("backward", { go_backwards: !layer.goBackwards });
    this.#checkPair();
    for (const direction of [this.forwardLayer, this.backwardLayer])
      if (direction.zeroOutputForMask !== undefined) direction.zeroOutputForMask = direction.returnSequences;
    this.supportsMasking = true;
    this.inputSpec = { minRank: 3 };
  }

  #checkPair(): void {
    const [forward, backward] = [this.forwardLayer, this.backwardLayer];
    if (forward.goBackwards === backward.goBackwards) {
      throw new ValueError({
        where: this.label,
        problem: "both layers go in the same direction",
        expected: "goBackwards: true in one of them",
        received: `goBackwards: ${forward.goBackwards} in both`,
        advice: "give backwardLayer the option goBackwards: true",
      });
    }
    for (const key of ["stateful", "returnSequences", "returnState"] as const) {
      if (forward[key] === backward[key]) continue;
      throw new ValueError({
        where: this.label,
        problem: `the layers differ in ${key}`,
        expected: "the same in both directions",
        received: `${forward[key]} forward, ${backward[key]} backward`,
      });
    }
  }

  override build(inputShape: Shape): void {
    for (const layer of [this.forwardLayer, this.backwardLayer]) if (!layer.built) layer.build(inputShape);
    this.inputSpec = this.forwardLayer.inputSpec;
    const given = this.#initialWeights;
    if (given === null) return;
    const { weights } = this;
    if (given.length !== weights.length) {
      throw new ShapeError({
        where: this.label,
        problem: "the option weights does not hold an array per weight",
        expected: `${weights.length}: ${weights.map((weight) => `${weight.path} ${formatShape(weight.shape)}`).join(", ")}`,
        received: String(given.length),
      });
    }
    weights.forEach((weight, i) => weight.assign(tensorForWeight(given[i]!, weight)));
  }

  protected override checkInput(input: unknown): void {
    super.checkInput(input);
    if (input instanceof Tensor) checkSteps(this.label, input);
  }

  /** Sets the states that stateful layers keep back to zeros. */
  resetState(): void {
    this.forwardLayer.resetState?.();
    this.backwardLayer.resetState?.();
  }

  /** The same as `resetState`. */
  resetStates(): void {
    this.resetState();
  }

  /** The states that stateful layers keep, forward and backward; null where they keep none. */
  get states(): readonly Tensor[] | null {
    const [forward, backward] = [this.forwardLayer.states ?? null, this.backwardLayer.states ?? null];
    return forward === null || backward === null ? null : [...forward, ...backward];
  }

  override call(x: Tensor, ...rest: RecurrentArguments): Tensor | readonly Tensor[] {
    const { training = false, mask = null, initialState = null } = recurrentArguments(this.label, rest);
    const states = initialState === null ? null : (flattenStructure(initialState) as Tensor[]);
    if (states !== null && states.length % 2 !== 0) {
      throw new ValueError({
        where: this.label,
        problem: "the initial states do not divide into two directions",
        expected: "those of the forward layer, then as many of the backward layer",
        received: `${states.length} states`,
      });
    }
    const half = states === null ? 0 : states.length / 2;
    const run = (layer: Direction, own: InitialState | null): Tensor[] => {
      return flattenStructure(layer(x, { training, mask, ...(own === null ? {} : { initialState: own }) })) as Tensor[];
    };
    const [y, ...forwardStates] = run(this.forwardLayer, states?.slice(0, half) ?? null);
    const [backward, ...backwardStates] = run(this.backwardLayer, states?.slice(half) ?? null);
    const inOrder = this.forwardLayer.returnSequences ? ops.flip(backward!, { axis: 1 }) : backward!;
    // Where it is the "forward" layer that goes backwards, both are in its order, as in Keras.
    const merged = merge(y!, inOrder, this.mergeMode);
    if (!this.forwardLayer.returnState) return merged.length === 1 ? merged[0]! : merged;
    return [...merged, ...forwardStates, ...backwardStates];
  }

  /** The mask of the outputs; states have none, and none is listed for them. */
  override computeMask(_inputs: unknown, mask: unknown = null): unknown {
    const first = Array.isArray(mask) ? ((mask as unknown[])[0] ?? null) : mask;
    const output = this.forwardLayer.returnSequences ? first : null;
    return this.mergeMode === null ? [output, output] : output;
  }

  override getBuildConfig(): Config | null {
    const shape = this.buildShape;
    if (shape === null) return null;
    return { input_shape: isShape(shape) ? shape : (shape as readonly Shape[])[0]! };
  }

  override getConfig(): Config {
    const { layer: _layer, backward_layer: _backward, ...config } = super.getConfig();
    return { ...config, layer: serialize(this.forwardLayer), backward_layer: serialize(this.backwardLayer) };
  }

  /** A layer made from a configuration. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config, customObjects: CustomObjects = {}): L {
    const { numConstants: _none, ...options } = revivedLayers(config, ["layer", "backward_layer"], customObjects);
    return new this(options as never);
  }
}

function merge(y: Tensor, backward: Tensor, mode: MergeMode): Tensor[] {
  switch (mode) {
    case "concat":
      return [ops.concatenate([y, backward], { axis: -1 })];
    case "sum":
      return [ops.add(y, backward)];
    case "mul":
      return [ops.multiply(y, backward)];
    case "ave":
      return [ops.divide(ops.add(y, backward), 2)];
    case null:
      return [y, backward];
  }
}

function checkDirection(where: string, name: string, value: unknown): asserts value is Direction {
  checkLayer(where, name, value);
  const layer = value as Partial<Direction>;
  if (typeof layer.goBackwards === "boolean" && typeof layer.returnSequences === "boolean") return;
  throw new ValueError({
    where,
    problem: `${name} is no recurrent layer`,
    expected: "a layer with returnSequences, returnState and goBackwards: LSTM, GRU, SimpleRNN, RNN, ...",
    received: value.label,
  });
}

/** A layer like another one, with weights of its own. */
function copyOf(layer: Direction, name: string, changes: Config): Direction {
  const json = serialize(layer);
  const copy = { ...json, config: { ...(json.config as Config), ...changes, name } };
  const classes = (of: Layer): [string, unknown][] => [[of.className, of.constructor], ...of.sublayers.flatMap(classes)];
  return deserialize(copy, Object.fromEntries(classes(layer))) as Direction;
}

type Joined = Exclude<MergeMode, null>;
type BidirectionalClass = typeof BidirectionalLayer & {
  (
    options: BidirectionalOptions & { readonly layer: RecurrentWithState<false>; readonly mergeMode?: Joined },
  ): SequenceCall<Tensor> & BidirectionalLayer;
  (
    options: BidirectionalOptions & { readonly layer: RecurrentWithState<false>; readonly mergeMode: null },
  ): SequenceCall<[Tensor, Tensor]> & BidirectionalLayer;
  (options: BidirectionalOptions & { readonly layer: RecurrentWithState<true> }): SequenceCall<[Tensor, ...Tensor[]]> & BidirectionalLayer;
  (options: BidirectionalOptions): BidirectionalLayer;
};

/** A recurrent layer in both directions; see {@link BidirectionalLayer}. */
export const Bidirectional: BidirectionalClass = /* @__PURE__ */ callableClass(BidirectionalLayer) as never;
export type Bidirectional = BidirectionalLayer;
