import { describe, expect, it } from "vitest";
import type { DraftStep } from "../draft.ts";
import type { MapKernel } from "../kernels/kernel.ts";
import { gatherEqual } from "./gather-equal.ts";

/** A copy of `extent` elements, stored from element `base` on. */
function copy(extent: number, base = 0, scale = 1): DraftStep {
  const access = (buffer: number, constant: number, coefficient: number): MapKernel["accesses"][number] => ({
    buffer,
    index: { constant, coefficients: [coefficient] },
    guards: [],
    fill: 0,
    dynamic: [],
  });
  const kernel: MapKernel = {
    kind: "map",
    axes: [{ extent, role: "parallel", dynamic: true }],
    buffers: [
      { dtype: "float32", use: "read", elements: extent },
      { dtype: "float32", use: "write", elements: base + extent },
    ],
    accesses: [access(0, 0, scale), access(1, base, 1)],
    scalars: [],
    label: "copy",
    expression: [{ op: "load", access: 0, dtype: "float32" }],
    stores: [{ access: 1, value: 0 }],
  };
  return { kind: "kernel", kernel: { kernel, buffers: [0, 1], scalars: [] } };
}

/** Levels after gathering; `waits[i]`: the steps before step i. */
function gathered(steps: readonly DraftStep[], waits: readonly (readonly number[])[], level: readonly number[], most = 1000): number[] {
  const levels = [...level];
  gatherEqual(
    steps,
    waits.map((earlier) => new Set(earlier)),
    levels,
    most,
  );
  return levels;
}

/** A step of another code. */
const other = (): DraftStep => copy(8, 0, -1);

describe("gatherEqual", () => {
  it("lets kernels of equal code and any length wait for the last of them, also where they store at other places", () => {
    const steps = [other(), copy(5), other(), copy(9, 5), other(), copy(7, 14)];
    expect(gathered(steps, [[], [0], [0], [2], [2], [4]], [0, 1, 1, 2, 2, 3])).toEqual([0, 3, 1, 3, 2, 3]);
  });

  it("brings forward what waits for nothing, and keeps everything before what needs it", () => {
    // Three casts, each needed by a step of a chain.
    const steps = [copy(5), copy(6), copy(7), copy(1, 0, 2), copy(1, 0, 3), copy(1, 0, 4)];
    const waits = [[], [], [], [0], [1, 3], [2, 4]];
    const levels = gathered(steps, waits, [0, 1, 2, 1, 2, 3]);
    expect(levels).toEqual([0, 0, 0, 1, 2, 3]);
  });

  it("makes as many meetings as data demands", () => {
    // A chain of alternating copies: the second needs the first.
    const steps = [copy(5), other(), copy(6), other(), copy(7)];
    const levels = gathered(steps, [[], [0], [1], [], []], [0, 1, 2, 0, 0]);
    expect(levels[0]).toBeLessThan(levels[1]!);
    expect(levels[1]).toBeLessThan(levels[2]!);
    expect(new Set([levels[0], levels[2]])).toContain(levels[4]);
    expect(levels[3]).toBe(levels[1]);
  });

  it("never lets a kernel meet one that it waits for, however far apart they stand", () => {
    // The second reads the first; the third reads neither.
    const levels = gathered([copy(5), copy(6), copy(7)], [[], [0], []], [0, 3, 1]);
    expect(levels[0]).toBeLessThan(levels[1]!);
    expect([levels[0], levels[1]]).toContain(levels[2]);
  });

  it("keeps everything after what it waits for, in random graphs with room between the levels", () => {
    let seed = 7;
    const below = (n: number): number => Math.floor(((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32) * n);
    let moved = 0;
    for (let graph = 0; graph < 500; graph++) {
      const count = 2 + below(12);
      const waits = Array.from({ length: count }, (_, i) =>
        Array.from({ length: below(3) }, () => below(Math.max(1, i))).filter((j) => j < i),
      );
      const level: number[] = [];
      for (const earlier of waits) level.push(Math.max(-1, ...earlier.map((i) => level[i]!)) + 1 + below(3));
      const steps = waits.map(() => copy(1 + below(9), below(4), below(2) === 0 ? 1 : -1));
      const levels = gathered(steps, waits, level);
      waits.forEach((earlier, i) => earlier.forEach((j) => expect(levels[j]).toBeLessThan(levels[i]!)));
      if (levels.some((at, i) => at !== level[i])) moved++;
    }
    expect(moved).toBeGreaterThan(100);
  });

  it("leaves long kernels where they are, and lets not too many points wait", () => {
    expect(gathered([copy(5), other(), copy(2000)], [[], [], [1]], [0, 0, 1])).toEqual([0, 0, 1]);
    const large = 2 ** 21;
    const steps = [copy(large), copy(large), copy(large), other()];
    expect(gathered(steps, [[], [], [3], []], [0, 0, 1, 0], large)).toEqual([0, 0, 1, 0]);
  });
});
