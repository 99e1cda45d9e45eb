/** The rule of each primitive, by its name. */
import type { Primitive } from "../graph/index.ts";
import type { BatchRule } from "./batched.ts";
import * as flow from "./control-flow-rules.ts";
import * as index from "./index-rules.ts";
import * as movement from "./movement-rules.ts";
import * as product from "./product-rules.ts";

const named: Readonly<Record<string, BatchRule>> = {
  reshape: movement.reshape,
  transpose: movement.transpose,
  broadcastInDim: movement.broadcastInDim,
  slice: movement.slice,
  pad: movement.pad,
  concatenate: movement.alongAxes,
  reverse: movement.alongAxes,
  reduceSum: movement.alongAxes,
  reduceMax: movement.alongAxes,
  reduceMin: movement.alongAxes,
  reduceProd: movement.alongAxes,
  reduceAny: movement.alongAxes,
  reduceAll: movement.alongAxes,
  argmax: movement.alongAxes,
  argmin: movement.alongAxes,
  cumulativeSum: movement.alongAxes,
  cumulativeProd: movement.alongAxes,
  cumulativeMax: movement.alongAxes,
  cumulativeMin: movement.alongAxes,
  sort: movement.alongAxes,
  stopGradient: movement.elementwise,
  reduceWindowSum: movement.reduceWindowSum,
  windowArgmax: movement.windowArgmax,
  windowGather: movement.windowGather,
  windowScatter: movement.windowScatter,
  dotGeneral: product.dotGeneral,
  convGeneral: product.convGeneral,
  take: index.take,
  takeScatterAdd: index.takeScatterAdd,
  takeAlongAxis: index.takeAlongAxis,
  takeAlongAxisScatterAdd: index.takeAlongAxisScatterAdd,
  gatherNd: index.gatherNd,
  scatterNdAdd: index.scatterNdAdd,
  scatterNdSet: index.scatterNdSet,
  dynamicSlice: index.dynamicSlice,
  dynamicUpdateSlice: index.dynamicUpdateSlice,
  rngBits: flow.eachExample,
  scan: flow.scan,
  while: flow.whileLoop,
  cond: flow.cond,
};

/** How a primitive is vectorized; undefined for leaves and constants, which never depend on an example. */
export function batchRuleOf(primitive: Primitive): BatchRule | undefined {
  return primitive.lowering.kind === "scalar" ? movement.elementwise : named[primitive.name];
}
