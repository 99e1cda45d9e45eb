/** What a loop keeps of every step, so that its gradient need not repeat the work. */
import { type Lowering, type Node, type ScalarOp, Subgraph, Tensor } from "../graph/index.ts";
import { isSameValue, nodesBelow, type ScanParts } from "./scan-parts.ts";
import { LoopValues } from "./scan-time.ts";

/** Kinds of work that are kept; what is cheap (arithmetic, views) is repeated in the gradient. */
const kept: ReadonlySet<Lowering["kind"]> = new Set<Lowering["kind"]>([
  "contract",
  "reduce",
  "cumulative",
  "windowSum",
  "windowArgmax",
  "windowGather",
  "windowScatter",
  "scatter",
  "rngBits",
  "scan",
  "while",
  "cond",
]);

/** Elementwise functions that cost more than writing their value and reading it back. */
const transcendental: ReadonlySet<ScalarOp> = new Set<ScalarOp>([
  "exp",
  "expm1",
  "log",
  "log1p",
  "tanh",
  "sigmoid",
  "erf",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "atan2",
  "sinh",
  "cosh",
  "asinh",
  "acosh",
  "atanh",
  "power",
]);

function isKept(node: Node): boolean {
  const { lowering } = node.primitive;
  return kept.has(lowering.kind) || (lowering.kind === "scalar" && transcendental.has(lowering.op));
}

/**
 * The scan with further ys: the carries that come into each step, and the results of expensive operations in the body.
 * The gradient reads them back; outputs that nobody reads cost nothing, since the compiler drops them.
 */
export function withResiduals(parts: ScanParts): ScanParts {
  const { body, init } = parts;
  const values = new LoopValues(parts);
  const results = [...body.results];
  const keep = (tensor: Tensor): void => {
    if (!results.some((other, i) => i >= init.length && isSameValue(other, tensor))) results.push(tensor);
  };
  body.parameters.slice(0, init.length).forEach(keep);
  for (const node of nodesBelow(body.results)) {
    if (!isKept(node)) continue;
    node.types.forEach((_, index) => {
      const tensor = new Tensor(node, index);
      if (!values.isConstant(tensor)) keep(tensor);
    });
  }
  return { ...parts, body: new Subgraph(body.parameters, results) };
}
