/**
 * Tiled contractions, dense or as convolutions (an operand may be any affine view with padding): a workgroup computes a
 * tile of results. Tiles of both operands go through workgroup memory, and while one is multiplied the next is loaded
 * into registers. An invocation keeps its results in registers over all of k.
 */
import type { ContractKernel, ContractRole } from "../../../compiler/kernels/kernel.ts";
import type { KernelCode, Surroundings } from "../wgsl/kernel-code.ts";
import { ModuleWriter, type Place } from "../wgsl/module-writer.ts";
import { countText, placeAt, pointsOf, splitPoint } from "../wgsl/points.ts";
import { vectorStores, wholeWords } from "../wgsl/whole-words.ts";
import { OperandLoader } from "./operand-loader.ts";
import { invocationsOf, scheduleOf, strideOf } from "./tiles.ts";

const components = ["x", "y", "z", "w"] as const;

/** Steps of k that stand in the text of the inner loop; depths are multiples. */
const unrolled = 4;

/**
 * Where an invocation's results are: i32 texts of its column and row among those of the workgroup. 32 neighbours, which
 * devices run together, form a block of 4 x 8 (or as near as the grid allows): they read 12 different vectors of workgroup
 * memory in a step, a row of 32 reads 33.
 */
function laneGrid(rows: number, columns: number): { readonly x: string; readonly y: string } {
  const high = Math.min(rows, 4);
  const wide = Math.min(columns, 32 / high);
  if (wide === columns) return { x: `i32(lane % ${columns}u)`, y: `i32(lane / ${columns}u)` };
  const blocks = columns / wide;
  return {
    x: `i32(lane % ${wide}u + (lane / 32u) % ${blocks}u * ${wide}u)`,
    y: `i32((lane / ${wide}u) % ${high}u + lane / ${32 * blocks}u * ${high}u)`,
  };
}

