/** WebGPU in Node through the package `webgpu` (Dawn, its binaries inside), an optional peer. */
import { BackendError } from "../errors.ts";

/** What is used of the package. */
interface Dawn {
  create(options: readonly string[]): GPU;
}

let opened: Promise<GPU> | undefined;

/** WebGPU of this machine. Throws BackendError where the package is missing or does not load. */
export function openDawn(): Promise<GPU> {
  return (opened ??= load());
}

async function load(): Promise<GPU> {
  try {
    // Not a literal: type-checking must not need the package.
    const name: string = "webgpu";
    return ((await import(name)) as Dawn).create([]);
  } catch (error) {
    opened = undefined;
    throw new BackendError({
      where: "webgpu back-end",
      problem: "the package webgpu, which gives Node WebGPU, cannot be loaded",
      received: error instanceof Error ? error.message.split("\n")[0]! : String(error),
      advice: 'npm install webgpu, or stay with the back-end "cpu"; nothing was changed',
    });
  }
}
