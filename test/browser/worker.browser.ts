/** Models in a worker of a page in Chromium. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./chromium.ts";
import { type PageKind, PageRunner } from "./run-in-page.ts";

const chromium = findChromium();
const kinds: readonly PageKind[] = ["isolated", "plain"];

describe.skipIf(chromium === null)("a model in a worker of a page", () => {
  let runner: PageRunner;
  beforeAll(async () => {
    runner = await PageRunner.start(chromium!);
  });
  afterAll(() => runner?.close());

  it.each(kinds)("(%s) trains to the same bits as in the page, which stays alive", async (kind) => {
    const page = await runner.open(kind, "programs.html");
    const run = await page.evaluate(() => window.programs!.trainInWorker("wasm"));
    expect(run.loss).toEqual(run.here);
    expect(run.loss.at(-1)).toBeLessThan(run.loss[0]! / 2);
    expect(run.epochs).toEqual([0, 1, 2, 3, 4, 5]);
    expect(run.back).toBe(true);
    expect(run.error).toEqual(["ShapeError", "E_SHAPE"]);
    expect(run.info).toMatchObject({ name: "wasm", sharedMemory: kind === "isolated" });
    // A page that stood still would have had none.
    expect(run.ticks).toBeGreaterThan(run.ms / 100);
    await page.close();
  });
});
