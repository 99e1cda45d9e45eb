/** Reductions: one invocation per result, or several of one workgroup, whose parts are combined in a fixed tree. */
import type { ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import { combineTree } from "./combine-tree.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { groupSizeFor } from "./lower-map.ts";
import { ModuleWriter, type Place } from "./module-writer.ts";
import { close, countText, openLoops, placeAt, pointsOf, splitPoint } from "./points.ts";
import { ReducerState } from "./reducers.ts";
import { walkingOrder } from "./walking-order.ts";
import { forEachPoint, wholeWords } from "./whole-words.ts";

/** Results above which one invocation per result keeps the machine busy. */
const enoughResults = 4096;

/** Lowers a reduction. The form is a function of its shape. */
export function lowerReduce(kernel: ReduceKernel, surroundings: Surroundings): KernelCode {
  const parallel = walkingOrder(
    kernel,
    [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel"),
    surroundings,
  );
  const reduced = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "reduce");
  const results = pointsOf(parallel.map((axis) => kernel.axes[axis]!));
  const length = pointsOf(reduced.map((axis) => kernel.axes[axis]!));
  // Joined kernels, long and short, have one form.
  if (surroundings.joined !== undefined && results === 1) return lowerTree(kernel, surroundings, parallel, reduced);
  const isTree =
    length >= 32 && (results < enoughResults ? length >= 64 || walksRows(kernel, parallel, reduced) : walksRows(kernel, parallel, reduced));
  return isTree ? lowerTree(kernel, surroundings, parallel, reduced) : lowerSerial(kernel, surroundings, parallel, reduced);
}

/** Whether more data has its neighbours along the last reduce axis than along the last parallel axis. */
function walksRows(kernel: ReduceKernel, parallel: readonly number[], reduced: readonly number[]): boolean {
  const [inner, outer] = [reduced.at(-1), parallel.at(-1)];
  if (inner === undefined) return false;
  let balance = 0;
  for (const entry of kernel.expression) {
    if (entry.op !== "load") continue;
    const { index, buffer } = kernel.accesses[entry.access]!;
    const { elements } = kernel.buffers[buffer]!;
    if (Math.abs(index.coefficients[inner] ?? 0) === 1) balance += elements;
    if (outer !== undefined && Math.abs(index.coefficients[outer] ?? 0) === 1) balance -= elements;
  }
  return balance > 0;
}

/** Evaluates what follows a reduction, at known positions, and stores it. */
export function finishReduction(
  writer: ModuleWriter,
  kernel: ReduceKernel,
  positions: ReadonlyMap<number, string>,
  states: readonly ReducerState[],
): void {
  const finished = states.map((state) => writer.let("result", state.result()));
  const place: Place = { ...placeAt(positions), accumulator: (index) => finished[index]! };
  const values = writer.entries(kernel.epilogue, writer.storeRoots(kernel.stores), place);
  for (const { access, value } of kernel.stores) writer.store(access, place, values.get(value)!, values);
}

function lowerSerial(
  kernel: ReduceKernel,
  surroundings: Surroundings,
  parallel: readonly number[],
  reduced: readonly number[],
): KernelCode {
  const words = wholeWords(kernel, parallel, surroundings);
  const writer = new ModuleWriter(kernel, surroundings, words.owned);
  const invocations = Math.ceil(pointsOf(parallel.map((axis) => kernel.axes[axis]!)) / words.points);
  const size = groupSizeFor(invocations, surroundings);
  const index = writer.let("point", `group * ${size}u + lane`);
  forEachPoint(writer, index, countText(writer, parallel), words.points, (point) => {
    const outer = splitPoint(writer, point, parallel);
    const states = kernel.reducers.map((_, i) => new ReducerState(writer, kernel, i));
    for (const state of states) state.declare();
    const counts = states.some((state) => state.hasPosition);
    if (counts) writer.line("var position = 0i;");
    const { positions, loops } = openLoops(writer, reduced);
    const place = placeAt(new Map([...outer, ...positions]));
    const values = writer.entries(
      kernel.expression,
      kernel.reducers.map(({ value }) => value),
      place,
    );
    states.forEach((state, i) => {
      const { value } = kernel.reducers[i]!;
      state.take(values.get(value)!, kernel.expression[value]!.dtype, "position");
    });
    if (counts) writer.line("position++;");
    close(writer, loops);
    finishReduction(writer, kernel, outer, states);
  });
  return writer.finish(size, Math.ceil(invocations / size));
}

/** Results side by side, and invocations for each; the invocations of a result are neighbours, or results are. */
interface TreeShape {
  readonly width: number;
  readonly teams: number;
  readonly step: number;
}

/** Elements that one invocation takes, where there are so many. */
const elementsEach = 4;
/** Neighbouring results whose elements are neighbours in memory: whole cache lines of four-byte elements. */
const columnsAtOnce = 32;

/** Workgroups of 64 to 256 invocations: a function of the kernel and the device's limits. */
function treeShape(results: number, length: number, isByRow: boolean, invocations: number): TreeShape {
  const largest = Math.min(256, invocations);
  let step = 1;
  if (!isByRow) while (step * 2 <= Math.min(columnsAtOnce, results)) step *= 2;
  let width = isByRow ? 8 : Math.min(largest, 64) / step;
  while (width * step < largest && width * elementsEach < length) width *= 2;
  // As many short rows as fill a small workgroup.
  let teams = 1;
  if (isByRow) while (width * teams < 64 && teams < results) teams *= 2;
  return { width, teams: step === 1 ? teams : step, step };
}

function lowerTree(kernel: ReduceKernel, surroundings: Surroundings, parallel: readonly number[], reduced: readonly number[]): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const results = pointsOf(parallel.map((axis) => kernel.axes[axis]!));
  const length = pointsOf(reduced.map((axis) => kernel.axes[axis]!));
  // The tree may not depend on a dynamic extent further than through this choice.
  const isLong = surroundings.joined !== undefined && results === 1;
  const { width, teams, step } = treeShape(
    results,
    isLong ? Infinity : length,
    walksRows(kernel, parallel, reduced),
    surroundings.limits.invocations,
  );
  const size = width * teams;
  const count = countText(writer, parallel);
  writer.line(`if (${teams === 1 ? "group" : `group * ${teams}u`} >= ${count}) { return; }`);
  const isByRow = step === 1;
  const member = teams === 1 ? "lane" : writer.let("member", isByRow ? `lane % ${width}u` : `lane / ${step}u`);
  const number = teams === 1 ? "group" : writer.let("result", `group * ${teams}u + lane ${isByRow ? `/ ${width}u` : `% ${step}u`}`);
  const exists = teams === 1 ? null : writer.let("exists", `${number} < ${count}`);
  const outer = splitPoint(writer, number, parallel);
  const states = kernel.reducers.map((_, i) => new ReducerState(writer, kernel, i));
  for (const state of states) state.declare();
  const point = writer.fresh("point");
  const test = `${point} < ${countText(writer, reduced)}`;
  // An invocation whose result does not exist goes along: the others wait for it.
  writer.line(`for (var ${point} = ${member}; ${exists === null ? test : `${exists} & (${test})`}; ${point} += ${width}u) {`);
  const place = placeAt(new Map([...outer, ...splitPoint(writer, point, reduced)]));
  const values = writer.entries(
    kernel.expression,
    kernel.reducers.map(({ value }) => value),
    place,
  );
  states.forEach((state, i) => {
    const { value } = kernel.reducers[i]!;
    state.take(values.get(value)!, kernel.expression[value]!.dtype, `i32(${point})`);
  });
  writer.line("}");
  combineTree(writer, states, { width, size, member, step });
  writer.line(`if (${exists === null ? "" : `!${exists} | `}(${member} != 0u)) { return; }`);
  finishReduction(writer, kernel, outer, states);
  return writer.finish(size, Math.ceil(results / teams));
}
