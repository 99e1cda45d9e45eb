/** Work that leaves a loop at its end: products that no step needs again. */
import { sizeOf, Subgraph, type Tensor, typeOf } from "../graph/index.ts";
import { type DotDimensions, dotGeneralPrimitive } from "./dot-general.ts";
import { isSameValue, nodesBelow, type ScanParts } from "./scan-parts.ts";
import { LoopValues, stackedDot } from "./scan-time.ts";

/** A scan, and what its outputs become. */
export interface Sunk {
  readonly parts: ScanParts;
  /** The outputs of the scan as it was, from those of `parts`. */
  readonly finish: (outputs: readonly Tensor[]) => Tensor[];
}

/** A stack of an operand may be as much larger than the product's stack that it replaces. */
const largestGrowth = 4;

/**
 * Where slice t of an output is a product of something with a constant, and the next step does not need it (an output
 * projection, the gradient of an input), the loop gives the something and one contraction after it does the products.
 */
export function sinkScan(parts: ScanParts): Sunk {
  const { body, init } = parts;
  const carries = init.length;
  const results = [...body.results];
  const values = new LoopValues(parts);
  const after = new Map<number, (stack: Tensor) => Tensor>();
  body.results.forEach((result, i) => {
    const { node } = result;
    if (i < carries || node.primitive !== dotGeneralPrimitive || values.variation(result) !== "carried") return;
    const [lhs, rhs] = node.inputs;
    const left = values.variation(lhs!) === "carried";
    const operand = left ? lhs! : rhs!;
    const constant = left ? rhs! : lhs!;
    if (!values.isConstant(constant)) return;
    const isEmitted = results.some((other, j) => j >= carries && j !== i && isSameValue(other, operand));
    if (!isEmitted && sizeOf(typeOf(operand).shape) > largestGrowth * sizeOf(typeOf(result).shape)) return;
    if (nodesBelow(results.filter((other, j) => j < carries || !isSameValue(other, result))).includes(node)) return;
    const outside = values.constant(constant);
    const dimensions = node.attributes as DotDimensions;
    results[i] = operand;
    after.set(i, (stack) =>
      left ? stackedDot(stack, true, outside, false, dimensions) : stackedDot(outside, false, stack, true, dimensions),
    );
  });
  if (after.size === 0) return { parts, finish: (outputs) => [...outputs] };
  // Several outputs may have become one value.
  const kept: Tensor[] = results.slice(0, carries);
  const position = results.map((result, i) => {
    if (i < carries) return i;
    const known = kept.findIndex((other, j) => j >= carries && isSameValue(other, result));
    return known >= 0 ? known : kept.push(result) - 1;
  });
  return {
    parts: { ...parts, body: new Subgraph(body.parameters, kept) },
    finish: (outputs) => position.map((at, i) => after.get(i)?.(outputs[at]!) ?? outputs[at]!),
  };
}
