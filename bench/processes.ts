/** Measuring processes: each prints JSON lines, one at a time runs. */
import { buildSync } from "esbuild";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a process says of one model or one contraction. */
export interface Row {
  readonly peer: string;
  readonly model?: string;
  readonly work?: string;
  readonly threads?: number;
  readonly train_ms?: number;
  readonly infer_ms?: number;
  readonly first_ms?: number;
  readonly ms?: number;
  readonly gflops?: number;
  /** Largest resident set of the process, and what it was before the model was made. */
  readonly peak_bytes?: number;
  readonly before_bytes?: number;
  readonly error?: string;
}

/** The folder of the benchmark. */
export const here: string = dirname(fileURLToPath(import.meta.url));
const scripts = new Map<string, string>();

/**
 * JavaScript of one of our own scripts, the library's source in it. Not tsx: its loader wraps every function that is made
 * to keep its name, which costs a first call a quarter of its time and is nothing that users run.
 */
export function bundled(script: string): string {
  let file = scripts.get(script);
  if (file === undefined) {
    file = join(here, "results", script.replace(/\.ts$/, ".mjs"));
    buildSync({
      entryPoints: [join(here, script)],
      outfile: file,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      packages: "external",
      conditions: ["source"],
      logLevel: "error",
    });
    scripts.set(script, file);
  }
  return file;
}

/** Rows that a command prints; what went wrong goes to the terminal. */
export function rowsOf(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  timeoutMs = 900_000,
): Row[] {
  const child = spawnSync(command, args, {
    cwd: here,
    encoding: "utf8",
    timeout: timeoutMs,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const rows = (child.stdout ?? "").split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Row] : []));
  if (rows.length === 0 && child.status !== 0)
    console.error(`  ${args.slice(-4).join(" ")}: ${(child.stderr ?? "").trim().split("\n").at(-1) || "failed"}`);
  return rows;
}

/** Rows of one of our own scripts. */
export function ownRows(
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  timeoutMs?: number,
): Row[] {
  return rowsOf(process.execPath, [bundled(script), ...args], environment, timeoutMs);
}

/** The last number that one of our own scripts prints; NaN where it prints none. */
export function ownNumber(script: string, args: readonly string[]): number {
  const child = spawnSync(process.execPath, [bundled(script), ...args], { cwd: here, encoding: "utf8" });
  return Number(child.stdout.trim().split("\n").at(-1) || Number.NaN);
}

/** A Python that has a module, if there is one. */
export function pythonWith(module: string): string | undefined {
  return [process.env.NABLA_PYTHON ?? "python3", "python3", "/usr/bin/python3"].find(
    (python) => spawnSync(python, ["-c", `import ${module}`], { stdio: "ignore" }).status === 0,
  );
}
