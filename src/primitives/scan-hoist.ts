/** Work that leaves a loop at its front: what needs no carry is computed for all steps at once. */
import { type Node, Tensor } from "../graph/index.ts";
import { convGeneralPrimitive } from "./conv-general.ts";
import { dotGeneralPrimitive } from "./dot-general.ts";
import { type Import, nodesBelow, type ScanParts, withImports } from "./scan-parts.ts";
import { LoopValues } from "./scan-time.ts";

/** Whether a node costs nothing inside the loop: it only renames elements, or is data. */
function isFree(node: Node): boolean {
  const { kind } = node.primitive.lowering;
  return node.inputs.length === 0 || kind === "view" || kind === "reshape" || kind === "identity";
}

/** Whether a product has one operand that is the same in every step. */
function isProjection(node: Node, values: LoopValues): boolean {
  const { primitive, inputs } = node;
  if (primitive === convGeneralPrimitive) return values.isConstant(inputs[1]!);
  return primitive === dotGeneralPrimitive && (values.isConstant(inputs[0]!) || values.isConstant(inputs[1]!));
}

/** Whether a node adds something that is the same in every step (a bias) to such a product of slices. */
function isShiftedProjection(node: Node, values: LoopValues): boolean {
  const [x, y] = node.inputs;
  if (node.primitive.name !== "add") return false;
  return (isProjection(x!.node, values) && values.isConstant(y!)) || (isProjection(y!.node, values) && values.isConstant(x!));
}

/**
 * Moves out of the body what can be computed before the loop: values that are the same in every step become constants,
 * and products of slices with constants (the input projections of a recurrent layer, with their biases) become one contraction
 * over all steps, whose slices the body sees instead. Slices and constants that the body no longer uses are dropped.
 */
export function hoistScan(parts: ScanParts): ScanParts {
  const values = new LoopValues(parts);
  const imports: Import[] = [];
  for (const node of nodesBelow(parts.body.results)) {
    if (isFree(node)) continue;
    node.types.forEach((_, index) => {
      const inside = new Tensor(node, index);
      const variation = values.variation(inside);
      if (variation === "constant") imports.push({ inside, outside: values.constant(inside), as: "constant" });
      if (variation !== "sequence" || !(isProjection(node, values) || isShiftedProjection(node, values))) return;
      const outside = values.stack(inside);
      if (outside !== null) imports.push({ inside, outside, as: "slices" });
    });
  }
  return withImports(parts, imports);
}
