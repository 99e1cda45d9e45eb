/** Chromium, the server and the bundle for one file of browser tests. */
import type { Page } from "playwright-core";
import { bundlePages } from "./bundle.ts";
import { type StartedBrowser, startChromium } from "./chromium.ts";
import type { PageResult } from "./page/vitest.ts";
import { serve, type TestServer } from "./server.ts";

/** Whether a page is cross-origin isolated, so that WebAssembly runs on several threads. */
export type PageKind = "isolated" | "plain";

/** Opens pages. */
export class PageRunner {
  readonly #server: TestServer;
  readonly #browser: StartedBrowser;

  private constructor(server: TestServer, browser: StartedBrowser) {
    this.#server = server;
    this.#browser = browser;
  }

  /** Bundles, serves, starts the browser. */
  static async start(executablePath: string, options: { webgpu?: boolean } = {}): Promise<PageRunner> {
    const server = await serve(await bundlePages());
    return new PageRunner(server, await startChromium(executablePath, options));
  }

  /** A new page; what goes wrong in it outside of a test is thrown where the page is closed. */
  async open(kind: PageKind, file: string, query: Readonly<Record<string, string>> = {}): Promise<Page> {
    const page = await this.#browser.context.newPage();
    await page.goto(`${this.#server.origin}/${kind}/${file}?${new URLSearchParams(query).toString()}`);
    return page;
  }

  /** Runs a suite of test/keras in a page and gives what it found; `only`: a pattern in the paths of tests. */
  async runSuite(kind: PageKind, suite: string, backend: string, only = ""): Promise<PageResult> {
    const page = await this.open(kind, "main.html", { suite, backend, only });
    try {
      page.on("pageerror", (error) => console.log(`page error in ${suite}: ${error.message}`));
      await page.waitForFunction(() => window.result !== undefined, null, { timeout: 550_000, polling: 100 });
      return (await page.evaluate(() => window.result))!;
    } finally {
      await page.close();
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}
