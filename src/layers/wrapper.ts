/** What layers around another layer share. */
import { ValueError } from "../errors.ts";
import {
  callableClass,
  type CallableClass,
  optionsOfConfig,
  type Config,
  type CustomObjects,
  isSerialized,
} from "../serialization/index.ts";
import { withPath } from "./call-context.ts";
import { type CallOptions, type InputShape, Layer } from "./layer.ts";
import { describe, type LayerOptions, type OptionDefaults, required } from "./layer-options.ts";
import { deserialize, serialize } from "./registry.ts";

/** Options of a wrapper. */
export interface WrapperOptions extends LayerOptions {
  /** The layer inside. */
  readonly layer: Layer;
}

/** Throws ValueError unless an option holds a layer. */
export function checkLayer(where: string, name: string, value: unknown): asserts value is Layer {
  if (value instanceof Layer) return;
  throw new ValueError({
    where,
    problem: `the wrapper needs a layer as its option ${name}`,
    expected: `${name}: layers.Dense({ units: 10 })`,
    received: describe(value),
    advice: "make the layer first, and give it as an option",
  });
}

/** Layers in a configuration, made from their JSON, with the wrapper's name in the paths of their weights. */
export function revivedLayers(config: Config, keys: readonly string[], customObjects: CustomObjects): Record<string, unknown> {
  const made = keys.map((key): [string, unknown] => {
    const json = config[key];
    return [key, isSerialized(json) ? withPath(String(config.name), () => deserialize(json, customObjects)) : json];
  });
  return optionsOfConfig({ ...config, ...Object.fromEntries(made) });
}

/**
 * A layer around another one. By itself it gives what that layer gives; extend it to do something before or after.
 *
 * @example
 * class Twice extends layers.Wrapper {
 *   static override readonly className: string = "Twice";
 *   override call(x: Tensor): unknown {
 *     return ops.multiply(super.call(x) as Tensor, 2);
 *   }
 * }
 */
export class WrapperLayer<Options extends WrapperOptions = WrapperOptions> extends Layer<Options> {
  static override readonly className: string = "Wrapper";
  declare layer: Layer;

  constructor(options: Options, defaults: OptionDefaults = {}) {
    super(options, { layer: required, ...defaults });
    checkLayer(this.label, "layer", this.layer);
  }

  override build(inputShape: InputShape): void {
    if (!this.layer.built) this.layer.build(inputShape);
  }

  override call(x: never, options: CallOptions = {}): unknown {
    return this.layer(x, options);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), layer: serialize(this.layer) };
  }

  /** A wrapper made from a configuration. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config, customObjects: CustomObjects = {}): L {
    return new this(revivedLayers(config, ["layer"], customObjects) as never);
  }
}

/** A layer around another one; see {@link WrapperLayer}. */
export const Wrapper: CallableClass<typeof WrapperLayer> = /* @__PURE__ */ callableClass(WrapperLayer);
export type Wrapper = WrapperLayer;
