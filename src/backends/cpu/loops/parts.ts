/** What few kernels need: loaded when it is first used, or all at once by complete.ts. */
import { Part } from "../../../parts/part.ts";

/** Prefix sums and the like. */
export const cumulatives: Part<typeof import("./lower-cumulative.ts")> = new Part(() => import("./lower-cumulative.ts"));

/** Kernels of several stages per row. */
export const rows: Part<typeof import("./lower-rows.ts")> = new Part(() => import("./lower-rows.ts"));

/** Scatters. */
export const scatters: Part<typeof import("./lower-scatter.ts")> = new Part(() => import("./lower-scatter.ts"));

/** Sorts. */
export const sorts: Part<typeof import("./lower-sort.ts")> = new Part(() => import("./lower-sort.ts"));

/** Operands that are copied into padding. */
export const paddedOperands: Part<typeof import("./contract/pad-operand.ts")> = new Part(() => import("./contract/pad-operand.ts"));

/** Contractions whose sums are split. */
export const splitContractions: Part<typeof import("./contract/split-contraction.ts")> = new Part(
  () => import("./contract/split-contraction.ts"),
);

/** Contractions that are reductions. */
export const reduceFallbacks: Part<typeof import("./contract/reduce-fallback.ts")> = new Part(
  () => import("./contract/reduce-fallback.ts"),
);

/** Operands that are packed into panels. */
export const packedPanels: Part<typeof import("./contract/pack-panels.ts")> = new Part(() => import("./contract/pack-panels.ts"));

/** erf. */
export const errorFunctions: Part<typeof import("./math/erf.ts")> = new Part(() => import("./math/erf.ts"));

/** asin, acos, atan, atan2. */
export const inverseTrigonometry: Part<typeof import("./math/inverse-trigonometric.ts")> = new Part(
  () => import("./math/inverse-trigonometric.ts"),
);

/** power. */
export const powers: Part<typeof import("./math/power.ts")> = new Part(() => import("./math/power.ts"));

/** remainder of floats. */
export const remainders: Part<typeof import("./math/remainder.ts")> = new Part(() => import("./math/remainder.ts"));

/** sin, cos, tan. */
export const trigonometry: Part<typeof import("./math/trigonometric.ts")> = new Part(() => import("./math/trigonometric.ts"));
