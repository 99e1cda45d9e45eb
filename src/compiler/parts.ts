/** Passes that few graphs need: loaded when they are first used, or all at once by complete.ts. */
import { Part } from "../parts/part.ts";

/** Loops and branches. */
export const controlFlow: Part<typeof import("./passes/control-flow.ts")> = new Part(() => import("./passes/control-flow.ts"));

/** Contractions with dilated operands. */
export const contractionPhases: Part<typeof import("./passes/contraction-phases.ts")> = new Part(
  () => import("./passes/contraction-phases.ts"),
);

/** Prefix sums and the like. */
export const cumulatives: Part<typeof import("./passes/build-cumulative.ts")> = new Part(() => import("./passes/build-cumulative.ts"));

/** Views and operands with holes. */
export const dilations: Part<typeof import("./passes/build-dilated.ts")> = new Part(() => import("./passes/build-dilated.ts"));

/** Reads at indices from data. */
export const gathers: Part<typeof import("./passes/expand-gather.ts")> = new Part(() => import("./passes/expand-gather.ts"));

/** Kernels that keep a row in cache. */
export const rows: Part<typeof import("./passes/join-rows.ts")> = new Part(() => import("./passes/join-rows.ts"));

/** Writes at indices from data. */
export const scatters: Part<typeof import("./passes/build-scatter.ts")> = new Part(() => import("./passes/build-scatter.ts"));

/** Sorts. */
export const sorts: Part<typeof import("./passes/build-sort.ts")> = new Part(() => import("./passes/build-sort.ts"));

/** Long reductions in two steps. */
export const splits: Part<typeof import("./passes/split-reductions.ts")> = new Part(() => import("./passes/split-reductions.ts"));

/** Windows: pooling and its gradients. */
export const windows: Part<typeof import("./passes/build-windows.ts")> = new Part(() => import("./passes/build-windows.ts"));
