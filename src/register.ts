/** What importing the package root makes known: back-ends, and the names that strings and configs may use. */
import { registerActivations } from "./activations/index.ts";
import { createWasmBackend } from "./backends/cpu/wasm/index.ts";
import { createReferenceBackend } from "./backends/reference/index.ts";
import { registerConstraints } from "./constraints/index.ts";
import { registerInitializers } from "./initializers/index.ts";
import { registerLayers } from "./layers/index.ts";
import { registerLosses } from "./losses/index.ts";
import { registerMetrics } from "./metrics/index.ts";
import { registerModels } from "./models/index.ts";
import { registerOptimizers } from "./optimizers/index.ts";
import { registerRegularizers } from "./regularizers/index.ts";
import { registerBackend, startBackend } from "./runtime/index.ts";
import "./ops/tensor-methods.ts";

registerBackend("reference", createReferenceBackend);
registerBackend("wasm", () => createWasmBackend());
// The best code generator for this CPU: WebAssembly's, with which it shares memory and threads.
registerBackend("cpu", () => startBackend("wasm"));

registerActivations();
registerConstraints();
registerInitializers();
registerLayers();
registerLosses();
registerMetrics();
registerModels();
registerOptimizers();
registerRegularizers();
