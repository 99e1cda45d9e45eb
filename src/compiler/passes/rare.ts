/** What few graphs need, in one file of a bundle: files apart for each would share more than they hold. */
export { areApart, writeApart } from "./are-apart.ts";
export { phasesOf } from "./contraction-phases.ts";
export { buildControlFlow } from "./build-control-flow.ts";
export { dilateOperand } from "./build-dilated.ts";
export { buildProducts } from "./build-products.ts";
export { buildRareRoot } from "./build-rare-root.ts";
export { expandPadded, expandRare } from "./expand-rare.ts";
export { gatherEqual } from "./gather-equal.ts";
export { inlineOnce } from "./inline-once.ts";
export { PadJoiner } from "./join-pads.ts";
export { joinRows } from "./join-rows.ts";
export { optimizeNested } from "./optimize-nested.ts";
export { pruneScan } from "./prune-scan.ts";
export { splitReductions } from "./split-reductions.ts";
export { tileBatch } from "./tile-batch.ts";
export { withWindowMax } from "./window-max.ts";
