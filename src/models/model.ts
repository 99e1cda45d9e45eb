/** Models: layers that can be trained. */
import { gradients } from "../autodiff/index.ts";
import type { CallbackModel, Direction, History } from "../callbacks/index.ts";
import { StateError } from "../errors.ts";
import { isPlainObject, isText, type Shape, StringTensor, Tensor, type Variable } from "../graph/index.ts";
import { type CallOptions, type InputShape, Layer } from "../layers/layer.ts";
import type { InputOfCall } from "../layers/layer-types.ts";
import { heldIn } from "../layers/layer-arguments.ts";
import type { LayerOptions } from "../layers/layer-options.ts";
import { attachMask } from "../layers/masks.ts";
import { quantizationParts } from "../layers/quantized/parts.ts";
import type { QuantizeModelOptions } from "../layers/quantized/quantize-layers.ts";
import { mapStructure, packStructure, type Structure } from "../layers/structure.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { withParts } from "../parts/part.ts";
import { airAfter } from "../runtime/index.ts";
import { type CallArguments, camelCaseKeys, checkOptions, type Config, type CustomObjects } from "../serialization/index.ts";
import { Metric } from "../metrics/index.ts";
import type { CalibratedMode, CalibratedQuantizationConfig, QuantizationLayerStructure, QuantizationMode } from "../quantizers/index.ts";
import type { LoadWeightsOptions, SaveOptions } from "../saving/model-files.ts";
import type { FileSource, FileTarget } from "../saving/source.ts";
import type { Compiled, CompileOptions } from "./compiled.ts";
import type { DataStructure, Slot } from "./data-binding.ts";
import { evaluate, fit, predict } from "./fit.ts";
import type { BatchStream, EvaluateOptions, FitOptions, PredictOptions } from "./fit-options.ts";
import { FunctionalGraph } from "./functional-graph.ts";
import { fittedInputs, symbolicLeaves } from "./functional-inputs.ts";
import { layerCalled } from "./layer-called.ts";
import { borderValuesOf } from "./on-host.ts";
import { type AnyStepData, asList, type LossData, type StepLogs } from "./step.ts";
import { type ModelForms, modelForms } from "./model-forms.ts";
import type { StateTree } from "./state-tree.ts";
import { ModelSession } from "./model-session.ts";
import { rareData } from "./parts.ts";
import type { SummaryOptions } from "./summary.ts";

/** Options of a functional model: symbolic tensors that `Input` made, and tensors computed from them. */
export interface ModelOptions<I, O> extends LayerOptions {
  readonly inputs: I;
  readonly outputs: O;
}

/** Shapes of a structure of tensors. */
type ShapesOf<T> = T extends Tensor ? Shape : Structure<Shape>;

/**
 * A model: from inputs to outputs made of layers (`new Model({ inputs, outputs })`), or a class of your own that extends
 * it and defines `call`. `I` and `O` are the structures of inputs and outputs: a tensor, a list, or an object of tensors.
 *
 * @example
 * const inputs = Input({ shape: [784] });
 * const outputs = layers.Dense({ units: 10, activation: "softmax" })(inputs);
 * const model = new Model({ inputs, outputs });
 * model.compile({ optimizer: "rmsprop", loss: "categorical_crossentropy", metrics: ["accuracy"] });
 * await model.fit(data, labels);
 */
export class Model<I = Tensor, O = Tensor> extends Layer<LayerOptions> implements CallbackModel {
  static override readonly className: string = "Functional";
  /** Setting it ends `fit` after the present batch. */
  stopTraining = false;
  /** The History of the last `fit`. */
  history: History | null = null;
  readonly #inputs: I | null = null;
  readonly #outputs: O | null = null;
  #graph: FunctionalGraph | null = null;
  #session: ModelSession | null = null;

