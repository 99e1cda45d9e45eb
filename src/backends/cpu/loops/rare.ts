/** What few kernels need, in one file of a bundle. */
export { emitUnitCopy } from "./contract/emit-unit-copy.ts";
export { isPlainCopy, packPanels } from "./contract/pack-panels.ts";
export { padOperand } from "./contract/pad-operand.ts";
export { planUnitCopy } from "./contract/plan-unit-copy.ts";
export { reduceFallback } from "./contract/reduce-fallback.ts";
export { splitContraction } from "./contract/split-contraction.ts";
export { widenOperand } from "./contract/widen-operand.ts";
export { winograd } from "./contract/winograd.ts";
export { lowerCumulative } from "./lower-cumulative.ts";
export { lowerRows } from "./lower-rows.ts";
export { lowerScatter } from "./lower-scatter.ts";
export { lowerSort } from "./lower-sort.ts";
export { erf } from "./math/erf.ts";
export { acosh, asinh, atanh, cosh, sinh } from "./math/hyperbolic.ts";
export { acos, asin, atan, atan2 } from "./math/inverse-trigonometric.ts";
export { power } from "./math/power.ts";
export { remainder } from "./math/remainder.ts";
export { cos, sin, tan } from "./math/trigonometric.ts";
