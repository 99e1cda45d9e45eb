import { defineConfig } from "vitest/config";

const include = ["src/**/*.test.ts", "test/**/*.test.ts"];
const slow = ["**/*.slow.test.ts"];
/** On a graphics card, or on a software renderer that takes minutes. */
const webgpu = ["**/*webgpu*.slow.test.ts"];

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    // One for every core: most of a file's time is importing.
    maxWorkers: "100%",
    setupFiles: ["test/seeded.ts"],
    projects: [
      { extends: true, test: { name: "fast", include, exclude: [...slow, "**/node_modules/**"], testTimeout: 30_000 } },
      { extends: true, test: { name: "slow", include: slow, exclude: [...webgpu, "**/node_modules/**"], testTimeout: 600_000 } },
      { extends: true, test: { name: "webgpu", include: webgpu, exclude: ["**/node_modules/**"], testTimeout: 600_000 } },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/browser/*.browser.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
