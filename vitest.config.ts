import { defineConfig } from "vitest/config";

const include = ["src/**/*.test.ts", "test/**/*.test.ts"];
const slow = ["**/*.slow.test.ts"];
/** On a graphics card, or on a software renderer that takes minutes. */
const webgpu = ["**/*webgpu*.slow.test.ts"];

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    maxWorkers: "100%",
    // Long, as the times of tests are, for machines that do other things as well: they are there for what hangs.
    hookTimeout: 120_000,
    setupFiles: ["test/seeded.ts"],
    projects: [
      {
        extends: true,
        // Files share what they import: with modules of their own half of the time is importing. Settings are put back before
        // each; a back-end a file chooses itself.
        test: {
          name: "fast",
          include,
          exclude: [...slow, "**/node_modules/**"],
          testTimeout: 120_000,
          isolate: false,
          setupFiles: ["test/untouched.ts"],
        },
      },
      { extends: true, test: { name: "slow", include: slow, exclude: [...webgpu, "**/node_modules/**"], testTimeout: 600_000 } },
      { extends: true, test: { name: "webgpu", include: webgpu, exclude: ["**/node_modules/**"], testTimeout: 600_000 } },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/browser/*.browser.ts"],
          fileParallelism: false,
          testTimeout: 600_000,
        },
      },
    ],
  },
});
