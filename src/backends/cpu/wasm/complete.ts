/** Gives what several threads need at once: for back-ends that want everything, and for tests. */
import * as helpers from "./helpers.ts";
import { helperThreads } from "./parts.ts";

helperThreads.provide(helpers);
