/** Graph to program. */
import { dtypes } from "../dtype/index.ts";
import { InternalError } from "../errors.ts";
import type { Subgraph } from "../graph/index.ts";
import { Block, Draft, type DraftStep } from "./draft.ts";
import { flatten } from "./flat-graph.ts";
import { rarePasses } from "./parts.ts";
import { buildKernels } from "./passes/build-kernels.ts";
import { pushCopy, pushScalar } from "./passes/push-map.ts";
import { renameStep } from "./passes/rename-step.ts";
import { StepGraph } from "./passes/order-steps.ts";
import { optimizeSteps } from "./passes/pipeline.ts";
import { planMemory } from "./passes/plan-memory.ts";
import { simplify } from "./passes/simplify.ts";
import { splitPreparation } from "./passes/split-preparation.ts";
import type { BoundKernel, Program, Stage } from "./program.ts";
import type { Target } from "./target.ts";

/** How the parameters and results of a graph divide. */
export interface CompileCounts {
  /** The first parameters are arguments, */
  readonly arguments: number;
  /** then states; the others are run-time scalars. */
  readonly states: number;
  /** The last results are new values of these states. */
  readonly writtenStates: readonly number[];
}

/** Whether slices of the batch may be worth while: temporaries exceed what one may leave, or threads can share a loop. */
function mayBeSliced(steps: readonly DraftStep[], draft: Draft, { limits: { sliceBytes = 0, lanes = 1 } }: Target): boolean {
  if (sliceBytes === 0) return false;
  if (lanes > 1 && steps.some(({ kind }) => kind === "loop")) return true;
  const sizes = draft.buffers.map(({ place, dtype, elements }) => (place === undefined ? elements * dtypes[dtype].bytes : 0));
  return sizes.reduce((sum, bytes) => sum + bytes, 0) > sliceBytes;
}

/** Compiles a graph for one target. Parameters: arguments, states, run-time scalars; results: results, new states. */
export function compile(graph: Subgraph, counts: CompileCounts, target: Target): Program {
  const flat = simplify(flatten(graph));
  const draft = new Draft(target.limits, counts.writtenStates);
  const block = new Block(draft, flat);
  const scalarCount = flat.parameters.length - counts.arguments - counts.states;
  flat.parameters.forEach((value, i) => {
    const { dtype, shape } = block.type(value);
    const elements = shape.reduce((n, extent) => n * extent, 1);
    if (i < counts.arguments) block.bind(value, draft.add(dtype, elements, { kind: "argument", index: i }));
    else if (i < counts.arguments + counts.states)
      block.bind(value, draft.add(dtype, elements, { kind: "state", index: i - counts.arguments }));
    else block.scalars.set(value, i - counts.arguments - counts.states);
  });
  buildKernels(block);

  const resultCount = flat.results.length - counts.writtenStates.length;
  const bufferOf = (value: number): number => {
    if (!block.hasBuffer(value)) throw new InternalError("compiler", `result ${value} was not materialized`);
    return block.bufferOf(value);
  };
  // A run-time scalar that is a result needs memory of its own.
  for (const value of flat.results) {
    if (block.scalars.has(value) && !block.hasBuffer(value)) storeScalar(block, value);
  }
  const results = flat.results.slice(0, resultCount).map((value) => ({ type: block.type(value), buffer: bufferOf(value) }));
  const updates = counts.writtenStates.map((state, i) => ({
    state: block.bufferOf(flat.parameters[counts.arguments + state]!),
    value: bufferOf(flat.results[resultCount + i]!),
  }));
  const outputs = new Set([...results.map(({ buffer }) => buffer), ...updates.map(({ value }) => value)]);
  const { preparing, rest, kept, states } = splitPreparation(optimizeSteps(block.steps, draft, target, outputs), {
    draft,
    writtenStates: draft.writtenStates,
    outputs,
    // What takes no arguments is hardly run twice.
    mostBytes: counts.arguments === 0 ? 0 : (target.limits.preparedBytes ?? 0),
  });
  const prepared = new StepGraph(preparing, draft).levels();
  // Of a program that writes states some temporaries wait for its second half.
  const tiled =
    updates.length === 0 && mayBeSliced(rest, draft, target) ? rarePasses.get().tileBatch(rest, { draft, outputs, target }) : rest;
  const graphOfSteps = new StepGraph(tiled, draft);

  // New states are written in place where that is safe, else copied at the end.
  const alias = new Map<number, number>();
  const copies: { from: number; to: number }[] = [];
  for (const { state, value } of updates) {
    if (value === state) continue;
    const isFree = draft.buffers[value]!.place === undefined && !alias.has(value);
    if (isFree && graphOfSteps.writeInPlace({ state, value })) alias.set(value, state);
    else copies.push({ from: value, to: state });
  }
  const levels = graphOfSteps.levels();
  appendCopies(copies, block, levels, alias);
  const named = levels.map((level) => level.map((step) => renameStep(step, alias)));
  const renamed = named.some((level) => level.some(({ kind }) => kind === "loop")) ? rarePasses.get().inlineOnce(named, draft) : named;
  const finalResults = results.map(({ type, buffer }) => ({ type, buffer: alias.get(buffer) ?? buffer }));
  const arenas = planMemory(draft, [...prepared, ...renamed], [...finalResults.map(({ buffer }) => buffer), ...kept], target.limits);

  const kernels: BoundKernel[] = [];
  const stages = stagesOf([...prepared, ...renamed], kernels, draft);
  return {
    arguments: flat.parameters.slice(0, counts.arguments).map((value) => block.type(value)),
    states: flat.parameters.slice(counts.arguments, counts.arguments + counts.states).map((value) => block.type(value)),
    writtenStates: counts.writtenStates,
    results: finalResults,
    buffers: draft.buffers.map(({ dtype, elements, place }) => {
      if (place === undefined) throw new InternalError("compiler", "a buffer has no place");
      return { dtype, elements, place };
    }),
    kernels,
    stages,
    preparation: { stages: prepared.length, states },
    scalars: flat.parameters.slice(flat.parameters.length - scalarCount).map((value) => block.type(value).dtype),
    arenas,
    arenaBytes: arenas[0] ?? 0,
  };
}

