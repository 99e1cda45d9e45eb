/**
 * Scatters, by destination and without atomics: updates of one place are applied in row-major order by one invocation.
 * Either an invocation per point of the axes that tell destinations apart runs through all updates of its column; or, where
 * such columns are few, an invocation per update whose place no earlier update has (for "set": no later one); or, where they
 * are many (rows of an embedding), a workgroup per such update, with an invocation for each column.
 */
import type { Entry, ScatterKernel } from "../../../compiler/kernels/kernel.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { groupSizeFor } from "./lower-map.ts";
import { ModuleWriter, type Values } from "./module-writer.ts";
import { close, countText, openLoops, placeAt, pointsOf, splitPoint } from "./points.ts";
import { scalarText } from "./scalars.ts";

/** Fewer columns than this, and at most so many updates in one: an invocation per update. */
const fewColumns = 64;
const mostCompared = 32768;

/** Lowers a scatter. */
export function lowerScatter(kernel: ScatterKernel, surroundings: Surroundings): KernelCode {
  const columns = columnAxes(kernel);
  const serial = [...kernel.axes.keys()].filter((axis) => !columns.includes(axis));
  const count = pointsOf(columns.map((axis) => kernel.axes[axis]!));
  const updates = pointsOf(serial.map((axis) => kernel.axes[axis]!));
  if (updates <= 16 || updates > mostCompared) return lowerByColumn(kernel, surroundings, columns, serial);
  if (count < fewColumns) return lowerByUpdate(kernel, surroundings, columns, serial);
  const guards = kernel.accesses[kernel.store]!.guards;
  const isOneRow = guards.every(({ index }) => columns.every((axis) => (index.coefficients[axis] ?? 0) === 0));
  return (isOneRow ? lowerByGroup : lowerByColumn)(kernel, surroundings, columns, serial);
}

/** Axes that the data-dependent part of the index depends on. */
function dataAxes(kernel: ScatterKernel): Set<number> {
  const axes = new Set<number>();
  const take = (coefficients: readonly number[]): void => {
    coefficients.forEach((c, axis) => {
      if (c !== 0) axes.add(axis);
    });
  };
  const visit = (position: number): void => {
    const entry: Entry = kernel.expression[position]!;
    if (entry.op === "position") take(entry.index.coefficients);
    if (entry.op === "scalar" || entry.op === "threefry") entry.args.forEach(visit);
    if (entry.op !== "load") return;
    const access = kernel.accesses[entry.access]!;
    take(access.index.coefficients);
    for (const { index } of access.guards) take(index.coefficients);
    for (const term of access.dynamic) {
      take(term.offset.coefficients);
      visit(term.value);
    }
  };
  for (const { offset, value } of kernel.accesses[kernel.store]!.dynamic) {
    take(offset.coefficients);
    visit(value);
  }
  return axes;
}

/** Axes that tell destinations apart whatever the data: their strides nest, with one another and with those of the data. */
function columnAxes(kernel: ScatterKernel): number[] {
  const access = kernel.accesses[kernel.store]!;
  const data = dataAxes(kernel);
  const apart = [...kernel.axes.keys()].filter((axis) => (access.index.coefficients[axis] ?? 0) !== 0 && !data.has(axis));
  const rest = [...kernel.axes.keys()].filter((axis) => !apart.includes(axis) && (access.index.coefficients[axis] ?? 0) !== 0);
  const steps = [
    ...[...apart, ...rest].map((axis) => ({
      stride: Math.abs(access.index.coefficients[axis]!),
      reach: Math.abs(access.index.coefficients[axis]!) * (kernel.axes[axis]!.extent - 1),
    })),
    ...access.dynamic.map(({ stride, extent }) => ({ stride, reach: stride * Math.max(0, extent - 1) })),
  ].sort((a, b) => a.stride - b.stride);
  let reach = 0;
  for (const step of steps) {
    if (step.stride <= reach) return [];
    reach += step.reach;
  }
  return apart;
}

