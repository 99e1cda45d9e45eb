/** Values during vectorization. */
import { concreteShape, type Node, type Subgraph, type Tensor } from "../graph/index.ts";
import { broadcastInDim, transpose } from "../primitives/index.ts";

/** A value of all examples: with the batch axis first, or shared by all. */
export interface Batched {
  readonly tensor: Tensor;
  readonly mapped: boolean;
}

/** What a rule sees. */
export interface RuleContext {
  readonly node: Node;
  readonly inputs: readonly Batched[];
  /** Number of examples. */
  readonly size: number;
  /** Results of a body on batched parameters: each parameter of the body is bound to one value; the results all get the batch axis. */
  readonly vectorizeBody: (body: Subgraph, parameters: readonly Batched[]) => Tensor[];
}

/** Results of a node for all examples, each with the batch axis first. */
export type BatchRule = (context: RuleContext) => readonly Tensor[];

/** `value` with the batch axis: copied to every example where it is shared. */
export function spread({ tensor, mapped }: Batched, size: number): Tensor {
  if (mapped) return tensor;
  const shape = concreteShape(tensor);
  return broadcastInDim(
    tensor,
    [size, ...shape],
    shape.map((_, axis) => axis + 1),
  );
}

/** Moves one axis to another place. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  const order = Array.from({ length: x.rank }, (_, axis) => axis).filter((axis) => axis !== from);
  order.splice(to, 0, from);
  return transpose(x, order);
}