  constructor(options?: ModelOptions<I, O> | LayerOptions) {
    const { inputs, outputs, ...rest } = (options ?? {}) as Partial<ModelOptions<I, O>>;
    super(rest);
    if (inputs === undefined && outputs === undefined) return;
    this.#inputs = inputs ?? null;
    this.#outputs = outputs ?? null;
    checkOptions(this.label, rest, ["name", "trainable", "dtype"]);
    const outputTensorList = symbolicLeaves(this.label, "outputs", outputs);
    this.#graph = new FunctionalGraph(this.label, symbolicLeaves(this.label, "inputs", inputs), outputTensorList);
    this.built = true;
    if (rest.trainable === false) this.trainable = false;
  }

  /** The graph of calls; null for a model that is a class of its own. */
  get graph(): FunctionalGraph | null {
    return this.#graph;
  }

  /** The symbolic inputs in their structure; null where there are none. */
  get inputs(): I | null {
    return this.#inputs;
  }

  /** The symbolic outputs in their structure; null where there are none. */
  get outputs(): O | null {
    return this.#outputs;
  }

  /** The symbolic inputs; of a model that is a class of its own what it was first called on. Throws StateError where there are none. */
  override get input(): InputOfCall<this["call"]> {
    return (this.inputs as never) ?? super.input;
  }

  /** The symbolic outputs; of a model that is a class of its own what it first gave. Throws StateError where there are none. */
  override get output(): ReturnType<this["call"]> {
    return (this.outputs as never) ?? super.output;
  }

  /** Shape(s) of the symbolic inputs, in their structure; the batch is null. Throws StateError where there are none. */
  get inputShape(): ShapesOf<I> {
    return shapesOf(this.input) as ShapesOf<I>;
  }

  /** Shape(s) of the symbolic outputs, in their structure. Throws StateError where there are none. */
  get outputShape(): ShapesOf<O> {
    return shapesOf(this.output) as ShapesOf<O>;
  }

  /** The layers, from the inputs to the outputs. */
  get layers(): Layer[] {
    return this.#graph?.layers ?? this.sublayers;
  }

  protected override trackedProperties(): unknown[] {
    const held = Object.values(this as Record<string, unknown>).filter((value) => value !== this.history);
    return this.#graph === null ? held : [...this.#graph.layers, ...held];
  }

  protected override get roundsValues(): boolean {
    return this.graph === null;
  }

  /** The layer of this name, or at this position. Throws UnknownNameError with the nearest names. */
  getLayer(nameOrIndex: string | number): Layer {
    return layerCalled(`${this.label}.getLayer`, this.layers, nameOrIndex);
  }

  /** Whether a class of one's own says what a training step is: what it does with losses and targets is its affair. */
  get hasOwnStep(): boolean {
    return this.trainStep !== Model.prototype.trainStep;
  }

  /** The loss or losses that `compile` was given; null: none. */
  get loss(): CompileOptions["loss"] {
    return this.session.compiled?.options.loss ?? null;
  }

  /** Whether it says what it computes; a class of one's own may say it in its steps only, as adversarial networks do. */
  get hasCall(): boolean {
    return this.graph !== null || this.call !== Model.prototype.call;
  }

