/** What shows a person how programs run: profiles, listings of code, the machine's peak. Bundles for browsers take inspection-absent.ts. */
export { type CodeListing, describeProgram } from "./describe-program.ts";
export { measureMachinePeak } from "./measure-peak.ts";
export { profiled } from "./profiling.ts";
