/** What the back-end needs late, or on several threads only. */
import { Part } from "../../../parts/part.ts";
import type * as generator from "./generator.ts";
import type * as helpers from "./helpers.ts";

/** Lowering of kernels and their WebAssembly: loaded when a program is first made, or at once by complete.ts. */
export const generatorOfCode: Part<typeof generator> = new Part(() => import("./generator.ts"));

/** Workers and their driver: loaded when a program is first worth more than one thread, or at once by complete.ts. */
export const helperThreads: Part<typeof helpers> = new Part(() => import("./helpers.ts"));