  /** Computes the outputs. A class of your own overrides this. */
  override call(inputs: I, options: CallOptions = {}): O {
    const graph = this.#graph;
    if (graph === null) {
      throw new StateError({
        where: this.label,
        problem: "the model does not say what it computes",
        expected: "inputs and outputs in the constructor, or a method call(inputs) in its class",
      });
    }
    const tensors = fittedInputs(this.label, graph, isPlainObject(this.#inputs), inputs);
    const stage = graph.textStage;
    const known = stage === null ? undefined : tensors.map(borderValuesOf).find((values) => values !== undefined);
    const masks = options.mask ?? null;
    if (masks !== null) {
      asList(masks).forEach((mask, index) => {
        const x = tensors[index];
        if (mask !== null && x instanceof Tensor) attachMask(x, mask);
      });
    }
    return packStructure(this.#outputs, known === undefined ? graph.run(tensors) : graph.run(tensors, known, stage!.nodes)) as O;
  }

  protected override convertInput(leaf: unknown): unknown {
    if (!(leaf instanceof StringTensor) && !isText(leaf)) return super.convertInput(leaf);
    // A class of one's own may hand them to a layer of texts.
    const { graph } = this;
    return graph === null || graph.inputs.some(isText) ? leaf : super.convertInput(leaf);
  }

  /** The losses, metrics and programs of the model. Throws StateError before `compile`. */
  get session(): ModelSession {
    return (this.#session ??= new ModelSession(this as unknown as Model<unknown, unknown>));
  }

  /** Whether `compile` was called. */
  get compiled(): boolean {
    return this.#session?.compiled !== undefined && this.#session.compiled !== null;
  }

  /** The optimizer of `compile`. Throws StateError before it. */
  get optimizer(): Compiled["optimizer"] {
    return this.session.require(`${this.label}.optimizer`).optimizer;
  }

  /** What `fit`, `evaluate` and the steps use: optimizer (default "rmsprop"), loss, metrics. Calling it again starts anew. */
  compile(options: CompileOptions = {}): void {
    this.session.compile(options);
  }

  /** What `compile` was given, as Keras writes it (`compile_config`); null before. */
  getCompileConfig(): Config | null {
    const compiled = this.#session?.compiled ?? null;
    return compiled === null ? null : this.#forms("getCompileConfig").compileConfig(compiled);
  }

  /** Compiles by Keras's `compile_config`; the optimizer's state is made too where the model is built. */
  compileFromConfig(config: Config, customObjects: CustomObjects = {}): void {
    this.compile(this.#forms("compileFromConfig").compileOptions(`${this.label}.compileFromConfig`, config, customObjects));
    if (this.built) this.optimizer.build(this.trainableWeights);
  }

  /** The loss's mean, metrics of `compile` once a step has made them, and those that properties of the model and its layers hold. */
  get metrics(): Metric[] {
    return [...this.session.metrics, ...this.heldMetrics];
  }

  /** Names of the metrics. */
  get metricsNames(): string[] {
    return this.metrics.map(({ name }) => name);
  }

  /** Results of all metrics so far by name, the loss's mean among them: what a `trainStep` of one's own gives. */
  getMetricsResult(): StepLogs {
    return this.session.metricsResult();
  }

  /** Metrics that properties of the model and its layers hold: updated by whoever made them, shown in logs by their names. */
  get heldMetrics(): Metric[] {
    const found = new Set<Metric>();
    const visit = (layer: Layer): void => {
      for (const metric of heldIn(Object.values(layer), layer, (value) => value instanceof Metric)) found.add(metric as Metric);
      layer.sublayers.forEach(visit);
    };
    visit(this);
    return [...found];
  }

  /** Sets the loss's mean and all metrics back. */
  resetMetrics(): void {
    for (const metric of this.metrics) metric.resetState();
  }

  /**
   * One step of training as a graph: forward, loss, gradients, the optimizer's update, metrics. Override it for a loop of
   * your own; what it gives (by name) is what logs and history show. It is traced once per shape of the data.
   */
  trainStep({ x, y, sampleWeight }: AnyStepData<I>): StepLogs {
    const session = this.session;
    // The versions that the forward pass will read: what the gradients are taken by.
    const weights = this.trainableWeights;
    const versions = weights.map((weight) => weight.read());
    const yPred = this.invoke(x as never, { training: true } as never);
    const loss = this.computeLoss({ x, y, yPred, sampleWeight, training: true });
    session.trackLoss(loss, x);
    if (weights.length > 0) {
      const { optimizer } = session.require(this.label);
      optimizer.apply(gradients([optimizer.scaleLoss(loss)], versions), weights);
    }
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }

  /** One step of evaluation as a graph: forward, loss, metrics. */
  testStep({ x, y, sampleWeight }: AnyStepData<I>): StepLogs {
    const yPred = this.invoke(x as never, { training: false } as never);
    this.session.trackLoss(this.computeLoss({ x, y, yPred, sampleWeight, training: false }), x);
    return this.computeMetrics({ x, y, yPred, sampleWeight });
  }

  /** One step of prediction as a graph. */
  predictStep({ x }: AnyStepData<I>): unknown {
    return this.invoke(x as never, { training: false } as never);
  }

  /** The scalar that training makes smaller: the losses of the outputs plus the losses of the layers. */
  computeLoss({ y = null, yPred, sampleWeight = null }: LossData<I>): Tensor {
    return this.session.totalLoss(y, yPred, sampleWeight);
  }

  /** Variables of all metrics: those of `compile` once a step has made them. */
  get metricsVariables(): Variable[] {
    return this.metrics.flatMap(({ variables }) => variables);
  }

  /**
   * `computeLoss` without state: these values stand for the variables. Gives `[loss, [trainableVariables,
   * nonTrainableVariables, metricsVariables]]` as they are afterwards. A missing `yPred` is computed.
   */
  statelessComputeLoss(
    trainableVariables: readonly TensorLike[],
    nonTrainableVariables: readonly TensorLike[],
    metricsVariables: readonly TensorLike[],
    data: LossData<I>,
  ): [loss: Tensor, variables: [Tensor[], Tensor[], Tensor[]]] {
    return this.#forms("statelessComputeLoss").statelessLoss(
      this.#untyped(),
      trainableVariables,
      nonTrainableVariables,
      metricsVariables,
      data,
    );
  }

  /** The values of all variables by the parts of their paths, as `setStateTree` takes them. */
  getStateTree(): StateTree {
    return this.#forms("getStateTree").stateTree(this.#untyped());
  }

  /** Sets variables to the values of `getStateTree`. Throws UnknownNameError for a path that no variable has. */
  setStateTree(tree: Partial<StateTree>): void {
    this.#forms("setStateTree").setStateTree(this.#untyped(), tree);
  }

  /** Updates the metrics with a batch and gives the results so far, the loss's mean among them. */
  computeMetrics({ y = null, yPred, sampleWeight = null }: LossData<I>): StepLogs {
    return this.session.updateMetrics(y, yPred, sampleWeight);
  }

  /**
   * Trains. `x` and `y` are tensors, typed arrays, nested arrays, or lists and objects of these for several inputs or
   * outputs, all checked before the first step; or `x` is a stream of batches (a Dataset, a generator function, anything
   * that can be iterated over) of `[x, y]` or `[x, y, sampleWeight]`. Stop it with `signal` (an AbortSignal) or `stopTraining`: it then
   * ends after the present batch and gives the History so far.
   */
  async fit(x: DataStructure | BatchStream, y: DataStructure | null = null, options: FitOptions = {}): Promise<History> {
    return await this.session.queue.run(() => fit(this.#untyped(), x, y, options));
  }

  /** Loss and metrics over data, by name: `{ loss, accuracy }`. */
  async evaluate(
    x: DataStructure | BatchStream,
    y: DataStructure | null = null,
    options: EvaluateOptions = {},
  ): Promise<Record<string, number>> {
    return await this.session.queue.run(() => evaluate(this.#untyped(), x, y, options));
  }

  /** Outputs for data, computed in batches, in the structure of the model's outputs. */
  async predict(x: DataStructure | BatchStream, options: PredictOptions = {}): Promise<O> {
    return (await this.session.queue.run(() => predict(this.#untyped(), x, options))) as O;
  }

  /** One training step on one batch; the metrics go on from where they are, as in Keras. */
  async trainOnBatch(
    x: DataStructure,
    y: DataStructure | null = null,
    options: { sampleWeight?: DataStructure | null; classWeight?: Readonly<Record<number, number>> | null } = {},
  ): Promise<Record<string, number>> {
    return await this.session.queue.run(() => withParts(() => rareData.get().trainOnBatch(this.#untyped(), x, y, options)));
  }

  /** One evaluation step on one batch; the metrics go on from where they are. */
  async testOnBatch(
    x: DataStructure,
    y: DataStructure | null = null,
    options: { sampleWeight?: DataStructure | null } = {},
  ): Promise<Record<string, number>> {
    return await this.session.queue.run(() => withParts(() => rareData.get().testOnBatch(this.#untyped(), x, y, options)));
  }

  /** Outputs for one batch. */
  async predictOnBatch(x: DataStructure): Promise<O> {
    return (await this.session.queue.run(() => withParts(() => rareData.get().predictOnBatch(this.#untyped(), x, airAfter)))) as O;
  }

  #forms(method: string): ModelForms {
    return modelForms.get(`${this.label}.${method}`);
  }

  #untyped(): Model<unknown, unknown> {
    return this as unknown as Model<unknown, unknown>;
  }

  /** What there is to do at the end of `fit`: averaged weights become the weights. */
  finishTraining(): void {
    const optimizer = this.optimizer as { finalizeVariableValues?: (variables: readonly Variable[]) => void };
    optimizer.finalizeVariableValues?.(this.trainableWeights);
  }

  /** Builds a model that can be built from the shapes of its inputs alone; false where it takes a trace to know more. */
  buildFor(_shapes: readonly Shape[], _texts: readonly boolean[] = []): boolean {
    return this.#graph !== null;
  }

  /** What data the model takes, where it can be told without data. */
  get inputSlots(): readonly Slot[] | null {
    const graph = this.#graph;
    return graph === null
      ? null
      : graph.inputs.map((input, index) => ({
          name: graph.inputLayers[index]!.name,
          shape: input.shape,
          dtype: isText(input) ? "string" : input.dtype,
        }));
  }

  /** What the model gives, where it can be told without data. */
  get outputSlots(): readonly Slot[] | null {
    const graph = this.#graph;
    if (graph === null) return null;
    const keys = isPlainObject(this.#outputs) ? Object.keys(this.#outputs).sort() : null;
    return graph.outputs.map((output, index) => ({
      name: keys?.[index] ?? graph.producerOf(output).node.operation.name,
      shape: output.shape,
      dtype: output.dtype,
    }));
  }

  /** Names of the outputs: the layers that give them, or the keys of an object of outputs. */
  get outputNames(): readonly string[] | null {
    return this.outputSlots?.map(({ name }) => name) ?? null;
  }

  /** Names of the layers that give the outputs: targets may be given by these too. */
  get producerNames(): readonly string[] | null {
    const graph = this.#graph;
    return graph === null ? null : graph.outputs.map((output) => graph.producerOf(output).node.operation.name);
  }

  /**
   * Saves the model: to `.keras` (architecture, weights, state of the optimizer) or legacy `.h5`, as the name ends. Files
   * are replaced at once. See `loadModel`.
   */
  async save(target: FileTarget, options: SaveOptions = {}): Promise<void> {
    const { saveModel } = await import("../saving/model-files.ts");
    await saveModel(this.#untyped(), target, options);
  }

  /** Saves the weights, and the state of the optimizer, to a `.weights.h5` file. */
  async saveWeights(target: FileTarget, options: SaveOptions = {}): Promise<void> {
    const { saveWeights } = await import("../saving/model-files.ts");
    await saveWeights(this.#untyped(), target, options);
  }

  /** Loads weights from a `.weights.h5`, `.keras` or legacy `.h5` file. Where something does not fit, nothing changes. */
  async loadWeights(source: FileSource, options: LoadWeightsOptions = {}): Promise<void> {
    const { loadWeights } = await import("../saving/model-files.ts");
    await loadWeights(this.#untyped(), source, options);
  }

  /**
   * Quantizes every layer that can be: see `Layer.quantize`. `filters` chooses layers by name: texts of regular
   * expressions, or a function of the layer. Programs are made anew; compile again before training goes on.
   *
   * "gptq" and "awq" choose the numbers on data, which run through the model block by block: `config` names the data
   * (`quantizers.GPTQConfig`, `quantizers.AWQConfig`), and the blocks unless `getQuantizationLayerStructure` does; await it.
   */
  /* eslint-disable @typescript-eslint/no-misused-promises -- data take time to run through a model; a layer is quantized at once */
  override quantize(mode: CalibratedMode, options: QuantizeModelOptions): Promise<void>;
  override quantize(mode: null, options: QuantizeModelOptions & { readonly config: CalibratedQuantizationConfig }): Promise<void>;
  override quantize(mode?: QuantizationMode | null, options?: QuantizeModelOptions): void;
  override quantize(mode: QuantizationMode | null = null, options: QuantizeModelOptions = {}): void | Promise<void> {
    const done = quantizationParts(`${this.label}.quantize`).quantizeLayers(this.#untyped(), mode, options);
    if (done !== undefined) return done.then(() => this.#session?.forgetSteps());
    this.#session?.forgetSteps();
  }
  /* eslint-enable @typescript-eslint/no-misused-promises */

  /** In which order data run through the blocks of the model, for "gptq" and "awq"; null: the configuration has to say it. */
  getQuantizationLayerStructure(_mode: QuantizationMode): QuantizationLayerStructure | null {
    return null;
  }

  directionOf(key: string): Direction | null {
    return this.session.directionOf(key);
  }

  /** Prints Keras's table of layers, output shapes and parameters. */
  summary(options: SummaryOptions = {}): void {
    this.#forms("summary").summarize(this.#untyped(), options);
  }

  override getConfig(): Config {
    if (this.#graph === null) return super.getConfig();
    return this.#forms("getConfig").functionalConfig(this.#untyped());
  }

  override toJSON(): Config {
    const json = super.toJSON();
    if (this.#graph !== null && this.className === "Functional")
      Object.assign(json, { module: "keras.src.models.functional", registered_name: "Functional", build_config: { input_shape: null } });
    const compiled = this.getCompileConfig();
    return compiled === null ? json : { ...json, compile_config: compiled };
  }

  /**
   * Keras's JSON of the model as text, as Keras's `to_json` writes it: 1.0 stands where Python needs a float, which
   * `JSON.stringify(model)` cannot say. `modelFromJSON` reads both.
   */
  toJson(): string {
    return this.#forms("toJson").jsonText(this.toJSON());
  }

  /** A model that is a class of its own is built by a trace of its call. */
  override buildFromConfig(config: Config): void {
    if (this.graph === null && Array.isArray(config.input_shape)) this.computeOutputShape(config.input_shape as InputShape);
  }

  /** A functional model made from its configuration; a class of your own is made with its configuration as options. */
  static override fromConfig(config: Config, customObjects: CustomObjects = {}): never {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the class itself: a static method is inherited
    const cls: unknown = this;
    if (cls !== Model && !Array.isArray(config.layers)) return new (cls as new (options: object) => never)(camelCaseKeys(config));
    return new Model<unknown, unknown>(modelForms.get("Model.fromConfig").functionalParts(config, customObjects)) as never;
  }
}

/** The call signature of a model is that of its `call`; within methods of a class of one's own, where that is not known yet, the base's. */
export interface Model<I = Tensor, O = Tensor> {
  (...args: CallArguments<Parameters<this["call"]>>): ReturnType<this["call"]>;
  (inputs: I, options?: CallOptions): O;
}

function shapesOf(tensors: unknown): unknown {
  return mapStructure(tensors, (leaf) => (leaf as Tensor).shape);
}
