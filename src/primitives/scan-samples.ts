/** Cases of loops for the conformance suite. */
import { parameterTensor, type Sample, Subgraph, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { dotGeneral } from "./dot-general.ts";
import { filled } from "./filled.ts";
import { multiply } from "./multiply.ts";
import { tanh } from "./tanh.ts";

/** `h, h = tanh(x + h u)`: a recurrent layer. */
function recurrent(batch: number, units: number): Subgraph {
  const state = parameterTensor([batch, units], "float32");
  const x = parameterTensor([batch, units], "float32");
  const weights = parameterTensor([units, units], "float32");
  const next = tanh(add(x, dotGeneral(state, weights, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] })));
  return new Subgraph([state, x, weights], [next, next]);
}

/** `(a, b), a b = (b, a + b)`: two carries that change places. */
function exchange(): Subgraph {
  const [a, b] = [parameterTensor([2], "float32"), parameterTensor([2], "float32")] as [Tensor, Tensor];
  return new Subgraph([a, b], [b, add(a, b), multiply(a, b)]);
}

/** Samples of scan: a recurrent layer in both directions, carries that change places, no steps. */
export function scanSamples(): Sample[] {
  return [
    {
      inputs: [filled([2, 3], 1), filled([4, 2, 3], 2), filled([3, 3], 3)],
      attributes: { body: recurrent(2, 3), carries: 1, xs: 1, length: 4, reverse: false },
    },
    {
      inputs: [filled([2, 3], 4), filled([5, 2, 3], 5), filled([3, 3], 6)],
      attributes: { body: recurrent(2, 3), carries: 1, xs: 1, length: 5, reverse: true },
    },
    { inputs: [filled([2], 7), filled([2], 8)], attributes: { body: exchange(), carries: 2, xs: 0, length: 3, reverse: false } },
    { inputs: [filled([2], 7), filled([2], 8)], attributes: { body: exchange(), carries: 2, xs: 0, length: 0, reverse: false } },
  ];
}
