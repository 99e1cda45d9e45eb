/** The base of all layers and models: a function of tensors that has weights. */
import type { DType } from "../dtype/index.ts";
import { StateError } from "../errors.ts";
import { dataTensor, isSymbolic, type Shape, symbolicTensor, Tensor, Variable, withScope } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { inferSymbolic, symbolicCall, withoutStands } from "../ops/symbolic.ts";
import type { QuantizationMode } from "../quantizers/index.ts";
import { SeedGenerator } from "../random/index.ts";
import type * as regularizers from "../regularizers/index.ts";
import {
  type CallArguments,
  CallableInstance,
  checkOptions,
  type Config,
  isOfConfig,
  optionsOfConfig,
  snakeCase,
  snakeCaseKeys,
} from "../serialization/index.ts";
import { assignWeights } from "./assign-weights.ts";
import { autoName } from "./auto-names.ts";
import { contextTraining, observed, pathOf, withPath, withTraining } from "./call-context.ts";
import { computedInFormat, DTypePolicy, policyOf } from "./dtype-policy.ts";
import { checkInputSpec, type InputSpec } from "./input-spec.ts";
import { inputTensor } from "./input-tensor.ts";
import {
  checkPlainOption,
  commonOptions,
  type LayerOptions,
  type OptionDefaults,
  required,
  resolveOption,
  serializeOption,
} from "./layer-options.ts";
import {
  calledOnNothing,
  checkIsOptions,
  checkLayerName,
  checkMask,
  checkShapes,
  hasMoreTensors,
  heldIn,
  missingOption,
  named,
  neverCalled,
  notQuantized,
  shapeOfTensor,
  splitArguments,
  zeroTensor,
} from "./layer-arguments.ts";
import { attachMasks, masksOf, standMasks, symbolicMasks } from "./masks.ts";
import { OwnWeights } from "./own-weights.ts";
import { currentRematScope } from "./open-remat-scopes.ts";
import { flattenStructure, mapShapes, mapStructure, type Structure } from "./structure.ts";
import { layerRegistry } from "./registry.ts";
import { statelessLayerCall } from "./stateless-layer-call.ts";
import { assignStored, storeVariables, type StoredArray } from "./stored-variables.ts";
import type { CallOptions, InputOfCall, InputShape, QuantizeOptions } from "./layer-types.ts";
import type { WeightOptions } from "./weight-options.ts";

export type { CallOptions, InputShape, LayerClass, QuantizeOptions } from "./layer-types.ts";

let callDepth = 0;

/**
 * A layer: `layer(inputs, { training, mask })` computes its `call`, building its weights at the first call.
 * Extend it: `class Mine extends Layer { static readonly className = "Mine"; build(inputShape) {} call(x) {} }`.
 * Sublayers and variables that are assigned to properties (also inside lists and objects) are found by themselves.
 *
 * @example
 * class Scale extends Layer {
 *   static override readonly className = "Scale";
 *   factor!: Variable;
 *   override build(inputShape: Shape): void {
 *     this.factor = this.addWeight({ name: "factor", shape: [inputShape.at(-1)!], initializer: "ones" });
 *   }
 *   override call(x: Tensor): Tensor {
 *     return ops.multiply(x, this.factor);
 *   }
 * }
 */
export abstract class Layer<Options extends object = LayerOptions> extends CallableInstance {
  /** Keras's name of the class; what is written into files. Minifiers rename classes, so it is said here. */
  static readonly className: string = "Layer";
  /** The name of Keras's class in Python, where it is not called as it is exported: names of layers and groups in files follow it. */
  static readonly pythonName: string | null = null;
  /** Attributes in which Keras holds layers without weights that are none here: its files have groups of these names. */
  static readonly weightlessParts: readonly string[] = [];
  /**
   * The training flag of calls where neither the caller nor a call around it gives one: the default in the signature of
   * Keras's `call`, written with calls in functional models. null: none is written, and the call does as with false.
   */
  static readonly defaultTraining: boolean | null = null;
  /**
   * Whether under a policy of two bytes an element every operation of the layer rounds to it, as Keras computes. Otherwise
   * the layer computes in float32, and what goes in and comes out is rounded; its weights are not.
   */
  static readonly computesInFormat: boolean = true;

