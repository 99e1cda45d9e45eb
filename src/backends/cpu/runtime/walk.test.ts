import { describe, expect, it } from "vitest";
import type { StageLayout } from "./program-layout.ts";
import { StageRecord } from "./walk.ts";

const stage = (chunks: number): StageLayout => ({
  kind: "stage",
  descriptor: 64,
  chunks,
  checked: [],
  kernels: [],
  writesState: false,
  lane: null,
});

describe("StageRecord", () => {
  it("shares a stage of several chunks until one thread was measured to be much quicker", () => {
    const record = new StageRecord(stage(4), 2, 0.01);
    expect([record.goesAlone("best"), record.goesAlone("alone"), record.goesAlone("shared")]).toEqual([false, true, false]);
    record.judge(false, 0.3);
    expect(record.goesAlone("best")).toBe(false);
    record.judge(true, 0.19);
    expect(record.goesAlone("best")).toBe(true);
    record.judge(false, 0.25);
    expect(record.goesAlone("best")).toBe(false);
  });

  it("does not hand out what is done at once, nor what cannot be divided", () => {
    const quick = new StageRecord(stage(4), 2, 0.01);
    quick.judge(false, 0.004);
    quick.judge(true, 0.008);
    expect(quick.goesAlone("best")).toBe(true);
    for (const record of [new StageRecord(stage(1), 2, 0.01), new StageRecord(stage(4), 1, 0.01)]) {
      record.judge(true, 5);
      record.judge(false, 1);
      for (const mode of ["best", "alone", "shared"] as const) expect(record.goesAlone(mode)).toBe(true);
    }
  });

  it("outlives a disturbed measurement, and notices when the machine changes", () => {
    const record = new StageRecord(stage(4), 2, 0.01);
    record.judge(true, 0.05);
    record.judge(false, 0.03);
    record.judge(false, 0.9);
    expect(record.goesAlone("best")).toBe(false);
    for (let i = 0; i < 10; i++) record.judge(false, 0.9);
    expect(record.goesAlone("best")).toBe(true);
  });

  it("always shares what is long, whatever one measurement says", () => {
    const record = new StageRecord(stage(4), 2, 0.01);
    record.judge(false, 30);
    record.judge(true, 20);
    expect(record.goesAlone("best")).toBe(false);
    // Long beside what it costs to hand a stage out.
    const native = new StageRecord(stage(4), 2, 0.003);
    native.judge(false, 0.3);
    native.judge(true, 0.1);
    expect(native.goesAlone("best")).toBe(false);
  });

  it("tries one thread only where a stage might go alone afterwards", () => {
    const record = new StageRecord(stage(4), 2, 0.01);
    expect(record.goesAlone("alone")).toBe(true);
    record.judge(false, 1.5);
    expect(record.goesAlone("alone")).toBe(false);
    record.judge(record.goesAlone("alone"), 1.5);
    expect(record.goesAlone("best")).toBe(false);
    // A disturbed measurement is outlived here too.
    record.judge(false, 0.2);
    expect(record.goesAlone("alone")).toBe(true);
  });
});