/** Lowers a scheduled contraction. */
export function lowerContract(kernel: ContractKernel, surroundings: Surroundings): KernelCode {
  const schedule = scheduleOf(kernel);
  const { rows, columns, depth, rowsEach, columnsEach, splitAxis, rangeLength } = schedule;
  const axesOf = (role: ContractRole): number[] => [...kernel.axes.keys()].filter((axis) => kernel.roles[axis] === role);
  const [batchAxes, mAxes, nAxes, kAxes] = [axesOf("batch"), axesOf("m"), axesOf("n"), axesOf("k")];
  // Four neighbouring columns are results of one invocation.
  const writer = new ModuleWriter(kernel, surroundings, wholeWords(kernel, nAxes, surroundings).owned);
  const count = (axes: readonly number[]): number => pointsOf(axes.map((axis) => kernel.axes[axis]!));
  const invocations = invocationsOf(schedule);

  const mCount = writer.let("rows", countText(writer, mAxes));
  const nTiles = Math.ceil(count(nAxes) / columns);
  const mTiles = writer.let("tiles", `(${mCount} + ${rows - 1}u) / ${rows}u`);
  const firstColumn = writer.let("column", `i32(group % ${nTiles}u) * ${columns}i`);
  const firstRow = writer.let("row", `i32((group / ${nTiles}u) % ${mTiles}) * ${rows}i`);
  const matrix = writer.let("matrix", `group / (${nTiles}u * ${mTiles})`);
  // The grid may be larger than the work.
  writer.line(`if (${matrix} >= ${countText(writer, batchAxes)}) { return; }`);
  const batch = splitPoint(writer, matrix, batchAxes);
  const kCount = `i32(${countText(writer, kAxes)})`;
  const begin = writer.let("begin", splitAxis === null ? "0i" : `${batch.get(splitAxis)!} * ${rangeLength}i`);
  const end = writer.let("end", splitAxis === null ? kCount : `min(${begin} + ${rangeLength}i, ${kCount})`);
  // Where k is no multiple of a tile's depth the last tile ends early.
  const isFull = count(kAxes) % depth === 0 && !kAxes.some((axis) => kernel.axes[axis]!.dynamic);
  const loader = (side: "lhs" | "rhs"): OperandLoader =>
    new OperandLoader(writer, {
      side,
      access: kernel.accesses[kernel[side]]!,
      rowAxes: side === "lhs" ? mAxes : nAxes,
      kAxes,
      rows: side === "lhs" ? rows : columns,
      depth,
      invocations,
      firstRow: side === "lhs" ? firstRow : firstColumn,
      batch,
      end: isFull ? null : end,
    });
  const loaders = [loader("lhs"), loader("rhs")];

  const acrossRows = rows / rowsEach;
  const acrossColumns = columns / columnsEach;
  const lanes = laneGrid(acrossRows, acrossColumns);
  const x = writer.let("x", lanes.x);
  const y = writer.let("y", lanes.y);
  const rowVectors = rowsEach / 4;
  const columnVectors = columnsEach / 4;
  const sum = (row: number, column: number): string => `sum_${row}_${column}`;
  for (let row = 0; row < rowsEach; row++) {
    for (let column = 0; column < columnVectors; column++) writer.line(`var ${sum(row, column)} = vec4<f32>();`);
  }

  writer.line(`for (var k = ${begin}; k < ${end} + ${depth}i; k += ${depth}i) {`);
  writer.line(`if (k < ${end}) {`);
  for (const operand of loaders) operand.load("k");
  writer.line("}");
  writer.line(`if (k > ${begin}) {`);
  // Four steps of k a turn: counting and addresses cost as much as a step of a small tile's arithmetic. Counted by one: of
  // such loops Dawn knows the range, and leaves out tests of the indices.
  writer.line(`for (var turn = 0i; turn < ${depth / unrolled}i; turn++) {`);
  for (let ahead = 0; ahead < unrolled; ahead++) {
    const stepped = (side: "lhs" | "rhs", extent: number, own: string, across: number, i: number): string => {
      const offset = ahead * strideOf(extent) + i * across;
      return writer.let(side, `tile_${side}[turn * ${unrolled * strideOf(extent)}i + ${own}${offset === 0 ? "" : ` + ${offset}i`}]`);
    };
    const left = Array.from({ length: rowVectors }, (_, i) => stepped("lhs", rows, y, acrossRows, i));
    const right = Array.from({ length: columnVectors }, (_, i) => stepped("rhs", columns, x, acrossColumns, i));
    for (let row = 0; row < rowsEach; row++) {
      right.forEach((vector, column) => {
        const factor = `${left[Math.floor(row / 4)]!}.${components[row % 4]!}`;
        writer.line(`${sum(row, column)} = fma(vec4<f32>(${factor}), ${vector}, ${sum(row, column)});`);
      });
    }
  }
  writer.line("}");
  writer.line("}");
  writer.line("workgroupBarrier();");
  writer.line(`if (k < ${end}) {`);
  for (const operand of loaders) operand.store();
  writer.line("}");
  writer.line("workgroupBarrier();");
  writer.line("}");

  // A loop, so that the epilogue stands once: unrolling is the driver's business.
  const outer = batchAxes.filter((axis) => batch.get(axis) !== "0i");
  const sums = Array.from({ length: rowsEach }, (_, row) => Array.from({ length: columnVectors }, (_, column) => sum(row, column)));
  writer.line(`var sums = array<vec4<f32>, ${rowsEach * columnVectors}>(${sums.flat().join(", ")});`);
  writer.line(`for (var i = 0i; i < ${rowsEach * columnVectors}i; i++) {`);
  const row = writer.let("row", columnVectors === 1 ? "i" : `i / ${columnVectors}i`);
  const m = `${firstRow} + (${y} + (${row} >> 2u) * ${acrossRows}i) * 4i + (${row} & 3i)`;
  const n = `${firstColumn} + ${columnVectors === 1 ? x : `(${x} + (i % ${columnVectors}i) * ${acrossColumns}i)`} * 4i`;
  writer.line(`finish(${[...outer.map((axis) => batch.get(axis)!), m, n, "sums[i]"].join(", ")});`);
  writer.line("}");
  writer.section(`fn finish(${outer.map((axis) => `batch${axis}: i32, `).join("")}row: i32, column: i32, sums: vec4<f32>) {`, () => {
    writer.line(`if (u32(row) >= ${countText(writer, mAxes)}) { return; }`);
    const positions = new Map<number, string>(outer.map((axis) => [axis, `batch${axis}`]));
    for (const [axis, at] of splitPoint(writer, "u32(row)", mAxes)) positions.set(axis, at);
    const vectors = new Map([...vectorStores(kernel, nAxes, surroundings)].map((access) => [access, writer.fresh("results")]));
    for (const [access, name] of vectors) {
      writer.bindWrittenVectors(kernel.accesses[access]!.buffer);
      writer.line(`var ${name} = vec4<f32>();`);
    }
    const isWhole = count(nAxes) % 4 === 0 && !nAxes.some((axis) => kernel.axes[axis]!.dynamic);
    if (isWhole) writer.line(`if (u32(column) >= ${countText(writer, nAxes)}) { return; }`);
    writer.line("for (var i = 0i; i < 4i; i++) {");
    if (!isWhole) writer.line(`if (u32(column + i) >= ${countText(writer, nAxes)}) { return; }`);
    for (const [axis, at] of splitPoint(writer, "u32(column + i)", nAxes)) positions.set(axis, at);
    const place: Place = { ...placeAt(positions), accumulator: () => "sums[i]" };
    writer.isLast = isWhole ? "i == 3i" : `(i == 3i) | (u32(column + i + 1i) >= ${countText(writer, nAxes)})`;
    const values = writer.entries(kernel.epilogue, writer.storeRoots(kernel.stores), place);
    for (const { access, value } of kernel.stores) {
      const vector = vectors.get(access);
      if (vector === undefined) writer.store(access, place, values.get(value)!, values);
      else writer.line(`${vector}[i] = ${values.get(value)!};`);
    }
    writer.line("}");
    if (vectors.size > 0) for (const [axis, at] of splitPoint(writer, "u32(column)", nAxes)) positions.set(axis, at);
    for (const [access, name] of vectors) writer.storeVector(access, placeAt(positions), name);
  });
  return writer.finish(invocations, nTiles * Math.ceil(count(mAxes) / rows) * count(batchAxes));
}