  /** Name within a model; part of the paths of its weights. */
  override name: string;
  /** Dtype of weights; floating-point inputs are converted to it. */
  dtype: DType;
  /** The precision that the option `dtype` asked for. */
  dtypePolicy: DTypePolicy;
  /** Whether the layer passes masks on. */
  supportsMasking = false;
  /** Adds a loss computed from the output. */
  activityRegularizer: regularizers.Regularizer | null;
  /** Demands on the (first) input. */
  inputSpec: InputSpec | null = null;
  /** Shape of one sample, if it was given to the constructor (`inputShape`, `inputDim`). */
  readonly sampleShape: Shape | null;

  /** Within which the layer was made. */
  readonly #rematScope = currentRematScope();
  #built = false;
  #building = false;
  #buildShape: unknown = null;
  /** Where it was built. */
  #path: string | null = null;
  #trainable: boolean;
  readonly #own = new OwnWeights();
  #losses: Tensor[] = [];
  /** The first call on symbolic tensors. */
  #firstCall: { readonly input: unknown; readonly output: unknown } | null = null;
  readonly #optionNames: readonly string[];
  readonly #given: Readonly<Record<string, unknown>>;

  /**
   * `defaults`, where a class gives them, lists its options beyond the common ones: each is checked, resolved (names of
   * activations, initializers, regularizers, constraints become objects) and assigned to the property of its name, and
   * `getConfig` writes them. Declare these properties with `declare`.
   */
  constructor(options?: Options, defaults?: OptionDefaults) {
    super();
    const given: LayerOptions & Record<string, unknown> = { ...options };
    const className = this.className;
    const where = typeof given.name === "string" ? `${className} "${given.name}"` : className;
    checkIsOptions(className, options);
    const used = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
    if (defaults !== undefined) checkOptions(where, isOfConfig(given) ? given : used, [...Object.keys(defaults), ...commonOptions]);
    checkLayerName(className, given.name);
    this.name = given.name ?? autoName((this.constructor as typeof Layer).pythonName ?? className);
    this.dtypePolicy = policyOf(where, given.dtype);
    this.dtype = this.policy.variableDtype;
    this.#trainable = given.trainable ?? true;
    checkPlainOption(where, "trainable", this.#trainable, true);
    this.activityRegularizer = (resolveOption("activityRegularizer", given.activityRegularizer ?? null) ??
      null) as regularizers.Regularizer | null;
    this.sampleShape =
      given.inputShape ?? (typeof given.inputDim === "number" && !Object.hasOwn(defaults ?? {}, "inputDim") ? [given.inputDim] : null);
    this.#optionNames = Object.keys(defaults ?? {});
    this.#given = given;
    for (const [key, fallback] of Object.entries(defaults ?? {})) {
      const value = given[key] === undefined ? fallback : given[key];
      if (value === required || (fallback === required && value === null)) throw missingOption(where, className, key, options);
      checkPlainOption(where, key, value, fallback);
      (this as Record<string, unknown>)[key] = named(where, key, () => resolveOption(key, value, fallback));
    }
    // `build` is called by users too: wrap what the class defines, so that building happens once, under the layer's name.
    const build = this.build.bind(this);
    Object.defineProperty(this, "build", {
      configurable: true,
      enumerable: false,
      writable: true,
      value: (...shapes: [InputShape, ...InputShape[]]): void => {
        if (this.#building) return build(...shapes);
        checkShapes(this.label, shapes);
        this.#building = true;
        this.#path = pathOf(this.name);
        if (this.policy !== this.dtypePolicy) this.dtype = this.policy.variableDtype;
        try {
          withScope(this.label, () => withPath(this.name, () => build(...shapes)));
        } finally {
          this.#building = false;
        }
        this.#built = true;
        const known = shapes.map((shape) => mapShapes(shape, withoutStands));
        this.#buildShape = known.length === 1 ? known[0] : known;
      },
    });
  }

  /** Keras's name of this layer's class. */
  get className(): string {
    return (this.constructor as typeof Layer).className;
  }

  /** How errors name this layer: `Dense "head"`. */
  get label(): string {
    return `${this.className} "${this.name}"`;
  }

  /** The policy of this layer: its `dtypePolicy`, or what a map of policies says for the path where it was built. */
  get policy(): DTypePolicy {
    return this.dtypePolicy.forPath(this.#path);
  }

  /** How the weights are quantized; null: they are not. */
  get quantizationMode(): QuantizationMode | null {
    return this.policy.quantizationMode;
  }

  /** Dtype of the values that the layer computes with: `dtype`, or the format of a mixed policy. */
  get computeDtype(): DType {
    return this.policy.shortFormat ?? this.dtype;
  }

  /** Dtype of the weights. */
  get variableDtype(): DType {
    return this.dtype;
  }

  /** The name with the names of the layers around it, separated by "/", known once the layer is built. */
  get path(): string {
    return this.#path ?? this.name;
  }

  /** Whether the weights exist. */
  get built(): boolean {
    return this.#built;
  }

  /** For models, which build in their own way. */
  protected set built(value: boolean) {
    this.#built = value;
  }

  /** Whether the optimizer may change the weights. Setting it sets it for all sublayers. Takes effect in `compile`. */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(value: boolean) {
    this.#trainable = value;
    for (const weight of this.#own.trainable) weight.trainable = value;
    for (const layer of this.sublayers) layer.trainable = value;
  }

  /** Makes the weights for inputs of this shape (unknown extents null; one list for several inputs). Called once, at the first call. */
  build(_inputShape: InputShape, ..._more: InputShape[]): void {
    // Layers without weights have nothing to build.
  }

  /** What the layer computes. Called with the inputs and `{ training, mask }`. */
  abstract override call(...args: never[]): unknown;

  /** Makes a weight. Regularizers add to `losses`; constraints are applied by the optimizer after each step. */
  addWeight(options: WeightOptions): Variable {
    return this.#own.add(this.label, { ...options, dtype: options.dtype ?? this.dtype }, this.#trainable);
  }

  /** Forgets a weight: it is no part of the layer any more. */
  protected removeWeight(variable: Variable): void {
    this.#own.remove(variable);
  }

  /**
   * Stores the weights as whole numbers of few bits (a model: those of its layers that can): "int8" with one scale per
   * output, "int4" in blocks, or "float8", which computes with values rounded to 8 bits; or as `config` says, whose mode
   * is taken where `mode` is null. Throws ValueError for layers whose weights cannot be stored so, StateError where there
   * are none yet or they are quantized.
   *
   * @example
   * model.quantize("int8");
   */
  quantize(_mode: QuantizationMode | null = null, _options: QuantizeOptions = {}): void {
    throw notQuantized(this.label, this.className);
  }

  /** Sets the policy of this layer, also where a map of policies holds it, and runs `make` where its weights are made. */
  protected withPolicy(policy: DTypePolicy, make: () => void): void {
    const path = this.#path ?? this.name;
    this.dtypePolicy = this.dtypePolicy.with(path, policy);
    withPath(path, make);
  }

  /** Adds a scalar to the loss of the model that is being trained. Called inside `call`. */
  addLoss(loss: Tensor): void {
    this.#losses.push(loss);
  }

  /** Layers that are held by properties, in order of the properties. */
  get sublayers(): Layer[] {
    return this.#tracked((value) => value instanceof Layer) as Layer[];
  }

  /** Weights of the layer itself (trainable ones first), then of its sublayers. */
  get weights(): Variable[] {
    return [...new Set([...this.#ownVariables(), ...this.sublayers.flatMap((layer) => layer.weights)])];
  }

  #ownVariables(): Variable[] {
    return this.#own.with(this.#tracked((value) => value instanceof Variable) as Variable[]);
  }

  /** Weights that the optimizer changes. None where `trainable` is false. */
  get trainableWeights(): Variable[] {
    return this.#trainable ? this.weights.filter((weight) => weight.trainable) : [];
  }

  /** Weights that the optimizer leaves alone. */
  get nonTrainableWeights(): Variable[] {
    return this.#trainable ? this.weights.filter((weight) => !weight.trainable) : this.weights;
  }

  /** All state: weights, and the states of seed generators. */
  get variables(): Variable[] {
    const seeds = (this.#tracked((value) => value instanceof SeedGenerator) as SeedGenerator[]).map((seed) => seed.state);
    return [...new Set([...this.weights, ...seeds, ...this.sublayers.flatMap((layer) => layer.variables)])];
  }

  /** The same as `trainableWeights`: only weights are trained. */
  get trainableVariables(): Variable[] {
    return this.trainableWeights;
  }

  /** All state that the optimizer leaves alone: weights, and the states of seed generators. */
  get nonTrainableVariables(): Variable[] {
    const trained = new Set(this.trainableWeights);
    return this.variables.filter((variable) => !trained.has(variable));
  }

  /**
   * A call without state: these values stand for the variables, and what the call would leave in those that are not trained
   * comes out, `[outputs, nonTrainableVariables]`; with `returnLosses` the losses of the call, too. Throws ValueError or
   * ShapeError where values do not fit.
   *
   * @example
   * const [y, next] = model.statelessCall(model.trainableVariables, model.nonTrainableVariables, x, { training: true });
   */
  statelessCall(
    trainableVariables: readonly TensorLike[],
    nonTrainableVariables: readonly TensorLike[],
    inputs: InputOfCall<this["call"]>,
    options: CallOptions & { readonly returnLosses: true },
  ): [outputs: ReturnType<this["call"]>, nonTrainableVariables: Tensor[], losses: Tensor[]];
  statelessCall(
    trainableVariables: readonly TensorLike[],
    nonTrainableVariables: readonly TensorLike[],
    ...args: CallArguments<Parameters<this["call"]>>
  ): [outputs: ReturnType<this["call"]>, nonTrainableVariables: Tensor[]];
  statelessCall(trainable: readonly TensorLike[], nonTrainable: readonly TensorLike[], ...args: unknown[]): unknown {
    return statelessLayerCall(this, (given) => this.invoke(...(given as never[])), trainable, nonTrainable, args);
  }

  /** Scalars to be added to the loss: from `addLoss` in the last call, activity and weight regularizers. */
  get losses(): Tensor[] {
    const regularization = this.#regularizationLosses();
    return [...this.#callLosses(), ...regularization];
  }

  #callLosses(): Tensor[] {
    return [...this.#losses, ...this.sublayers.flatMap((layer) => layer.#callLosses())];
  }

  #regularizationLosses(): Tensor[] {
    const found = new Map<Variable, regularizers.Regularizer>();
    const visit = (layer: Layer): void => {
      for (const [variable, regularizer] of layer.#own.regularizers) found.set(variable, regularizer);
      layer.sublayers.forEach(visit);
    };
    visit(this);
    return this.trainableWeights.flatMap((weight) => {
      const regularizer = found.get(weight);
      return regularizer === undefined ? [] : [regularizer(weight.read())];
    });
  }

  #clearLosses(): void {
    this.#losses = [];
    for (const layer of this.sublayers) layer.#clearLosses();
  }

  /** Values of all weights, in the order of `weights`, as tensors that hold copies. */
  async getWeights(): Promise<Tensor[]> {
    return await Promise.all(this.weights.map(async (weight) => dataTensor(await weight.data(), weight.shape, weight.dtype)));
  }

  /** Sets all weights, in the order of `weights`. Throws ShapeError where number or shapes differ. */
  async setWeights(values: readonly TensorLike[]): Promise<void> {
    assignWeights(`${this.label}.setWeights`, this.weights, values, this.#built);
    await Promise.resolve();
  }

  /** Number of weight elements. Throws StateError before the layer is built. */
  countParams(): number {
    if (!this.#built) {
      throw new StateError({
        where: this.label,
        problem: "the weights do not exist yet",
        advice: "call the layer once, or build(inputShape)",
      });
    }
    return this.weights.reduce((sum, weight) => sum + weight.shape.reduce((size, extent) => size * extent, 1), 0);
  }

  /** Shape of the output for inputs of this shape (a list of shapes for several inputs). Builds the layer if needed. */
  computeOutputShape(inputShape: InputShape): Structure<Shape> {
    const symbolic = mapShapes(inputShape, (shape) => symbolicTensor(shape, this.inputDType, undefined));
    withScope(this.label, () => this.#buildFor([symbolic]));
    const outputs = inferSymbolic([symbolic], (inputs) => this.#discardingLosses(() => this.#run(inputs, {})));
    return mapStructure(outputs, (leaf) => (leaf as Tensor).shape) as Structure<Shape>;
  }

  /** Dtype that `computeOutputShape` supposes of inputs. */
  protected get inputDType(): DType {
    return this.dtype;
  }

  /**
   * What the layer was given when it was first called on symbolic tensors: what `new Model` takes as inputs. Throws
   * StateError before such a call.
   */
  get input(): InputOfCall<this["call"]> {
    return this.#first().input as never;
  }

  /**
   * What the layer gave when it was first called on symbolic tensors, to go on from there: to a part of a network with
   * `new Model({ inputs: base.input, outputs: layer.output })`. Throws StateError before such a call.
   */
  get output(): ReturnType<this["call"]> {
    return this.#first().output as never;
  }

  #first(): { readonly input: unknown; readonly output: unknown } {
    if (this.#firstCall !== null) return this.#firstCall;
    throw neverCalled(this.label);
  }

  /** Mask of the output. By default the input's. */
  computeMask(_inputs: unknown, mask: unknown = null): unknown {
    return mask;
  }

  /** Whether Keras's configuration of this class names the activity regularizer even where there is none. */
  protected get writesActivityRegularizer(): boolean {
    return false;
  }

  /** Keras's configuration: snake_case keys, plain values. A class that takes further options adds them. */
  getConfig(): Config {
    // A dtype that was set since stands for a policy of its own.
    const policy = this.policy.variableDtype === this.dtype ? this.dtypePolicy : new DTypePolicy(this.dtype);
    const config: Config = { name: this.name, trainable: this.#trainable, dtype: policy.toJSON() };
    if (this.activityRegularizer !== null || this.writesActivityRegularizer)
      config.activity_regularizer = serializeOption("activityRegularizer", this.activityRegularizer);
    if (this.#optionNames.length > 0) {
      for (const key of this.#optionNames) config[snakeCase(key)] = serializeOption(key, (this as unknown as Record<string, unknown>)[key]);
      return config;
    }
    const own = Object.entries(this.#given).filter(([key]) => !commonOptions.includes(key));
    return { ...config, ...snakeCaseKeys(Object.fromEntries(own.map(([key, value]) => [key, serializeOption(key, value)]))) };
  }

  /** A layer made from a configuration. */
  static fromConfig<L>(this: new (options: never) => L, config: Config): L {
    return new this(optionsOfConfig(config) as never);
  }

  /** Keras's JSON of the layer. */
  toJSON(): Config {
    const { module, class_name, registered_name } = layerRegistry.identify(this.constructor as typeof Layer);
    const json: Config = { module, class_name, config: this.getConfig(), registered_name };
    const built = this.getBuildConfig();
    if (built !== null) json.build_config = built;
    return json;
  }

  /** What `buildFromConfig` needs to build the layer again, with Keras's keys; null before it is built. */
  getBuildConfig(): Config | null {
    return this.#buildShape === null ? null : { input_shape: this.#buildShape };
  }

  /** Builds the layer as one that gave this `getBuildConfig()` was built; nothing where it names no shape. */
  buildFromConfig(config: Config): void {
    if (Array.isArray(config.input_shape)) this.build(config.input_shape as InputShape);
  }

  /** Shape(s) the layer was built with; null before. */
  get buildShape(): unknown {
    return this.#buildShape;
  }

  override toString(): string {
    return this.label;
  }

  /** What files hold of the layer itself: its own weights, trainable ones first, named "0", "1", ... Override it together with `loadOwnVariables`. */
  saveOwnVariables(store: Map<string, Variable | Tensor>): void {
    storeVariables(this.#ownVariables(), store);
  }

  /** Takes back what `saveOwnVariables` stored. Throws ShapeError or ValueError that names the layer and the weight. */
  loadOwnVariables(store: ReadonlyMap<string, StoredArray>): void {
    assignStored(this.label, this.#ownVariables(), store, this.#built);
  }

  /** Texts that files hold beside the weights (vocabularies), by file name. Override it together with `loadAssets`. */
  saveAssets(_store: Map<string, string>): void {
    // Most layers have none.
  }

  /** Takes back what `saveAssets` stored. */
  loadAssets(_store: ReadonlyMap<string, string>): void {
    // Most layers have none.
  }

  /** Calls the layer: converts inputs, builds, passes masks and the training flag, records symbolic calls. */
  protected override invoke(...args: never[]): unknown {
    const { inputs, options } = splitArguments(args);
    const converted = inputs.map((input) => mapStructure(input, (leaf) => this.convertInput(leaf)));
    if (converted.length === 0) throw calledOnNothing(this.label);
    const leaves = [...flattenStructure(converted), ...flattenStructure(options)];
    if (!leaves.some((leaf) => leaf instanceof Tensor && isSymbolic(leaf))) return this.#run(converted, options);
    withScope(this.label, () => {
      this.checkInput(converted[0]);
      this.#buildFor(converted);
    });
    let masks: unknown = null;
    const run = (concrete: readonly unknown[]): unknown => {
      const split = splitArguments(concrete);
      // The masks that the tensors carry have stands, too: a layer of one's own may not do without.
      standMasks(converted, split.inputs);
      const result = this.#discardingLosses(() => this.#run(split.inputs, split.options));
      masks = masksOf(result);
      return result;
    };
    const recorded = [...converted, ...(Object.keys(options).length > 0 ? [options] : [])];
    const output = this.runsOnHost ? symbolicCall(this, recorded, run, zeroTensor) : symbolicCall(this, recorded, run);
    symbolicMasks(masks, output);
    this.#firstCall ??= { input: converted.length === 1 ? converted[0] : converted, output };
    return output;
  }

  /** Runs a call whose tensors are placeholders: the losses it adds mean nothing. */
  #discardingLosses<T>(run: () => T): T {
    try {
      return run();
    } finally {
      this.#clearLosses();
    }
  }

  #run(inputs: readonly unknown[], options: Readonly<Record<string, unknown>>): unknown {
    if (callDepth === 0) this.#clearLosses();
    callDepth++;
    try {
      return withScope(this.label, () => {
        this.checkInput(inputs[0]);
        this.#buildFor(inputs);
        return withPath(this.name, () => this.#compute(inputs, options));
      });
    } finally {
      callDepth--;
    }
  }

  #compute(inputs: readonly unknown[], options: Readonly<Record<string, unknown>>): unknown {
    const flag =
      (options.training as boolean | null | undefined) ?? contextTraining() ?? (this.constructor as typeof Layer).defaultTraining;
    const carried = masksOf(inputs[0]);
    const masked = flattenStructure(carried).some((mask) => mask !== null);
    checkMask(this.label, options.mask);
    // As in Keras, a carried mask is the argument `mask` of calls with one argument of tensors: beside an initial state there
    // is none but a given one. What the output carries comes from what the first argument carries alone.
    const mask = options.mask ?? (masked && !hasMoreTensors(inputs, options) ? carried : null);
    const call = this.call.bind(this) as (...args: unknown[]) => unknown;
    let asked = options;
    const compute = (given: readonly unknown[]): unknown =>
      withTraining(flag, () => call(...given, { ...asked, training: flag ?? false, mask }));
    const scope = this.roundsValues ? this.#rematScope : null;
    const again = scope === null ? compute : (given: readonly unknown[]): unknown => scope.rematerialized(this, given, compute);
    const format = this.roundsValues ? this.policy.shortFormat : null;
    const rounded = ([given, rest]: readonly unknown[]): unknown => {
      asked = rest as Readonly<Record<string, unknown>>;
      return again(given as readonly unknown[]);
    };
    const outputs =
      format === null
        ? again(inputs)
        : computedInFormat(format, this.#own.rounded(this.#ownVariables()), [inputs, options], rounded, this.computesInFormat);
    observed(this, outputs);
    if (this.activityRegularizer !== null) {
      for (const output of flattenStructure(outputs)) if (output instanceof Tensor) this.addLoss(this.activityRegularizer(output));
    }
    if (this.supportsMasking) this.#attachMasks(inputs[0], masked ? carried : null, outputs);
    return outputs;
  }

  /** Whether the layer needs the values of its inputs, so that it runs before a program and never in it. */
  get runsOnHost(): boolean {
    return false;
  }

  /** Whether a mixed policy rounds what goes in and out; not in models, whose layers do that themselves. */
  protected get roundsValues(): boolean {
    return true;
  }

  /** Whether this layer computes in the format of its values: what its class says. */
  protected get computesInFormat(): boolean {
    return (this.constructor as typeof Layer).computesInFormat;
  }

  #attachMasks(inputs: unknown, mask: unknown, outputs: unknown): void {
    const passesOn = this.computeMask === Layer.prototype.computeMask;
    if (mask === null && passesOn) return;
    attachMasks(this.computeMask(inputs, mask), outputs, passesOn);
  }

  /** Checks the first input before the layer builds or runs. Throws ShapeError. */
  protected checkInput(input: unknown): void {
    if (this.inputSpec !== null) checkInputSpec(this.label, shapeOfTensor(this.label, input), this.inputSpec);
  }

  #buildFor(inputs: readonly unknown[]): void {
    if (this.#built || this.#building) return;
    const shapes = inputs.map((input) => mapStructure(input, (leaf) => (leaf as Tensor).shape));
    (this.build as (...shapes: unknown[]) => void)(...shapes);
  }

  /** What stands for one of the inputs: a tensor. Layers of texts let StringTensors pass. Throws ValueError for anything else. */
  protected convertInput(leaf: unknown): unknown {
    return inputTensor(this.label, leaf, this.dtype);
  }

  #tracked(matches: (value: unknown) => boolean): unknown[] {
    return heldIn(this.trackedProperties(), this, matches);
  }

  /** Values of the properties in which sublayers and variables are looked for. */
  protected trackedProperties(): unknown[] {
    return Object.values(this);
  }
}
