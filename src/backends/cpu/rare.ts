/** What few kernels need of the lowering and of WebAssembly's generator, in one file of a bundle: each file more is shared code apart. */
export { emitUnitCopy } from "./loops/contract/emit-unit-copy.ts";
export { emitLhsBlock, planLhsBlock } from "./loops/contract/lhs-block.ts";
export { isPlainCopy, packPanels } from "./loops/contract/pack-panels.ts";
export { padOperand } from "./loops/contract/pad-operand.ts";
export { planUnitCopy } from "./loops/contract/plan-unit-copy.ts";
export { reduceFallback } from "./loops/contract/reduce-fallback.ts";
export { splitContraction } from "./loops/contract/split-contraction.ts";
export { widenOperand } from "./loops/contract/widen-operand.ts";
export { filterMinimally } from "./loops/contract/filter-minimally.ts";
export { lowerFilteredGradient } from "./loops/contract/lower-filtered-gradient.ts";
export { lowerFiltered } from "./loops/contract/lower-filtered.ts";
export { lowerCumulative } from "./loops/lower-cumulative.ts";
export { lowerRows } from "./loops/lower-rows.ts";
export { lowerScatter } from "./loops/lower-scatter.ts";
export { lowerSort } from "./loops/lower-sort.ts";
export { integerDivide, rareScalars, rounded, toByte } from "./loops/rare-scalars.ts";
export { fromHalfBits, nearestHalf, toHalfBits } from "./loops/short-floats.ts";
export { loadNarrow, pushNarrow, storeNarrow } from "./wasm/narrow-memory.ts";
