import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Inside the package, so that `import "nabla"` means this one; ignored by git. */
const folder = join(root, "test", ".blocks");

function files(path: string, suffix: string): string[] {
  return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(root, path, name));
}

/** TypeScript blocks of a Markdown file. */
function blocksOf(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
}

const documents = [join(root, "README.md"), ...files("docs", ".md"), ...files("src", "README.md")]
  .map((path) => ({ name: relative(root, path), blocks: blocksOf(path) }))
  .filter(({ blocks }) => blocks.length > 0);
const isExcerpt = (block: string): boolean => /from "\.\.?\//.test(block);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("code blocks of the documentation", () => {
  it("are there", () => {
    expect(documents.map(({ name }) => name)).toContain("README.md");
  });

  it.each(documents)("of $name run, or stand in the source word for word", ({ name, blocks }) => {
    const sources = blocks.some(isExcerpt) ? files("src", ".ts").map((path) => readFileSync(path, "utf8")) : [];
    for (const block of blocks.filter(isExcerpt)) expect(sources.some((source) => source.includes(block.trim()))).toBe(true);
    mkdirSync(folder, { recursive: true });
    const modules = blocks
      .filter((block) => !isExcerpt(block))
      .map((block, i) => {
        const path = join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, "-")}-${i}.ts`);
        writeFileSync(path, block);
        return path;
      });
    if (modules.length === 0) return;
    const script = modules.map((path) => `await import(${JSON.stringify(pathToFileURL(path).href)});`).join("\n");
    const child = spawnSync(process.execPath, ["--import", "tsx", "--conditions=source", "--input-type=module", "-e", script], {
      // What blocks write goes with the folder.
      cwd: folder,
      encoding: "utf8",
      timeout: 500_000,
    });
    expect(child.stderr).toBe("");
    expect(child.status).toBe(0);
  });
});
