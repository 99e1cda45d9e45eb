/** What the WebAssembly engine at hand can do, by validating tiny modules. */
import { ByteWriter, encodeModule } from "./encode.ts";

/** Whether the engine has relaxed SIMD (`f32x4.relaxed_madd`): Node 22 and newer, current browsers. */
export function detectRelaxedSimd(): boolean {
  const code = new ByteWriter();
  for (let operand = 0; operand < 3; operand++) {
    code.i32Const(operand);
    code.op("i32x4.splat");
  }
  code.op("f32x4.relaxed_madd");
  code.op("drop");
  return validates(code, false);
}

/** Whether the engine has 128-bit SIMD, without which this back-end cannot run. */
export function detectSimd(): boolean {
  const code = new ByteWriter();
  code.i32Const(0);
  code.op("i32x4.splat");
  code.op("drop");
  return validates(code, false);
}

/** Whether memory can be shared between threads (in a page: only when it is cross-origin isolated). */
export function detectSharedMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined" || typeof Atomics === "undefined") return false;
  const code = new ByteWriter();
  code.i32Const(0);
  code.memory("i32.atomic.load", 2, 0);
  code.op("drop");
  return validates(code, true);
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

function validates(code: ByteWriter, sharedMemory: boolean): boolean {
  if (typeof WebAssembly === "undefined") return false;
  const bytes = encodeModule({
    importedFunctions: [],
    sharedMemory,
    importsTable: false,
    extraTypes: [],
    functions: [{ name: "probe", type: { parameters: [], results: [] }, locals: [], code: code.finish() }],
  });
  return WebAssembly.validate(bytes);
}
