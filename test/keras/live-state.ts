/** State of variables on the back-end that is set, as users see it: nothing is traced, reading a value runs what it needs. */
import type { NdArray, Tensor, Variable } from "../../src/graph/index.ts";

/** What checks ask of the state that they run with: `TracedState` on the reference back-end, `LiveState` on any. */
export interface RunState {
  value(variable: Variable): NdArray | Promise<NdArray>;
  run(f: () => readonly Tensor[] | void): readonly NdArray[] | Promise<readonly NdArray[]>;
}

const valueOf = async (tensor: Tensor): Promise<NdArray> => ({
  shape: tensor.shape as readonly number[],
  dtype: tensor.dtype,
  data: await tensor.data(),
});

/** Runs steps through `Variable.assign` and `Tensor.data`. */
export class LiveState implements RunState {
  async value(variable: Variable): Promise<NdArray> {
    return await valueOf(variable.read());
  }

  async run(f: () => readonly Tensor[] | void): Promise<readonly NdArray[]> {
    const found: NdArray[] = [];
    for (const tensor of f() ?? []) found.push(await valueOf(tensor));
    return found;
  }
}
