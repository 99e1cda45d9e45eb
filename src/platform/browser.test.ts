import { expect, it } from "vitest";
import { platform } from "./browser.ts";
import type { Platform } from "./platform.ts";

it("a browser has all that a host has, one by one", async () => {
  const host: Platform = platform;
  expect(host.name).toBe("browser");
  await expect(host.files.list("folder")).rejects.toThrow(/a page has no files and folders/);
  expect(() => host.native()).toThrow(/runs no machine code/);
});
