/** What the WebAssembly engine at hand can do, by validating tiny modules. */

/** `v128` of zeros: `i32.const 0`, `i32x4.splat`. */
const zeros = [0x41, 0, 0xfd, 0x11];
const drop = 0x1a;
/** `memory 1 1 shared`. */
const sharedMemory = [5, 4, 1, 3, 1, 1];

/** Whether the engine has relaxed SIMD (`f32x4.relaxed_madd`): Node 22 and newer, current browsers. */
export function detectRelaxedSimd(): boolean {
  return validates([...zeros, ...zeros, ...zeros, 0xfd, 0x85, 2, drop]);
}

/** Whether the engine has 128-bit SIMD, without which this back-end cannot run. */
export function detectSimd(): boolean {
  return validates([...zeros, drop]);
}

/** Whether memory can be shared between threads (in a page: only when it is cross-origin isolated). */
export function detectSharedMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined" || typeof Atomics === "undefined") return false;
  // i32.const 0, i32.atomic.load
  return validates([0x41, 0, 0xfe, 0x10, 2, 0, drop], sharedMemory);
}

/** Why memory cannot be shared here, in one sentence; undefined where it can. */
export function whyNotShared(): string | undefined {
  if (detectSharedMemory()) return undefined;
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  return isolated === false
    ? "the page is not cross-origin isolated, so one thread runs: serve it with the headers " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp"
    : "this engine cannot share memory between threads, so one thread runs";
}

/** Validates a module of one function `() -> ()` with these instructions; `memory` is the section of its memory. */
function validates(instructions: readonly number[], memory: readonly number[] = []): boolean {
  if (typeof WebAssembly === "undefined") return false;
  const body = [0, ...instructions, 0x0b];
  const types = [1, 4, 1, 0x60, 0, 0];
  const functions = [3, 2, 1, 0];
  const code = [10, body.length + 2, 1, body.length, ...body];
  return WebAssembly.validate(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...types, ...functions, ...memory, ...code));
}
