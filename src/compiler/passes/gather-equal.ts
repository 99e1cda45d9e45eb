/** Brings small kernels of equal code into one stage, where a back-end may start them as one. */
import type { DraftStep } from "../draft.ts";
import { withoutBases } from "../kernels/bases.ts";
import { type Kernel, kernelKey } from "../kernels/kernel.ts";

/** Points of kernels that wait for one another: what they read stays in memory so long. */
const mostPoints = 2 ** 22;

function pointsOf(kernel: Kernel): number {
  return kernel.axes.reduce((product, { extent }) => product * extent, 1);
}

/**
 * Changes levels of maps and reductions over at most `most` points, so that those of equal code (updates of an optimizer,
 * checks of gradients, casts of weights) share as few levels as data allows. `before`: what each step waits for; levels of
 * those are lower, and stay so.
 */
export function gatherEqual(steps: readonly DraftStep[], before: readonly ReadonlySet<number>[], level: number[], most: number): void {
  const groups = new Map<string, { step: number; points: number }[]>();
  steps.forEach((step, i) => {
    if (step.kind !== "kernel") return;
    const { kernel } = step.kernel;
    const points = pointsOf(kernel);
    if ((kernel.kind !== "map" && kernel.kind !== "reduce") || points === 0 || points > most) return;
    const key = kernelKey(withoutBases(kernel).kernel);
    (groups.get(key) ?? groups.set(key, []).get(key)!).push({ step: i, points });
  });
  const after: number[][] = steps.map(() => []);
  before.forEach((earlier, step) => {
    for (const i of earlier) after[i]!.push(step);
  });
  const last = Math.max(...level);
  const until = (step: number): number => after[step]!.reduce((latest, follower) => Math.min(latest, level[follower]! - 1), last);
  const highest = (group: readonly { step: number }[]): number => Math.max(...group.map(({ step }) => level[step]!));
  const from = (step: number): number => Math.max(-1, ...[...before[step]!].map((earlier) => level[earlier]!)) + 1;
  // What follows others is moved before them: it makes room.
  const order = [...groups.values()].filter((group) => group.length > 1).sort((a, b) => highest(b) - highest(a));
  for (const group of order) {
    let open = group;
    while (open.length > 0) {
      // Every meeting moves steps that others of the group may wait for.
      const bounded = open.map((one) => ({ ...one, from: from(one.step), until: until(one.step) }));
      const end = Math.min(...bounded.map((one) => one.until));
      const met: typeof bounded = [];
      let points = 0;
      for (const one of bounded.sort((a, b) => a.from - b.from)) {
        if (one.from > end || points + one.points > mostPoints) break;
        // Of two that wait for one another the first comes first here: it begins earlier.
        if (met.some(({ step }) => before[one.step]!.has(step))) continue;
        points += one.points;
        met.push(one);
      }
      // Neither before all of them can run, nor before the first of them would.
      const at = Math.max(...met.map((one) => one.from), Math.min(end, ...met.map(({ step }) => level[step]!)));
      if (met.length > 1) for (const { step } of met) level[step] = at;
      open = open.filter(({ step }) => !met.some((one) => one.step === step));
    }
  }
}
