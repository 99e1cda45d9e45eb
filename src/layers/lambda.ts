/** A function as a layer. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, sameShape, type Shape, Tensor } from "../graph/index.ts";
import { callableClass, type Config, type CustomObjects, isSerialized } from "../serialization/index.ts";
import type { LambdaCall } from "./call-types.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { describe, type LayerOptions, required } from "./layer-options.ts";
import { flattenStructure, isShape, mapStructure } from "./structure.ts";

/** What a Lambda computes: its input, then its `arguments` with `training` and `mask` among them. */
export type LambdaFunction = (inputs: never, options: never) => unknown;

/** Options of Lambda. */
export interface LambdaOptions extends LayerOptions {
  /** Takes the input and `{ training, mask, ...arguments }`, gives the output. */
  readonly function: LambdaFunction;
  /** Shape of one sample of the output, or a function from input to output shapes, batch included; an output of another one is an error. */
  readonly outputShape?: Shape | ((inputShape: never) => unknown) | null;
  /** Mask of the output, or a function `(inputs, mask) => mask` that makes it. Default: none. */
  readonly mask?: Tensor | ((inputs: never, mask: never) => unknown) | null;
  /** Further options for the function. */
  readonly arguments?: Readonly<Record<string, unknown>> | null;
}

/**
 * `y = f(x)`. The function has no weights and no configuration: no file can hold it, and none is ever read from one. For
 * something that is saved, write a class (`class Mine extends Layer`).
 *
 * Shapes: what the function makes of them.
 *
 * @example
 * const y = layers.Lambda({ function: (x: Tensor) => ops.square(x) })(x);
 */
export class LambdaLayer extends Layer<LambdaOptions> {
  static override readonly className: string = "Lambda";
  declare function: LambdaFunction;
  declare outputShape: LambdaOptions["outputShape"];
  declare mask: LambdaOptions["mask"];
  declare arguments: Readonly<Record<string, unknown>> | null;

  constructor(options: LambdaOptions) {
    super(options, { function: required, outputShape: null, mask: null, arguments: null });
    if (typeof this.function !== "function") {
      throw new ValueError({
        where: this.label,
        problem: "a Lambda needs a function; it is never read from a file",
        expected: "{ function: (x) => ... }",
        received: describe(this.function),
        advice: "write the function in the program, or a class of layers, and pass it in customObjects",
      });
    }
    if (this.outputShape !== null && typeof this.outputShape !== "function" && !isShape(this.outputShape)) {
      throw new ValueError({
        where: this.label,
        problem: "outputShape is the shape of one sample, or a function of input shapes",
        expected: "for example [10]",
        received: describe(this.outputShape),
      });
    }
    this.supportsMasking = this.mask !== null;
  }

  override call(inputs: unknown, { training = false, mask = null }: CallOptions = {}): unknown {
    const f = this.function as (inputs: unknown, options: object) => unknown;
    const outputs = f(inputs, { ...this.arguments, training, mask });
    this.#checkShape(inputs, outputs);
    return outputs;
  }

  #checkShape(inputs: unknown, outputs: unknown): void {
    if (this.outputShape === null || this.outputShape === undefined) return;
    const shapes = mapStructure(inputs, (leaf) => (leaf as Tensor).shape);
    const batch = (flattenStructure(inputs)[0] as Tensor).shape[0] ?? null;
    const announced =
      typeof this.outputShape === "function" ? (this.outputShape as (shape: unknown) => unknown)(shapes) : [batch, ...this.outputShape];
    if (!(outputs instanceof Tensor) || !isShape(announced)) return;
    const fits = sameShape(
      outputs.shape,
      announced.length === outputs.rank ? announced.map((extent, axis) => extent ?? outputs.shape[axis]!) : announced,
    );
    if (fits) return;
    throw new ShapeError({
      where: this.label,
      problem: "the output has another shape than outputShape says",
      expected: formatShape(announced),
      received: formatShape(outputs.shape),
    });
  }

  override computeMask(inputs: unknown, mask: unknown = null): unknown {
    if (typeof this.mask === "function") return (this.mask as (inputs: unknown, mask: unknown) => unknown)(inputs, mask);
    return this.mask;
  }

  /** Throws ValueError: a function is not written into files. */
  override toJSON(): Config {
    throw new ValueError({
      where: this.label,
      problem: "a Lambda holds a function of the program, which no file can hold",
      received: describe(this.function),
      advice: "write a class instead: class Mine extends Layer, whose className goes into customObjects when loading",
    });
  }

  /** A copy within the program, or, from a file, a Lambda whose function has a name in `customObjects`. Throws ValueError for code in a file. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config, customObjects: CustomObjects = {}): L {
    const named = (value: unknown): unknown => {
      const name = isSerialized(value) && value.class_name === "function" ? value.config : undefined;
      return typeof name === "string" && typeof customObjects[name] === "function" ? customObjects[name] : value;
    };
    const functions = { function: named(config.function), output_shape: named(config.output_shape), mask: named(config.mask) };
    return Layer.fromConfig.call(this as new (options: never) => object, { ...config, ...functions }) as L;
  }
}

type LambdaClass = typeof LambdaLayer &
  (<F extends LambdaFunction>(options: LambdaOptions & { readonly function: F }) => LambdaCall<F> & LambdaLayer);

/** A function as a layer; see {@link LambdaLayer}. */
export const Lambda: LambdaClass = /* @__PURE__ */ callableClass(LambdaLayer) as never;
export type Lambda = LambdaLayer;
