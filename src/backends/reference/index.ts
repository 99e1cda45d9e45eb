/** The reference back-end: interprets graphs in plain TypeScript. */
export { evaluate, interpret, interpretSteps } from "./interpreter.ts";
export { createReferenceBackend } from "./reference-backend.ts";
