/** Reductions: one invocation per result, or one workgroup, whose invocations' parts are combined in a fixed tree. */
import type { ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import { combineTree } from "./combine-tree.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { groupSizeFor } from "./lower-map.ts";
import { ModuleWriter, type Place } from "./module-writer.ts";
import { close, countText, openLoops, placeAt, pointsOf, splitPoint } from "./points.ts";
import { ReducerState } from "./reducers.ts";
import { forEachPoint, wholeWords } from "./whole-words.ts";

/** Results above which one invocation per result keeps the machine busy. */
const enoughResults = 4096;

/** Lowers a reduction. The form is a function of its shape. */
export function lowerReduce(kernel: ReduceKernel, surroundings: Surroundings): KernelCode {
  const parallel = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel");
  const reduced = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "reduce");
  const results = pointsOf(parallel.map((axis) => kernel.axes[axis]!));
  const length = pointsOf(reduced.map((axis) => kernel.axes[axis]!));
  const isTree = length >= 32 && (results < enoughResults ? length >= 64 || walksRows(kernel, reduced) : walksRows(kernel, reduced));
  return isTree ? lowerTree(kernel, surroundings, parallel, reduced) : lowerSerial(kernel, surroundings, parallel, reduced);
}

/** Whether more data has its neighbours along the last reduce axis than along the last parallel axis. */
function walksRows(kernel: ReduceKernel, reduced: readonly number[]): boolean {
  const [inner, outer] = [reduced.at(-1), reduced[0]! - 1];
  if (inner === undefined) return false;
  let balance = 0;
  for (const entry of kernel.expression) {
    if (entry.op !== "load") continue;
    const { index, buffer } = kernel.accesses[entry.access]!;
    const { elements } = kernel.buffers[buffer]!;
    if (Math.abs(index.coefficients[inner] ?? 0) === 1) balance += elements;
    if (outer >= 0 && Math.abs(index.coefficients[outer] ?? 0) === 1) balance -= elements;
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
  const size = groupSizeFor(invocations, surroundings.limits.invocations);
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

function lowerTree(kernel: ReduceKernel, surroundings: Surroundings, parallel: readonly number[], reduced: readonly number[]): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const results = pointsOf(parallel.map((axis) => kernel.axes[axis]!));
  const length = pointsOf(reduced.map((axis) => kernel.axes[axis]!));
  // The tree may not depend on a dynamic extent further than through this choice.
  let size = 64;
  while (size < 256 && size * 4 <= length && size * 2 <= surroundings.limits.invocations) size *= 2;
  writer.line(`if (group >= ${countText(writer, parallel)}) { return; }`);
  const outer = splitPoint(writer, "group", parallel);
  const states = kernel.reducers.map((_, i) => new ReducerState(writer, kernel, i));
  for (const state of states) state.declare();
  const point = writer.fresh("point");
  writer.line(`for (var ${point} = lane; ${point} < ${countText(writer, reduced)}; ${point} += ${size}u) {`);
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
  combineTree(writer, states, { width: size, size, member: "lane" });
  writer.line("if (lane != 0u) { return; }");
  finishReduction(writer, kernel, outer, states);
  return writer.finish(size, results);
}