/** Applies one update at the place that it names. */
function apply(writer: ModuleWriter, kernel: ScatterKernel, index: string, condition: string, values: Values): void {
  const { buffer } = kernel.accesses[kernel.store]!;
  const { dtype } = kernel.buffers[buffer]!;
  const value = values.get(kernel.value)!;
  writer.line(`if (${condition}) {`);
  const stored = kernel.mode === "set" ? value : writer.let("sum", scalarText("add", [writer.read(buffer, index), value], dtype, dtype));
  writer.storeAt(buffer, index, stored, null);
  writer.line("}");
}

function lowerByColumn(
  kernel: ScatterKernel,
  surroundings: Surroundings,
  columns: readonly number[],
  serial: readonly number[],
): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const points = pointsOf(columns.map((axis) => kernel.axes[axis]!));
  const size = Math.min(64, surroundings.limits.invocations);
  const index = writer.let("point", `group * ${size}u + lane`);
  writer.line(`if (${index} >= ${countText(writer, columns)}) { return; }`);
  const outer = splitPoint(writer, index, columns);
  const { positions, loops } = openLoops(writer, serial);
  const place = placeAt(new Map([...outer, ...positions]));
  const values = writer.entries(kernel.expression, writer.storeRoots([{ access: kernel.store, value: kernel.value }]), place);
  const target = writer.where(kernel.store, place, values);
  apply(writer, kernel, writer.let("at", target.index), target.condition ?? "true", values);
  close(writer, loops);
  return writer.finish(size, Math.ceil(points / size));
}

function lowerByUpdate(
  kernel: ScatterKernel,
  surroundings: Surroundings,
  columns: readonly number[],
  serial: readonly number[],
): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const axes = [...columns, ...serial];
  const points = pointsOf(kernel.axes);
  const size = groupSizeFor(points, surroundings);
  const count = countText(writer, serial);
  const index = writer.let("point", `group * ${size}u + lane`);
  writer.line(`if (${index} >= ${countText(writer, axes)}) { return; }`);
  const column = splitPoint(writer, writer.let("column", `${index} / (${count})`), columns);
  const own = writer.let("own", `${index} % (${count})`);
  const { buffer, dynamic } = kernel.accesses[kernel.store]!;
  const { dtype } = kernel.buffers[buffer]!;
  const indices = dynamic.map((term) => term.value);
  const targetOf = (update: string): { target: string; place: ReturnType<typeof placeAt>; values: Values } => {
    const place = placeAt(new Map([...column, ...splitPoint(writer, update, serial)]));
    const values = writer.entries(kernel.expression, indices, place);
    const { index: at, condition } = writer.where(kernel.store, place, values);
    return { target: writer.let("target", condition === null ? at : `select(-1i, ${at}, ${condition})`), place, values };
  };
  const here = targetOf(own);
  writer.line(`if (${here.target} < 0i) { return; }`);
  const valueAt = (place: ReturnType<typeof placeAt>, values: Values): string =>
    writer.entries(kernel.expression, [kernel.value], place, values).get(kernel.value)!;
  if (kernel.mode === "set") {
    writer.line(`for (var other = ${own} + 1u; other < ${count}; other++) {`);
    writer.line(`if (${targetOf("other").target} == ${here.target}) { return; }`);
    writer.line("}");
    writer.storeAt(buffer, here.target, valueAt(here.place, here.values), null);
    return writer.finish(size, Math.ceil(points / size));
  }
  writer.line(`for (var other = 0u; other < ${own}; other++) {`);
  writer.line(`if (${targetOf("other").target} == ${here.target}) { return; }`);
  writer.line("}");
  writer.line(`var sum = ${writer.read(buffer, here.target)};`);
  writer.line(`for (var other = ${own}; other < ${count}; other++) {`);
  const there = targetOf("other");
  writer.line(`if (${there.target} == ${here.target}) {`);
  writer.line(`sum = ${scalarText("add", ["sum", valueAt(there.place, there.values)], dtype, dtype)};`);
  writer.line("}");
  writer.line("}");
  writer.storeAt(buffer, here.target, "sum", null);
  return writer.finish(size, Math.ceil(points / size));
}

/**
 * A workgroup per update and block of columns. Its invocations compare the update's place with those of all others between them,
 * and each takes a column: the first update of a place (for "set" the last) does what all updates of that place do, in order.
 */
