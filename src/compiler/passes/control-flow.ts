/** What only graphs with loops and branches need. */
export { buildControlFlow } from "./build-control-flow.ts";
export { hoistInvariant } from "./hoist-invariant.ts";
export { pruneScan } from "./prune-scan.ts";
