/** Steps with buffers replaced by others. */
import type { DraftStep } from "../draft.ts";

/** A step over other buffers. */
export function renameStep(step: DraftStep, alias: ReadonlyMap<number, number>): DraftStep {
  if (alias.size === 0) return step;
  const name = (buffer: number): number => alias.get(buffer) ?? buffer;
  switch (step.kind) {
    case "kernel":
      return { kind: "kernel", kernel: { ...step.kernel, buffers: step.kernel.buffers.map(name) } };
    case "loop":
      return {
        ...step,
        condition: step.condition === null ? null : name(step.condition),
        body: step.body.map((inner) => renameStep(inner, alias)),
      };
    case "branch":
      return {
        ...step,
        condition: name(step.condition),
        then: step.then.map((inner) => renameStep(inner, alias)),
        else: step.else.map((inner) => renameStep(inner, alias)),
      };
  }
}
