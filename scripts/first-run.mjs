// Runs one of the project's tools, installing what is missing or changed first. Plain Node: it must work on a fresh clone.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lock = join(root, "package-lock.json");
const stamp = join(root, "node_modules", ".nabla-installed");

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`nabla needs Node 20.19 or later; this is ${process.version}.`);
  process.exit(1);
}

const wanted = createHash("sha256").update(readFileSync(lock)).digest("hex");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  console.error("Installing what nabla's tools need (once) ...");
  const windows = process.platform === "win32";
  const install = spawnSync(windows ? "npm.cmd" : "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    shell: windows,
  });
  if (install.status !== 0) {
    console.error("npm ci failed: see the lines above. nabla needs the npm registry once; then `npm start` works offline.");
    process.exit(install.status ?? 1);
  }
  writeFileSync(stamp, wanted);
}

const [tool, ...rest] = process.argv.slice(2);
const tools = {
  tsx: "node_modules/tsx/dist/cli.mjs",
  vitest: "node_modules/vitest/vitest.mjs",
};
if (tool === undefined || !(tool in tools)) {
  console.error(`usage: node scripts/first-run.mjs ${Object.keys(tools).join("|")} ARGUMENTS`);
  process.exit(2);
}
const run = spawnSync(process.execPath, [join(root, tools[tool]), ...rest], { cwd: root, stdio: "inherit" });
process.exit(run.status ?? 1);
