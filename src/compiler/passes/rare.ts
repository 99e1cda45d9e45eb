/** What few graphs need, in one file of a bundle: files apart for each would share more than they hold. */
export { phasesOf } from "./contraction-phases.ts";
export { buildControlFlow } from "./build-control-flow.ts";
export { buildCumulative } from "./build-cumulative.ts";
export { buildDilated, dilateOperand } from "./build-dilated.ts";
export { buildProducts } from "./build-products.ts";
export { buildScatter } from "./build-scatter.ts";
export { buildSort } from "./build-sort.ts";
export { buildWindow, buildWindowScatter } from "./build-windows.ts";
export { expandGather, expandWindowGather } from "./expand-gather.ts";
export { gatherEqual } from "./gather-equal.ts";
export { inlineOnce } from "./inline-once.ts";
export { PadJoiner } from "./join-pads.ts";
export { joinRows } from "./join-rows.ts";
export { optimizeNested } from "./optimize-nested.ts";
export { pruneScan } from "./prune-scan.ts";
export { splitReductions } from "./split-reductions.ts";
export { tileBatch } from "./tile-batch.ts";
