/** Gives all passes at once: for back-ends that want everything, and for tests. */
import { rarePasses } from "./parts.ts";
import * as rare from "./passes/rare.ts";

rarePasses.provide(rare);
