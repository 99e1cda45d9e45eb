/** Runs one of the measuring scripts the way `main.ts` does. Usage: run-script.ts SCRIPT [ARGUMENT ...] */
import { spawnSync } from "node:child_process";
import { bundled } from "./processes.ts";

const [script = "", ...args] = process.argv.slice(2);
process.exitCode = spawnSync(process.execPath, [bundled(script), ...args], { stdio: "inherit" }).status ?? 1;
