/** nabla on the main thread of a page in Chromium. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./chromium.ts";
import { type PageKind, PageRunner } from "./run-in-page.ts";

const chromium = findChromium();
const kinds: readonly PageKind[] = ["isolated", "plain"];

describe.skipIf(chromium === null)("a page", () => {
  let runner: PageRunner;
  beforeAll(async () => {
    runner = await PageRunner.start(chromium!);
  });
  afterAll(() => runner?.close());

  it("that is cross-origin isolated runs WebAssembly on several threads", async () => {
    const page = await runner.open("isolated", "programs.html");
    const info = await page.evaluate(() => window.programs!.info("cpu"));
    expect(info).toMatchObject({ name: "cpu", crossOriginIsolated: true, sharedMemory: true });
    expect(info["threads"]).toBe(await page.evaluate(() => Math.min(8, navigator.hardwareConcurrency)));
    expect(info["refused: x64"]).toBe("a browser runs no machine code");
    await page.close();
  });

  it("that is not isolated runs on one thread and says what is missing", async () => {
    const page = await runner.open("plain", "programs.html");
    const info = await page.evaluate(() => window.programs!.info("wasm"));
    expect(info).toMatchObject({ threads: 1, sharedMemory: false, crossOriginIsolated: false });
    expect(info["fewer threads"]).toMatch(/^the page is not cross-origin isolated/);
    await page.close();
  });

  it.each(kinds)("(%s) gets its timers while it trains", async (kind) => {
    const page = await runner.open(kind, "programs.html");
    const { loss, ticks, ms } = await page.evaluate(() => window.programs!.train("wasm"));
    expect(loss.at(-1)).toBeLessThan(loss[0]! / 2);
    expect(ticks).toBeGreaterThanOrEqual(Math.floor(ms / 500));
    await page.close();
  });

  it("whose memory does not suffice is told so in one sentence", async () => {
    const page = await runner.open("plain", "programs.html");
    const [one, all] = await page.evaluate(() => window.programs!.exceedMemory());
    const parts = String.raw`\n {2}expected .*\n {2}received .*\n {2}do `;
    expect(one).toMatch(new RegExp(`^E_BACKEND {2}wasm back-end: a tensor is too large for WebAssembly memory${parts}`));
    expect(all).toMatch(new RegExp(`^E_BACKEND {2}wasm back-end: .* does not fit into WebAssembly memory${parts}`));
    await page.close();
  });
});
