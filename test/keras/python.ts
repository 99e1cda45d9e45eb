/** The Python that tests compare with, where NABLA_PYTHON names one. */
import { spawnSync } from "node:child_process";

const python = process.env["NABLA_PYTHON"];

/** What is missing for tests that need these Python modules, or null. Printed once by the tests that skip. */
export function missingPython(modules: readonly string[]): string | null {
  if (python === undefined || python === "") return `NABLA_PYTHON names no Python with ${modules.join(", ")}`;
  const found = spawnSync(
    python,
    ["-c", `import importlib.util as u; print([m for m in ${JSON.stringify(modules)} if u.find_spec(m) is None])`],
    {
      encoding: "utf8",
    },
  );
  if (found.status !== 0) return `${python} does not run: ${found.error?.message ?? found.stderr}`;
  return found.stdout.trim() === "[]" ? null : `${python} has no ${found.stdout.trim()}`;
}

/** Runs a script and gives what it printed. Throws with its errors where it fails. */
export function runPython(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(python!, args, {
    encoding: "utf8",
    env: { KERAS_BACKEND: "torch", OMP_NUM_THREADS: "1", ...process.env },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${args.join(" ")} failed: ${error?.message ?? stderr.slice(-2000)}`);
  return stdout;
}
