/** A graph with parameters and results: a traced function, the body of a loop. */
import type { Tensor } from "./tensor.ts";

/** A function over tensors as data: `results` computed from `parameters` (placeholders) and nothing else. */
export class Subgraph {
  readonly parameters: readonly Tensor[];
  readonly results: readonly Tensor[];

  constructor(parameters: readonly Tensor[], results: readonly Tensor[]) {
    this.parameters = parameters;
    this.results = results;
  }
}
