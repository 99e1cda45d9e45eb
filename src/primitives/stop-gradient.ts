import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { definePrimitive, nd } from "./define.ts";

/** The operand, through which no gradient flows. */
export const stopGradientPrimitive: Primitive = definePrimitive({
  name: "stopGradient",
  infer: (inputs) => [inputs[0]!],
  gradient: null,
  reference: ([x]) => [x!],
  lowering: { kind: "identity" },
  // Its declared derivative (zero) is not the derivative of its value: differences do not apply.
  samples: () => [{ inputs: [nd([1, 2, 3])], differentiable: false }, { inputs: [nd([7], [], "int32")] }, { inputs: [nd([], [0, 2])] }],
});

/** x as a constant: gradients do not flow to it. Shapes: any -> the same. */
export function stopGradient(x: Tensor): Tensor {
  return applyOne(stopGradientPrimitive, [x]);
}
