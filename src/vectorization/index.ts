/** Functions of one example applied to many at once. */
export { batchRuleOf } from "./rules.ts";
export { vmap, type VmapOptions } from "./vmap.ts";
