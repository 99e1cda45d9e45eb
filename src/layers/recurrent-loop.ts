/** The loop of recurrent layers: one `scan` over the time steps, or the steps written out one by one. */
import { type Tensor, trace } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { States } from "./rnn-cell.ts";
import { flattenStructure, packStructure } from "./structure.ts";

/** What is looped over, and how. */
export interface RecurrentLoop {
  /** One step: `[output, new states]`; the states in the structure of `states`. */
  readonly step: (input: Tensor, states: readonly States[]) => readonly [Tensor, States];
  /** `[batch, time, ...]`. */
  readonly inputs: Tensor;
  /** States before the first step. */
  readonly states: readonly States[];
  /** Which of the new states is the output, if one is. */
  readonly outputState: number | null;
  /** Bool `[batch, time]`: which steps count; null: all. */
  readonly mask: Tensor | null;
  /** From the last step to the first. */
  readonly backwards: boolean;
  readonly unroll: boolean;
  /** Whether masked steps give zeros instead of the output before them. */
  readonly zeroOutputForMask: boolean;
  /** Whether the outputs of all steps are wanted. */
  readonly sequence: boolean;
}

/** What a loop gives. */
export interface LoopResult {
  /** Output of the last step. */
  readonly last: Tensor;
  /** `[batch, time, ...]`, in the order in which the steps were taken; null where it was not wanted. */
  readonly sequence: Tensor | null;
  readonly states: readonly States[];
}

/**
 * Runs the loop. A masked step leaves the states as they are, and its output is that of the step before (at first zeros),
 * or zeros. Where the output is a state, outputs are made from the stack of the state after the loop, which carries nothing
 * but states: a mask then costs one selection per state.
 */
export function runLoop(loop: RecurrentLoop): LoopResult {
  const inputs = timeMajor(loop.inputs);
  const mask = loop.mask === null ? null : timeMajor(ops.cast(loop.mask, "bool"));
  const flat = flattenStructure(loop.states) as Tensor[];
  const asked: Asked = { ...loop, inputs, mask, flat, steps: inputs.dim(0) };
  if (loop.outputState === null) return viaOutputs(asked);
  return viaState(asked, loop.outputState);
}

/** A loop in time-major order. */
interface Asked extends RecurrentLoop {
  readonly flat: readonly Tensor[];
  readonly steps: number;
}

function timeMajor(x: Tensor): Tensor {
  return ops.transpose(x, [1, 0, ...Array.from({ length: x.rank - 2 }, (_, axis) => axis + 2)]);
}

/** A stack over time as the layer gives it: batch first, in the order of the steps. */
function finished(stack: Tensor, backwards: boolean): Tensor {
  const sequence = timeMajor(stack);
  return backwards ? ops.flip(sequence, { axis: 1 }) : sequence;
}

/** `counted ? x : otherwise`, for a mask over the leading axes of x. */
function select(counted: Tensor, x: Tensor, otherwise: Tensor): Tensor {
  let mask = counted;
  while (mask.rank < x.rank) mask = ops.expandDims(mask, -1);
  return ops.where(mask, x, otherwise);
}

function zero(like: Tensor): Tensor {
  return ops.zeros([], { dtype: like.dtype });
}

/** One step with a mask: the flat new states. */
function masked(asked: Asked, input: Tensor, states: readonly Tensor[], counted: Tensor | null): { output: Tensor; next: Tensor[] } {
  const [output, after] = asked.step(input, packStructure(asked.states, states) as readonly States[]);
  const next = flattenStructure(after) as Tensor[];
  return { output, next: counted === null ? next : next.map((state, i) => select(counted, state, states[i]!)) };
}

