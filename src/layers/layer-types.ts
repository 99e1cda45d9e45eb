/** What layers are called, built and quantized with. */
import type { Shape, Tensor } from "../graph/index.ts";
import type { QuantizationConfig } from "../quantizers/index.ts";
import type { Layer } from "./layer.ts";

/** Shape(s) of a layer's input: one, a list of them, or an object of them. */
export type InputShape = Shape | readonly Shape[] | { readonly [name: string]: Shape };

/** Options of a call, after the inputs: `layer(x, { training: true })`. */
export interface CallOptions {
  /** Whether the layer behaves as in training (dropout, batch statistics). Default: the outer call's, else false. */
  readonly training?: boolean | null;
  /** Which time steps count: bool, `[batch, time]`; a list for several inputs. Default: the masks the inputs carry. */
  readonly mask?: Tensor | null | readonly (Tensor | null)[];
}

/** Options of `quantize`. */
export interface QuantizeOptions {
  /** Which quantizers to use; its mode has to be the given one. Default: `quantizers.Int8QuantizationConfig()` and so on. */
  readonly config?: QuantizationConfig | null;
  /** Whether layers of a class of one's own are left alone. Default true. */
  readonly typeCheck?: boolean;
}

/** The classes that make layers: `new` or not. */
export interface LayerClass<L extends Layer = Layer> {
  new (options: never): L;
  readonly className: string;
}

/** What a call takes first; unknown where only the base class is known. */
export type InputOfCall<F extends (...args: never[]) => unknown> = [Parameters<F>[0]] extends [never] ? unknown : Parameters<F>[0];
