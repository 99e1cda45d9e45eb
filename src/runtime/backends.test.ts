import { beforeEach, expect, it, vi } from "vitest";
import type * as Errors from "../errors.ts";
import type * as Runtime from "./index.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";

// What is chosen is a state of the module: each test has its own.
let runtime: typeof Runtime;
let errors: typeof Errors;
beforeEach(async () => {
  vi.resetModules();
  vi.unstubAllEnvs();
  runtime = await import("./index.ts");
  errors = await import("../errors.ts");
});

const refuse = (): never => {
  throw new errors.BackendError({ where: "cpu", problem: "this machine has no SIMD" });
};

it("the best back-end that works is taken, and the reason why a better one was not is told", () => {
  runtime.registerBackend("reference", createReferenceBackend);
  runtime.registerBackend("cpu", refuse);
  expect(runtime.getBackend()).toBe("cpu");
  expect(runtime.backendInfo()).toMatchObject({ name: "reference", threads: 1, "refused: cpu": "this machine has no SIMD" });
  expect(runtime.getBackend()).toBe("reference");
});

it("a back-end may take time to start", async () => {
  const backend = createReferenceBackend();
  runtime.registerBackend("wasm", () => Promise.resolve(backend));
  expect(runtime.backendInfo()).toMatchObject({ name: "wasm", starting: true });
  expect(await runtime.currentBackend()).toBe(backend);
  expect(runtime.currentBackend()).toBe(backend);
});

it("a chosen back-end that cannot run here is an error, and the old one stays", async () => {
  runtime.registerBackend("reference", createReferenceBackend);
  runtime.registerBackend("cpu", refuse);
  await runtime.setBackend("reference");
  await expect(runtime.setBackend("cpu")).rejects.toThrow("no SIMD");
  expect(runtime.getBackend()).toBe("reference");
});

it("a back-end takes the first way to run that works, and tells why others did not", async () => {
  const backend = createReferenceBackend();
  const lacking = (): never => {
    throw new errors.BackendError({ where: "x64", problem: "the processor lacks avx2", received: "a 486" });
  };
  const start = (): ReturnType<Runtime.BackendFactory> =>
    runtime.startFirst(
      [
        ["x64", lacking],
        ["wasm", () => backend],
      ],
      "NABLA_CPU",
    );
  runtime.registerBackend("cpu", start);
  expect(await runtime.currentBackend()).toBe(backend);
  expect(runtime.backendInfo()).toMatchObject({ name: "cpu", "refused: x64": "the processor lacks avx2 (a 486)" });
  vi.stubEnv("NABLA_CPU", "avx512");
  expect(start).toThrow("lacks avx2");
});

it("what NABLA_CPU insists on does not end in another back-end", () => {
  runtime.registerBackend("cpu", refuse);
  runtime.registerBackend("reference", createReferenceBackend);
  vi.stubEnv("NABLA_CPU", "avx512");
  expect(() => runtime.currentBackend()).toThrow("no SIMD");
});

it("NABLA_BACKEND chooses", () => {
  runtime.registerBackend("wasm", createReferenceBackend);
  runtime.registerBackend("reference", createReferenceBackend);
  vi.stubEnv("NABLA_BACKEND", "reference");
  expect(runtime.getBackend()).toBe("reference");
  expect(runtime.backendInfo()).toMatchObject({ name: "reference" });
  vi.stubEnv("NABLA_BACKEND", "nothing");
});

it("NABLA_BACKEND with a name that nobody registered is an error", () => {
  runtime.registerBackend("reference", createReferenceBackend);
  vi.stubEnv("NABLA_BACKEND", "nothing");
  expect(() => runtime.currentBackend()).toThrow('no back-end "nothing"');
});

it("without any back-end the error says what to import", () => {
  expect(() => runtime.currentBackend()).toThrow('import from "nabla"');
});