function lowerByGroup(
  kernel: ScatterKernel,
  surroundings: Surroundings,
  columns: readonly number[],
  serial: readonly number[],
): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const columnCount = pointsOf(columns.map((axis) => kernel.axes[axis]!));
  const updates = pointsOf(serial.map((axis) => kernel.axes[axis]!));
  let size = fewColumns;
  while (size < Math.min(256, surroundings.limits.invocations) && size < columnCount) size *= 2;
  const blocks = Math.ceil(columnCount / size);
  const count = countText(writer, serial);
  const { buffer, dynamic } = kernel.accesses[kernel.store]!;
  const { dtype } = kernel.buffers[buffer]!;
  const indices = dynamic.map((term) => term.value);
  writer.declare("var<workgroup> has_other: atomic<u32>;");
  writer.declare("var<workgroup> is_done: u32;");
  const own = writer.let("own", `group / ${blocks}u`);
  writer.line(`if (${own} >= ${count}) { return; }`);
  const isSum = kernel.mode === "add";
  /** Where update `update` goes in the first column; no column's place is another's. */
  const targetOf = (update: string): string => {
    const place = placeAt(splitPoint(writer, update, serial));
    const { index, condition } = writer.where(kernel.store, place, writer.entries(kernel.expression, indices, place));
    return writer.let("target", condition === null ? index : `select(-1i, ${index}, ${condition})`);
  };
  const here = targetOf(own);
  const [from, end] = isSum ? ["lane", own] : [`${own} + 1u + lane`, count];
  writer.line(`for (var other = ${from}; other < ${end}; other += ${size}u) {`);
  writer.line(`if (${targetOf("other")} == ${here}) { atomicStore(&has_other, 1u); }`);
  writer.line("}");
  writer.line("workgroupBarrier();");
  writer.line(`if (lane == 0u) { is_done = atomicLoad(&has_other) | select(0u, 1u, ${here} < 0i); }`);
  writer.line("if (workgroupUniformLoad(&is_done) != 0u) { return; }");
  const point = writer.let("column", `group % ${blocks}u * ${size}u + lane`);
  const exists = writer.let("exists", `${point} < ${countText(writer, columns)}`);
  const column = splitPoint(writer, `select(0u, ${point}, ${exists})`, columns);
  /** Place in this invocation's column, and value there. */
  const at = (update: string): { readonly index: string; readonly value: string } => {
    const place = placeAt(new Map([...column, ...splitPoint(writer, update, serial)]));
    const values = writer.entries(kernel.expression, [kernel.value, ...indices], place);
    return { index: writer.let("at", writer.where(kernel.store, place, values).index), value: values.get(kernel.value)! };
  };
  const first = at(own);
  if (!isSum) {
    writer.storeAt(buffer, first.index, first.value, exists);
    return writer.finish(size, updates * blocks);
  }
  writer.declare(`var<workgroup> matches: array<u32, ${size}>;`);
  writer.declare("var<workgroup> matched: atomic<u32>;");
  writer.line(`var sum = ${writer.read(buffer, first.index)};`);
  writer.line(`sum = ${scalarText("add", ["sum", first.value], dtype, dtype)};`);
  writer.line("var seen = 0u;");
  writer.line(`for (var begin = ${own} + 1u; begin < ${count}; begin += ${size}u) {`);
  writer.line(`matches[lane] = 0u;`);
  writer.line(`if (begin + lane < ${count}) {`);
  writer.line(`if (${targetOf("(begin + lane)")} == ${here}) {`);
  writer.line("matches[lane] = 1u;");
  writer.line("atomicAdd(&matched, 1u);");
  writer.line("}");
  writer.line("}");
  writer.line("workgroupBarrier();");
  writer.line("let now = atomicLoad(&matched);");
  writer.line(`for (var i = 0u; (i < ${size}u) & (seen < now); i++) {`);
  writer.line("if (matches[i] != 0u) {");
  writer.line("seen++;");
  writer.line(`sum = ${scalarText("add", ["sum", at("(begin + i)").value], dtype, dtype)};`);
  writer.line("}");
  writer.line("}");
  writer.line("workgroupBarrier();");
  writer.line("}");
  writer.storeAt(buffer, first.index, "sum", exists);
  return writer.finish(size, updates * blocks);
}
