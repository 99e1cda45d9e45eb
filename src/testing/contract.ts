/** Interprets the lowering descriptor of a contraction, point by point: what the descriptor means. */
import { dtypes } from "../dtype/index.ts";
import { type ContractIndex, type Tensor, typeOf } from "../graph/index.ts";
import { evaluate } from "../backends/reference/interpreter.ts";
import { eachIndex } from "../primitives/indices.ts";

/** Flat position of the operand's element at a point, undefined where a guard or a divisor says that it reads zero. */
function elementAt(indices: readonly ContractIndex[], shape: readonly number[], point: readonly number[]): number | undefined {
  let at = 0;
  for (let axis = 0; axis < indices.length; axis++) {
    const { constant, coefficients, divisor = 1, guarded = false } = indices[axis]!;
    let index = coefficients.reduce((sum, coefficient, i) => sum + coefficient * point[i]!, constant);
    if (index % divisor !== 0) return undefined;
    index /= divisor;
    if (index < 0 || index >= shape[axis]!) {
      if (!guarded) throw new Error(`an index without a guard leaves the operand: ${index} of ${shape[axis]}`);
      return undefined;
    }
    at = at * shape[axis]! + index;
  }
  return at;
}

/** Elements of `tensor`, the result of a primitive with lowering "contract", computed from its descriptor alone. */
export function contract(tensor: Tensor): number[] {
  const { primitive, inputs, attributes } = tensor.node;
  if (primitive.lowering.kind !== "contract") throw new Error(`${primitive.name} is no contraction`);
  const [lhsType, rhsType] = inputs.map(typeOf);
  const { axes, lhs, rhs, out } = primitive.lowering.contraction([lhsType!, rhsType!], typeOf(tensor), attributes);
  const [left, right] = evaluate(inputs);
  const kept = out.map((axis) => axes[axis]!.extent);
  const summed = axes.map((_, axis) => axis).filter((axis) => axes[axis]!.role === "k");
  const result = new Array<number>(kept.reduce((product, extent) => product * extent, 1)).fill(0);
  const point = new Array<number>(axes.length).fill(0);
  eachIndex(kept, (keptIndex, position) => {
    out.forEach((axis, i) => (point[axis] = keptIndex[i]!));
    eachIndex(
      summed.map((axis) => axes[axis]!.extent),
      (summedIndex) => {
        summed.forEach((axis, i) => (point[axis] = summedIndex[i]!));
        const x = elementAt(lhs, lhsType!.shape, point);
        const y = elementAt(rhs, rhsType!.shape, point);
        if (x !== undefined && y !== undefined) result[position]! += left!.data[x]! * right!.data[y]!;
      },
    );
  });
  return dtypes[tensor.dtype].kind === "float" ? result : result.map((value) => value | 0);
}
