/** Loops of one turn become stages like others, where they stood: what they use inside then shares memory stage by stage. */
import type { Draft, DraftStep } from "../draft.ts";
import { StepGraph } from "./order-steps.ts";
import { renameStep } from "./rename-step.ts";

type Loop = Extract<DraftStep, { kind: "loop" }>;

function runsOnce(step: DraftStep): step is Loop {
  return step.kind === "loop" && step.trips === 1 && step.condition === null;
}

/** Levels in running order, without loops of one turn. Parts of buffers that such a loop saw become the buffers themselves. */
export function inlineOnce(levels: readonly (readonly DraftStep[])[], draft: Draft): DraftStep[][] {
  return levels.flatMap((level) => {
    const once = level.filter(runsOnce);
    if (once.length === 0) return [[...level]];
    const others = level.filter((step) => !runsOnce(step));
    return [
      ...(others.length > 0 ? [others] : []),
      ...once.flatMap((step) => inlineOnce(new StepGraph(turnOf(step, draft), draft).levels(), draft)),
    ];
  });
}

/** The steps of the only turn. */
function turnOf({ loop, body }: Loop, draft: Draft): DraftStep[] {
  const parts = new Map<number, number>();
  draft.buffers.forEach(({ place }, buffer) => {
    if (place?.kind === "slice" && place.loop === loop) parts.set(buffer, place.of);
    if (place?.kind === "alternate" && place.loop === loop) parts.set(buffer, place.even);
  });
  if (parts.size === 0) return [...body];
  const whole = (buffer: number): number => {
    const next = parts.get(buffer);
    return next === undefined ? buffer : whole(next);
  };
  for (const buffer of parts.keys()) parts.set(buffer, whole(buffer));
  draft.buffers.forEach((entry, buffer) => {
    const { place } = entry;
    // Nobody names it any more.
    if (parts.has(buffer)) entry.place = { kind: "arena", arena: 0, offset: 0 };
    else if (place?.kind === "slice") entry.place = { ...place, of: whole(place.of) };
    else if (place?.kind === "alternate") entry.place = { ...place, even: whole(place.even), odd: whole(place.odd) };
  });
  return body.map((step) => renameStep(step, parts));
}
