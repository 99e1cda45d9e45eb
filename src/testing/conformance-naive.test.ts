import { runnerOf } from "./compare.ts";
import { runConformance } from "./conformance.ts";
import { createNaiveBackend } from "./naive-backend.ts";

// The compiler's kernels, evaluated point by point.
runConformance("naive kernels", runnerOf(createNaiveBackend()));
