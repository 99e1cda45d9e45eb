import "../complete.ts";
import { describe, expect, it } from "vitest";
import type { CpuTarget } from "../../target.ts";
import { printLoopFunction } from "../print.ts";
import { lowerContract } from "./lower-contract.ts";
import { linesOf } from "./prefetch-block.ts";
import { tiledKernel } from "./run-scheduled.ts";
import { convolution } from "./sample-contractions.ts";
import { scheduleContract } from "./schedule.ts";

const wasm: CpuTarget = { name: "wasm", lanes: 4, registers: 16, fma: true, maskedTails: false, l1Bytes: 32768, l2Bytes: 524288 };
const avx512: CpuTarget = { ...wasm, name: "avx512", lanes: 16, registers: 32, maskedTails: true };

function textOf(target: CpuTarget): string {
  const kernel = convolution({ batch: 2, height: 56, width: 56, inputs: 64, outputs: 64, window: 3 });
  const tiled = tiledKernel(scheduleContract({ kernel, buffers: kernel.buffers.map((_, i) => i), scalars: [] }, target))!;
  return printLoopFunction(lowerContract(tiled, target).code);
}

describe("lines of the next block", () => {
  it("are those of one run where places and channels follow one another, also where windows overlap", () => {
    // 14 places of 64 channels and a window of 3 of them: 16 places.
    const axes = [
      { extent: 14, stride: 256 },
      { extent: 3, stride: 256 },
      { extent: 64, stride: 4 },
    ];
    expect(linesOf(axes)).toBe(64);
  });

  it("are none where rows lie apart or are walked backwards", () => {
    const channels = { extent: 64, stride: 4 };
    expect(linesOf([{ extent: 14, stride: 4096 }, channels])).toBeNull();
    expect(linesOf([{ extent: 14, stride: -256 }, channels])).toBeNull();
  });

  it("are asked for by machine code, one tile's share per panel, and not by WebAssembly", () => {
    // Panels take turns.
    expect(textOf(avx512)).toMatch(/for line = firstLine to 64 step 2 \{\n\s+prefetch \[ahead \+ line\*64\]/);
    expect(textOf(wasm)).not.toContain("prefetch");
  });
});
