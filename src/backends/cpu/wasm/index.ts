/** The WebAssembly back-end with all parts of the compiler at hand. */
import "../../../compiler/complete.ts";
import "../loops/complete.ts";
import "./complete.ts";

export { createWasmBackend, type WasmOptions, wasmTarget } from "./backend.ts";
