/** The runtime: back-ends, programs, values. The only room that joins the compiler with back-ends. */
import { setEvaluator } from "../graph/index.ts";
import { GraphEvaluator } from "./evaluator.ts";

setEvaluator(new GraphEvaluator());

export {
  type BackendFactory,
  backendInfo,
  backendNames,
  currentBackend,
  getBackend,
  registerBackend,
  setBackend,
  startBackend,
  startFirst,
} from "./backends.ts";
export { airAfter, airIsDue, takeAir } from "./event-loop.ts";
export { jit } from "./jit.ts";
export { type CacheCounts, cacheCounts, clearPrograms } from "./program-cache.ts";
export { type ArgumentType, type ArgumentValues, type RunOptions, Traced } from "./traced.ts";
