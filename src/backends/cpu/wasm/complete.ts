/** Gives at once what is loaded late: for back-ends that want everything, and for tests. */
import * as generator from "./generator.ts";
import * as helpers from "./helpers.ts";
import { generatorOfCode, helperThreads } from "./parts.ts";

generatorOfCode.provide(generator);
helperThreads.provide(helpers);
