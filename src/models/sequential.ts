/** Models that are a plain stack of layers. */
import type { DType } from "../dtype/index.ts";
import { ShapeError, StateError, ValueError } from "../errors.ts";
import { formatShape, isSymbolic, type Shape, Tensor } from "../graph/index.ts";
import { innermostName, withPath } from "../layers/call-context.ts";
import { InputLayer, InputLayerLayer, inputLayerOf } from "../layers/input-layer.ts";
import { type CallOptions, type InputShape, Layer } from "../layers/layer.ts";
import { describe } from "../layers/describe.ts";
import type { LayerOptions } from "../layers/layer-options.ts";
import { deserialize as deserializeLayer } from "../layers/registry.ts";
import { isShape } from "../layers/structure.ts";
import type { Config, CustomObjects } from "../serialization/index.ts";
import type { Slot } from "./data-binding.ts";
import type { FunctionalGraph } from "./functional-graph.ts";
import { Model } from "./model.ts";

/** Options of Sequential. */
export interface SequentialOptions extends LayerOptions {
  /** The layers, in order; `add` adds more. */
  readonly layers?: readonly (Layer | Tensor)[];
}

/**
 * A stack of layers, each fed with the output of the one before. It builds itself as soon as the shape of the input is
 * known: from an `Input` or `inputShape` at the front, or from the first data.
 *
 * @example
 * const model = new Sequential();
 * model.add(layers.Dense({ units: 64, activation: "relu", inputDim: 100 }));
 * model.add(layers.Dense({ units: 10, activation: "softmax" }));
 *
 * @example
 * const model = new Sequential([Input({ shape: [100] }), layers.Dense({ units: 10 })], { name: "classifier" });
 */
export class Sequential extends Model {
  static override readonly className: string = "Sequential";
  #stack: Layer[] = [];
  #input: InputLayerLayer | null = null;
  #inner: Model | null = null;

  /** Takes the layers, and options beside them, or all in one object. */
  constructor(layersOrOptions: SequentialOptions | readonly (Layer | Tensor)[] = {}, options: Omit<SequentialOptions, "layers"> = {}) {
    const { layers, ...rest }: SequentialOptions = {
      ...options,
      ...(Array.isArray(layersOrOptions) ? { layers: layersOrOptions } : layersOrOptions),
    };
    super(rest);
    for (const layer of layers ?? []) this.add(layer);
    if (rest.trainable === false) this.trainable = false;
  }

  /** The layers, without the input. */
  override get layers(): Layer[] {
    return [...this.#stack];
  }

  protected override trackedProperties(): unknown[] {
    return this.#stack;
  }

  /** The graph, once the shape of the input is known. */
  override get graph(): FunctionalGraph | null {
    return this.#functional()?.graph ?? null;
  }

  override get inputs(): Tensor | null {
    return this.#functional()?.inputs ?? null;
  }

  override get outputs(): Tensor | null {
    return this.#functional()?.outputs ?? null;
  }

  override get inputSlots(): readonly Slot[] | null {
    return this.#functional()?.inputSlots ?? null;
  }

  override get outputSlots(): readonly Slot[] | null {
    return this.#functional()?.outputSlots ?? null;
  }

  override get producerNames(): readonly string[] | null {
    return this.#functional()?.producerNames ?? null;
  }

  /** Puts a layer on top: a layer, or what `Input` gives, as the first. */
  add(layer: Layer | Tensor): void {
    const added = layer instanceof Tensor && isSymbolic(layer) ? inputLayerOf(layer) : layer;
    if (!(added instanceof Layer)) {
      throw new ValueError({
        where: `${this.label}.add`,
        problem: "only layers can be added",
        expected: "a layer: layers.Dense({ units: 10 })",
        received: describe(layer),
        ...(typeof added === "function" ? { advice: "make the layer first: write its options in parentheses" } : {}),
      });
    }
    if (added instanceof InputLayerLayer) {
      if (this.#input !== null || this.#stack.length > 0) {
        throw new StateError({
          where: `${this.label}.add`,
          problem: "an input stands at the front, and only once",
          received: this.#input === null ? "layers before it" : `a second input after ${formatShape(this.#input.batchShape)}`,
        });
      }
      this.#input = added;
      return;
    }
    if (this.#stack.some(({ name }) => name === added.name)) {
      throw new ValueError({
        where: `${this.label}.add`,
        problem: `a layer called "${added.name}" is already there`,
        expected: "a name of its own for every layer of a model",
        advice: "give it another name: { name: ... }",
      });
    }
    if (this.#input === null && this.#stack.length === 0 && added.sampleShape !== null) {
      this.#input = new InputLayer({ shape: added.sampleShape, dtype: inputDTypeOf(added) });
    }
    this.#stack.push(added);
    this.#forget();
    if (this.#input !== null) this.#functional();
  }

  /** Takes the last layer away and gives it. */
  pop(): Layer {
    const layer = this.#stack.pop();
    if (layer === undefined) throw new StateError({ where: `${this.label}.pop`, problem: "the model has no layers" });
    this.#forget();
    return layer;
  }

  #forget(): void {
    this.#inner = null;
    this.built = false;
    this.session.forgetSteps();
  }

  /** How far the stack has been called: adding a layer calls that layer only. */
  #tail: { readonly layers: readonly Layer[]; readonly output: Tensor } | null = null;

  /** The functional model behind the stack, built as far as needed; null while the shape of the input is unknown. */
  #functional(): Model | null {
    if (this.#inner !== null || this.#input === null || this.#stack.length === 0) return this.#inner;
    const input = this.#input.output;
    const done =
      this.#tail !== null && this.#tail.layers.every((layer, index) => layer === this.#stack[index])
        ? this.#tail
        : { layers: [], output: input };
    let x: unknown = done.output;
    for (const layer of this.#stack.slice(done.layers.length)) {
      const call = (): unknown => layer(x);
      x = innermostName() === this.name ? call() : withPath(this.name, call);
      if (!(x instanceof Tensor)) {
        throw new ValueError({
          where: this.label,
          problem: `the layer "${layer.name}" gives several outputs`,
          expected: "one tensor",
          advice: "use new Model({ inputs, outputs }) for models with branches",
        });
      }
    }
    this.#tail = { layers: [...this.#stack], output: x as Tensor };
    this.#inner = new Model({ inputs: input, outputs: x as Tensor, name: `${this.name}_stack` });
    this.built = true;
    return this.#inner;
  }

  override build(inputShape: InputShape): void {
    if (!isShape(inputShape)) {
      throw new ShapeError({
        where: this.label,
        problem: "a Sequential takes one input",
        expected: "one shape",
        received: describe(inputShape),
        advice: "use new Model({ inputs, outputs }) for several inputs",
      });
    }
    if (this.#stack.length === 0)
      throw new StateError({ where: this.label, problem: "the model has no layers", advice: "call model.add(layer)" });
    if (this.#input !== null) {
      const known = this.#input.batchShape;
      const fits =
        known.length === inputShape.length &&
        known.every((extent, axis) => extent === null || inputShape[axis] === null || extent === inputShape[axis]);
      if (!fits)
        throw new ShapeError({
          where: this.label,
          problem: "the model was built for another input",
          expected: formatShape(known),
          received: formatShape(inputShape),
        });
    } else {
      const first = this.#stack[0]!;
      this.#input = new InputLayer({
        batchShape: [null, ...inputShape.slice(1)],
        dtype: this.#takesTexts ? "string" : inputDTypeOf(first),
      });
    }
    this.#functional();
  }

