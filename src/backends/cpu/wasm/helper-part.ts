/** What the back-end needs on several threads only. */
import { Part } from "../../../parts/part.ts";
import type * as helpers from "./helpers.ts";

/** Workers and their driver: loaded when a program is first worth more than one thread, or at once by complete.ts. */
export const helperThreads: Part<typeof helpers> = new Part(() => import("./helpers.ts"));
