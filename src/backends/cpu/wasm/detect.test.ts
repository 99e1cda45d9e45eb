import { describe, expect, it } from "vitest";
import { detectRelaxedSimd, detectSharedMemory, detectSimd } from "./detect.ts";

const relaxed = detectRelaxedSimd();

describe("detection", () => {
  it("finds SIMD and threads in every supported Node, relaxed SIMD from Node 22 on", () => {
    expect(detectSimd()).toBe(true);
    expect(detectSharedMemory()).toBe(true);
    expect(relaxed).toBe(Number(process.versions.node.split(".")[0]) >= 22);
  });
});
