/** Chromium for the browser tests. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

const candidates = [process.env["NABLA_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of a Chromium; null, with a printed reason, where there is none. With NABLA_REQUIRE_CHROMIUM that is an error. */
export function findChromium(): string | null {
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return found;
  const reason = "no Chromium found: name one in NABLA_CHROMIUM, or install Debian's package chromium";
  if (process.env["NABLA_REQUIRE_CHROMIUM"] !== undefined) throw new Error(reason);
  console.log(`browser tests are skipped: ${reason}`);
  return null;
}

const quiet = [
  "--headless",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const withoutGpu = ["--disable-gpu"];
/** WebGPU on SwiftShader, which runs on the CPU: right, not fast. */
const withSoftwareGpu = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-angle=swiftshader",
];

/** A started browser with a new profile. */
export interface StartedBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** Starts Chromium with an empty profile that is removed at the end. */
export async function startChromium(executablePath: string, options: { webgpu?: boolean } = {}): Promise<StartedBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "nabla-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [...quiet, ...(options.webgpu ? withSoftwareGpu : withoutGpu)],
  });
  return {
    context,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
