/** What layers that hold one other layer share. */
import { ValueError } from "../errors.ts";
import { type Config, type CustomObjects, isSerialized } from "../serialization/index.ts";
import { type InputShape, Layer } from "./layer.ts";
import { describe, type LayerOptions, type OptionDefaults, required } from "./layer-options.ts";
import { deserialize } from "./registry.ts";

/** Options of a wrapper. */
export interface WrapperOptions extends LayerOptions {
  /** The layer inside. */
  readonly layer: Layer;
}

/**
 * A layer around another one, `layer`, which it builds, and whose configuration stands in its own. Extend it and write
 * `call`; `defaults` lists further options, as for {@link Layer}.
 */
export abstract class WrapperLayer<Options extends WrapperOptions = WrapperOptions> extends Layer<Options> {
  static override readonly className: string = "Wrapper";
  declare layer: Layer;

  constructor(options: Options, defaults: OptionDefaults = {}) {
    super(options, { layer: required, ...defaults });
    if (!(this.layer instanceof Layer)) {
      throw new ValueError({
        where: this.label,
        problem: "the wrapper needs a layer",
        expected: `${this.className}({ layer: layers.Dense({ units: 10 }) })`,
        received: describe(this.layer),
      });
    }
  }

  override build(inputShape: InputShape): void {
    if (!this.layer.built) this.layer.build(inputShape);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), layer: this.layer.toJSON() };
  }

  /** A wrapper made from a configuration; the layer inside may be of a class in `customObjects`. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config, customObjects: CustomObjects = {}): L {
    const layer = isSerialized(config.layer) ? deserialize(config.layer, customObjects) : config.layer;
    return Layer.fromConfig.call(this as new (options: never) => object, { ...config, layer }) as L;
  }
}
