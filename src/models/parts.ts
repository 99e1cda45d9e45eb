/** What few programs train on. */
import { Part } from "../parts/part.ts";
import type * as rare from "./rare.ts";

/** Streams, data by name, texts, weights of classes and data of models that do not say what they take: loaded when they are first given, or at once by complete.ts. */
export const rareData: Part<typeof rare> = new Part(() => import("./rare.ts"));
