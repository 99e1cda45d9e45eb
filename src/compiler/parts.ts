/** Passes that few graphs need. */
import { Part } from "../parts/part.ts";
import type * as rare from "./passes/rare.ts";

/**
 * Passes for loops, windows, indices from data, sorts, holes, pads, long rows and long sums: loaded when a graph has one of them, or
 * at once by complete.ts.
 */
export const rarePasses: Part<typeof rare> = new Part(() => import("./passes/rare.ts"));