  /** Whether the data that the model is built for is texts. */
  #takesTexts = false;

  override buildFor(shapes: readonly Shape[], texts: readonly boolean[] = []): boolean {
    this.#takesTexts = texts[0] === true;
    if (this.#stack.length === 0)
      throw new StateError({ where: this.label, problem: "the model has no layers", advice: "call model.add(layer)" });
    if (this.#input === null && shapes.length === 1) this.build(shapes[0]!);
    this.session.compiled?.resolve(this.outputNames ?? []);
    return this.#functional() !== null;
  }

  override call(inputs: Tensor, options: CallOptions = {}): Tensor {
    const inner = this.#functional();
    if (inner !== null) return inner.call(inputs, options);
    return this.#stack.reduce<unknown>((x, layer) => layer(x), inputs) as Tensor;
  }

  override getConfig(): Config {
    const { name, trainable, dtype } = Layer.prototype.getConfig.call(this);
    const all = this.#input === null ? this.#stack : [this.#input, ...this.#stack];
    const config: Config = { name, trainable, dtype, layers: all.map((layer) => layer.toJSON()) };
    if (this.#input !== null && this.#stack.length > 0) config.build_input_shape = this.#input.batchShape;
    return config;
  }

  override toJSON(): Config {
    return {
      ...super.toJSON(),
      module: "keras",
      registered_name: null,
      ...(this.#input === null ? {} : { build_config: { input_shape: this.#input.batchShape } }),
    };
  }

  /** A Sequential made from its configuration. */
  static override fromConfig(config: Config, customObjects: CustomObjects = {}): never {
    const model = new Sequential({
      name: (config.name as string | undefined) ?? null,
      trainable: (config.trainable as boolean | undefined) ?? true,
      ...(config.dtype == null ? {} : { dtype: config.dtype as never }),
    });
    for (const entry of (config.layers as object[] | undefined) ?? []) {
      const isInput = (entry as { class_name?: string }).class_name === "InputLayer";
      // Weights get paths under the model's name: the layers are built by the model.
      const layer = deserializeLayer(isInput ? entry : { ...entry, build_config: null }, customObjects);
      model.add(layer);
    }
    const shape = config.build_input_shape;
    if (!model.built && isShape(shape)) model.build(shape);
    return model as never;
  }
}

/** What a layer at the front takes, where nothing else is said. */
function inputDTypeOf(layer: Layer): DType | "string" {
  if (layer.className === "Embedding") return "int32";
  const texts =
    layer.className === "TextVectorization" || (layer.className === "StringLookup" && (layer as { invert?: boolean }).invert !== true);
  return texts ? "string" : layer.dtype;
}
