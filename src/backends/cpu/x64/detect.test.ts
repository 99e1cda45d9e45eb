import { describe, expect, it } from "vitest";
import { BackendError } from "../../../errors.ts";
import { whereNative } from "../../../testing/native-instruction-sets.ts";
import { describe as describeProcessor, detectProcessor } from "./detect.ts";
import { chooseInstructionSet, openHost } from "./host.ts";

/** A processor's answers: leaf 1 (ecx), leaf 7 (ebx), leaf 0x80000001 (ecx), XCR0. */
function processor(leaf1: number, leaf7: number, extended: number, state: number): ReturnType<typeof describeProcessor> {
  const answers: Record<number, readonly number[]> = {
    0: [7, 0, 0, 0],
    1: [0, 0, leaf1, 0],
    7: [0, leaf7, 0, 0],
    0x80000000: [0x80000001, 0, 0, 0],
    0x80000001: [0, 0, extended, 0],
  };
  return describeProcessor(
    (leaf) => answers[leaf]!,
    () => state,
  );
}

const bit = (...list: number[]): number => list.reduce((sum, n) => (sum | (1 << n)) >>> 0, 0);
const leaf1 = bit(12, 27, 28, 29);
const avx2 = bit(3, 5, 8);
const avx512 = bit(3, 5, 8, 16, 17, 28, 30, 31);

describe("CPUID", () => {
  it("tells AVX-512, AVX2 and less apart", () => {
    expect(processor(leaf1, avx512, bit(5), 0xe7)).toMatchObject({ instructionSets: ["avx512", "avx2"], missing: [] });
    expect(processor(leaf1, avx2, bit(5), 0xe7).instructionSets).toEqual(["avx2"]);
    expect(processor(leaf1 & ~bit(12), avx512, bit(5), 0xe7)).toMatchObject({ instructionSets: [], missing: ["fma"] });
  });

  it("believes the system about the registers that it saves", () => {
    expect(processor(leaf1, avx512, bit(5), 0x07)).toMatchObject({
      instructionSets: ["avx2"],
      missing: ["AVX-512 registers saved by the system"],
    });
    expect(processor(leaf1, avx512, bit(5), 0x03).instructionSets).toEqual([]);
    // Without OSXSAVE the question itself is not allowed.
    expect(processor(leaf1 & ~bit(27), avx512, bit(5), 0xe7).missing).toContain("osxsave");
  });

  it("takes what was asked for, or says what is missing", () => {
    const both = processor(leaf1, avx512, bit(5), 0xe7);
    const less = processor(leaf1, avx2, bit(5), 0xe7);
    expect(chooseInstructionSet(undefined, both)).toBe("avx512");
    expect(chooseInstructionSet("avx2", both)).toBe("avx2");
    expect(() => chooseInstructionSet("avx512", less)).toThrow(/does not run avx512: it lacks avx512f/);
    expect(() => chooseInstructionSet("sse9", both)).toThrow(BackendError);
    expect(() => chooseInstructionSet(undefined, processor(0, 0, 0, 0))).toThrow(BackendError);
  });

  whereNative("CPUID of this machine", () => {
    it("answers here as the system says", async () => {
      const { readFileSync } = await import("node:fs");
      const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))![1]!.trim().split(/\s+/);
      const found = detectProcessor(openHost().system);
      expect(found.instructionSets.includes("avx512")).toBe(flags.includes("avx512f") && flags.includes("avx512vl"));
      expect(found.name.length).toBeGreaterThan(0);
    });
  });
});