/** Carries the states; `output(..)` of each step is stacked or carried as `Y` says. */
function loopOver(
  asked: Asked,
  carries: readonly Tensor[],
  body: (carried: readonly Tensor[], input: Tensor, counted: Tensor | null) => { carried: readonly Tensor[]; y: Tensor | null },
): { carried: readonly Tensor[]; stack: Tensor | null } {
  const { inputs, mask, steps, backwards } = asked;
  if (asked.unroll) {
    let carried = carries;
    const ys = new Array<Tensor | null>(steps);
    for (let i = 0; i < steps; i++) {
      const time = backwards ? steps - 1 - i : i;
      const result = body(carried, ops.take(inputs, time, { axis: 0 }), mask === null ? null : ops.take(mask, time, { axis: 0 }));
      carried = result.carried;
      ys[time] = result.y;
    }
    return { carried, stack: ys[0] == null ? null : ops.stack(ys as Tensor[], { axis: 0 }) };
  }
  const xs = mask === null ? [inputs] : [inputs, mask];
  const run = ops.scan as unknown as (
    f: (carry: Tensor[], x: Tensor[]) => readonly [readonly Tensor[], Tensor | null],
    init: readonly Tensor[],
    xs: readonly Tensor[],
    length: null,
    options: { reverse: boolean },
  ) => [Tensor[], Tensor | null];
  const [carried, stack] = run(
    (carry, [input, counted]) => {
      const result = body(carry, input!, counted ?? null);
      return [result.carried, result.y];
    },
    carries,
    xs,
    null,
    { reverse: backwards },
  );
  return { carried, stack };
}

function viaState(asked: Asked, outputState: number): LoopResult {
  const { mask, backwards, states, flat } = asked;
  const { carried, stack } = loopOver(asked, flat, (before, input, counted) => {
    const { next } = masked(asked, input, before, counted);
    return { carried: next, y: asked.sequence ? next[outputState]! : null };
  });
  let last = carried[outputState]!;
  let sequence = stack;
  if (mask !== null && asked.zeroOutputForMask) {
    last = select(ops.take(mask, backwards ? 0 : asked.steps - 1, { axis: 0 }), last, zero(last));
    if (sequence !== null) sequence = select(mask, sequence, zero(last));
  } else if (mask !== null && !isZeros(flat[outputState]!)) {
    // Until the first step that counts the output is zero, whatever the state was.
    last = select(ops.any(mask, { axis: 0 }), last, zero(last));
    if (sequence !== null) sequence = select(everCounted(mask, backwards), sequence, zero(last));
  }
  return { last, sequence: sequence === null ? null : finished(sequence, backwards), states: packStructure(states, carried) as States[] };
}

/** Bool `[time, batch]`: whether a step that counts was taken by then. */
function everCounted(mask: Tensor, backwards: boolean): Tensor {
  const ordered = ops.cast(backwards ? ops.flip(mask, { axis: 0 }) : mask, "int32");
  const counted = ops.greater(ops.cumsum(ordered, { axis: 0 }), 0);
  return backwards ? ops.flip(counted, { axis: 0 }) : counted;
}

/** For cells whose output is no state: the loop carries it. */
function viaOutputs(asked: Asked): LoopResult {
  const { states, flat, backwards } = asked;
  // The shape of the output shows in a step that is traced and thrown away.
  const shown = trace(() => asked.step(ops.take(asked.inputs, 0, { axis: 0 }), states)[0]).result;
  const zeros = ops.zerosLike(shown);
  const { carried, stack } = loopOver(asked, [...flat, zeros], (before, input, counted) => {
    const { output, next } = masked(asked, input, before.slice(0, -1), counted);
    const y = counted === null ? output : select(counted, output, asked.zeroOutputForMask ? zero(output) : before.at(-1)!);
    return { carried: [...next, y], y: asked.sequence ? y : null };
  });
  return {
    last: carried.at(-1)!,
    sequence: stack === null ? null : finished(stack, backwards),
    states: packStructure(states, carried.slice(0, -1)) as States[],
  };
}

/** Whether a tensor is made of the constant 0. */
function isZeros(x: Tensor): boolean {
  let { node } = x;
  while (["broadcastInDim", "reshape", "convert"].includes(node.primitive.name)) node = node.inputs[0]!.node;
  return node.primitive.name === "constant" && node.attributes.value === 0;
}
