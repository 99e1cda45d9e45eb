/** Rows: a workgroup keeps one row, or several short ones, in its memory from stage to stage. */
import type { MapKernel, ReduceKernel, RowKernel } from "../../../compiler/kernels/kernel.ts";
import { storeAccesses } from "../../../compiler/passes/kernel-graph.ts";
import { combineTree, treeBytes } from "./combine-tree.ts";
import type { DeviceLimits, KernelCode, Surroundings } from "./kernel-code.ts";
import { finishReduction } from "./lower-reduce.ts";
import { valueTypeOf } from "./literals.ts";
import { ModuleWriter } from "./module-writer.ts";
import { countText, placeAt, pointsOf, splitPoint } from "./points.ts";
import { ReducerState } from "./reducers.ts";
import type { Lanes } from "./storage.ts";
import { wholeWordsOfRows } from "./whole-words.ts";

/** Invocations of a workgroup that several rows share. */
const sharedGroup = 64;
/** Elements of a row that one invocation takes, where there are so many. */
const elementsEach = 4;

/** Who does what: `lanes` invocations for a row, `rows` rows side by side. */
interface RowShape {
  readonly lanes: number;
  readonly rows: number;
}

/** Names that all stages use. */
interface Row {
  readonly shape: RowShape;
  /** Positions on the kernel's axes. */
  readonly positions: ReadonlyMap<number, string>;
  /** Number of the invocation in its row. */
  readonly member: string;
  /** Condition under which the row exists; null: always. */
  readonly exists: string | null;
}

/** The shape of workgroups: a function of the kernel and the device's limits, so that sums associate the same way in every run. */
function shapeOf(kernel: RowKernel, limits: DeviceLimits): RowShape {
  const rank = kernel.axes.length;
  const longest = Math.max(...kernel.stages.map((stage) => pointsOf(stage.axes.slice(rank))));
  const scratchBytes = kernel.scratch.reduce((bytes, { elements }) => bytes + 4 * elements, 0);
  // Trees of several stages may need memory each: a stage's values have its reducers' types.
  const reducers = kernel.stages.flatMap((stage) => (stage.kind === "reduce" ? stage.reducers : []));
  const states = reducers.map(({ reducer }) => ({ hasPosition: reducer === "argmax" || reducer === "argmin" }));
  const fits = ({ lanes, rows }: RowShape): boolean =>
    rows * scratchBytes + treeBytes(states, { width: lanes, size: lanes * rows, step: 1 }, limits.subgroups ?? null) <=
    limits.workgroupBytes;
  let lanes = 8;
  while (lanes < Math.min(256, limits.invocations) && lanes * elementsEach < longest) lanes *= 2;
  while (lanes > 8 && !fits({ lanes, rows: 1 })) lanes /= 2;
  let rows = Math.max(1, sharedGroup / lanes);
  while (rows > 1 && !fits({ lanes, rows })) rows /= 2;
  return { lanes, rows };
}

/** Lowers a kernel of rows. Between two stages the workgroup waits for all of its invocations. */
export function lowerRows(kernel: RowKernel, surroundings: Surroundings): KernelCode {
  const words = wholeWordsOfRows(kernel, surroundings);
  const writer = new ModuleWriter(kernel, surroundings, new Set(words.flatMap(({ owned }) => [...owned])));
  const shape = shapeOf(kernel, surroundings.limits);
  const axes = [...kernel.axes.keys()];
  const count = countText(writer, axes);
  const isAlone = shape.rows === 1;
  writer.line(`if (${isAlone ? "group" : `group * ${shape.rows}u`} >= ${count}) { return; }`);
  const slot = isAlone ? "0u" : writer.let("slot", `lane / ${shape.lanes}u`);
  const number = isAlone ? "group" : writer.let("row", `group * ${shape.rows}u + ${slot}`);
  const row: Row = {
    shape,
    positions: splitPoint(writer, number, axes),
    member: isAlone ? "lane" : writer.let("member", `lane % ${shape.lanes}u`),
    exists: isAlone ? null : writer.let("exists", `${number} < ${count}`),
  };
  kernel.scratch.forEach(({ dtype, elements }, i) => {
    const type = dtype === "bool" ? "u32" : valueTypeOf(dtype);
    writer.declare(`var<workgroup> scratch${i}: array<${type}, ${shape.rows * elements}>;`);
  });
  const scratchAt = (position: number, index: string): string => {
    const { elements } = kernel.scratch[position]!;
    return isAlone ? `scratch${position}[${index}]` : `scratch${position}[i32(${slot}) * ${elements}i + ${index}]`;
  };
  const isHandedOn = handsOnBuffers(kernel);
  kernel.stages.forEach((stage, i) => {
    if (i > 0) {
      if (isHandedOn) writer.line("storageBarrier();");
      writer.line("workgroupBarrier();");
    }
    writer.stage(stage, scratchAt, () =>
      stage.kind === "map" ? writeMap(writer, stage, row, words[i]!.points) : writeReduce(writer, stage, row),
    );
  });
  return writer.finish(shape.lanes * shape.rows, Math.ceil(pointsOf(kernel.axes) / shape.rows));
}

