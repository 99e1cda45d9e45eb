/** What bundles for browsers take in the place of dump.ts: a page has no environment variable that could ask, and no files. */

/** Nothing. */
export function dumpProgram(): void {}
