/** What few programs ask of a model that trains. */
import { Part } from "../parts/part.ts";
import type * as rare from "./rare.ts";

/**
 * Streams, validation, several arrays and arrays by name, texts, weights of classes and samples, single batches, and models
 * that do not say what they take: loaded when they are first asked for, by what model-session.ts says, or at once by
 * complete.ts.
 */
export const rareData: Part<typeof rare> = /* @__PURE__ */ new Part<typeof rare>();
