/** Air for the event loop: awaited calls give a macrotask now and then, or timers stand still and finalizers never run. */

import { platform } from "../platform/index.ts";

/** Longest time without a macrotask, milliseconds. */
export const airEveryMs = 50;
/** Most bytes of results without a macrotask. */
export const airEveryBytes: number = 64 * 2 ** 20;

let lastAir = -Infinity;
let bytesSinceAir = 0;

/** Counts bytes of new results; true where a macrotask is due. */
export function airIsDue(bytes: number): boolean {
  bytesSinceAir += bytes;
  if (bytesSinceAir >= airEveryBytes) return true;
  return performance.now() - lastAir >= airEveryMs;
}

/** Waits for a macrotask: timers, input and finalizers get their turn. */
export async function takeAir(): Promise<void> {
  await platform.macrotask();
  lastAir = performance.now();
  bytesSinceAir = 0;
}

/** `if (airIsDue(bytes)) await takeAir()`. */
export async function airAfter(bytes: number): Promise<void> {
  if (airIsDue(bytes)) await takeAir();
}
