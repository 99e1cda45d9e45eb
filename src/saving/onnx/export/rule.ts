/** What a rule of the export is: the ONNX nodes of one primitive. */
import type { AlignedNode, AlignedType } from "./aligned-graph.ts";
import type { GraphWriter, Value } from "./graph-writer.ts";

/** What a rule is given. */
export interface RuleContext {
  readonly node: AlignedNode;
  readonly inputs: readonly Value[];
  readonly writer: GraphWriter;
  /** Types of the outputs. */
  readonly types: readonly AlignedType[];
  /** What made an input, and from which values. */
  readonly producerOf: (value: Value) => { readonly node: AlignedNode; readonly inputs: readonly Value[] } | undefined;
}

/** The values of a primitive's outputs. */
export type Rule = (context: RuleContext) => readonly Value[];
