/** WebGPU in Chromium, on SwiftShader where there is no GPU: Keras's cases, and training. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./chromium.ts";
import { PageRunner } from "./run-in-page.ts";

const chromium = findChromium();
/** All trajectories on SwiftShader take several minutes: these two by default, NABLA_BROWSER_ALL=1 for the rest. */
const models = process.env["NABLA_BROWSER_ALL"] === undefined ? "lenet|mlp_bn_dropout" : "";

describe.skipIf(chromium === null)("Keras's cases on WebGPU in a page", () => {
  let runner: PageRunner;
  beforeAll(async () => {
    runner = await PageRunner.start(chromium!, { webgpu: true });
  });
  afterAll(() => runner?.close());

  it.each([
    ["layers", ""],
    ["recurrent", ""],
    ["models", models],
  ])("%s gives Keras's numbers", async (suite, only) => {
    const { passed, failures } = await runner.runSuite("isolated", suite, "webgpu", only);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });

  it("a model in a worker trains on the GPU to the bits that it has in the page, and comes back", async () => {
    const page = await runner.open("isolated", "programs.html");
    const run = await page.evaluate(() => window.programs!.trainInWorker("webgpu", 256));
    expect(run.info).toMatchObject({ name: "webgpu", target: "WGSL" });
    expect(run.loss).toEqual(run.here);
    expect(run.loss.at(-1)).toBeLessThan(run.loss[0]!);
    expect(run.epochs).toEqual([0, 1, 2, 3, 4, 5]);
    expect(run.back).toBe(true);
    expect(run.error).toEqual(["ShapeError", "E_SHAPE"]);
    await page.close();
  });

  it("a page without an adapter is told so in one sentence", async () => {
    const without = await PageRunner.start(chromium!);
    const page = await without.open("plain", "programs.html");
    const message = await page.evaluate(() => window.programs!.info("webgpu").then(String, (error: Error) => error.message));
    expect(message).toMatch(/^E_BACKEND {2}webgpu back-end: .*\n[\s\S]* do .*nothing was changed/);
    await without.close();
  });
});
