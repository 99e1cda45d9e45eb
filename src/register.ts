/** What importing the package root makes known: back-ends, and the names that strings and configs may use. */
import { registerActivations } from "./activations/index.ts";
import { registerApplications } from "./applications/register-applications.ts";
// Not the barrel, which gives all parts at once: here parts-at-once.ts decides.
import { createWasmBackend } from "./backends/cpu/wasm/backend.ts";
import { createX64Backend } from "./backends/cpu/x64/index.ts";
import { createReferenceBackend } from "./backends/reference/index.ts";
import { registerConstraints } from "./constraints/index.ts";
import { registerInitializers } from "./initializers/index.ts";
import { registerLayers, registerQuantization } from "./layers/index.ts";
import { registerLosses } from "./losses/index.ts";
import { registerMetrics } from "./metrics/index.ts";
import { kerasOperations, registerModels, registerOperations } from "./models/index.ts";
import * as ops from "./ops/index.ts";
import { registerOptimizers } from "./optimizers/index.ts";
import { registerQuantizers } from "./quantizers/index.ts";
import { registerRegularizers } from "./regularizers/index.ts";
import { registerNotHere } from "./serialization/index.ts";
import { registerSequenceToSequence } from "./sequence-to-sequence/register-sequence-to-sequence.ts";
import { registerBackend, startBackend, startFirst } from "./runtime/index.ts";
import { registerAutoencoders } from "./unsupervised/autoencoders/register-autoencoders.ts";
import "./ops/tensor-methods.ts";
import "./parts-at-once.ts";

registerBackend("reference", createReferenceBackend);
registerBackend("wasm", () => createWasmBackend());
// Nobody gets it without asking.
registerBackend("webgpu", async () => await (await import("./backends/webgpu/index.ts")).createWebGpuBackend());
// Machine code where it runs; else WebAssembly, with which it then shares memory and threads.
registerBackend("cpu", () =>
  startFirst(
    [
      ["x64", createX64Backend],
      ["wasm", () => startBackend("wasm")],
    ],
    "NABLA_CPU",
  ),
);

registerActivations();
registerApplications();
registerAutoencoders();
registerConstraints();
registerInitializers();
registerLayers();
registerLosses();
registerMetrics();
registerModels();
registerNotHere();
registerOperations(ops, kerasOperations);
registerOptimizers();
registerQuantization();
registerQuantizers();
registerRegularizers();
registerSequenceToSequence();
