/** What a weight is made of. */
import type { DType } from "../dtype/index.ts";
import type { Shape } from "../graph/index.ts";
import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from "./layer-options.ts";

/** What `addWeight` takes. */
export interface WeightOptions {
  /** Default "variable": files tell weights apart by their order. */
  readonly name?: string | null;
  /** Extents, which have to be known: null is refused. Default []: one number. */
  readonly shape?: Shape | null;
  /** Default: the layer's dtype. */
  readonly dtype?: DType | null;
  /** A name, an initializer, or null for Glorot's uniform distribution (zeros for integers). */
  readonly initializer?: InitializerIdentifier | null;
  /** Default true. */
  readonly trainable?: boolean;
  /** Whether a layer whose values are shorter than the weight reads it rounded to them. Default true. */
  readonly autocast?: boolean;
  readonly regularizer?: RegularizerIdentifier | null;
  readonly constraint?: ConstraintIdentifier | null;
}
