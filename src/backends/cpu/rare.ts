/** What few kernels need of the lowering and of WebAssembly's generator, in one file of a bundle: each file more is shared code apart. */
export { chooseOtherForm, fillsBetter } from "./loops/contract/choose-other-form.ts";
export { emitUnitCopy } from "./loops/contract/emit-unit-copy.ts";
export { widenedLhs } from "./loops/contract/lhs-block.ts";
export { emitLooped } from "./loops/contract/looped-epilogue.ts";
export { padOperand } from "./loops/contract/pad-operand.ts";
export { copiesPanels } from "./loops/contract/panel-copy.ts";
export { prefetchNextBlock } from "./loops/contract/prefetch-block.ts";
export { reduceFallback } from "./loops/contract/reduce-fallback.ts";
export {
  blockOfLhs,
  copyInUnits,
  elementwiseTile,
  packOperand,
  rangesOf,
  scheduleFiltered,
  spreadOperand,
  unitShapeOfCopy,
} from "./loops/contract/schedule-copies.ts";
export { cutContract, stepOfAxis } from "./loops/contract/slice-contraction.ts";
export { splitContraction } from "./loops/contract/split-contraction.ts";
export { widenOperand } from "./loops/contract/widen-operand.ts";
export { lowerFilteredGradient } from "./loops/contract/lower-filtered-gradient.ts";
export { lowerFiltered } from "./loops/contract/lower-filtered.ts";
export { clearRange, domainOf, forGuardedSegments, GuardConditions, heldRange, isSkippable } from "./loops/guards.ts";
export { lowerCumulative } from "./loops/lower-cumulative.ts";
export { lowerRows } from "./loops/lower-rows.ts";
export { lowerScatter } from "./loops/lower-scatter.ts";
export { lowerSort } from "./loops/lower-sort.ts";
export { lowerTransposition } from "./loops/lower-transposition.ts";
export { integerDivide, rareScalars, rounded, toByte } from "./loops/rare-scalars.ts";
export { fromHalfBits, nearestHalf, toHalfBits } from "./loops/short-floats.ts";
export { loadNarrow, pushNarrow, storeNarrow } from "./wasm/narrow-memory.ts";
