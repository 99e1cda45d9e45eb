/** Calls that a functional model makes on the host, and tensors that stand for what they gave. */
import { isText, Tensor } from "../graph/index.ts";
import { Layer } from "../layers/layer.ts";
import type { GraphNode } from "./functional-graph.ts";

/** Symbolic tensors at the border between host and program, with what they are for one batch. */
export type BorderValues = ReadonlyMap<Tensor, Tensor>;

/** For a tensor that stands in the place of a text input in a program: what the texts became. */
const bordersOf = /* @__PURE__ */ new WeakMap<Tensor, BorderValues>();

/** Makes `tensor` stand for texts that became `values`. */
export function standFor(tensor: Tensor, values: BorderValues): void {
  bordersOf.set(tensor, values);
}

/** What the texts became that `tensor` stands for; undefined for other tensors. */
export function borderValuesOf(tensor: unknown): BorderValues | undefined {
  return tensor instanceof Tensor ? bordersOf.get(tensor) : undefined;
}

/** Whether a call is made on the host: it takes texts, or its layer wants values. */
export function needsHost(node: GraphNode): boolean {
  return node.inputs.some(isText) || (node.operation instanceof Layer && node.operation.runsOnHost);
}
