/** Keras's recorded cases in Chromium: the suites of test/keras, bundled, in a page. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./chromium.ts";
import { PageRunner } from "./run-in-page.ts";

const chromium = findChromium();

describe.skipIf(chromium === null)("Keras's cases in a page", () => {
  let runner: PageRunner;
  beforeAll(async () => {
    runner = await PageRunner.start(chromium!);
  });
  afterAll(() => runner?.close());

  // Cases that only the interpreter runs are the same with and without threads.
  const once = ["losses", "metrics", "optimizers", "preprocessing", "small", "utils", "ops"] as const;
  const both = ["layers", "models", "recurrent"] as const;
  const pages = [
    ...once.map((suite) => ["plain", suite] as const),
    ...both.map((suite) => ["plain", suite] as const),
    ...both.map((suite) => ["isolated", suite] as const),
    ["isolated", "compiled"] as const,
  ];

  it.each(pages)("%s: %s gives Keras's numbers on wasm", async (kind, suite) => {
    const { passed, failures } = await runner.runSuite(kind, suite, "wasm");
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });
});
