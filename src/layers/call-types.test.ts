import { expectTypeOf, it } from "vitest";
import type { StringTensor, Tensor } from "../graph/index.ts";
import * as layers from "./index.ts";

// What the type checker says; nothing is called.
const x = (): Tensor => null as never;

it("options decide what a call gives, also for the type checker", () => {
  expectTypeOf(() => layers.LSTM({ units: 2 })(x())).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(() => layers.GRU({ units: 2, returnState: true })(x())).returns.toEqualTypeOf<[Tensor, ...Tensor[]]>();
  expectTypeOf(() => layers.SimpleRNN({ units: 2, returnState: Math.random() > 2 })(x())).returns.toEqualTypeOf<Tensor | [Tensor, ...Tensor[]]>(); // prettier-ignore
  const lstm = (): layers.LSTM => layers.LSTM({ units: 2 });
  expectTypeOf(() => layers.Bidirectional({ layer: layers.LSTM({ units: 2 }) })(x())).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(() => layers.Bidirectional({ layer: layers.LSTM({ units: 2 }), mergeMode: null })(x())).returns.toEqualTypeOf<[Tensor, Tensor]>(); // prettier-ignore
  expectTypeOf(() => layers.Bidirectional({ layer: layers.LSTM({ units: 2, returnState: true }) })(x())).returns.toEqualTypeOf<[Tensor, ...Tensor[]]>(); // prettier-ignore
  expectTypeOf(() => layers.Bidirectional({ layer: lstm() })(x())).returns.toEqualTypeOf<Tensor | readonly Tensor[]>();
  expectTypeOf(() => layers.TimeDistributed({ layer: layers.Dense({ units: 2 }) })(x())).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(() => layers.TimeDistributed({ layer: layers.GRU({ units: 2 }) })(x())).returns.toEqualTypeOf<Tensor>();
  const attention = (): layers.MultiHeadAttention => layers.MultiHeadAttention({ numHeads: 1, keyDim: 2 });
  expectTypeOf(() => attention()(x(), x(), { useCausalMask: true })).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(() => attention()(x(), x(), x(), { returnAttentionScores: true })).returns.toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(() => layers.Attention()([x(), x()])).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(() => layers.Lambda({ function: (y: Tensor): [Tensor] => [y] })(x())).returns.toEqualTypeOf<[Tensor]>();
  expectTypeOf(() => layers.Identity()({ a: x() })).returns.toEqualTypeOf<{ a: Tensor }>();
  expectTypeOf(() => layers.RandomFlip()(x())).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(() => layers.StringLookup({ invert: true })(x())).returns.toEqualTypeOf<StringTensor>();
  expectTypeOf(() => layers.Dense({ units: 2 }).output).returns.toEqualTypeOf<Tensor>();
});
