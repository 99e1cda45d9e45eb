/** What a weight is made of. */
import type { DType } from "../dtype/index.ts";
import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from "./layer-options.ts";

/** What `addWeight` takes. */
export interface WeightOptions {
  readonly name: string;
  readonly shape: readonly number[];
  /** Default: the layer's dtype. */
  readonly dtype?: DType;
  /** A name, an initializer, or null for Glorot's uniform distribution (zeros for integers). */
  readonly initializer?: InitializerIdentifier | null;
  /** Default true. */
  readonly trainable?: boolean;
  /** Whether a layer whose values are shorter than the weight reads it rounded to them. Default true. */
  readonly autocast?: boolean;
  readonly regularizer?: RegularizerIdentifier | null;
  readonly constraint?: ConstraintIdentifier | null;
}