function storeScalar(block: Block, value: number): void {
  const buffer = block.draft.addFor(block.type(value));
  pushScalar(block, value, buffer);
  block.bind(value, buffer);
}

/** Copies new states that could not be written in place, after everything else; a source that is a state goes by way of a temporary. */
function appendCopies(
  copies: readonly { from: number; to: number }[],
  block: Block,
  levels: DraftStep[][],
  alias: ReadonlyMap<number, number>,
): void {
  if (copies.length === 0) return;
  const { draft } = block;
  const copy = (from: number, to: number): DraftStep => {
    const scratch = new Block(draft, block.graph);
    pushCopy(scratch, from, to, "state");
    return scratch.steps[0]!;
  };
  const early: DraftStep[] = [];
  const late: DraftStep[] = [];
  for (const { from, to } of copies) {
    const { dtype, elements, place } = draft.buffers[from]!;
    if (elements === 0) continue;
    if (place?.kind === "state" || alias.has(from)) {
      const temporary = draft.add(dtype, elements);
      early.push(copy(from, temporary));
      late.push(copy(temporary, to));
    } else late.push(copy(from, to));
  }
  if (early.length > 0) levels.push(early);
  levels.push(late);
}

function stagesOf(levels: readonly (readonly DraftStep[])[], kernels: BoundKernel[], draft: Draft): Stage[] {
  return levels.flatMap((level): Stage[] => {
    const own: number[] = [];
    const others: Stage[] = [];
    for (const step of level) {
      if (step.kind === "kernel") {
        kernels.push(step.kernel);
        own.push(kernels.length - 1);
      } else if (step.kind === "loop") {
        others.push({
          kind: "loop",
          loop: step.loop,
          trips: step.trips,
          condition: step.condition,
          lanes: step.lanes,
          // What a slice keeps is placed by the order of its steps.
          body: stagesOf(
            step.lanes === undefined ? new StepGraph(step.body, draft).levels() : step.body.map((one) => [one]),
            kernels,
            draft,
          ),
        });
      } else {
        const inner = (steps: readonly DraftStep[]): Stage[] => stagesOf(new StepGraph(steps, draft).levels(), kernels, draft);
        others.push({ kind: "branch", condition: step.condition, then: inner(step.then), else: inner(step.else) });
      }
    }
    return [...(own.length > 0 ? [{ kind: "parallel" as const, kernels: own }] : []), ...others];
  });
}
