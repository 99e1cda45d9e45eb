/** Layers one after the other, as one preprocessing layer. */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, type Config, type CustomObjects } from "../serialization/index.ts";
import { type CallOptions, Layer } from "./layer.ts";
import { describe, type LayerOptions, required } from "./layer-options.ts";
import { deserialize, serialize } from "./registry.ts";
import { TextLayer } from "./text-layer.ts";

/** Options of Pipeline. */
export interface PipelineOptions extends LayerOptions {
  readonly layers: readonly Layer[];
}

/**
 * Applies layers in order. Takes what the first one takes: tensors, texts, objects of images and labels.
 *
 * Shapes: those of the layers.
 *
 * @example
 * const augment = layers.Pipeline({ layers: [layers.RandomFlip(), layers.RandomContrast({ factor: 0.2 })] });
 * const y = augment(images, { training: true });
 */
export class PipelineLayer extends TextLayer<PipelineOptions> {
  static override readonly className: string = "Pipeline";
  static override readonly defaultTraining = true;
  declare layers: readonly Layer[];

  constructor(options: PipelineOptions | readonly Layer[]) {
    super((Array.isArray(options) ? { layers: options } : options) as PipelineOptions, { layers: required });
    const layers: unknown = this.layers;
    if (Array.isArray(layers) && layers.length > 0 && layers.every((layer) => layer instanceof Layer)) return;
    throw new ValueError({
      where: this.label,
      problem: "layers is no list of layers",
      expected: "[layers.RandomFlip(), ...]",
      received: describe(Array.isArray(layers) ? layers.map(String) : layers),
    });
  }

  override build(): void {
    // The layers build themselves, each for what it is given.
  }

  override call(inputs: unknown, { training = false }: CallOptions = {}): unknown {
    return this.layers.reduce<unknown>((x, layer) => layer(x, { training }), inputs);
  }

  override getConfig(): Config {
    return { layers: this.layers.map(serialize), name: this.name };
  }

  /** A pipeline of the layers that a configuration describes. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config, customObjects: CustomObjects = {}): L {
    const layers = Array.isArray(config.layers) ? config.layers.map((layer) => deserialize(layer as object, customObjects)) : config.layers;
    return new this({ layers, name: config.name } as never);
  }
}

/** Layers one after the other; see {@link PipelineLayer}. */
export const Pipeline: CallableClass<typeof PipelineLayer> = /* @__PURE__ */ callableClass(PipelineLayer);
export type Pipeline = PipelineLayer;
