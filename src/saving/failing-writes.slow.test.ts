/** Writes that fail in the middle: the old file stays whole, and nothing is left beside it. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layers, loadModel, saving, Sequential } from "../index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-full-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = (): Sequential => new Sequential([layers.Dense({ units: 2, inputShape: [3] })]);
const large = (): Sequential => new Sequential([layers.Dense({ units: 1000, inputShape: [500] })]);

/** Saving the large model over the small one fails with `code` in every format; afterwards the small one is still there. */
async function keepsOldFiles(at: string, save: (name: string) => Promise<string>, code: RegExp): Promise<void> {
  for (const name of ["model.keras", "model.h5", "model.weights.h5", "model.safetensors", "model.npz"]) {
    expect(await save(name), name).toMatch(code);
    expect(readdirSync(at)).toContain(name);
  }
  expect(readdirSync(at).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  expect((await loadModel(join(at, "model.keras"))).countParams()).toBe(8);
  expect(Object.keys(await saving.loadNpz(join(at, "model.npz"))).length).toBe(2);
}

async function saveAll(model: Sequential, at: string): Promise<void> {
  for (const name of ["model.keras", "model.h5", "model.weights.h5", "model.safetensors", "model.npz"]) await saveAs(model, join(at, name));
}

async function saveAs(model: Sequential, path: string): Promise<void> {
  if (path.endsWith(".safetensors")) await saving.saveSafetensors(path, model);
  else if (path.endsWith(".npz")) await saving.saveNpz(path, Object.fromEntries(model.weights.map((weight) => [weight.path, weight])));
  else if (path.endsWith(".weights.h5")) await model.saveWeights(path);
  else await model.save(path);
}

/** What fails, as text. */
async function failure(work: Promise<void>): Promise<string> {
  return await work.then(
    () => "done",
    (error: unknown) => String(error),
  );
}

describe("writes that fail", () => {
  it("on a disk that is full", async (test) => {
    const at = mkdtempSync(join(folder, "disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", at]);
    if (mounted.status !== 0) return test.skip(`no file system can be mounted here: ${String(mounted.stderr)}`);
    try {
      await saveAll(small(), at);
      const model = large();
      await keepsOldFiles(at, (name) => failure(saveAs(model, join(at, name))), /ENOSPC/);
    } finally {
      spawnSync("umount", [at]);
    }
  });

  it("in a folder that is read-only", async (test) => {
    const at = mkdtempSync(join(folder, "read-only-"));
    await saveAll(small(), at);
    // Permissions do not hold for root, a file system that is read-only does.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      const bound = spawnSync("sh", ["-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"', at]);
      if (bound.status !== 0) return test.skip(`no file system can be mounted here: ${String(bound.stderr)}`);
    } else chmodSync(at, 0o555);
    try {
      const model = large();
      await keepsOldFiles(at, (name) => failure(saveAs(model, join(at, name))), /EROFS|EACCES/);
    } finally {
      if (isRoot) spawnSync("umount", [at]);
      else chmodSync(at, 0o755);
    }
  });

  it("where files may not be so large", async () => {
    const at = mkdtempSync(join(folder, "limited-"));
    await saveAll(small(), at);
    const script = join(at, "..", "limited.mts");
    writeFileSync(
      script,
      `import { layers, saving, Sequential } from ${JSON.stringify(join(root, "src/index.ts"))};
       const model = new Sequential([layers.Dense({ units: 1000, inputShape: [500] })]);
       for (const name of ["model.keras", "model.h5", "model.weights.h5", "model.safetensors", "model.npz"]) {
         const path = ${JSON.stringify(at)} + "/" + name;
         const work = name.endsWith(".npz") ? saving.saveNpz(path, { x: model.weights[0] }) : name.endsWith(".safetensors") ? saving.saveSafetensors(path, model) : name.endsWith(".weights.h5") ? model.saveWeights(path) : model.save(path);
         await work.then(() => console.log(name + " done"), (error) => console.log(name + " " + error));
       }`,
    );
    // 256 blocks of 512 or 1,024 bytes. Loaders keep what they compile in files.
    const command = `ulimit -f 256; exec "${process.execPath}" --import tsx --conditions=source "${script}"`;
    const { stdout, stderr } = spawnSync("sh", ["-c", command], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, TSX_DISABLE_CACHE: "1" },
    });
    expect(stderr).toBe("");
    const said = new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => [line.split(" ")[0]!, line]),
    );
    await keepsOldFiles(at, (name) => Promise.resolve(said.get(name) ?? stdout), /EFBIG/);
    expect(readFileSync(join(at, "model.weights.h5")).length).toBeLessThan(10_000);
  });
});
