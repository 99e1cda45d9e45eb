/** What a scan is made of, while rewrites move work into and out of its body. */
import { type Node, parameterTensor, Subgraph, Substitution, type Tensor, typeOf } from "../graph/index.ts";

/** What a scan runs on. */
export interface ScanParts {
  /** Parameters: carries, one slice of each of the xs, constants. Results: new carries, then one slice of each of the ys. Closed over its parameters. */
  readonly body: Subgraph;
  /** First values of the carries. */
  readonly init: readonly Tensor[];
  /** Arrays [length, ...] of which step t sees slice t. */
  readonly xs: readonly Tensor[];
  /** Tensors that every step sees. */
  readonly constants: readonly Tensor[];
  readonly length: number;
  /** From the last slice to the first; ys stand at the positions of their xs. */
  readonly reverse: boolean;
}

/** Nodes that `roots` need, oldest first. */
export function nodesBelow(roots: readonly Tensor[]): Node[] {
  const seen = new Set<Node>();
  const stack = roots.map((root) => root.node);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) stack.push(input.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Whether two tensors are one value. */
export function isSameValue(a: Tensor, b: Tensor): boolean {
  return a.node === b.node && a.index === b.index;
}

/** A value in a body that is to come from outside: as slices of a stack, or the same in every step. */
export interface Import {
  readonly inside: Tensor;
  readonly outside: Tensor;
  readonly as: "slices" | "constant";
}

/** The scan with values of the body replaced by new slices and constants, without those that the body does not use. */
export function withImports(parts: ScanParts, imports: readonly Import[]): ScanParts {
  const { body, init, xs, constants } = parts;
  const substitution = new Substitution();
  const made = imports.map(({ inside, outside, as }) => {
    const { shape, dtype } = typeOf(inside);
    const parameter = parameterTensor(shape, dtype);
    substitution.set(inside, parameter);
    return { parameter, outside, as };
  });
  const results = body.results.map((result) => substitution.of(result));
  const used = new Set(nodesBelow(results));
  const at = init.length + xs.length;
  const bind = (parameters: readonly Tensor[], outside: readonly Tensor[], as: Import["as"]): { parameter: Tensor; outside: Tensor }[] =>
    [...parameters.map((parameter, i) => ({ parameter, outside: outside[i]! })), ...made.filter((entry) => entry.as === as)].filter(
      ({ parameter }) => used.has(parameter.node),
    );
  const slices = bind(body.parameters.slice(init.length, at), xs, "slices");
  const fixed = bind(body.parameters.slice(at), constants, "constant");
  const parameters = [
    ...body.parameters.slice(0, init.length),
    ...slices.map(({ parameter }) => parameter),
    ...fixed.map(({ parameter }) => parameter),
  ];
  return {
    ...parts,
    body: new Subgraph(parameters, results),
    xs: slices.map(({ outside }) => outside),
    constants: fixed.map(({ outside }) => outside),
  };
}
