/**
 * What calls of layers give where options of their constructors decide it. Types only: a class cannot say it, so that the
 * functions that make its instances are given these types.
 */
import type { StringTensor, Tensor } from "../graph/index.ts";
import type { Class } from "../serialization/index.ts";
import type { Layer } from "./layer.ts";
import type { CallOptions, InputOfCall } from "./layer-types.ts";
import type { RecurrentArguments } from "./recurrent-layer.ts";
import type { TextInput } from "./text-layer.ts";

/** Call of a recurrent layer: the output, with `returnState` (`R`) a list of it and the states (`S`). */
export interface RecurrentCall<R, S = Tensor> {
  (x: Tensor, ...rest: RecurrentArguments): R extends true ? [Tensor, ...S[]] : Tensor;
  readonly returnState: R;
}

/** A class `C` of recurrent layers with the options `O`. */
export type RecurrentClass<C extends Class, O, S = Tensor> = C &
  (<const R extends boolean = false>(options: O & { readonly returnState?: R }) => RecurrentCall<R, S> & InstanceType<C>);

/** Call of a layer that gives `Y` for a sequence. */
export interface SequenceCall<Y> {
  (x: Tensor, ...rest: RecurrentArguments): Y;
}

/** A recurrent layer of which it is known whether its calls give states too. */
export type RecurrentWithState<R extends boolean> = Layer & { readonly returnState: R };

/** A layer whose calls give one tensor. */
export type LayerOfTensor = (Layer & { call(...args: never[]): Tensor }) | RecurrentWithState<false>;

/** Call of a function `F` that stands as a layer. */
export interface LambdaCall<F extends (...args: never[]) => unknown> {
  (inputs: InputOfCall<F>, options?: CallOptions): ReturnType<F>;
}

/** Call of a table of texts: whole numbers, or with `invert` (`I`) texts. */
export interface StringLookupCall<I> {
  (input: TextInput): I extends true ? StringTensor : Tensor;
}
