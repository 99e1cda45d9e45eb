/** All parts at once: in Node nobody waits for files, and the first run finds everything loaded. */
import "./backends/cpu/loops/complete.ts";
import "./backends/cpu/wasm/complete.ts";
import "./compiler/complete.ts";
import "./models/complete.ts";
