/** The graph: tensors, nodes, shapes, primitives' interface. Knows no back-end. */
export {
  type HostData,
  type HostTypedArray,
  type HostValues,
  hostValues,
  isHostData,
  isHostTypedArray,
  resolveShape,
} from "./host-values.ts";
export {
  dataLeaf,
  dataTensor,
  isSymbolic,
  isText,
  parameterLeaf,
  parameterTensor,
  stateLeaf,
  stateTensor,
  symbolicLeaf,
  symbolicTensor,
  symbolicText,
} from "./leaves.ts";
export type {
  Affine,
  ContractIndex,
  Contraction,
  ContractRole,
  GatherPlan,
  Lowering,
  Reducer,
  ScalarOp,
  View,
  WindowGeometry,
} from "./lowering.ts";
export type { GradientContext, GradientRule, NdArray, Primitive, Sample } from "./primitive.ts";
export { currentScope, withScope } from "./scope.ts";
export {
  broadcastShapes,
  type ConcreteShape,
  formatShape,
  normalizeAxis,
  sameSamples,
  sameShape,
  type Shape,
  sizeOf,
  stridesOf,
} from "./shape.ts";
export { isStringData, type StringData, StringTensor, stringTensor } from "./string-tensor.ts";
export { rebuild, structuralKey, type Structure, type StructureNode, structureOf, typeText } from "./structure.ts";
export { sortedPositions } from "./sorted-positions.ts";
export { Subgraph } from "./subgraph.ts";
export { Substitution } from "./substitute.ts";
export {
  apply,
  applyOne,
  type Attribute,
  type Attributes,
  concreteShape,
  type Evaluator,
  type NestedArray,
  Node,
  setEvaluator,
  Tensor,
  type TensorType,
  typeOf,
} from "./tensor.ts";
export { inlined, isInlining, isTracing, outsideTrace, type Trace, trace, traceWith } from "./trace.ts";
export { flattenTree, isPlainObject, mapTree, type TensorTree, unflattenTree } from "./tree.ts";
export {
  type Assignable,
  readingAs,
  StateFlight,
  type StateMemory,
  StateVersion,
  unstoredStates,
  Variable,
  type VariableOptions,
  VariableState,
  versionOf,
  versionPrimitive,
} from "./variable.ts";
