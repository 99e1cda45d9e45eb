/** What importing the package root makes known: back-ends, and the names that strings and configs may use. */
import { registerActivations } from "./activations/index.ts";
import { createReferenceBackend } from "./backends/reference/index.ts";
import { registerConstraints } from "./constraints/index.ts";
import { registerInitializers } from "./initializers/index.ts";
import { registerLayers } from "./layers/index.ts";
import { registerRegularizers } from "./regularizers/index.ts";
import { registerBackend } from "./runtime/index.ts";
import "./ops/tensor-methods.ts";

registerBackend("reference", createReferenceBackend);
registerActivations();
registerConstraints();
registerInitializers();
registerLayers();
registerRegularizers();