/** Whether a stage reads what another one writes to a buffer of the program. */
function handsOnBuffers(kernel: RowKernel): boolean {
  const own = kernel.buffers.length;
  const written = new Set(kernel.stages.flatMap((stage) => storeAccesses(stage).map((access) => stage.accesses[access]!.buffer)));
  return kernel.stages.some((stage) => {
    const stores = new Set(storeAccesses(stage));
    return stage.accesses.some(({ buffer }, access) => buffer < own && written.has(buffer) && !stores.has(access));
  });
}

/**
 * Opens a loop of the row's invocations over the elements within the row, each taking `points` neighbours (a second loop, where
 * they are more than one); positions of the element, and its number.
 */
function openElements(
  writer: ModuleWriter,
  row: Row,
  points: Lanes = 1,
): { readonly positions: Map<number, string>; readonly point: string } {
  const inner = [...writer.kernel.axes.keys()].slice(row.positions.size);
  const count = countText(writer, inner);
  const first = writer.fresh("point");
  const test = `${first} < ${count}`;
  const condition = row.exists === null ? test : `${row.exists} & (${test})`;
  const times = points === 1 ? "" : ` * ${points}u`;
  writer.line(`for (var ${first} = ${row.member}${times}; ${condition}; ${first} += ${row.shape.lanes * points}u) {`);
  let point = first;
  if (points > 1) {
    point = writer.fresh("point");
    const end = writer.let("end", `min(${first} + ${points}u, ${count})`);
    writer.line(`for (var ${point} = ${first}; ${point} < ${end}; ${point}++) {`);
    writer.isLast = writer.let("isLast", `${point} + 1u == ${end}`);
  }
  return { positions: new Map([...row.positions, ...splitPoint(writer, point, inner)]), point };
}

function writeMap(writer: ModuleWriter, stage: MapKernel, row: Row, points: Lanes): void {
  const place = placeAt(openElements(writer, row, points).positions);
  const values = writer.entries(stage.expression, writer.storeRoots(stage.stores), place);
  for (const { access, value } of stage.stores) writer.store(access, place, values.get(value)!, values);
  if (points > 1) writer.line("}");
  writer.line("}");
}

function writeReduce(writer: ModuleWriter, stage: ReduceKernel, row: Row): void {
  const states = stage.reducers.map((_, i) => new ReducerState(writer, stage, i));
  for (const state of states) state.declare();
  const { positions, point } = openElements(writer, row);
  const roots = stage.reducers.map(({ value }) => value);
  const values = writer.entries(stage.expression, roots, placeAt(positions));
  states.forEach((state, i) => {
    state.take(values.get(roots[i]!)!, stage.expression[roots[i]!]!.dtype, `i32(${point})`);
  });
  writer.line("}");
  const { lanes, rows } = row.shape;
  combineTree(writer, states, { width: lanes, size: lanes * rows, member: row.member, step: 1 });
  writer.line(`if (${row.exists === null ? "" : `${row.exists} & `}(${row.member} == 0u)) {`);
  finishReduction(writer, stage, row.positions, states);
  writer.line("}");
}
