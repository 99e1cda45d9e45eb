/** From kernels to WebAssembly, in one file of a bundle: what nothing needs before the first run. */
export { scheduleContract } from "../loops/contract/schedule.ts";
export { divideWork, lowerKernel } from "../loops/lower.ts";
export { rareKernels } from "../loops/parts.ts";
export { emitDriver } from "./driver.ts";
export { emitModule } from "./emit.ts";
export { helperThreads } from "./helper-part.ts";
