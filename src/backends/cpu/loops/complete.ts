/** Gives all of the lowering at once: for back-ends that want everything, and for tests. */
import { rareKernels } from "./parts.ts";
import * as rare from "../rare.ts";

rareKernels.provide(rare);
