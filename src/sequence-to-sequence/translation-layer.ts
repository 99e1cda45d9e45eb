/** What the layers of this room share: how files name them. */
import { Layer } from "../layers/layer.ts";
import type { Config } from "../serialization/index.ts";

/** A layer that Keras does not have. */
export abstract class TranslationLayer<Options extends object> extends Layer<Options> {
  override toJSON(): Config {
    return { ...super.toJSON(), module: "nabla.text", registered_name: `nabla>${this.className}` };
  }
}
