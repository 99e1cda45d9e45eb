/** The back-ends that nabla brings along. */
import { createReferenceBackend } from "../backends/reference/index.ts";
import { registerBackend } from "./backends.ts";

registerBackend("reference", createReferenceBackend);
