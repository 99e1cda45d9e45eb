/** What the back-end needs late. */
import { Part } from "../../../parts/part.ts";
import type * as generator from "./generator.ts";

/**
 * Lowering of kernels and their WebAssembly: loaded when a program is first made, or at once by complete.ts. Parts that only it
 * names (helper-part.ts, rare kernels) are loaded after it, so that bundlers put into its file what they share with it.
 */
export const generatorOfCode: Part<typeof generator> = new Part(() => import("./generator.ts"));
