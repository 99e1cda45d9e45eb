/** Interprets the lowering descriptors of gathers and scatters, point by point: what the descriptors mean. */
import { evaluate } from "../backends/reference/interpreter.ts";
import { type Affine, type GatherPlan, type NdArray, stridesOf, type Tensor, typeOf } from "../graph/index.ts";
import { eachIndex, positionOf } from "../primitives/indices.ts";

function at({ constant, coefficients }: Affine, point: readonly number[]): number {
  return coefficients.reduce((sum, coefficient, i) => sum + coefficient * point[i]!, constant);
}

/** Flat position in the operand that a point of the iteration space names. */
function placeOf(plan: GatherPlan, operand: NdArray, indices: NdArray, point: readonly number[]): number {
  const indexStrides = stridesOf(indices.shape);
  const place = plan.base.map((index) => at(index, point));
  for (const { axis, indexAt, limit } of plan.dynamic) {
    const extent = limit ?? operand.shape[axis]!;
    const offset = limit === undefined ? place[axis]! : 0;
    const value =
      offset +
      indices.data[
        positionOf(
          indexAt.map((index) => at(index, point)),
          indexStrides,
        )
      ]!;
    const inside = Math.max(0, Math.min(value, extent - 1));
    if (inside !== value && plan.mode === "check") throw new Error(`index ${value} of ${extent}`);
    place[axis] = limit === undefined ? inside : place[axis]! + inside;
  }
  return positionOf(place, stridesOf(operand.shape));
}

/** Elements of `tensor`, the result of a primitive with lowering "gather" or "scatter", computed from its descriptor alone. */
export function gatherOrScatter(tensor: Tensor): number[] {
  const { primitive, inputs, attributes } = tensor.node;
  const [operand, indices, updates] = evaluate(inputs);
  const { lowering } = primitive;
  const out: number[] = [];
  if (lowering.kind === "gather") {
    const plan = lowering.gather(inputs.map(typeOf), typeOf(tensor), attributes);
    eachIndex(typeOf(tensor).shape, (point) => out.push(operand!.data[placeOf(plan, operand!, indices!, point)]!));
  } else if (lowering.kind === "scatter") {
    const plan = lowering.scatter(inputs.map(typeOf), typeOf(tensor), attributes);
    out.push(...operand!.data);
    eachIndex(updates!.shape, (point, position) => {
      const place = placeOf(plan, operand!, indices!, point);
      out[place] = updates!.data[position]! + (lowering.mode === "add" ? out[place]! : 0);
    });
  } else throw new Error(`${primitive.name} neither gathers nor scatters`);
  return out;
}
