/** State of variables for tests: traces a function, runs it on the reference back-end, keeps what was assigned. */
import "../../src/ops/tensor-methods.ts";
import { interpret } from "../../src/backends/reference/index.ts";
import { type NdArray, Subgraph, type Tensor, trace, type Variable } from "../../src/graph/index.ts";
import type { TypedArray } from "../../src/dtype/index.ts";

/** Values of variables, beside the variables. */
export class TracedState {
  readonly #values = new Map<Variable, NdArray>();

  /** The present value of a variable: what was assigned last, or its first value. */
  value(variable: Variable): NdArray {
    const known = this.#values.get(variable);
    if (known !== undefined) return known;
    const { host, initialize } = variable.state;
    const tensor = initialize?.();
    const data = host ?? (tensor === undefined ? variable.read().node.values[0] : interpret(new Subgraph([], [tensor]), [])[0]!.data);
    if (data === undefined) throw new Error(`${variable.path} has no value`);
    return { shape: variable.shape, dtype: variable.dtype, data };
  }

  /** Sets a value. */
  set(variable: Variable, data: TypedArray): void {
    this.#values.set(variable, { shape: variable.shape, dtype: variable.dtype, data });
  }

  /** Runs `f` as one traced step and returns the values of the tensors it gives. */
  run(f: () => readonly Tensor[] | void): NdArray[] {
    const { result, reads, updates } = trace(f);
    const outputs = [...(result ?? [])];
    const graph = new Subgraph([...reads.values()], [...outputs, ...updates.values()]);
    const values = interpret(
      graph,
      [...reads.keys()].map((variable) => this.value(variable)),
    );
    [...updates.keys()].forEach((variable, i) => this.#values.set(variable, values[outputs.length + i]!));
    return values.slice(0, outputs.length);
  }
}
