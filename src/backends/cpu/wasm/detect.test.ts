import { afterEach, describe, expect, it, vi } from "vitest";
import { detectRelaxedSimd, detectSharedMemory, detectSimd, whyNotShared } from "./detect.ts";
import { ByteWriter } from "./encode.ts";
import { createWasmBackend } from "./index.ts";

const relaxed = detectRelaxedSimd();

describe("detection", () => {
  it("finds SIMD and threads in every supported Node, relaxed SIMD from Node 22 on", () => {
    expect(detectSimd()).toBe(true);
    expect(detectSharedMemory()).toBe(true);
    expect(relaxed).toBe(Number(process.versions.node.split(".")[0]) >= 22);
  });

  it("asks the engine about the instructions that kernels are written with", () => {
    const asked = vi.spyOn(WebAssembly, "validate");
    detectRelaxedSimd();
    detectSharedMemory();
    const modules = asked.mock.calls.map(([bytes]) => Buffer.from(bytes as Uint8Array).toString("hex"));
    vi.restoreAllMocks();
    const [relaxedMadd, atomicLoad] = [new ByteWriter(), new ByteWriter()];
    relaxedMadd.op("f32x4.relaxed_madd");
    atomicLoad.op("i32.atomic.load", 2, 0);
    expect(modules[0]).toContain(Buffer.from(relaxedMadd.finish()).toString("hex"));
    expect(modules[1]).toContain(Buffer.from(atomicLoad.finish()).toString("hex"));
  });

  describe("of what is missing", () => {
    afterEach(() => vi.unstubAllGlobals());

    it("says in one sentence what a page must send to have threads, and runs on one", () => {
      expect(whyNotShared()).toBeUndefined();
      vi.stubGlobal("SharedArrayBuffer", undefined);
      vi.stubGlobal("crossOriginIsolated", false);
      const backend = createWasmBackend({ threads: 4 });
      expect(backend.info()).toMatchObject({ threads: 1, sharedMemory: false });
      expect(backend.info()["fewer threads"]).toMatch(
        /not cross-origin isolated.*Cross-Origin-Opener-Policy.*Cross-Origin-Embedder-Policy/,
      );
    });

    it("goes on with one thread where the engine refuses shared memory", () => {
      const { Memory } = WebAssembly;
      vi.spyOn(WebAssembly, "Memory").mockImplementation(function (descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.shared === true) throw new RangeError("could not allocate memory");
        return new Memory(descriptor);
      });
      const backend = createWasmBackend({ threads: 4 });
      vi.restoreAllMocks();
      expect(backend.info()).toMatchObject({ threads: 1 });
      expect(backend.info()["fewer threads"]).toMatch(/no memory that threads can share \(could not allocate memory\)/);
    });

    it("refuses an engine without SIMD in one sentence", () => {
      vi.stubGlobal("WebAssembly", undefined);
      expect(() => createWasmBackend()).toThrow(/no WebAssembly with 128-bit SIMD\n {2}do/);
    });
  });
});
