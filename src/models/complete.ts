/** Gives at once what models take: for the package root, and for tests. */
import { rareData } from "./parts.ts";
import * as rare from "./rare.ts";

rareData.provide(rare);
