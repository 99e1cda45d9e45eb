/** Gives at once what is loaded late: for back-ends that want everything, and for tests. */
import * as generator from "./generator.ts";
import { helperThreads } from "./helper-part.ts";
import * as helpers from "./helpers.ts";
import { generatorOfCode } from "./parts.ts";

generatorOfCode.provide(generator);
helperThreads.provide(helpers);
