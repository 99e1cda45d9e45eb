/** Models in the storage of a browser: IndexedDB, the origin's private file system, downloads. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../../src/index.ts";
import { findChromium } from "./chromium.ts";
import { PageRunner } from "./run-in-page.ts";

const chromium = findChromium();

describe.skipIf(chromium === null)("the storage of a browser", () => {
  let runner: PageRunner;
  beforeAll(async () => {
    runner = await PageRunner.start(chromium!);
  });
  afterAll(() => runner?.close());

  it.each(["indexeddb", "opfs"])("keeps models under %s://", async (scheme) => {
    const page = await runner.open("plain", "programs.html");
    const seen = await page.evaluate((scheme) => window.programs!.keep(scheme), scheme);
    expect(seen.same).toBe(true);
    expect(seen.listed).toEqual([`${scheme}://folder/mine.keras`]);
    expect(seen.bytes).toBeGreaterThan(300_000);
    expect(seen.loadedFromWorker).toBe(true);
    expect(seen.refused).toMatch(/there is a file of this name/);
    expect(seen.moved.sort()).toEqual([`${scheme === "opfs" ? "indexeddb" : "opfs"}://moved.keras`, `${scheme}://of-worker.keras`].sort());
    expect(seen.left).toEqual([]);
    expect(seen.missing).toMatch(/there is no such file/);
    await page.close();
  });

  it("gives models to the user as downloads", async () => {
    const page = await runner.open("plain", "programs.html");
    const [download] = await Promise.all([page.waitForEvent("download"), page.evaluate(() => window.programs!.download())]);
    expect(download.suggestedFilename()).toBe("mine.keras");
    const loaded = await loadModel(new Uint8Array(readFileSync(await download.path())));
    expect(loaded.countParams()).toBe(64 * 256 + 256 + 256 * 256 + 256 + 256 + 1);
    await page.close();
  });
});
