import { constants } from "node:buffer";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { platform } from "./index.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-files-"));
  mkdirSync(join(folder, "b"));
  writeFileSync(join(folder, "a.txt"), "abc");
  writeFileSync(join(folder, "C.txt"), "");
  symlinkSync(join(folder, "b"), join(folder, "link"));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe("files", () => {
  it("lists a folder by code units, following links", async () => {
    expect(await platform.files.list(folder)).toEqual([
      { name: "C.txt", isFolder: false },
      { name: "a.txt", isFolder: false },
      { name: "b", isFolder: true },
      { name: "link", isFolder: true },
    ]);
    expect(await platform.files.list(join(folder, "none"))).toBeNull();
    expect(await platform.files.list(join(folder, "a.txt"))).toBeNull();
  });

  it("knows sizes of files, not of folders", async () => {
    expect(await platform.files.size(join(folder, "a.txt"))).toBe(3);
    expect(await platform.files.size(join(folder, "b"))).toBeNull();
    expect(await platform.files.size(join(folder, "none"))).toBeNull();
  });

  it("renames over what is there", async () => {
    await platform.files.write(join(folder, "b", "new"), Uint8Array.of(1));
    await platform.files.write(join(folder, "b", "old"), Uint8Array.of(2, 3));
    await platform.files.rename(join(folder, "b", "new"), join(folder, "b", "old"));
    expect(await platform.files.size(join(folder, "b", "old"))).toBe(1);
    expect((await platform.files.list(join(folder, "b")))!.map(({ name }) => name)).toEqual(["old"]);
  });

  it("many writers to one path leave one whole file and nothing beside it", async () => {
    const path = join(folder, "shared", "model.bin");
    const contents = Array.from({ length: 12 }, (_, writer) =>
      Array.from({ length: 5 }, () => new Uint8Array(70_000 + writer).fill(writer)),
    );
    let reading = true;
    const seen = (async (): Promise<void> => {
      while (reading) {
        const bytes = await platform.readFile(path);
        if (bytes !== null) expect([bytes.length, new Set(bytes).size]).toEqual([5 * (70_000 + bytes[0]!), 1]);
        await platform.macrotask();
      }
    })();
    await Promise.all(contents.map((parts) => platform.files.write(path, parts)));
    reading = false;
    await seen;
    expect((await platform.files.list(join(folder, "shared")))!.map(({ name }) => name)).toEqual(["model.bin"]);
  });

  it("a file larger than one array is refused by its size, before it is read", async () => {
    if (constants.MAX_LENGTH >= 2 ** 40) return;
    const path = join(folder, "large");
    writeFileSync(path, "");
    truncateSync(path, constants.MAX_LENGTH + 1);
    await expect(platform.readFile(path)).rejects.toThrow(/larger than one array[\s\S]*4294967297/);
    rmSync(path);
  });

  it("keeps its cache where the environment says", () => {
    vi.stubEnv("NABLA_CACHE", "/somewhere");
    expect(platform.files.cacheFolder()).toBe("/somewhere");
    vi.stubEnv("NABLA_CACHE", "");
    expect(platform.files.cacheFolder()).toMatch(/nabla/);
  });
});
